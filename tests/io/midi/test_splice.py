"""New notes in a MIDI file, all other events of which are copied."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from partimento import Note, read
from partimento.errors import PartimentoError
from partimento.io.midi.smf import split_tracks
from partimento.io.midi.splice import Event, _events, splice
from partimento.music.change import Change
from partimento.music.notes import Notes

ONE = Fraction(1)
TICKS = 96
END = b"\0\xff\x2f\0"


def chunk(content: bytes) -> bytes:
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def melody() -> bytes:
    """Return eight quarters with running status, a controller, words and a device's message."""
    out = b"\0\xff\x03\x06Melody\0\xc0\x05"
    for i in range(8):
        out += b"\0\xff\x05\x02la" + (b"\0\xb0\x07\x64" if i == 5 else b"")
        out += b"\0\x90" + bytes([60 + i, 90]) + b"\x60" + bytes([60 + i, 0])  # running status
        if i == 6:
            out += b"\0\xf0\x03\x01\x02\xf7"
    return chunk(out + b"\x80\x80\0\xff\x01\x01x" + END)  # a time with more bytes than it needs


def file(*tracks: bytes) -> bytes:
    head = b"MThd\0\0\0\6\0\1" + len(tracks).to_bytes(2, "big") + TICKS.to_bytes(2, "big")
    return head + b"".join(tracks)


BASS = chunk(b"\0\xff\x03\x04Bass\0\xc1\x20\0\x91\x30\x50\x86\x00\x81\x30\x40" + END)
DATA = file(chunk(b"\0\xff\x03\x04Song\0\xff\x51\x03\x07\xa1\x20" + END), melody(), BASS)


def change(*rows: tuple[Fraction, Fraction, int], parts: tuple[int, ...] = (0,)) -> Change:
    notes = Notes([Note(onset, length, pitch, part=parts[0]) for onset, length, pitch in rows])
    return Change(ONE * 4, ONE * 6, parts, notes, frozenset(), ONE * 8)


def events(data: bytes, track: int) -> list[tuple[int, int, bytes]]:
    return [(e.tick, e.status, e.body) for e in _events(split_tracks(data)[track])]


def test_nothing_but_the_notes_is_changed() -> None:
    new = splice(DATA, change((ONE * 4, ONE, 72), (ONE * 5, Fraction(1, 2), 74)))
    before, after = split_tracks(DATA), split_tracks(new)
    assert (after[0], after[2]) == (before[0], before[2])
    first = before[1].index(b"\x90\x40")  # everything before the first replaced note
    assert after[1][: first - 1] == before[1][: first - 1]
    gone = {64, 65}
    kept = [e for e in events(DATA, 1) if not (e[1] == 0x90 and e[2][0] in gone)]
    added = [e for e in events(new, 1) if e not in kept]
    assert [e for e in events(new, 1) if e in kept] == kept
    assert added == [
        (384, 0x90, b"\x48\x50"),
        (480, 0x80, b"\x48\0"),
        (480, 0x90, b"\x4a\x50"),
        (528, 0x80, b"\x4a\0"),
    ]
    # A time with more bytes than it needs is copied, too.
    assert b"\x80\x80\0\xff\x01" in after[1]


def test_without_new_notes_no_byte_changes_but_those_of_the_old_ones(tmp_path: Path) -> None:
    empty = Change(ONE * 9, ONE * 10, (0,), Notes(), frozenset(), ONE * 11)
    assert splice(DATA, empty) == DATA


def test_the_file_reads_back_as_the_changed_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(DATA)
    piece = read(path, note_ends="exact")
    one = change((ONE * 4, ONE * 2, 72))
    path.write_bytes(splice(DATA, one))
    assert read(path, note_ends="exact").notes == one.applied(piece).notes


def test_notes_that_sound_on_stay() -> None:
    kept = frozenset([(Fraction(0), 48, 1)])
    whole = Change(Fraction(0), ONE * 4, (1,), Notes(), kept, ONE * 8)
    assert splice(DATA, whole) == DATA
    assert splice(DATA, Change(Fraction(0), ONE * 4, (1,), Notes(), frozenset(), ONE * 8)) != DATA


def test_a_continued_file_ends_later() -> None:
    notes = Notes([Note(ONE * 8, ONE * 4, 60)])
    new = splice(DATA, Change(ONE * 8, ONE * 12, (0, 1), notes, frozenset(), ONE * 12))
    for track in (1, 2):
        *before, _ = events(DATA, track)
        own = events(new, track)
        assert own[: len(before)] == before
        assert own[-1] == (12 * TICKS, 0xFF, b"\x2f\0")


def test_a_remark_is_the_first_event() -> None:
    once = splice(DATA, change(), "partimento: {}")
    assert split_tracks(once)[0].startswith(b"\0\xff\x01\x0epartimento: {}\0\xff\x03")
    twice = splice(once, change(), "partimento: {1}")
    assert twice.count(b"partimento:") == 1
    assert twice == splice(DATA, change(), "partimento: {1}")


def test_overlapping_notes_of_one_pitch_are_refused() -> None:
    kept = frozenset([(Fraction(0), 48, 1)])  # it lasts for eight quarters
    notes = Notes([Note(ONE * 2, ONE, 48, part=1)])
    with pytest.raises(PartimentoError, match="overlap"):
        splice(DATA, Change(Fraction(0), ONE * 4, (1,), notes, kept, ONE * 8))


def test_faults_are_reported() -> None:
    with pytest.raises(PartimentoError, match="96 ticks per quarter note"):
        splice(DATA, change((ONE * 4 + Fraction(1, 7), ONE, 60)))
    with pytest.raises(PartimentoError, match="damaged"):
        splice(DATA[:-5], change())
    with pytest.raises(PartimentoError, match="not those of the piece"):
        splice(DATA, change(parts=(7,)))


def test_an_event_is_short_to_print() -> None:
    assert len(repr(Event(0, 0xFF, b"x" * 9999))) < 500
