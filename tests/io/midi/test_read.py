"""One MIDI file: what it says is what the Piece has; what is wrong with it is said in one line."""

from fractions import Fraction

import pytest

from partimento import Key, Meter, Part, Tempo
from partimento.corpus import read_piece
from partimento.errors import ReadError

F = Fraction


def spans(piece):
    return [
        (note.onset, note.duration, note.pitch, note.velocity, note.part) for note in piece.notes
    ]


def test_all_contents_of_a_file_are_read(midi, write):
    conductor = midi.track(
        [
            (0, midi.meta(3, "Étude".encode())),
            (0, midi.meta(0x58, bytes([3, 3, 24, 8]))),
            (0, midi.meta(0x51, (666_667).to_bytes(3, "big"))),
            (960, midi.meta(0x51, (400_001).to_bytes(3, "big"))),
        ],
        end=960,
    )
    guitar = midi.track(
        [
            (0, midi.meta(3, b"Guitar")),
            (0, midi.meta(0x59, b"\xfd\x01")),
            (0, b"\xc0\x18"),
            *midi.notes(57, 60),
        ]
    )
    drums = midi.track(
        [
            (0, midi.meta(3, b"Kit")),
            midi.on(160, 36, velocity=5, channel=9),
            midi.off(160, 36, channel=9),
        ]
    )
    piece = read_piece(write("a.mid", midi.file(conductor, guitar, drums)))
    assert spans(piece) == [(0, 1, 57, 80, 0), (F(1, 3), F(1, 3), 36, 5, 1), (1, 1, 60, 80, 0)]
    assert piece.parts == (Part("Guitar", 24), Part("Kit", None, True))
    assert piece.meters == (Meter(3, 8),)
    assert piece.keys == (Key(-3, "minor"),)
    assert piece.tempos == (Tempo(666_667), Tempo(400_001, F(2)))
    assert piece.title == "Étude"
    assert piece.length == 4  # the conductor's end of track: two quarters of rest close the piece
    assert piece.source.path.endswith("a.mid")
    assert len(piece.source.sha256) == 64


def test_a_chosen_piano_differs_from_no_program(midi, write):
    named = midi.track([(0, b"\xc0\x00"), *midi.notes(60)])
    unsaid = midi.track(midi.notes(62, channel=1))
    assert [
        part.program for part in read_piece(write("a.mid", midi.file(named, unsaid))).parts
    ] == [0, None]
    assert [
        part.program for part in read_piece(write("b.mid", midi.file(unsaid, unsaid))).parts
    ] == [None, None]


def test_several_programs_within_one_track_are_distinguished(midi, write):
    track = midi.track([*midi.notes(60), (0, b"\xc0\x19"), *midi.notes(62, 64)])
    piece = read_piece(write("a.mid", midi.file(track, kind=0)))
    assert [(piece.parts[note.part].program, note.pitch) for note in piece.notes] == [
        (None, 60),
        (25, 62),
        (25, 64),
    ]


def test_the_last_mark_at_a_time_counts_for_all_tracks(midi, write):
    marks = [
        (0, midi.meta(0x58, bytes([3, 2, 24, 8]))),
        (0, midi.meta(0x58, bytes([2, 1, 24, 8]))),
        (0, midi.meta(0x59, b"\1\0")),
    ]
    piece = read_piece(
        write(
            "a.mid",
            midi.file(
                midi.track([*marks, *midi.notes(60)]), midi.track([marks[2], *midi.notes(64)])
            ),
        )
    )
    assert piece.meters == (Meter(2, 2),)
    assert piece.keys == (Key(1),)


def test_a_restruck_note_ends_the_old_one_and_unisons_merge(midi, write):
    events = [
        midi.on(0, 60),
        midi.on(0, 60, velocity=90),
        midi.off(240, 60),
        midi.on(0, 60),
        midi.off(240, 60),
        midi.off(480, 60),
    ]
    piece = read_piece(write("a.mid", midi.file(midi.track(events))))
    assert spans(piece) == [(0, F(1, 2), 60, 90, 0), (F(1, 2), F(3, 2), 60, 80, 0)]


def meter(numerator, power):
    return bytes([0xFF, 0x58, 4, numerator, power, 24, 8])


LONG = 2**28 - 1  # the longest time between two events
WRONG = {
    "empty": (lambda m: b"", "empty"),
    "text": (lambda m: b"Dear all,\nhere is the piece you asked for.\n", "not a MIDI file"),
    "header only": (lambda m: b"MThd\0\0\0\6\0\1", "truncated"),
    "no tracks": (lambda m: m.file(), "no notes"),
    "no notes": (lambda m: m.file(m.track([(0, m.meta(1, b"tacet"))])), "no notes"),
    "an event cut short": (
        lambda m: m.file(b"MTrk\0\0\0\x03\0\x90\x3c"),
        r"no notes .a track breaks off within an event",
    ),
    "empty notes alone": (
        lambda m: m.file(m.track(m.notes(60, 62, length=0))),
        r"no notes .2 notes without duration were left out",
    ),
    "a note at tick 2^31": (
        lambda m: m.file(m.track([(LONG, m.meta(1, b""))] * 9 + m.notes(60))),
        "no notes .a note later than any score was left out",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_without_music_are_refused_with_a_reason(name, midi, write):
    make, reason = WRONG[name]
    path = write("wrong.mid", make(midi))
    with pytest.raises(ReadError, match=reason) as caught:
        read_piece(path)
    assert caught.value.path == str(path)
    assert "\n" not in str(caught.value)


def test_too_many_notes_are_refused(midi, write):
    path = write("many.mid", midi.file(midi.track(midi.notes(60, 62) * 500_001, end=0)))
    with pytest.raises(ReadError, match="1000002 notes: more than 200000"):
        read_piece(path)


def test_all_real_files_are_read(guitar):
    pieces = [read_piece(path) for path in sorted(guitar.glob("*/*.mid"))]
    assert len(pieces) == 415
    assert (
        sum(piece.parts[0].program is None for piece in pieces) == 47
    )  # as a plain scan of their bytes for program changes says
    assert sum(not piece.keys for piece in pieces) == 25
    for piece in pieces:
        assert sum(event.duration for event in piece.events) == piece.length


# Found by tests.fuzz


def pile(m, start):
    """Notes that begin one after another and end so."""
    return m.track(
        [m.on(100 * (k == 0) * start + 1, k) for k in range(100)]
        + [m.off(10_000, k) for k in range(100)]
    )


HOSTILE = {
    "a bar a 32nd of a quarter long": (
        lambda m: m.file(m.track([(0, meter(1, 7)), m.on(0, 60), m.off(480 * 5000, 60)])),
        "160000 bars",
    ),
    "a meter at every tick": (
        lambda m: m.file(m.track([(0, meter(3, 2)), (1, meter(4, 2))] * 50_001 + m.notes(60))),
        "100002 meters",
    ),
    "all notes at once": (
        lambda m: m.file(*[pile(m, k) for k in range(100)]),
        "of its 10000 notes sound at once",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_before_symusic_reads_them(name, midi, write):
    make, reason = HOSTILE[name]
    path = write("hostile.mid", make(midi))
    with pytest.raises(ReadError, match=reason):
        read_piece(path)


def test_marks_beyond_the_end_are_ignored(midi, write):
    late = [
        (2**27, meter(3, 2)),
        (0, midi.meta(0x59, b"\2\0")),
        (0, midi.meta(0x51, b"\x09\x27\xc0")),
    ]
    track = midi.track([(0, midi.meta(0x59, b"\1\0")), *midi.notes(60), *late])
    for view in (None, "music21"):
        piece = read_piece(write("a.mid", midi.file(track, divisions=1)), quantize=view)
        assert piece.keys == (Key(1),)
        assert (piece.meters, piece.tempos) == ((Meter(),), (Tempo(),))
        assert len(piece.bars()) == 120


@pytest.mark.parametrize(
    ("track", "divisions", "reason"),
    [
        (
            lambda m: m.track([(0, meter(1, 7)), m.on(0, 60), m.off(480 * 5000, 60)]),
            480,
            "160001 bars",
        ),
        (
            lambda m: m.track(
                [e for k in range(4000) for e in (m.on(0, k % 100), m.off(1, k % 100))]
            ),
            32767,
            "begin together",
        ),
    ],
)
def test_the_music21_view_refuses_the_same_files(track, divisions, reason, midi, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write("a.mid", midi.file(track(midi), divisions=divisions)), quantize="music21")
