"""What is printed, on a terminal of 80 columns and elsewhere."""

from __future__ import annotations

import sys
import warnings

import pytest
from tests.terminal import terminal

from partimento.cli import screen
from partimento.cli.screen import Column
from partimento.corpus import Reject
from partimento.export.fonts import MissingFontWarning

COLUMNS = [
    Column("run", 0, "name"),
    Column("all"),
    *(Column(f"figure {number}", number) for number in range(1, 9)),
    Column("remark", 0, "prose"),
]
ROWS = [
    [f"run-{number}", "1,234.567", *["12,345.678"] * 8, "as good as any other that was tried"]
    for number in range(3)
]


def test_a_table_fits_the_terminal_and_drops_columns_by_rank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = terminal(monkeypatch)
    screen.print_table("Runs", COLUMNS, ROWS, everything="--json shows all")
    lines = shown.lines()
    assert all(len(line) <= 80 for line in lines)
    assert sum("1,234.567" in line for line in lines) == 3  # no figure is broken
    assert "figure 2" in lines[1]
    assert "figure 3" not in lines[1]
    left_out = " ".join(lines[lines.index(next(x for x in lines if "Omitted" in x)) :])
    assert all(f"figure {number}" in left_out for number in range(3, 9))
    assert left_out.rstrip().endswith("--json shows all.")


def test_a_table_that_fits_drops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = terminal(monkeypatch)
    screen.print_table("Runs", COLUMNS[:3], [row[:3] for row in ROWS])
    assert "Omitted" not in shown.getvalue()
    assert shown.lines()[1].split() == ["run", "all", "figure", "1"]


def test_a_column_without_anything_in_it_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = terminal(monkeypatch)
    screen.print_table("Runs", COLUMNS[:3], [[*row[:2], ""] for row in ROWS])
    assert "figure 1" not in shown.getvalue()
    assert "Omitted" not in shown.getvalue()


def test_elsewhere_a_table_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    screen.print_table("Runs " + "and runs " * 20, COLUMNS, ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 1 + len(ROWS)  # title, header, rule
    assert all("as good as any other that was tried" in line for line in lines[3:])
    assert "figure 8" in lines[1]


def test_names_are_cut_at_their_end_and_paths_at_their_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = terminal(monkeypatch)
    columns = [Column("path", 0, "path"), Column("title", 0, "name"), Column("n")]
    screen.print_table("Pieces", columns, [["folder/" * 12 + "last.mid", "Sonata " * 12, "7"]])
    (row,) = (line for line in shown.lines() if "last.mid" in line)
    assert row.startswith("…")
    assert "Sonata" in row
    assert "…" in row[1:]
    assert row.endswith("7")
    assert len(row) <= 80


def test_prose_wraps_at_words_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "unbroken " * 30
    screen.out().print(text)
    assert len(capsys.readouterr().out.splitlines()) == 1
    shown = terminal(monkeypatch)
    screen.out().print(text)
    assert all(set(line.split()) == {"unbroken"} for line in shown.lines() if line)


def test_an_error_is_red_on_a_terminal_and_plain_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.print_error("no such\nfile: a\x1b[2J.mid")
    assert capsys.readouterr().err == "partimento: no such file: a�[2J.mid\n"
    shown = terminal(monkeypatch, "stderr")
    screen.print_error("no such file")
    assert "\x1b[31m" in shown.getvalue()
    assert shown.lines()[0] == "partimento: no such file"
    monkeypatch.setenv("NO_COLOR", "1")
    shown.truncate(0)
    screen.print_error("no such file")
    assert "\x1b[31m" not in shown.getvalue()
    assert "\x1b[1;31m" not in shown.getvalue()


def test_a_list_has_tabs_for_other_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.print_list("Runs", COLUMNS, ROWS)
    header, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert header == [column.name for column in COLUMNS]
    assert rows == ROWS
    shown = terminal(monkeypatch)
    screen.print_list("Runs", COLUMNS, ROWS)
    assert "\t" not in shown.getvalue()
    assert sys.stdout is shown


def test_a_missing_font_is_one_line_once_and_other_warnings_pass(capsys):
    def warn() -> None:
        with screen.warning_lines():
            for _ in range(2):
                warnings.warn("no font has 曲", MissingFontWarning, stacklevel=1)
            warnings.warn("other", RuntimeWarning, stacklevel=1)

    with pytest.warns(RuntimeWarning, match="other"):
        warn()
    assert capsys.readouterr().err == "warning: no font has 曲\n"


def test_ten_thousand_rejects_are_a_short_table(capsys):
    rejects = [Reject(f"in/{i}.mp3", "sound, not notes") for i in range(9_990)]
    rejects += [Reject(f"in/{i}.mid", f"damaged at byte {i}") for i in range(9)]
    screen.print_rejects([*rejects, Reject("last.mid", "it is empty")])
    text = " ".join(capsys.readouterr().err.split())
    assert "10,000 not read" in text
    assert "in/0.mp3 sound, not notes (and 9,989 more)" in text
    assert "in/0.mid damaged at byte 0 (and 8 more)" in text
    assert "last.mid it is empty" in text
    assert len(text) < 400


def test_many_reasons_are_cut_off_with_their_number(capsys):
    screen.print_rejects([Reject(f"{i}.mid", "x" * i) for i in range(1, 31)])
    assert "… and 10 more" in capsys.readouterr().err


def test_few_rejects_are_listed_one_by_one(capsys):
    screen.print_rejects([Reject(f"{i}.mp3", "sound, not notes") for i in range(20)])
    assert "19.mp3" in capsys.readouterr().err
