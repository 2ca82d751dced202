"""Estimated chord symbols, and their text."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import partimento as pt
from partimento.analysis.chord_labels import (
    INSIDE,
    TEMPLATES,
    beat_ql,
    chord_labels,
    lead_sheet,
    root_name,
    with_chord_labels,
)
from partimento.generate.constraints import ChordProgression
from partimento.music.chord_names import classes_named
from partimento.music.timelines import ChordSymbol

CASES = Path(__file__).parents[1] / "cases"
QUARTER = Fraction(1)


def piece_of(*chords: tuple[int, ...], length: Fraction = QUARTER, **more: object) -> pt.Piece:
    return pt.Piece.from_events([pt.Event(chord, length) for chord in chords], **more)


def texts(piece: pt.Piece) -> list[str]:
    return [symbol.text for symbol in chord_labels(piece)]


def test_every_template_has_a_name_that_is_read_again() -> None:
    for template, row in zip(TEMPLATES, INSIDE, strict=True):
        name = root_name(template.root, template.quality, pt.Key()) + template.quality
        assert classes_named(name) == template.classes == set(np.flatnonzero(row).tolist())


def test_chords_inversions_and_their_times() -> None:
    piece = piece_of((48, 55, 64, 72), (43, 55, 59, 65), (52, 55, 60, 72), (53, 57, 60, 69))
    symbols = chord_labels(piece)
    assert [(s.text, s.onset) for s in symbols] == [
        ("C", 0), ("G7", 1), ("C/E", 2), ("F", 3),
    ]  # fmt: skip
    roots = chord_labels(piece, inversions=False)
    assert [s.text for s in roots] == ["C", "G7", "C", "F"]


def test_a_passing_note_is_no_chord() -> None:
    half = QUARTER / 2
    upper = [(48, 55, 64), (48, 55, 62), (48, 55, 60), (48, 55, 60)]
    events = [
        pt.Event(upper[i], half, tuple(set(upper[i]) & {48, 55}) if i else ()) for i in (0, 1)
    ]
    events += [pt.Event(upper[2], QUARTER, (48, 55))]
    assert texts(pt.Piece.from_events(events)) == ["C"]


def test_broken_chords_are_one_chord() -> None:
    half = QUARTER / 2
    notes = [48, 55, 64, 55, 60, 55, 64, 55, 43, 55, 59, 55, 62, 55, 65, 55]
    events = [pt.Event((pitch,), half) for pitch in notes]
    assert texts(pt.Piece.from_events(events)) == ["C", "G7"]


def test_a_long_silence_has_no_chord() -> None:
    piece = piece_of((48, 52, 55), (), (48, 52, 55), length=Fraction(12))
    assert texts(piece) == ["C", "N.C.", "C"]
    assert chord_labels(pt.Piece([])) == ()


@pytest.mark.parametrize(
    ("pitch_class", "quality", "key", "name"),
    [
        (10, "", "F major", "Bb"),
        (10, "", "b major", "A#"),
        (6, "dim7", "g major", "F#"),
        (8, "", "a minor", "G#"),
        (3, "", "c minor", "Eb"),
        (1, "7", "d major", "C#"),
    ],
)
def test_spelling_follows_the_key(pitch_class: int, quality: str, key: str, name: str) -> None:
    assert root_name(pitch_class, quality, pt.Key.from_name(key)) == name


def test_the_beat_of_a_meter() -> None:
    meters = [pt.Meter(4, 4), pt.Meter(6, 8), pt.Meter(3, 8), pt.Meter(2, 2)]
    assert [beat_ql(meter) for meter in meters] == [1, Fraction(3, 2), 1, 2]


def test_a_lead_sheet_is_read_as_a_progression() -> None:
    symbols = (
        ChordSymbol("Dm", QUARTER),
        ChordSymbol("Gm", Fraction(4)),
        ChordSymbol("A7", Fraction(6)),
        ChordSymbol("Bb", Fraction(25, 3)),
    )
    piece = pt.Piece(
        [], meters=(pt.Meter(3, 4),), pickup=QUARTER, length=Fraction(13), chord_symbols=symbols
    )
    text = lead_sheet(piece)
    assert text == "Dm | Gm Gm A7 | A7 A7 A7 A7 Bb Bb Bb Bb Bb | Bb"
    assert ChordProgression(text).chords == text


def test_bars_that_repeat_are_written_short() -> None:
    symbols = tuple(
        ChordSymbol(text, Fraction(2 * i)) for i, text in enumerate(["C", "G", "C", "G", "C"])
    )
    piece = pt.Piece([], length=Fraction(16), chord_symbols=symbols)
    assert lead_sheet(piece) == "C G | % | C | C"


def test_symbols_are_written_and_read(tmp_path: Path) -> None:
    piece = with_chord_labels(piece_of((48, 55, 64, 72), (45, 52, 60, 69), length=Fraction(4)))
    for name in ("a.musicxml", "a.abc"):
        again = pt.read(piece.save(tmp_path / name)[0])
        assert again.chord_symbols == piece.chord_symbols
    assert ">Am<" in piece.save(tmp_path / "a.svg")[0].read_text()


def test_a_score_keeps_its_marks(tmp_path: Path) -> None:
    piece = with_chord_labels(pt.read(CASES / "w-rich.musicxml"))
    path = piece.save(tmp_path / "a.musicxml")[0]
    assert "<slur" in path.read_text()
    assert pt.read(path).chord_symbols == piece.chord_symbols
