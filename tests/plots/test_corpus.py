"""Pictures by what is in them: bars, lines, labels, boxes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from tests.plots.duets import duet
from tests.plots.texts import fits, words

from partimento import Part, Piece, Source
from partimento.music.names import duration_name, pitch_name
from partimento.plots.corpus import (
    chord_coverage,
    duration_histogram,
    key_histogram,
    pitch_histogram,
    vocabulary_growth,
)
from partimento.plots.piano_roll import piano_roll
from partimento.plots.style import plain_title, write_plot


def heights(axes: Axes) -> list[list[float]]:
    """Of the bars, a list a series."""
    return [[float(bar.get_height()) for bar in bars] for bars in axes.containers]


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
