"""Pictures by what is in them: bars, lines, labels, boxes."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from partimento import Meter, Note, Part, Piece, Source
from partimento.errors import PartimentoError
from partimento.music.names import duration_name, pitch_name
from partimento.plots.corpus import (
    chord_coverage,
    duration_histogram,
    key_histogram,
    pitch_histogram,
    vocabulary_growth,
)
from partimento.plots.piano_roll import HEIGHT, piano_roll
from partimento.plots.style import COLORS, plain_title, write_plot

Q = Fraction(1)


def heights(axes: Axes) -> list[list[float]]:
    """Of the bars, a list a series."""
    return [[float(bar.get_height()) for bar in bars] for bars in axes.containers]


def words(figure: Figure) -> list[str]:
    """Everything written in it, once laid out."""
    figure.draw_without_rendering()
    found: list[str] = []
    for axes in figure.axes:
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        found += [
            text.get_text()
            for text in (
                *axes.texts,
                *ticks,
                axes.title,
                axes._left_title,
                axes.xaxis.label,
                axes.yaxis.label,
            )
        ]
        found += [
            text.get_text() for text in (axes.get_legend().get_texts() if axes.get_legend() else ())
        ]
    return [word for word in (*found, *(text.get_text() for text in figure.texts)) if word]


def fits(figure: Figure) -> bool:
    """Whether all that is drawn lies within the page."""
    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return bool(
        box.x0 >= -0.02 and box.y0 >= -0.02 and box.x1 <= width + 0.02 and box.y1 <= height + 0.02
    )


def test_keys_in_the_order_of_fifths() -> None:
    figure = key_histogram(
        {
            "C major": 5,
            "a minor": 3,
            "G major": 2,
            "B- major": 1,
            "e- minor": 4,
            "F# major": 6,
            "C# major": 7,
        }
    )
    axes = figure.axes[0]
    major, minor = heights(axes)
    labels = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    assert [label[0] for label in labels] == [
        "D♭",
        "A♭",
        "E♭",
        "B♭",
        "F",
        "C",
        "G",
        "D",
        "A",
        "E",
        "B",
        "F♯/G♭",
    ]
    assert [label[1] for label in labels][5:8] == ["Am", "Em", "Bm"]
    assert major == [7, 0, 0, 1, 0, 5, 2, 0, 0, 0, 0, 6]  # C sharp and D flat are one
    assert minor == [0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 4]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["major", "minor"]
    left, right = axes.containers[0][5], axes.containers[1][5]
    assert left.get_x() + left.get_width() <= right.get_x()
    assert axes.get_ylabel() == "pieces"


def test_durations_by_name() -> None:
    counts = {"1/4": 500, "1": 300, "1/3": 100, "3/2": 50, "1/384": 40, "9/40": 5, "2": 5}
    figure = duration_histogram(counts, most=4)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "dotted quarter",
        "quarter",
        "eighth triplet",
        "sixteenth",
        "other note values (1)",
        "off the note values (2)",
    ]
    assert [bar.get_width() for bar in axes.patches] == [50, 300, 100, 500, 5, 45]
    assert "500  (50 %)" in words(figure)
    assert "5  (0.5 %)" in words(figure)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the longest on top


def test_what_is_rarer_than_one_in_a_thousand_has_no_bar() -> None:
    figure = duration_histogram({"1": 9999, "2": 1, "4": 1})
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "quarter",
        "other note values (2)",
    ]


@pytest.mark.parametrize(
    ("quarters", "name"),
    [
        ("4", "whole"),
        ("3", "dotted half"),
        ("7/2", "double-dotted half"),
        ("2/3", "quarter triplet"),
        ("1/6", "sixteenth triplet"),
        ("2/5", "eighth quintuplet"),
        ("1/7", "sixteenth septuplet"),
        ("5", "whole + quarter"),
        ("9/2", "whole + eighth"),
        ("3/16", "dotted 32nd"),
        ("7/128", ""),
        ("1/384", ""),
        ("43/384", ""),
        ("37/192", ""),
        ("100", ""),
    ],
)
def test_names_of_durations(quarters: str, name: str) -> None:
    assert duration_name(Fraction(quarters)) == name


def test_pitches_stand_over_their_keys() -> None:
    figure = pitch_histogram({40: 10, 61: 30, 76: 20})
    bars, keys = figure.axes
    assert [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in bars.patches] == [
        (pytest.approx(40), 10),
        (pytest.approx(61), 30),
        (pytest.approx(76), 20),
    ]
    assert bars.patches[0].get_facecolor() != bars.patches[1].get_facecolor()
    assert keys.get_xlim() == bars.get_xlim() == (35.5, 76.5)  # from the C below to the E
    assert [label.get_text() for label in keys.get_xticklabels()] == ["C2", "C3", "C4", "C5"]
    (black,) = [found for found in keys.collections if isinstance(found, PolyCollection)]
    centres = [path.vertices[:4, 0].mean() for path in black.get_paths()]
    assert centres == [
        pytest.approx(pitch)
        for pitch in range(36, 77)
        if "♯" in pitch_name(pitch) or "♭" in pitch_name(pitch)
    ]


def test_coverage_shows_each_split() -> None:
    figure = chord_coverage(
        {"as written": ([1, 10, 100], [0.1, 0.5, 1.0]), "moved": ([1, 50], [0.2, 1.0])},
        {"once": [0.1, 0.3], "twice": [0.4]},
    )
    left, right = figure.axes
    assert [line.get_label() for line in left.lines] == ["as written", "moved"]
    assert left.lines[0].get_ydata() == pytest.approx([10, 50, 100])
    assert left.get_xscale() == "log"
    dots = [line for line in right.lines if line.get_marker() == "o"]
    assert [list(dot.get_xdata()) for dot in dots] == [pytest.approx([10, 30]), pytest.approx([40])]
    assert [label.get_text() for label in right.get_yticklabels()] == ["once", "twice"]
    assert {"20 %", "40 %"} <= set(words(figure))
    assert len(chord_coverage({"as written": ([1], [1.0])}).axes) == 1


def test_growth_starts_from_nothing() -> None:
    figure = vocabulary_growth({"as written": ([1, 2, 4], [30.0, 50.0, 1234.4])})
    axes = figure.axes[0]
    assert list(axes.lines[0].get_xdata()) == [0, 1, 2, 4]
    assert list(axes.lines[0].get_ydata()) == [0, 30, 50, 1234.4]
    assert "as written: 1,234" in words(figure)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("pieces", "distinct chords")


def duet(**changes: object) -> Piece:
    """A held bass over a repeated note; the second part doubles one of them; then a 3/4 bar."""
    notes = [
        Note(Fraction(0), 6 * Q, 48),
        *(Note(Fraction(i), Q, 60) for i in range(4)),
        Note(Fraction(1), Q, 60, part=1),
        Note(Fraction(15, 4), Q / 4, 62, grace=True),
        Note(4 * Q, 3 * Q, 72, velocity=40, part=1),
    ]
    meters = (Meter(4, 4), Meter(3, 4, onset=4 * Q))
    whole = {
        "meters": meters,
        "parts": (Part("Primo:"), Part("1")),
        "title": "Duet",
        "composer": "Anna",
    } | changes
    return Piece(notes, **whole)


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


def test_everything_lies_on_the_page() -> None:
    figures = [
        key_histogram(
            {"e- minor": 99999},
            title="Keys of a corpus with a rather long name, of which more could be said than fits",
        ),
        duration_histogram({"1/4": 5_000_000, "5/4": 3, "1/384": 2}),
        pitch_histogram(dict.fromkeys(range(128), 10**6)),
        chord_coverage(
            {"in the common key": ([1, 100_000], [0.0, 1.0])},
            {f"in the common key,\nseen {n} or more": [0.1, 0.9] for n in ("once", "twice")},
        ),
        vocabulary_growth({"in the common key": ([1, 100_000], [1, 1e6])}),
        piano_roll(
            duet(
                title="A very long title of a piece " * 4,
                parts=(Part("Primo"), Part("A part with a name that never ends")),
            )
        ),
    ]
    assert [fits(figure) for figure in figures] == [True] * len(figures)


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


def test_a_picture_is_not_written_over_another(tmp_path: Path) -> None:
    figure = vocabulary_growth({})
    path = write_plot(figure, tmp_path / "deep" / "growth.png")
    with pytest.raises(PartimentoError, match="already exists"):
        write_plot(figure, path)
    write_plot(figure, path, force=True)
    with pytest.raises(PartimentoError, match=r"\.png, \.svg or \.pdf"):
        write_plot(figure, tmp_path / "growth.gif")


def test_odd_words_and_empty_counts(tmp_path: Path) -> None:
    title = "日本 $x^2$ \\frac \udcff\n№ 1"
    figures = [
        key_histogram({}, title=title),
        duration_histogram({}),
        pitch_histogram({}),
        chord_coverage({"none": ([], [])}, {"none": []}, title=title),
        vocabulary_growth({"none": ([], [])}),
        piano_roll(Piece([]), title=title),
        piano_roll(Piece([], source=Source(path="folder/tune.mid"))),
    ]
    for number, figure in enumerate(figures):
        assert write_plot(figure, tmp_path / f"{number}.png").stat().st_size > 1000
    assert figures[0].axes[0].get_title(loc="left") == "□□ $x^2$ \\frac □ № 1"
    assert figures[-1].get_suptitle() == "tune"
    assert plain_title("x" * 99) == "x" * 69 + "…"


def test_matplotlib_is_left_as_it_was() -> None:
    """In a fresh process: nothing is loaded before it is used, pyplot never, and no setting stays
    changed.
    """
    code = (
        "import sys, partimento.plots.corpus, partimento.plots.piano_roll\nassert 'matplotlib' not"
        " in sys.modules\nimport matplotlib\nsettings = lambda: {name: matplotlib.rcParams[name]"
        " for name in matplotlib.rcParams if name != 'backend'}\nbefore ="
        " settings()\npartimento.plots.corpus.key_histogram({'C major': 1})\nassert settings() =="
        " before\nassert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
