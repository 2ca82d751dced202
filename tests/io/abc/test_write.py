"""Written ABC is read back equal, by our own reader and by music21."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from tests.music.strategies import pieces as any_pieces
from tests.pieces import PIECES, chorale, marked

from partimento.io.abc.read import piece_from_abc
from partimento.io.abc.write import to_abc, values_of
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Meter, Part, Tempo, from_start

WRITTEN = ("title", "composer", "pickup", "length", "keys", "meters", "chord_symbols", "fermatas")
LONG_PICKUP = "long pickup"  # longer than a bar: ABC has no such thing


def notes_of(piece: Piece) -> Counter[Any]:
    return Counter((n.part, n.onset, n.duration, n.pitch, n.grace) for n in piece.notes)


def read_back(piece: Piece) -> Piece:
    read = piece_from_abc(to_abc(piece).encode())
    assert not read.warnings
    return read


@pytest.mark.parametrize("name", [name for name, piece in PIECES.items() if len(piece.notes)])
def test_every_tiny_piece_is_read_back(name: str) -> None:
    piece = PIECES[name]
    read = read_back(piece)
    assert notes_of(read) == notes_of(piece)
    kept = [field for field in WRITTEN if name != LONG_PICKUP or field not in ("pickup", "meters")]
    for field in kept:
        assert getattr(read, field) == getattr(piece, field), field
    assert from_start(read.tempos, Tempo()) == from_start(piece.tempos, Tempo())
    assert read.parts == piece.parts


@settings(max_examples=60, deadline=None)
@given(any_pieces)
def test_the_notes_of_any_piece_are_read_back(piece: Piece) -> None:
    if len(piece.notes):
        own, read = notes_of(piece), notes_of(read_back(piece))
        assert sorted(row[1:4] for row in own if not row[4]) == sorted(
            row[1:4] for row in read if not row[4]
        )


def test_voices_of_a_part_stay_one_part() -> None:
    notes = [
        Note(Fraction(0), Fraction(4), 48, voice=1),
        *[Note(Fraction(i), Fraction(1), 60 + i) for i in range(4)],
        Note(Fraction(0), Fraction(2), 72, part=1),
    ]
    piece = Piece(notes, parts=(Part("Guitar", 24), Part("Flute", 73)))
    read = read_back(piece)
    assert read == piece
    assert {note.pitch: note.voice for note in read.notes}[48] == 1
    assert to_abc(piece).count("V:") == 3


def test_names_and_texts_with_special_letters() -> None:
    piece = chorale(1).replace(
        title='50 % of "A & B" \\ Étude',
        composer="[C:x] |: ½",
        parts=(Part('The "1st" & 2nd %', 24),),
        chord_symbols=(ChordSymbol("Dm7"), ChordSymbol("G7/B", Fraction(1, 2))),
    )
    read = read_back(piece)
    assert (read.title, read.composer, read.parts) == (piece.title, piece.composer, piece.parts)
    assert read.chord_symbols == piece.chord_symbols
    assert notes_of(read) == notes_of(piece)


def test_keys_meters_and_tempos_change_also_inside_a_bar() -> None:
    piece = chorale(2).replace(
        keys=(Key(2), Key(-3, "minor", Fraction(3)), Key(0, "major", Fraction(6))),
        meters=(Meter(3, 4), Meter(2, 4, Fraction(6))),
        tempos=(Tempo(612_345), Tempo(500_001, Fraction(7, 2))),
        fermatas=(Fraction(7),),
    )
    read = read_back(piece)
    for field in (*WRITTEN, "tempos"):
        assert getattr(read, field) == getattr(piece, field), field
    assert notes_of(read) == notes_of(piece)


def test_values_are_single_notes_and_add_up() -> None:
    for numerator in range(1, 200):
        length = Fraction(numerator, 32)
        values = values_of(length)
        assert sum(values) == length
        odd = [v.numerator // (v.numerator & -v.numerator) for v in values]
        assert set(odd) <= {1, 3, 7}


def test_an_excerpt_has_no_final_bar_line() -> None:
    assert to_abc(chorale(1)).rstrip().endswith("|]")
    assert to_abc(chorale(1).replace(open_end=True)).rstrip().endswith(" |")


@pytest.mark.slow
@pytest.mark.parametrize("piece", [marked(), chorale(2)], ids=["marked", "chorale"])
def test_music21_reads_the_same_notes(piece: Piece) -> None:
    import music21

    score = music21.converter.parse(to_abc(piece), format="abc")
    found: Counter[Any] = Counter()
    for part in score.parts:
        for element in part.stripTies().flatten().notes:
            if not isinstance(element, music21.harmony.ChordSymbol):
                onset, length = Fraction(element.offset), Fraction(element.quarterLength)
                found.update((onset, length, pitch.midi) for pitch in element.pitches)
    own = Counter((n.onset, n.duration, n.pitch) for n in piece.notes)
    rounded = Counter((o.limit_denominator(99), d.limit_denominator(99), p) for o, d, p in found)
    assert rounded == own
    meters = score.parts[0].flatten().getElementsByClass("TimeSignature")
    assert {m.ratioString for m in meters} >= {
        f"{m.numerator}/{m.denominator}" for m in piece.meters
    }
