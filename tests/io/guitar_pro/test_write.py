"""Writing Guitar Pro 5, read again by PyGuitarPro and by our own reader."""

from __future__ import annotations

import io
from collections import Counter
from fractions import Fraction
from pathlib import Path

import guitarpro
import pytest
from tests.guitar.scores import GUITAR, line, study

import partimento as pt
from partimento import Key, Meter, Note, Part, PartimentoError, Piece, Tempo
from partimento.guitar.fingerings import fingering, with_all_frets
from partimento.io.guitar_pro.write import to_guitar_pro
from partimento.io.read import ReadOptions, piece_from_bytes

HALF = Fraction(1, 2)


def read_again(piece: Piece) -> Piece:
    return piece_from_bytes(to_guitar_pro(piece), ReadOptions(".gp5"))


def song_of(piece: Piece):
    return guitarpro.parse(io.BytesIO(to_guitar_pro(piece)), encoding="cp1252")


def rows(piece: Piece) -> Counter[tuple[object, ...]]:
    return Counter((n.onset, n.duration, n.pitch, n.string, n.fret) for n in piece.notes)


def test_music_and_facts_survive() -> None:
    piece = fingering(study(4)).replace(
        keys=(Key(-1, "minor"),), tempos=(Tempo.from_bpm(90),), title="Étude"
    )
    again = read_again(piece)
    assert rows(again) == rows(piece)
    assert (again.title, again.composer) == ("Étude", "A Learner")
    assert again.keys == piece.keys
    assert again.meters == piece.meters
    assert round(again.tempos[0].bpm) == 90
    assert again.parts[0].program == 24
    assert again.parts[0].strings == piece.parts[0].strings


def test_tuning_and_capo_survive() -> None:
    piece = fingering(line(66, 68, 69, 71), tuning="dadgad", capo=2)
    again = read_again(piece)
    assert rows(again) == rows(piece)
    assert (again.parts[0].strings, again.parts[0].capo) == (piece.parts[0].strings, 2)


def test_long_notes_ties_dots_and_tuplets() -> None:
    third = Fraction(1, 3)
    lengths = [Fraction(3, 2), HALF, third, third, third, Fraction(7, 4), Fraction(1, 4), 5, 2]
    notes, now = [], Fraction(0)
    for i, length in enumerate(lengths):
        notes.append(Note(now, Fraction(length), 60 + i))
        now += Fraction(length)
    piece = fingering(Piece(notes, parts=(GUITAR,)))
    assert rows(read_again(piece)) == rows(piece)


def test_changes_of_meter_and_tempo_and_a_pickup() -> None:
    piece = fingering(line(*range(60, 72), duration=Fraction(1))).replace(
        pickup=Fraction(1),
        meters=(Meter(4, 4), Meter(3, 4, Fraction(5))),
        tempos=(Tempo.from_bpm(100), Tempo(500_000, Fraction(5))),
    )
    again = read_again(piece)
    assert rows(again) == rows(piece)
    assert again.pickup == 1
    assert [(m.numerator, m.onset) for m in again.meters] == [(4, 0), (3, 5)]
    assert [round(t.bpm) for t in again.tempos] == [100, 120]


def test_more_than_two_voices_are_joined() -> None:
    notes = [
        Note(0, 4, 45, voice=3),
        Note(0, 2, 55, voice=2),
        Note(2, 2, 57, voice=2),
        *(Note(i, 1, 60 + i, voice=1) for i in range(4)),
        *(Note(i * HALF, HALF, 69 + i % 3, voice=0) for i in range(8)),
    ]
    piece = fingering(Piece(notes, parts=(GUITAR,)))
    again = read_again(piece)
    places = [Counter(row[:1] + row[2:] for row in rows(p).elements()) for p in (piece, again)]
    assert places[0] == places[1]


def test_one_string_never_has_two_notes_of_a_beat() -> None:
    notes = [Note(0, 4, 41), Note(1, 3, 43), Note(0, 1, 64, voice=1), Note(0, 2, 64, voice=2)]
    song = song_of(fingering(Piece(notes, parts=(GUITAR,))))
    for measure in song.tracks[0].measures:
        for voice in measure.voices:
            for beat in voice.beats:
                strings = [note.string for note in beat.notes]
                assert len(strings) == len(set(strings))


def test_a_grace_note_stands_on_the_string_of_its_note() -> None:
    eighth = Fraction(1, 8)
    notes = [Note(0, 7 * eighth, 60), Note(7 * eighth, eighth, 67, grace=True), Note(1, 3, 65)]
    again = read_again(fingering(Piece(notes, parts=(GUITAR,))))
    assert [(n.pitch, n.string) for n in again.notes if n.grace] == [(67, 1)]
    assert [n.pitch for n in again.notes if not n.grace] == [60, 65]


def test_grace_notes_that_the_format_lacks_are_written_as_short_notes() -> None:
    tiny = Fraction(1, 8)
    graces = [Note(1 - i * tiny, tiny, 62 + i, grace=True) for i in (2, 1)]
    piece = fingering(Piece([Note(0, 1 - 2 * tiny, 60), *graces, Note(1, 3, 64)], parts=(GUITAR,)))
    again = read_again(piece)
    assert [n.pitch for n in again.notes] == [60, 64, 63, 64]
    assert not any(n.grace for n in again.notes)


def test_grace_notes_that_are_too_short_to_be_written_are_announced() -> None:
    tiny = Fraction(1, 64)
    graces = [Note(1 - i * tiny, tiny, 62 + i, grace=True) for i in (2, 1)]
    piece = fingering(Piece([Note(0, 1, 60), *graces, Note(1, 3, 64)], parts=(GUITAR,)))
    with pytest.warns(UserWarning, match="2 grace notes are left out"):
        to_guitar_pro(piece)


def test_drums_and_other_parts() -> None:
    notes = [Note(0, 1, 36, part=0), Note(0, 1, 42, part=0), Note(0, 1, 72, part=1)]
    piece = Piece(notes, parts=(Part("Drums", None, True), Part("Flute", 73)))
    with pytest.raises(PartimentoError, match="no string and fret, the first one in bar 1 of Fl"):
        to_guitar_pro(piece)
    again = read_again(with_all_frets(piece))
    assert [(n.pitch, n.part) for n in again.notes] == [(36, 0), (42, 0), (72, 1)]
    assert [(p.is_drum, p.program) for p in again.parts] == [(True, None), (False, 73)]


def test_what_the_format_lacks_is_refused() -> None:
    piece = fingering(line(*range(60, 76), duration=Fraction(1, 64)))
    with pytest.raises(PartimentoError, match="Guitar Pro cannot write"):
        to_guitar_pro(piece)


def test_names_in_other_alphabets() -> None:
    piece = fingering(study()).replace(title="Этюд")
    assert read_again(piece).title == "Этюд"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*left out. Guitar Pro")
def test_real_music_survives(guitar: Path) -> None:
    equal = total = 0
    for path in sorted(guitar.rglob("*.mid"))[::20]:
        piece = fingering(pt.read(path))
        if any(note.fret is None for note in piece.notes):
            continue
        places = [
            Counter((n.onset, n.pitch, n.string, n.fret) for n in p.notes if not n.grace)
            for p in (piece, read_again(piece))
        ]
        equal += (places[0] & places[1]).total()
        total += places[0].total()
    # The rest are ornaments of MIDI files: they become grace notes, and chords that are rolled
    # in notes too short to be written lose some, with a warning.
    assert equal > 0.96 * total
