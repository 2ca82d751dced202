"""Collect scores and list data sets on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.commands import run_checked as run

from partimento.cli.collect import tell, tell_json
from partimento.collect import Collected
from partimento.collect.catalog import CATALOG
from partimento.collect.downloader import Skip

NOTHING = Collected(
    Path("scores"),
    listed=0,
    waiting=(),
    fetched=0,
    updated=0,
    unchanged=0,
    settled=0,
    without_license=0,
    skipped=(),
    requests=1,
    delay_s=10.0,
    resumed=False,
    complete=True,
)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["collect", "mutopia", "-o", "{new}"], "an instrument or a composer"),
        (["collect", "fetch", "maestro", "-o", "{new}"], "cannot be fetched"),
    ],
)
def test_collect_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)


def test_data_sets_are_listed_with_how_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    run("collect", "list")
    text = capsys.readouterr().out
    assert all(f"{name}: {entry.title}" in text for name, entry in CATALOG.items())
    run("collect", "list", "--json")
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(CATALOG)
    assert rows["jsb"]["can_fetch"]
    assert not rows["maestro"]["can_fetch"]


def test_the_summary_names_only_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    tell(NOTHING, dry_run=False)
    assert capsys.readouterr().out == "scores: no files; 1 requests\n"
    tell(replace(NOTHING, fetched=2, unchanged=1, complete=False), dry_run=False)
    shown = capsys.readouterr().out
    assert "scores: 2 new, 1 unchanged; 1 requests" in shown
    assert "run the same command again" in shown
    tell(NOTHING, dry_run=True)
    assert "0 pieces, about 0 minutes at 10 s per request" in capsys.readouterr().out


def test_at_most_twenty_skipped_files_are_shown_and_json_has_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    skipped = tuple(
        Skip(f"http://a/{n}.mid", "", str(n), f"Piece {n}", "not a MIDI file", again=False)
        for n in range(23)
    )
    tell(replace(NOTHING, skipped=skipped), dry_run=False)
    shown = capsys.readouterr().err
    assert "23 not taken" in shown
    assert "Piece 19" in shown
    assert "Piece 20" not in shown
    assert "3 more" in shown
    tell_json(replace(NOTHING, skipped=skipped))
    written = json.loads(capsys.readouterr().out)
    assert written["folder"] == "scores"
    assert len(written["skipped"]) == 23
