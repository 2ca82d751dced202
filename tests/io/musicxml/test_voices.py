"""Voices of the parts of MusicXML documents."""

from __future__ import annotations

import numpy as np
from tests.io.musicxml.documents import START, back, note, read

from partimento.io.musicxml.voices import numbered_voices


def voices_of(piece):
    return [(n.pitch, n.voice) for n in piece.notes]


def test_voices_are_numbered_from_zero_by_staff_and_name() -> None:
    names = {("2", "5"): 0, ("1", "2"): 1, ("1", "1"): 2, ("1", "11"): 3}
    notes = np.array([[0, 0, 4, i] for i in (0, 1, 2, 3)]).T
    assert numbered_voices(names, notes).tolist() == [3, 1, 0, 2]
    assert numbered_voices({}, np.zeros((4, 0), np.int64)).tolist() == []


def test_a_voice_may_change_staves_but_not_sound_on_two() -> None:
    names = {("1", "1"): 0, ("2", "1"): 1}
    one_after_another = np.array([[0, 0, 4, 0], [0, 4, 4, 1]]).T
    assert numbered_voices(names, one_after_another).tolist() == [0, 0]
    chord = np.array([[0, 0, 4, 0], [0, 0, 4, 1]]).T
    assert numbered_voices(names, chord).tolist() == [0, 0]
    together = np.array([[0, 0, 4, 0], [0, 2, 2, 0], [0, 0, 4, 0], [0, 1, 3, 1]]).T
    assert numbered_voices(names, together).tolist() == [0, 0, 0, 1]


def test_the_notes_of_a_part_have_voices() -> None:
    bar = START + note("C5", 8) + note("D5", 8) + back(16) + note("E4", 16, voice=2)
    piece = read([bar])
    assert sorted(voices_of(piece)) == [(64, 1), (72, 0), (74, 0)]


def test_a_unison_of_two_voices_is_one_note() -> None:
    lower = note("C5", 16, voice=2)
    piece = read([START + note("C5", 8) + note("D5", 8) + back(16) + lower])
    assert [(n.pitch, n.voice, n.duration) for n in piece.notes] == [(72, 1, 4), (74, 0, 2)]
