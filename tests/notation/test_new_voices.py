"""New notes of parts with several voices."""

from __future__ import annotations

from fractions import Fraction

from partimento.music.change import Change
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.new_voices import voiced

ONE = Fraction(1)


def piece(*voices: tuple[int, int]) -> Piece:
    """Return three bars, in which each voice has one pitch."""
    return Piece(
        [
            Note(ONE * beat, ONE, pitch, voice=voice)
            for voice, pitch in voices
            for beat in range(12)
        ],
        parts=(Part("Guitar", 24),),
    )


def change(*rows: tuple[int, int, int]) -> Change:
    notes = Notes([Note(ONE * onset, ONE * length, pitch) for onset, length, pitch in rows])
    return Change(ONE * 4, ONE * 8, (0,), notes, frozenset(), ONE * 12)


def voices(piece: Piece, change: Change) -> dict[int, int]:
    """Return the voice of each pitch."""
    return {note.pitch: note.voice for note in voiced(piece, change).notes}


BASS_BELOW = [(4, 1, 72), (5, 1, 74), (6, 1, 76), (7, 1, 77), (4, 4, 48)]


def test_new_notes_get_the_highest_and_the_lowest_voice_of_the_part() -> None:
    found = voices(piece((0, 72), (1, 50)), change(*BASS_BELOW))
    assert found == {72: 0, 74: 0, 76: 0, 77: 0, 48: 1}
    # The numbers of a file need not go from the top to the bottom.
    assert voices(piece((0, 50), (1, 72)), change(*BASS_BELOW))[48] == 0
    assert voices(piece((0, 72), (1, 60), (2, 50)), change(*BASS_BELOW))[48] == 2


def test_one_line_is_in_the_highest_voice() -> None:
    line = change((4, 2, 55), (6, 2, 57))
    assert voices(piece((0, 50), (1, 72)), line) == {55: 1, 57: 1}


def test_a_third_voice_gets_a_number_of_its_own() -> None:
    upper = [(4 + i, 1, 76) for i in range(4)]
    inner = [(4 + Fraction(i, 4), Fraction(1, 4), 57 + i % 3) for i in range(16)]
    found = voices(piece((0, 72), (1, 50)), change((4, 4, 40), *upper, *inner))
    assert (found[76], found[40]) == (0, 1)
    assert {found[57], found[58], found[59]} == {2}


def test_voices_that_are_known_stay() -> None:
    assert voices(piece((0, 72)), change(*BASS_BELOW))[48] == 0  # a part without voices
    new = change(*BASS_BELOW)
    own = new.notes.replace(voice=new.notes.voice + (new.notes.pitch == 74))
    known = Change(new.begin, new.end, (0,), own, frozenset(), new.length)
    assert voiced(piece((0, 72), (1, 50)), known).notes == own
    empty = change()
    assert len(voiced(piece((0, 72), (1, 50)), empty).notes) == 0


def test_a_continued_piece_gets_voices_too() -> None:
    rows = [(onset + 8, length, pitch) for onset, length, pitch in BASS_BELOW]
    notes = Notes([Note(ONE * onset, ONE * length, pitch) for onset, length, pitch in rows])
    more = Change(ONE * 12, ONE * 16, (0,), notes, frozenset(), ONE * 16)
    assert voices(piece((0, 72), (1, 50)), more)[48] == 1
