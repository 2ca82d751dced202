"""Fingering of whole pieces: strings, frets, tunings, parts and what is reported."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.guitar.scores import GUITAR, line, positions, study

import partimento as pt
from partimento import Note, Part, PartimentoError, Piece
from partimento.guitar.fingerings import find_fingering, fingering, with_all_frets
from partimento.guitar.tunings import STANDARD, TUNINGS


def frets_give_pitches(piece: Piece) -> bool:
    for note in piece.notes:
        part = piece.parts[note.part]
        if note.string is None or note.fret is None:
            continue
        if part.strings[note.string - 1] + part.capo + note.fret != note.pitch:
            return False
    return True


def test_a_scale_stays_in_the_first_position() -> None:
    piece = fingering(line(60, 62, 64, 65, 67))
    assert positions(piece) == [(2, 1), (2, 3), (1, 0), (1, 1), (1, 3)]
    assert piece.parts[0].strings == STANDARD.strings
    assert piece.warnings == ()


def test_notes_of_a_broken_chord_ring_on_strings_of_their_own() -> None:
    piece = fingering(study())
    first = positions(piece)[:4]
    assert first == [(5, 3), (3, 0), (2, 1), (1, 0)]
    assert find_fingering(study()).parts[0].cut == 0


def test_the_music_stays_the_same() -> None:
    piece = study()
    fingered = fingering(piece)
    plain = fingered.notes.replace(
        string=np.full(len(piece.notes), -1), fret=np.full(len(piece.notes), -1)
    )
    assert plain == piece.notes
    assert frets_give_pitches(fingered)


def test_tuning_capo_and_strings_can_be_chosen() -> None:
    low = line(38, 45, 50)
    assert positions(fingering(low))[0] == (6, 0)  # the sixth string is tuned down
    assert fingering(low).parts[0].strings == TUNINGS["drop d"].strings
    capo = fingering(line(66, 68), capo=2)
    assert positions(capo)[0] == (1, 0)
    assert capo.parts[0].capo == 2
    assert frets_give_pitches(capo)
    dadgad = fingering(line(62, 57), tuning="dadgad")
    assert positions(dadgad) == [(1, 0), (2, 0)]
    bass = fingering(line(28, 33), tuning="bass")
    assert positions(bass) == [(4, 0), (3, 0)]


def test_a_fingered_piece_is_a_fixed_point() -> None:
    once = fingering(study())
    assert fingering(once).notes == once.notes
    assert fingering(once).parts[0].strings == once.parts[0].strings


def test_stated_strings_are_kept_unless_asked() -> None:
    piece = Piece([Note(0, 1, 64, string=3, fret=9)], parts=(GUITAR,))
    assert positions(fingering(piece)) == [(3, 9)]
    assert positions(fingering(piece, keep=False)) == [(1, 0)]


def test_what_cannot_be_played_is_reported_and_nothing_is_lost() -> None:
    notes = [Note(0, 4, 41), Note(0, 4, 43), Note(4, 4, 30), Note(8, 4, 41), Note(8, 4, 83)]
    found = find_fingering(Piece(notes, parts=(GUITAR,)), tuning="standard")
    assert len(found.piece.notes) == len(notes)
    assert len(found.parts[0].without_place) == 2
    assert found.parts[0].unplayable == (Fraction(8),)
    assert found.piece.warnings == (
        "no hand can hold the notes in bar 3",
        "2 notes have no place on the strings, in bars 1, 2",
    )


def test_guitars_are_found_and_other_parts_are_left_alone() -> None:
    notes = [Note(0, 1, 72, part=0), Note(0, 1, 60, part=1)]
    duo = Piece(notes, parts=(Part("Flute", 73), Part("Guitar", 24)))
    fingered = fingering(duo)
    assert positions(fingered) == [(2, 1), (None, None)]
    assert fingered.parts[0].strings == ()
    assert positions(fingering(duo, part="flute"))[1] == (1, 8)
    assert all(fret is not None for _, fret in positions(with_all_frets(duo)))
    with pytest.raises(PartimentoError, match="no part named 'oboe'"):
        fingering(duo, part="oboe")


def test_a_piece_without_a_guitar_asks_for_a_part() -> None:
    notes = [Note(0, 1, 72, part=0), Note(0, 1, 60, part=1)]
    with pytest.raises(PartimentoError, match=r"no part is a guitar.*'Flute', 'Cello'"):
        fingering(Piece(notes, parts=(Part("Flute", 73), Part("Cello", 42))))


def test_drums_have_no_strings() -> None:
    drums = Piece([Note(0, 1, 36)], parts=(Part("Drums", None, True),))
    with pytest.raises(PartimentoError, match="no part is a guitar"):
        fingering(drums)
    with pytest.raises(PartimentoError, match="drums has no strings"):
        fingering(drums, part=0)
    band = Piece([Note(0, 1, 36), Note(0, 1, 64, part=1)], parts=(*drums.parts, GUITAR))
    assert positions(fingering(band)) == [(None, None), (1, 0)]


def test_the_tracks_of_one_player_become_one_part_with_two_voices() -> None:
    notes = [Note(0, 1, 64, part=0), Note(0, 1, 48, part=1), Note(1, 1, 67, part=0)]
    piece = fingering(Piece(notes, parts=(Part("", 0), Part("", 0))))
    assert len(piece.parts) == 1
    assert piece.parts[0].program == 24
    assert sorted(note.voice for note in piece.notes) == [0, 0, 1]


def test_a_guitar_notated_an_octave_high_is_lowered() -> None:
    high = line(*[64, 67, 71, 76, 79, 62] * 8)
    found = fingering(high)
    assert found.notes.pitch.tolist() == (high.notes.pitch - 12).tolist()
    assert "an octave above its sound" in found.warnings[0]


def test_a_unison_of_two_voices_has_one_place() -> None:
    notes = [Note(0, 1, 64, voice=0), Note(0, 2, 64, voice=1)]
    piece = fingering(Piece(notes, parts=(GUITAR,)))
    assert positions(piece) == [(1, 0), (1, 0)]


def test_the_public_words() -> None:
    assert pt.guitar.fingering is fingering
    assert pt.guitar.is_playable([40, 47, 52])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(1, 8), st.integers(30, 90)),
        min_size=1,
        max_size=20,
    )
)
def test_any_notes_get_places_that_give_their_pitch(rows: list[tuple[int, int, int]]) -> None:
    notes = [Note(Fraction(on, 2), Fraction(length, 2), pitch) for on, length, pitch in rows]
    piece = Piece(notes, parts=(GUITAR,))
    found = find_fingering(piece, tuning="standard")
    assert found.piece.notes.pitch.tolist() == piece.notes.pitch.tolist()
    assert frets_give_pitches(found.piece)
    placed = {i for i, note in enumerate(found.piece.notes) if note.fret is not None}
    assert placed.isdisjoint(found.parts[0].without_place)
    assert len(placed) + len(found.parts[0].without_place) == len(piece.notes)
    for onset in {note.onset for note in found.piece.notes}:  # a string plays one pitch at once
        struck = [n for n in found.piece.notes if n.onset == onset and n.string is not None]
        assert len({n.string for n in struck}) == len({n.pitch for n in struck})


@pytest.mark.slow
def test_almost_all_of_the_collection_is_playable(guitar: Path) -> None:
    strikes = unplayable = without = 0
    for path in sorted(guitar.rglob("*.mid"))[::10]:
        for part in find_fingering(pt.read(path)).parts:
            strikes += len(part.positions)
            unplayable += len(part.unplayable)
            without += len(part.without_place)
    assert unplayable + without < 0.002 * strikes
