"""MIDI as it is written: read back exactly, whatever it can say."""

import io
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from tests.pieces import PIECES, Q, melody, pieces

from partimento.errors import PartimentoError
from partimento.io.midi.read import midi_from_bytes
from partimento.io.midi.write import channels_for, resolution_for, to_midi, written_meters
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.grace_placement import GRACE_QL
from partimento.music.notes import Note
from partimento.music.performed import pickup_of
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part


def parsed(piece: Piece) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(to_midi(piece)), charset="utf-8")


@settings(max_examples=60, deadline=None)
@given(pieces())
def test_pieces_survive_a_round_trip(piece):
    back = midi_from_bytes(to_midi(piece)).to_piece()
    heard = sorted(set(piece.notes.part.tolist()))
    assert [piece.parts[i] for i in heard] == list(back.parts)  # readers drop parts without notes
    expected = [
        (n.onset, n.duration, n.pitch, n.velocity, heard.index(n.part)) for n in piece.notes
    ]
    assert sorted((n.onset, n.duration, n.pitch, n.velocity, n.part) for n in back.notes) == sorted(
        expected
    )
    meters, pickup = pickup_of(piece.meters)  # a short first bar is read as a pickup
    assert (back.meters, back.pickup) == (meters, pickup)
    assert (back.keys, back.tempos) == (piece.keys, piece.tempos)
    last_mark = max(
        mark.onset for line in (piece.meters, piece.keys, piece.tempos) for mark in line
    )
    assert (back.title, back.length) == (piece.title, max(piece.length, last_mark))


@pytest.mark.parametrize("name", [name for name in PIECES if name not in ("empty", "off any grid")])
def test_tiny_pieces_survive_a_round_trip(name):
    piece = PIECES[name]
    back = midi_from_bytes(to_midi(piece)).to_piece()
    assert back.notes == piece.notes
    assert back.length == piece.length


@pytest.mark.parametrize(
    ("pickup", "meter", "expected"),
    [
        (Q, Meter(4, 4), [(1, 4, 0), (4, 4, 480)]),
        (Q / 2, Meter(3, 4), [(1, 8, 0), (3, 4, 240)]),
        (Q * 3 / 4, Meter(6, 8), [(3, 16, 0), (6, 8, 360)]),
        (Q * 3, Meter(4, 4), [(3, 4, 0), (4, 4, 1440)]),
        (Q * 5, Meter(2, 2), [(5, 4, 0), (2, 2, 2400)]),  # longer than a bar
        (Q / 3, Meter(4, 4), [(4, 4, 0)]),  # no meter is that long
        (Q * 0, Meter(4, 4), [(4, 4, 0)]),
    ],
    ids=str,
)
def test_a_pickup_is_a_short_first_meter(pickup, meter, expected):
    file = parsed(Piece(melody(*[Q] * 12), meters=(meter,), pickup=pickup))
    signatures, now = [], 0
    for message in file.tracks[0]:
        now += message.time
        if message.type == "time_signature":
            signatures.append((message.numerator, message.denominator, now))
    assert signatures == expected


def test_the_pickup_of_a_score_is_a_short_first_meter():
    case = Path(__file__).parents[2] / "cases" / "eng-e17-pickup.musicxml"
    meters = midi_from_bytes(to_midi(piece_from_musicxml(case.read_bytes()))).meters
    assert meters == (Meter(1, 4), Meter(4, 4, Q))


def test_a_meter_that_begins_after_the_pickup_is_not_said_twice():
    piece = Piece(melody(*[Q] * 9), meters=(Meter(4, 4), Meter(3, 4, Q)), pickup=Q)
    assert written_meters(piece) == (Meter(1, 4), Meter(3, 4, Q))
    piece = Piece(melody(*[Q] * 9), meters=(Meter(4, 4), Meter(3, 4, Q)), pickup=Q * 2)
    assert written_meters(piece) == piece.meters  # a new meter within the pickup


@pytest.mark.parametrize(
    ("duration", "resolution"),
    [(Q, 480), (Q / 16, 480), (Q / 7, 3360), (Q / 128, 384), (Q / 97, 97), (Q / 32767, 32767)],
    ids=str,
)
def test_the_resolution_is_a_usual_one_where_possible(duration, resolution):
    found = resolution_for(Piece([Note(Q * 0, duration, 60)]))
    assert found == resolution


@pytest.mark.parametrize(
    ("durations", "named"),
    [
        ((1, Fraction(1, 32768)), "1/32768"),
        ((Fraction(1, 97), Fraction(1, 89), Fraction(1, 83)), "1/83"),
        ((Fraction(1, 40000),), "1/40000"),
    ],
    ids=str,
)
def test_durations_too_fine_for_midi_are_refused_by_name(durations, named):
    with pytest.raises(PartimentoError, match=f"duration of {named} quarter notes"):
        to_midi(Piece(melody(*durations)))


def test_absurdly_long_pieces_are_refused():
    with pytest.raises(PartimentoError, match="too long"):
        to_midi(Piece([Note(Fraction(10**7), Q, 60)]))


def test_releases_come_before_strikes():
    track = parsed(PIECES["struck again"]).tracks[1]
    sounding = 0
    for message in track:
        if message.type in ("note_on", "note_off"):
            sounding += 1 if message.type == "note_on" else -1
            assert sounding in (0, 1)


def test_every_track_ends_with_the_piece():
    file = parsed(PIECES["marked"])
    assert {sum(message.time for message in track) for track in file.tracks} == {
        11 * file.ticks_per_beat
    }
    assert file.type == 1


def test_drums_have_channel_ten_and_no_other_part_has_it():
    parts = [Part("Kit", None, True), *(Part(str(n), n) for n in range(15))]
    places = channels_for(parts)
    assert places[0] == (0, 9)
    assert 9 not in {channel for _, channel in places[1:]}
    assert len(set(places[1:])) == 15


def test_many_parts_share_channels_by_program_only():
    parts = [Part(str(n), n % 20) for n in range(40)]
    places = channels_for(parts)
    programs: dict[tuple[int, int], set[int | None]] = {}
    for part, place in zip(parts, places, strict=True):
        programs.setdefault(place, set()).add(part.program)
    assert all(len(found) == 1 for found in programs.values())
    piece = Piece([Note(Q * 0, Q, 60, 80, n) for n in range(40)], parts=tuple(parts))
    back = midi_from_bytes(to_midi(piece)).to_piece()
    assert [part.program for part in back.parts] == [part.program for part in parts]
    assert len(back.notes) == 40


def sounding(piece: Piece) -> list[tuple[Fraction, Fraction, int]]:
    """Onset, end and pitch of the notes as most programs read them: the first one ends first."""
    file = parsed(piece)
    spans, open_notes, now = [], {}, 0
    for message in file.tracks[1]:
        now += message.time
        if message.type == "note_on":
            open_notes.setdefault(message.note, []).append(now)
        elif message.type == "note_off":
            onset = open_notes[message.note].pop(0)
            spans.append(
                (
                    Fraction(onset, file.ticks_per_beat),
                    Fraction(now, file.ticks_per_beat),
                    message.note,
                )
            )
    assert not any(open_notes.values())
    return sorted(spans)


@pytest.mark.parametrize("voice", [0, 1])
@pytest.mark.parametrize(
    ("onset", "pitch", "sounds"),
    [
        pytest.param(Q - GRACE_QL, 62, True, id="another pitch"),
        pytest.param(Q - GRACE_QL, 60, True, id="the pitch before it"),
        pytest.param(Q - GRACE_QL, 64, True, id="the pitch after it"),
        pytest.param(Q - GRACE_QL, 48, False, id="during a longer note of its pitch"),
        pytest.param(Q * 0, 62, True, id="at the start"),
        pytest.param(Q * 0, 60, False, id="at the start, of the same pitch"),
        pytest.param(2 * Q - GRACE_QL, 67, True, id="after the last note"),
    ],
)
def test_grace_notes_sound_and_leave_the_other_notes_alone(onset, pitch, sounds, voice):
    main = [Note(Q * 0, Q, 60), Note(Q, Q, 64), Note(Q * 0, 2 * Q, 48)]
    grace = Note(onset, GRACE_QL, pitch, grace=True, voice=voice)
    expected = [(n.onset, n.end, n.pitch) for n in (*main, *([grace] if sounds else []))]
    assert sounding(Piece([*main, grace])) == sorted(expected)
