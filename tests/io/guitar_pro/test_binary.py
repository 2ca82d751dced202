"""Guitar Pro 3, 4 and 5: files written by PyGuitarPro, with values worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from guitarpro import models
from tests.io.guitar_pro.songs import VERSIONS, add_beat, add_track, binary, song

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.guitar_pro.binary import song_of_binary
from partimento.io.guitar_pro.read import read_score
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part


def read(made: object, suffix: str = ".gp5", *, unfold: bool = False) -> Piece:
    return read_score(binary(made, suffix), ReadOptions(suffix, unfold=unfold))


def rows(piece: Piece, part: int = 0) -> list[tuple[Fraction, Fraction, int]]:
    return [(n.onset, n.duration, n.pitch) for n in piece.notes if n.part == part]


@pytest.mark.parametrize("suffix", VERSIONS)
def test_notes_strings_dots_and_tuplets(suffix: str) -> None:
    made = song()
    add_beat(made, 0, (1, 0), (6, 3), dotted=True)
    add_beat(made, 0, (2, 1), value=8)
    for fret in (0, 2, 4):
        add_beat(made, 0, (3, fret), tuplet=(3, 2))
    piece = read(made, suffix)
    third = Fraction(2, 3)
    assert rows(piece) == [
        (0, Fraction(3, 2), 43),
        (0, Fraction(3, 2), 64),
        (Fraction(3, 2), Fraction(1, 2), 60),
        (2, third, 55),
        (2 + third, third, 57),
        (2 + 2 * third, third, 59),
    ]
    assert [(n.string, n.fret) for n in piece.notes][:3] == [(6, 3), (1, 0), (2, 1)]
    assert piece.parts == (Part("Guitar", 24),)
    assert piece.length == 4
    assert piece.warnings == ()


@pytest.mark.parametrize("suffix", VERSIONS)
def test_a_tie_lengthens_its_note_over_the_bar_line(suffix: str) -> None:
    made = song(2)
    add_beat(made, 0, (1, 3), (2, 0), value=1)
    add_beat(made, 1, (1, 3), value=2, kind="tie")
    add_beat(made, 1, (1, 3), value=2)
    assert rows(read(made, suffix)) == [(0, 4, 59), (0, 6, 67), (6, 2, 67)]


def test_a_tie_without_a_note_before_it_is_struck() -> None:
    made = song(1)
    add_beat(made, 0, (1, 3), value=2)
    add_beat(made, 0, value=4)
    add_beat(made, 0, (1, 3), value=4, kind="tie")
    assert rows(read(made)) == [(0, 2, 67), (3, 1, 67)]


@pytest.mark.parametrize("suffix", VERSIONS)
def test_a_grace_note_takes_no_time(suffix: str) -> None:
    made = song()
    add_beat(made, 0, (1, 0), value=2)
    beat = add_beat(made, 0, (1, 3), (2, 3), value=2)
    beat.notes[0].effect.grace = models.GraceEffect(fret=2, duration=32)
    piece = read(made, suffix)
    assert rows(piece) == [
        (0, 2, 64),
        (Fraction(31, 16), Fraction(1, 16), 66),
        (2, 2, 62),
        (2, 2, 67),
    ]
    assert [n.grace for n in piece.notes] == [False, True, False, False]


def test_both_voices_sound_together() -> None:
    made = song()
    add_beat(made, 0, (1, 0), value=1)
    add_beat(made, 0, value=2, voice=1)
    add_beat(made, 0, (6, 0), value=2, voice=1)
    assert rows(read(made)) == [(0, 4, 64), (2, 2, 40)]


def test_meters_keys_tempos_title_and_composer() -> None:
    made = song(3, (3, 4), title="Étude", music="Sor", words="Nobody", artist="Band", tempo=90)
    made.measureHeaders[2].timeSignature = models.TimeSignature(6, models.Duration(8))
    made.measureHeaders[1].keySignature = models.KeySignature.EMinor
    made.measureHeaders[2].keySignature = models.KeySignature.EMinor
    for bar in range(3):
        for _ in range(3):
            beat = add_beat(made, bar, (1, 0))
    beat.effect.mixTableChange = models.MixTableChange(tempo=models.MixTableItem(60))
    piece = read(made)
    assert piece.meters == (Meter(3, 4), Meter(6, 8, Fraction(6)))
    assert piece.keys == (Key(0), Key(1, "minor", Fraction(3)))
    assert [(round(tempo.bpm), tempo.onset) for tempo in piece.tempos] == [(90, 0), (60, 8)]
    assert (piece.title, piece.composer) == ("Étude", "Sor")


@pytest.mark.parametrize(("encoding", "title"), [("cp1251", "Осенний вальс"), ("cp1252", "“Café”")])
def test_text_in_an_older_encoding(encoding: str, title: str) -> None:
    made = song(title=title)
    add_beat(made, 0, (1, 0))
    data = binary(made, ".gp5", encoding)
    assert read_score(data, ReadOptions(".gp5", encoding=encoding)).title == title


def test_the_capo_sounds_and_frets_are_as_printed() -> None:
    made = song()
    made.tracks[0].offset = 2
    add_beat(made, 0, (1, 3), value=1)
    piece = read(made)
    (note,) = piece.notes
    assert (note.pitch, note.fret) == (69, 3)
    assert (piece.parts[0].strings, piece.parts[0].capo) == ((64, 59, 55, 50, 45, 40), 2)


def test_drums_are_general_midi_numbers() -> None:
    made = song()
    add_beat(made, 0, (1, 0), value=1)
    add_track(made, "Kit", channel=9, strings=(0,) * 6, isPercussionTrack=True)
    add_beat(made, 0, (5, 38), (6, 36), value=1, track=1)
    piece = read(made)
    assert piece.parts[1] == Part("Kit", None, is_drum=True)
    assert rows(piece, 1) == [(0, 4, 36), (0, 4, 38)]
    assert {n.string for n in piece.notes if n.part == 1} == {None}


def test_what_is_left_out_is_told() -> None:
    made = song()
    add_beat(made, 0, (1, 0), (2, 0), value=2, kind="dead")
    beat = add_beat(made, 0, (3, 0), value=2)
    beat.notes[0].effect.bend = models.BendEffect(
        models.BendType.bend, 100, [models.BendPoint(0, 0), models.BendPoint(12, 4)]
    )
    beat.notes[0].effect.harmonic = models.NaturalHarmonic()
    piece = read(made)
    assert piece.warnings == (
        "left out: 1 bend, 2 dead notes",
        "1 harmonic is read as the pitch of the fret",
    )
    assert rows(piece) == [(2, 2, 55)]


def test_repeats_and_endings_are_unfolded_on_request() -> None:
    made = song(4, (1, 4))
    headers = made.measureHeaders
    headers[0].isRepeatOpen = True
    headers[1].repeatAlternative, headers[1].repeatClose = 1, 1
    headers[2].repeatAlternative = 2
    for bar in range(4):
        add_beat(made, bar, (1, bar))
    assert [n.fret for n in read(made).notes] == [0, 1, 2, 3]
    assert [n.fret for n in read(made, unfold=True).notes] == [0, 1, 0, 2, 3]


def test_a_section_is_played_three_times() -> None:
    made = song(2, (1, 4))
    made.measureHeaders[0].isRepeatOpen = True
    made.measureHeaders[0].repeatClose = 2
    for bar in range(2):
        add_beat(made, bar, (1, bar))
    for suffix in VERSIONS:
        assert [n.fret for n in read(made, suffix, unfold=True).notes] == [0, 0, 0, 1]


def test_da_capo_al_fine() -> None:
    made = song(3, (1, 4))
    made.measureHeaders[0].direction = models.DirectionSign("Fine")
    made.measureHeaders[2].fromDirection = models.DirectionSign("Da Capo al Fine")
    for bar in range(3):
        add_beat(made, bar, (1, bar))
    assert [n.fret for n in read(made, unfold=True).notes] == [0, 1, 2, 0]


def test_damage_and_old_versions_have_a_reason() -> None:
    made = song()
    add_beat(made, 0, (1, 0))
    data = binary(made)
    with pytest.raises(InvalidScoreError, match="damaged"):
        song_of_binary(data[: len(data) // 2])
    old = data.replace(b"v5.10", b"v2.21")
    with pytest.raises(InvalidScoreError, match=r"Guitar Pro v2\.21.*\.gp5"):
        song_of_binary(old)
