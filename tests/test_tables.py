"""Tables as CSV and as Markdown."""

from __future__ import annotations

import pytest

from partimento.tables import csv_table, markdown_table


def test_csv_has_a_line_per_row_and_quotes_what_needs_it():
    rows = [{"path": "a, b.mid", "reason": 'so "called"'}, {"path": "c.mid"}]
    assert csv_table(["path", "reason"], rows) == (
        'path,reason\n"a, b.mid","so ""called"""\nc.mid,\n'
    )


def test_a_csv_column_that_was_forgotten_is_an_error():
    with pytest.raises(ValueError, match="reason"):
        csv_table(["path"], [{"path": "a.mid", "reason": "no notes"}])


def test_markdown_cells_stay_in_their_cell():
    table = markdown_table(["title", "by"], [["A | B", "x\ny"]])
    assert table == "| title | by |\n| --- | --- |\n| A / B | x y |\n"


def test_numbers_stand_on_the_right():
    assert markdown_table(["", "nats"], [], numbers=True).splitlines()[1] == "| --- | ---: |"
