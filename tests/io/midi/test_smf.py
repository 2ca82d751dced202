"""The bytes of MIDI files: titles, escapes, programs, and files that are cut short."""

import pytest
import symusic

from partimento import Part
from partimento.corpus import read_piece
from partimento.errors import InvalidScoreError, ReadError
from partimento.io.midi.smf import (
    UNRELEASED,
    DamagedError,
    check_marks_exist,
    check_pitches,
    scan_track,
    sets_program,
    split_tracks,
    with_releases,
    without_escapes,
)


def test_titles_in_latin_1_are_read(midi, write):
    conductor = midi.track([(0, midi.meta(3, "Étude".encode("latin-1")))])
    assert (
        read_piece(write("a.mid", midi.file(conductor, midi.track(midi.notes(60))))).title
        == "Étude"
    )


def test_part_names_in_latin_1_are_read(midi, write):
    track = midi.track(
        [(0, midi.meta(3, "Flöte".encode("latin-1"))), (0, b"\xc0\x49"), *midi.notes(72)]
    )
    other = midi.track([(0, midi.meta(3, b"Git\0")), *midi.notes(40, channel=1)])
    assert read_piece(write("a.mid", midi.file(track, other))).parts == (
        Part("Flöte", 73),
        Part("Git", None),
    )


def test_a_file_cut_short_anywhere_is_read_up_to_there(midi, write):
    whole = midi.file(
        midi.track([(0, midi.meta(3, b"Title"))]),
        midi.track([(0, b"\xc0\x18"), *midi.notes(60, 64, 67)]),
    )
    counts = []
    for size in range(len(whole)):
        try:
            piece = read_piece(write("cut.mid", whole[:size]))
        except ReadError:
            assert not counts  # only as long as there is no note
        else:
            assert piece.warnings
            counts.append(len(piece.notes))
    assert counts == sorted(counts)
    assert set(counts) == {1, 2, 3}
    whole_piece = read_piece(write("whole.mid", whole))
    assert (len(whole_piece.notes), whole_piece.warnings) == (3, ())


def test_bytes_that_resemble_an_invalid_pitch_are_accepted(midi, write):
    far = [
        (2**14 + 5 << 7, midi.meta(1, "\x90\xf7日本".encode("utf-16"))),
        *midi.notes(60),
    ]  # a time of four bytes, and text
    assert [
        note.pitch for note in read_piece(write("a.mid", midi.file(midi.track(far)))).notes
    ] == [60]


def test_running_status_continues_after_a_meta_event(midi, write):
    first = midi.track(
        [
            (0, b"\xb0\x07\x64"),
            (0, midi.meta(3, b"Title")),
            (480, b"\x07\x65"),
            (0, b"\xf6"),
            (480, b"\x07\x66"),
        ]
    )
    piece = read_piece(write("a.mid", midi.file(first, midi.track(midi.notes(60)))))
    assert (piece.title, piece.length) == ("Title", 2)


def test_contents_of_escapes_are_not_read_as_notes(midi, write):
    reset, escape = (
        b"\xf0\x05\x7e\x7f\x09\x01\xf7",
        b"\xf7\x03\x90\x40\x50",
    )  # the first is a system-exclusive message as files have it
    plain = read_piece(write("a.mid", midi.file(midi.track([(0, reset), *midi.notes(60, 62)]))))
    track = midi.track(
        [(0, reset), *midi.notes(60), (0, escape), (0, b"\xf7\x00"), *midi.notes(62)]
    )
    assert read_piece(write("b.mid", midi.file(track))).notes == plain.notes


def test_a_change_to_program_0_in_running_status_is_found(midi, write):
    """Two program changes, the second one in running status."""
    events = [(0, b"\xc0\x05"), (0, b"\x00"), *midi.notes(60, 62)]
    assert read_piece(write("a.mid", midi.file(midi.track(events)))).parts[0].program == 0
    assert (
        read_piece(write("b.mid", midi.file(midi.track(midi.notes(60, 62))))).parts[0].program
        is None
    )


def test_a_file_is_split_into_its_tracks_and_foreign_chunks_are_skipped(midi):
    one, two = midi.track(midi.notes(60)), midi.track(midi.notes(62, 64))
    whole = midi.file(one, b"XFIH\0\0\0\2ab", two, count=2)
    assert split_tracks(whole) == [one[8:], two[8:]]
    with pytest.raises(DamagedError, match="number of tracks"):
        split_tracks(midi.file(one, two, count=1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "header"),
        (b"RIFF....RMID", "header"),
        (b"MThd\0\0\0\6\0\1", "header"),
        (b"MThd\0\0\0\x08\0\0\0\0\1\xe0\0\0", "header"),
        (b"MThd\0\0\0\6\0\3\0\0\1\xe0", "time"),
        (b"MThd\0\0\0\6\0\0\0\0\xe7\x28", "time"),
    ],
)
def test_other_files_need_a_repair(data, reason):
    with pytest.raises(DamagedError, match=reason):
        split_tracks(data)


def test_only_notes_without_release_are_longer_with_releases(midi):
    complete = midi.file(midi.track(midi.notes(60, 62)))
    assert longest(with_releases(complete, split_tracks(complete))) == 480
    for events in ([*midi.notes(62), midi.on(0, 60)], [midi.on(0, 60), *midi.notes(60)]):
        data = midi.file(midi.track(events))
        assert longest(with_releases(data, split_tracks(data))) >= UNRELEASED


def longest(data):
    score = symusic.Score.from_midi(data)
    return max(note.duration for track in score.tracks for note in track.notes)


def test_a_track_is_scanned_for_name_end_and_voices(midi):
    events = [
        (0, midi.meta(3, b"Lute")),
        (0, midi.meta(3, b"Second name")),
        (0, b"\xc1\x18"),
        *midi.notes(60, 62, channel=1),
        *midi.notes(64, channel=2),
    ]
    track = midi.track(events, end=100)[8:]
    scan = scan_track(track)
    assert (scan.name, scan.end) == (b"Lute", 3 * 480 + 100)
    assert {place: (v.notes, v.has_program) for place, v in scan.voices.items()} == {
        (24, 1): (2, True),
        (0, 2): (1, False),
    }
    assert scan_track(track, until_note=True) is None
    assert scan_track(midi.track(events[:2])[8:], until_note=True).name == b"Lute"


def test_a_program_counts_if_it_comes_before_the_first_note_of_its_channel(midi):
    program = (0, b"\xc0\x05")
    assert sets_program(midi.track([program, *midi.notes(60)])[8:]) is True
    assert sets_program(midi.track([*midi.notes(60), program])[8:]) is False
    assert sets_program(midi.track([program, *midi.notes(60, channel=1)])[8:]) is False
    assert sets_program(midi.track([program])[8:]) is None


def test_a_file_without_escapes_stays_the_same_object(midi):
    reset = (0, b"\xf0\x05\x7e\x7f\x09\x01\xf7")
    data = midi.file(midi.track([reset, *midi.notes(60)]))
    assert without_escapes(data, split_tracks(data)) is data
    escaped = midi.file(midi.track([(0, b"\xf7\x03\x90\x40\x50"), *midi.notes(60)]))
    changed = without_escapes(escaped, split_tracks(escaped))
    assert len(changed) == len(escaped)
    assert changed == escaped.replace(b"\xf7\x03", b"\xf0\x03")


@pytest.mark.parametrize("event", [b"\xf4", b"\xf5\0", b"\x90\x3c", b"\xff\x01\xff\xff"])
def test_unknown_or_incomplete_events_are_refused(event, midi):
    track = b"\0" + event
    with pytest.raises(InvalidScoreError, match="a track ends within an event"):
        scan_track(track)


@pytest.mark.parametrize("status", [0x80, 0x8F, 0x90, 0x9F])
def test_a_pitch_of_up_to_127_is_accepted(status, midi):
    for pitch in (0, 127, 128, 255):
        track = midi.track([(0, bytes([status, pitch, 64]))])[8:]
        if pitch < 128:
            check_pitches([track])
        else:
            with pytest.raises(InvalidScoreError, match="a note has no pitch"):
                check_pitches([midi.track(midi.notes(60))[8:], track])


def test_other_events_with_such_bytes_are_accepted(midi):
    check_pitches([midi.track([(0, b"\xa0\x80\x00"), (0, midi.meta(1, b"\x90\xff"))])[8:]])


def test_programs_belong_to_their_channel(midi):
    events = [(0, b"\xcf\x18"), *midi.notes(60, channel=15), *midi.notes(62, channel=0)]
    assert set(scan_track(midi.track(events)[8:]).voices) == {(24, 15), (0, 0)}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (0x58, [b"\4\2\x18\x08", b"\1\7\x18\x08"], [b"\4\x08\x18\x08", b"\0\2\x18\x08", b"\4\2"]),
        (0x59, [b"\0\0", b"\xf9\1", b"\7\0"], [b"", b"\x08\0", b"\0\2", b"\0"]),
        (0x51, [b"\0\0\1"], [b"\0\0\0", b"\7\xa1"]),
    ],
)
def test_marks_that_do_not_exist_are_found_in_the_bytes(kind, good, bad, midi):
    for body in good:
        check_marks_exist(midi.file(midi.track([(0, midi.meta(kind, body))])))
    for body in bad:
        with pytest.raises(DamagedError):
            check_marks_exist(midi.file(midi.track([(0, midi.meta(kind, body))])))
