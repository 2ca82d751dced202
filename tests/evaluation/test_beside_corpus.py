"""Composed pieces beside those of a corpus: which measures, and how they are written."""

from __future__ import annotations

import math
from fractions import Fraction

from partimento import Event, Key, Note, Part, Piece
from partimento.evaluation.beside_corpus import Beside, as_table, beside_corpus

VOICES = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
# A cadence to C without parallels, and one to its dominant after parallel octaves.
CADENCE = [(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48)]
PARALLELS = [*CADENCE, *CADENCE, (74, 69, 65, 50), (71, 67, 62, 55)]


def in_voices(chords: list[tuple[int, ...]]) -> Piece:
    notes = [
        Note(Fraction(time), Fraction(1), pitch, part=part)
        for time, chord in enumerate(chords)
        for part, pitch in enumerate(chord)
    ]
    return Piece(notes, parts=VOICES, keys=(Key(0, "major"),))


def test_the_best_piece_the_composed_ones_and_the_corpus_are_measured() -> None:
    rows = {
        row.name: row
        for row in beside_corpus(
            [in_voices(CADENCE), in_voices(PARALLELS)], [in_voices(CADENCE)] * 3
        )
    }
    octaves = rows["parallel_octaves"]
    assert octaves.best == octaves.real == 0
    assert octaves.composed > 0
    assert rows["closes"].cells() == ("yes", "50%", "100%")
    assert rows["in_key"].cells() == ("100.0%", "100.0%", "100.0%")
    assert rows["crossings"].cells() == ("0.0", "0.0", "0.0")


def test_pieces_without_voices_have_no_crossings() -> None:
    chordal = Piece.from_events([Event(chord[::-1], Fraction(1)) for chord in CADENCE])
    names = [row.name for row in beside_corpus([chordal], [in_voices(CADENCE)])]
    assert names == ["parallel_fifths", "parallel_octaves", "in_key", "closes"]


def test_a_line_and_a_table_have_the_values_of_both() -> None:
    row = Beside("parallel_fifths", "parallel fifths per 1,000 moves", math.nan, 4.12, 2.4)
    assert row.line("Bach") == "parallel fifths per 1,000 moves: 4.1; Bach 2.4"
    assert as_table([row], ("", "this", "all", "Bach")) == [
        {"": row.label, "this": "–", "all": "4.1", "Bach": "2.4"}
    ]
