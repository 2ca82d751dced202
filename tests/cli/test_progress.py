"""How far a command is: live on a terminal of 80 columns, one plain line per stage elsewhere."""

from __future__ import annotations

import re
import sys

import pytest
from tests.terminal import ESCAPES, run_on_terminal, terminal

from partimento.cli import progress
from partimento.cli.train import ShowTraining
from partimento.training.loop import Epoch

SCRIPT = """
import time
from partimento.cli import progress
from partimento.cli.train import ShowTraining
from partimento.training.loop import Epoch
with progress.stages() as stages:
    with stages.during("start", "loading the framework"):
        time.sleep(0.3)
    for done in range(1001):
        stages.at("train", done, 1000, f"epoch {done // 100}: loss 1.234, validation 2.345, 123,456 events/s" if done % 100 == 0 else None)
        time.sleep(0.002)
    stages.note("a word that stays " * 8)
"""  # noqa: E501
LONG = "epoch 12: loss 1.234, validation 2.345, 123,456 events/s"


def test_a_stage_on_a_real_terminal_is_readable() -> None:
    code, written = run_on_terminal([sys.executable, "-c", SCRIPT])
    assert code == 0
    lines = [ESCAPES.sub("", line).rstrip() for line in re.split(r"[\r\n]+", written)]
    assert max(map(len, lines)) <= 80
    assert any(re.search(r"^\S start +\S+ .*0:00$", line) for line in lines)
    assert "  loading the framework" in lines
    assert any(re.search(r"^\S train +\S.* \d+/1,000 0:0\d left$", line) for line in lines)
    assert "  epoch 5: loss 1.234, validation 2.345, 123,456 events/s" in lines
    assert sum("a word that stays" in line for line in lines) == 2  # wrapped at words, once
    assert re.search(r"^✓ train +\S+ 1,000/1,000 0:0\d$", lines[-3])  # what is left at the end


def test_a_stage_in_which_nothing_counts_shows_that_it_is_at_work() -> None:
    code, written = run_on_terminal([sys.executable, "-c", SCRIPT])
    assert code == 0
    signs = {line[0] for line in re.split(r"[\r\n]+", ESCAPES.sub("", written)) if " start" in line}
    assert len(signs) >= 3  # it turns


def test_elsewhere_each_stage_is_a_plain_line_when_it_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.stages() as stages:
        with stages.during("start", "loading the framework"):
            assert capsys.readouterr().err == "start: loading the framework\n"
            stages.at("read", 0, 371)
            assert capsys.readouterr().err == "read: 0 of 371\n"
            stages.at("read", 371, 371)
        stages.at("train", 0, 20, "compiling")
        stages.at("train", 10, 20, "epoch 1: loss 2.5", keep=True)
        stages.at("train", 11, 20)
        stages.at("train", 20, 20, "epoch 2: loss 2.4", keep=True)
        stages.note("done early")
    assert capsys.readouterr().err.splitlines() == [
        "train: 0 of 20, compiling",
        "train: epoch 1: loss 2.5",
        "train: epoch 2: loss 2.4",
        "note: done early",
    ]


def test_a_long_stage_reports_now_and_then_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.stages() as stages:
        for done in range(9):
            stages.at("read", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "read: 0 of 1,000"
    assert 1 < len(lines) < 6
    assert all(re.fullmatch(r"read: \d of 1,000", line) for line in lines[1:])


def test_a_note_may_be_as_long_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = terminal(monkeypatch, "stderr")
    with progress.stages() as stages:
        stages.at("a stage whose name has no end to it", 5, 1_000_000, f"{LONG}, {LONG}\x1b[2J")
    lines = shown.lines()
    assert all(len(line) <= 80 for line in lines)
    assert any("5/1,000,000" in line for line in lines)
    assert not any("\x1b[2J" in line for line in lines)


def test_many_stages_keep_to_the_screen_and_all_stand_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = terminal(monkeypatch, "stderr")
    with progress.stages() as stages:
        for number in range(40):
            stages.at(f"stage {number}", 2, 2)
    last = [line for line in shown.lines() if "stage" in line][-40:]
    assert [line.split()[2] for line in last] == [str(number) for number in range(40)]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.stages(quiet=True) as stages, stages.during("start"):
        stages.at("read", 1, 2)
        stages.note("nothing")
    assert capsys.readouterr() == ("", "")


def test_a_training_in_a_log_is_a_line_per_stage_and_per_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logged: list[Epoch] = []
    with progress.stages() as stages:
        show = ShowTraining(stages, logged.append)
        show.progress("build", 0, 1)
        show.progress("build", 1, 1)
        show.progress("train", 0, 20)
        assert capsys.readouterr().err.splitlines() == [
            "build: building the network",
            "train: 0 of 20, compiling a training step",
        ]
        for number in (1, 2):
            for done in range(1, 11):
                show.progress("train", (number - 1) * 10 + done, 20)
            show.on_epoch_end(Epoch(number, 2.5, 2.25, {}, events_per_s=1234.5))
            assert (
                capsys.readouterr().err
                == f"train: epoch {number} of 2: loss 2.500, validation 2.250, 1,234 events/s\n"
            )
    assert [epoch.epoch for epoch in logged] == [1, 2]


def test_a_model_that_counts_has_no_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.stages() as stages:
        show = ShowTraining(stages, lambda _: None)
        show.progress("count", 0, 1)
        show.progress("count", 1, 1)
        show.on_epoch_end(Epoch(1, 2.5, 2.5, {}))
    assert capsys.readouterr().err.splitlines() == [
        "count: counting",
        "count: loss 2.500, validation 2.500",
    ]
