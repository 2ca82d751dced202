"""Piano rolls by what is in them: boxes, edges, colors and labels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from tests.plots.duets import duet
from tests.plots.texts import words

from partimento import Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.plots.piano_roll import HEIGHT, piano_roll
from partimento.plots.style import COLORS, write_plot

Q = Fraction(1)


def boxes(figure: Figure, label: str = "notes") -> np.ndarray:
    """(N, 4): left, right, bottom, top of the notes or of their strikes, sorted."""
    (found,) = [shape for shape in figure.axes[1].collections if shape.get_label() == label]
    corners = [path.vertices[:4] for path in found.get_paths()]
    return np.array(
        sorted((v[:, 0].min(), v[:, 0].max(), v[:, 1].min(), v[:, 1].max()) for v in corners)
    )


def test_a_note_is_a_box_and_each_strike_an_edge() -> None:
    figure = piano_roll(duet())
    notes = boxes(figure)
    assert len(notes) == len(boxes(figure, "strikes")) == 8
    held = notes[(notes[:, 2] < 48) & (notes[:, 3] > 48)]
    assert held[:, :2].tolist() == [[0, 6]]
    middle = notes[(notes[:, 2] < 60) & (notes[:, 3] > 60)]
    assert [row[0] for row in middle.tolist()] == [0, 1, 1, 2, 3]
    tall = middle[:, 3] - middle[:, 2]
    assert sorted(tall.round(6))[1:] == [pytest.approx(HEIGHT)] * 4
    assert min(tall) < HEIGHT * 0.7  # the doubling part's
    ornament = notes[notes[:, 0] == 3.75][0]
    assert ornament[3] - ornament[2] < HEIGHT * 0.7
    edges = boxes(figure, "strikes")
    assert (edges[:, 0] == notes[:, 0]).all()
    assert (edges[:, 1] < notes[:, 1]).all()


def test_a_long_note_over_two_of_another_part_is_as_slim_as_over_one() -> None:
    parts = (Part("a"), Part("b"), Part("c"))
    two = [
        Note(Fraction(0), Q, 60),
        Note(Q, Q, 60),
        Note(Fraction(0), 2 * Q, 60, part=1),
        Note(Fraction(5), Q, 60, part=1),
    ]
    tall = boxes(piano_roll(Piece(two, parts=parts)))
    assert (tall[:, 3] - tall[:, 2]).round(6).tolist() == [HEIGHT, HEIGHT / 2, HEIGHT, HEIGHT]
    three = boxes(piano_roll(Piece([*two, Note(Fraction(1, 2), Q, 60, part=2)], parts=parts)))
    assert (three[:, 3] - three[:, 2]).min() == pytest.approx(HEIGHT / 4)


def test_what_a_roll_says() -> None:
    figure = piano_roll(duet())
    axes = figure.axes[1]
    assert figure.get_suptitle() == "Duet · Anna"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2"]
    assert axes.get_xticks().tolist() == [0, 4]
    assert axes.get_xlim() == (0, 7)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Primo", "part 2"]
    assert [text.get_text().strip() for text in axes.texts] == ["3/4"]
    assert "4/4   ♩ = 120   2 bars" in words(figure)
    assert {"C3", "C4", "C5", "D", "B"} <= {
        label.get_text() for label in figure.axes[0].get_yticklabels()
    }
    ticks = {
        label.get_text(): tick
        for label, tick in zip(
            figure.axes[0].get_yticklabels(), figure.axes[0].get_yticks(), strict=True
        )
    }
    assert (ticks["C3"], ticks["C4"]) == (48, 60)
    assert [patch.get_facecolor()[:3] for patch in axes.get_legend().get_patches()] == [
        to_rgb(color) for color in COLORS[:2]
    ]


def test_a_softer_note_is_paler() -> None:
    (notes,) = [
        shape for shape in piano_roll(duet()).axes[1].collections if shape.get_label() == "notes"
    ]
    colors = {tuple(np.round(color[:3], 3)) for color in notes.get_facecolor()}
    full = {tuple(np.round(to_rgb(color), 3)) for color in COLORS[:2]}
    (pale,) = colors - full
    assert all(a >= b for a, b in zip(pale, to_rgb(COLORS[1]), strict=True))
    assert len(colors) == 3


def test_a_view_from_the_middle() -> None:
    figure = piano_roll(duet(), first_bar=2, bars=1, title="Middle")
    notes, strikes = boxes(figure), boxes(figure, "strikes")
    assert notes[:, :2].tolist() == [[4, 6], [4, 7]]
    assert (
        strikes[:, 2].tolist() == notes[notes[:, 2] > 60, 2].tolist()
    )  # the bass sounds on: it is not struck here
    assert figure.get_suptitle() == "Middle"
    assert "3/4   ♩ = 120   bar 2 of 2" in words(figure)
    with pytest.raises(PartimentoError, match="no bar 3: the piece has 2"):
        piano_roll(duet(), first_bar=3)


def test_bars_with_a_pickup() -> None:
    piece = Piece([Note(Fraction(i), Q, 60) for i in range(9)], pickup=Q)
    assert [label.get_text() for label in piano_roll(piece).axes[1].get_xticklabels()] == [
        "0",
        "1",
        "2",
    ]
    assert piano_roll(piece, first_bar=1).axes[1].get_xlim() == (1, 9)


def test_drums_are_drawn_only_alone() -> None:
    kit = Part("Kit", is_drum=True)
    both = Piece(
        [Note(Fraction(0), Q, 60), Note(Fraction(0), Q, 36, part=1)], parts=(Part("Flute"), kit)
    )
    assert len(boxes(piano_roll(both))) == 1
    assert piano_roll(both).axes[1].get_legend() is None
    assert len(boxes(piano_roll(Piece([Note(Fraction(0), Q, 36)], parts=(kit,))))) == 1


def test_more_parts_than_colors() -> None:
    many = Piece(
        [Note(Fraction(i), Q, 40 + part, part=part) for part in range(9) for i in range(9 - part)],
        parts=(Part(),) * 9,
    )
    legend = [text.get_text() for text in piano_roll(many).axes[1].get_legend().get_texts()]
    assert legend == [f"part {number}" for number in range(1, 7)] + ["3 others"]


def test_long_views_number_only_some_bars() -> None:
    long = Piece([Note(Fraction(i), Q, 60) for i in range(400)])
    labels = [label.get_text() for label in piano_roll(long, bars=100).axes[1].get_xticklabels()]
    assert labels == [str(number) for number in range(1, 101, 4)]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_pictures_are_equal_bytes(tmp_path: Path, suffix: str) -> None:
    for name in "ab":
        write_plot(piano_roll(duet()), tmp_path / f"{name}{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    assert data == (tmp_path / f"b{suffix}").read_bytes()
    assert b"<dc:date>" not in data
    assert b"Software" not in data
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]
    if suffix == ".svg":
        assert ElementTree.fromstring(data).tag.endswith("svg")
    else:
        assert data.startswith(b"\x89PNG")
