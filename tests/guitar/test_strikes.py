"""Notes that begin together, and those that ring on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from tests.guitar.scores import GUITAR, STUDY, line, study

from partimento import Note, Piece, Tempo
from partimento.guitar.strikes import MOST_RINGING, strikes_of
from partimento.guitar.tunings import STANDARD


def strikes(piece: Piece, *, keep: bool = True):
    return strikes_of(piece, np.arange(len(piece.notes)), STANDARD, keep=keep)


def test_a_bass_rings_under_the_notes_after_it() -> None:
    found, same = strikes(study(1))
    assert [strike.pitches for strike in found] == [(pitch,) for pitch in STUDY]
    assert [strike.ringing_pitches for strike in found] == [(), *[(48,)] * 5]
    assert [strike.lacking[0] for strike in found[1:]] == [1.25, 1.0, 0.75, 0.5, 0.25]
    assert same == {}


def test_times_follow_all_tempos() -> None:
    piece = line(60, 62, 64, 65, duration=Fraction(1))
    slow = piece.replace(tempos=(Tempo.from_bpm(60), Tempo(500_000, Fraction(2))))
    found, _ = strikes(slow)
    assert [strike.seconds for strike in found] == [0.0, 1.0, 2.0, 2.5]


def test_a_unison_of_two_voices_is_one_note() -> None:
    notes = [Note(0, 1, 60, voice=0), Note(0, 3, 60, voice=1), Note(1, 1, 64)]
    found, same = strikes(Piece(notes, parts=(GUITAR,)))
    assert found[0].pitches == (60,)
    assert len(same) == 1
    assert found[1].ringing_pitches == (60,)  # as long as the longer one


def test_a_note_that_is_struck_again_rings_no_longer() -> None:
    notes = [Note(0, 4, 60, voice=0), Note(1, 1, 60, voice=1)]
    found, _ = strikes(Piece(notes, parts=(GUITAR,)))
    assert found[1].ringing == ()


def test_a_tiny_overlap_is_no_ringing_note() -> None:
    notes = [Note(0, Fraction(51, 50), 60), Note(1, 1, 62)]
    found, _ = strikes(Piece(notes, parts=(GUITAR,)))
    assert found[1].ringing == ()


def test_only_the_latest_notes_ring() -> None:
    notes = [Note(i, 20 - i, 45 + 5 * i) for i in range(7)]
    found, _ = strikes(Piece(notes, parts=(GUITAR,)))
    assert found[-1].ringing_pitches == tuple(45 + 5 * i for i in range(6))[-MOST_RINGING:]


def test_stated_strings_are_kept_if_they_fit() -> None:
    notes = [
        Note(0, 1, 64, string=2, fret=5),
        Note(1, 1, 64, string=2, fret=4),  # another pitch there
        Note(2, 1, 64),
    ]
    piece = Piece(notes, parts=(GUITAR,))
    assert [strike.stated for strike in strikes(piece)[0]] == [(1,), (), ()]
    assert not any(strike.stated for strike in strikes(piece, keep=False)[0])


def test_broken_chords_are_marked_and_scales_are_not() -> None:
    broken, _ = strikes(line(48, 52, 55, 60, 64))
    scale, _ = strikes(line(60, 62, 64, 65, 67, 60, 62))
    assert [strike.is_broken for strike in broken] == [False, True, True, True, True]
    assert not any(strike.is_broken for strike in scale)
