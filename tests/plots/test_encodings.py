"""Encodings by their ones."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from partimento.errors import PartimentoError
from partimento.plots import encodings_figure
from partimento.plots.encodings import all_notes_and_pairs
from partimento.plots.style import COLORS


def ones(axes: Axes) -> list[tuple[int, str]]:
    """Column and label of the row of each cell that is a one."""
    rows = {
        round(y): label.get_text().split("  ")[0]
        for y, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    }
    cells = [
        patch
        for patch in axes.patches
        if isinstance(patch, Rectangle) and to_hex(patch.get_facecolor()).upper() == COLORS[0]
    ]
    return sorted((round(cell.get_x() + 0.46), rows[round(cell.get_y() + 0.46)]) for cell in cells)


def test_the_tutorials_three_vectors() -> None:
    many, one = encodings_figure().axes
    assert ones(many) == [(0, "C4"), (1, "D4"), (2, "C4"), (2, "D4")]
    assert ones(one) == [(0, "C4"), (1, "D4"), (2, "C4 + D4")]
    assert (many.get_title(loc="left"), one.get_title(loc="left")) == (
        "Many-hot: 128 elements",
        "One-hot: 8,256 elements",
    )
    assert [label.get_text() for label in many.get_xticklabels()] == ["C4", "D4", "C4\n+ D4"]
    numbers = [label.get_text().split("  ")[-1] for label in many.get_yticklabels()]
    assert numbers == [
        "127",
        "",
        "63",
        "62",
        "61",
        "60",
        "59",
        "",
        "0",
    ]  # nothing is left out in silence
    assert many.get_ylim() == one.get_ylim()


def test_the_vocabulary_may_be_a_pieces_own() -> None:
    chords = [(45, 57), (), (45, 57, 60), (45, 57)]
    many, one = encodings_figure(chords, vocabulary=[(), (45, 57), (45, 57, 60)]).axes
    assert ones(one) == [(0, "A2 + A3"), (1, "rest"), (2, "A2 + A3 + C4"), (3, "A2 + A3")]
    assert sum(column == 1 for column, _ in ones(many)) == 0
    assert len(one.get_yticks()) == 3


def test_there_are_as_many_chords_as_the_tutorial_counts() -> None:
    vocabulary = all_notes_and_pairs()
    assert len(vocabulary) == len(set(vocabulary)) == 128 + 8128
    assert (vocabulary[60], vocabulary[128], vocabulary[-1]) == ((60,), (0, 1), (126, 127))


def test_what_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(PartimentoError, match="does not have the chord C4 \\+ E4 \\+ G4"):
        encodings_figure([(60, 64, 67)])
    for chords in ([], [(128,)], [(-1,)]):
        with pytest.raises(PartimentoError, match="at least one chord"):
            encodings_figure(chords)
