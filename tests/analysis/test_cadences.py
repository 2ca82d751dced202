from fractions import Fraction

import pytest
from tests.analysis.test_part_writing import as_chords, in_voices

from partimento import Note, Part, Piece
from partimento.analysis.cadences import (
    Cadence,
    cadence_at,
    ends_on_tonic,
    final_cadence,
    final_chord,
)
from partimento.music.timelines import Key

Q = Fraction(1)
C, A_MINOR = Key(0), Key(0, "minor")
I, IV, V, VI = (72, 67, 64, 48), (72, 69, 65, 53), (74, 71, 67, 55), (72, 69, 64, 57)  # noqa: E741


@pytest.mark.parametrize("write", [in_voices, as_chords])
@pytest.mark.parametrize(
    ("chords", "kind"),
    [
        ((I, IV, V, I), "authentic"),
        ((I, (74, 71, 65, 50), I), "authentic"),  # a diminished chord over the second degree
        ((I, IV, I), "plagal"),
        ((I, V, VI), "deceptive"),
        ((I, IV, V), "half"),
        ((I, IV), "none"),
        ((V, (72, 67, 60, 52)), "none"),  # the third in the bass
        ((I,), "none"),
    ],
)
def test_kinds_of_cadences(write, chords, kind):
    assert final_cadence(write(*chords), C) == Cadence(kind, 0)


def test_a_cadence_in_minor_with_a_major_third():
    dominant, minor, major = (71, 68, 64, 52), (72, 69, 64, 45), (73, 69, 64, 45)
    for last in (minor, major):
        assert final_cadence(in_voices(minor, dominant, last), A_MINOR).kind == "authentic"
    assert final_cadence(in_voices(minor, (71, 67, 64, 52), minor), A_MINOR).kind == "none"


def test_a_cadence_in_another_key():
    chords = in_voices(I, (74, 69, 66, 50), (74, 71, 67, 55))
    assert final_cadence(chords, C) == Cadence("half", 0)
    relative = in_voices(I, (71, 68, 64, 52), (72, 69, 64, 57))
    assert final_cadence(relative, C) == Cadence("authentic", 9)


def test_the_end_of_a_phrase_inside_a_piece():
    piece = in_voices(I, V, I, IV, V)
    assert cadence_at(piece, Q * 3, C).kind == "authentic"
    assert cadence_at(piece, Q * 2, C).kind == "half"
    assert cadence_at(piece, Q * 5, C).kind == "half"


def test_a_rest_and_octaves_of_the_bass_change_nothing():
    piece = in_voices(I, V, (74, 71, 67, 43), (0, 0, 0, 0), I)
    assert final_cadence(piece, C).kind == "authentic"
    assert final_cadence(piece.replace(length=Q * 9), C).kind == "authentic"


def test_the_last_chord():
    last = final_chord(in_voices(V, I), C)
    assert (last.is_tonic, last.root_in_bass, last.is_bare, last.length) == (True, True, False, Q)
    assert ends_on_tonic(in_voices(V, I), C)
    assert not ends_on_tonic(in_voices(V, I, length=Q / 4), C)  # too short
    assert not ends_on_tonic(in_voices(I, V), C)
    assert not ends_on_tonic(in_voices(V, (72, 67, 60, 52)), C)  # the third in the bass
    assert not ends_on_tonic(in_voices(V, (72, 70, 64, 48)), C)  # a strange note
    bare = final_chord(in_voices(V, (72, 67, 60, 48)), C)
    assert bare.is_bare
    assert not bare.is_tonic


def test_the_third_of_the_last_chord():
    minor = in_voices((71, 68, 64, 52), (72, 69, 64, 45))
    assert ends_on_tonic(minor, A_MINOR)
    assert not ends_on_tonic(minor, Key(3))
    assert ends_on_tonic(in_voices((71, 68, 64, 52), (73, 69, 64, 45)), A_MINOR)


def test_a_broken_last_chord():
    pitches = (55, 59, 62, 65, 48, 52, 55, 60)  # G7, then C
    notes = [Note(Q / 2 * n, Q / 2, pitch) for n, pitch in enumerate(pitches[:-1])]
    notes.append(Note(Q / 2 * 7, Q, pitches[-1]))
    assert ends_on_tonic(Piece(notes), C)
    assert not ends_on_tonic(Piece(notes[:-1]), C)  # the last note is an eighth
    without_root = [note for note in notes if note.pitch != 48]
    assert not final_chord(Piece(without_root), C).root_in_bass


def test_pieces_without_notes_and_with_drums():
    assert not ends_on_tonic(Piece([]))
    assert final_cadence(Piece([])).kind == "none"
    drums = Piece([Note(Q * 0, Q, 36)], parts=(Part(is_drum=True),))
    assert not final_chord(drums).is_tonic
