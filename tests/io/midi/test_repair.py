"""One bad event never costs a file: the rest is read, and the piece warns of what is missing."""

import struct
from collections import Counter
from fractions import Fraction

import pytest
from tests.pieces import spans

from partimento import Key, Meter, Tempo
from partimento.corpus import read_piece
from partimento.errors import InvalidScoreError
from partimento.io.midi.repair import FAULTS, repair, warnings_of
from partimento.io.midi.smf import split_tracks

F = Fraction
TWO = [(0, 1, 60), (1, 1, 62)]
RIFF = b"RIFF\x4a\0\0\0RMID"


def riff(data, *, before=b""):
    body = (
        b"RMID" + before + b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def meter(numerator, power):
    return bytes([0xFF, 0x58, 4, numerator, power, 24, 8])


def two(m):
    return m.notes(60, 62)


def with_event(event, at=0):
    """A file with one event more, before the first note or after it."""

    def make(m):
        events = two(m)
        return m.file(m.track([*events[:at], (0, event), *events[at:]]))

    return make


FAULTY = {
    "riff": (lambda m: riff(m.file(m.track(two(m)))), TWO, ""),
    "riff with a list before": (
        lambda m: riff(m.file(m.track(two(m))), before=b"LIST\4\0\0\0INFO"),
        TWO,
        "",
    ),
    "bytes before the header": (lambda m: b"\0" * 128 + m.file(m.track(two(m))), TWO, "foreign"),
    "a long header": (
        lambda m: b"MThd\0\0\0\x08\0\1\0\1\1\xe0ab" + m.track(two(m)),
        TWO,
        "",
    ),
    "too few tracks announced": (
        lambda m: m.file(
            m.track(m.notes(60)), m.track([(480, m.meta(1, b"")), *m.notes(62)]), count=1
        ),
        TWO,
        "number of tracks",
    ),
    "too many tracks announced": (
        lambda m: m.file(m.track(two(m)), count=9),
        TWO,
        "number of tracks",
    ),
    "format 7": (lambda m: m.file(m.track(two(m)), kind=7), TWO, "unknown MIDI format"),
    "sequences of format 2": (
        lambda m: m.file(m.track(m.notes(60)), m.track(m.notes(62)), kind=2),
        TWO,
        "one after another",
    ),
    "film frames": (
        lambda m: m.file(
            m.track([m.on(0, 60), m.off(500, 60), m.on(0, 62), m.off(500, 62)]), divisions=0xE728
        ),
        TWO,
        "film frames",
    ),
    "no ticks per quarter": (
        lambda m: m.file(m.track(two(m)), divisions=0),
        TWO,
        "480 were assumed",
    ),
    "a track cut short": (
        lambda m: m.file(m.track(m.notes(60, 62, 64)))[:-6],
        [*TWO, (2, 1, 64)],
        "within a track",
    ),
    "a length that is too great": (
        lambda m: m.file(
            m.track(m.notes(60)), m.track([(480, m.meta(1, b"")), *m.notes(62)])
        ).replace(b"MTrk\0\0\0", b"MTrk\0\7\0", 1),
        TWO,
        "between tracks",
    ),
    "a length that is too small": (
        lambda m: m.file(
            b"MTrk\0\0\0\5" + m.track(m.notes(60))[8:],
            m.track([(480, m.meta(1, b"")), *m.notes(62)]),
        ),
        TWO,
        "between tracks",
    ),
    "bytes after the last track": (lambda m: m.file(m.track(two(m))) + b"\0\0\0", TWO, ""),
    "a note of no length": (
        lambda m: m.file(m.track([m.on(0, 64), m.off(0, 64), *two(m)])),
        TWO,
        "a note without duration",
    ),
    "a note never released": (
        lambda m: m.file(m.track([m.on(0, 64), *two(m)])),
        [(0, 2, 64), *TWO],
        "never released",
    ),
    "all notes off": (
        lambda m: m.file(m.track([m.on(0, 64), m.on(0, 67), (480, b"\xb0\x7b\0"), *m.notes(62)])),
        [(0, 1, 64), (0, 1, 67), (1, 1, 62)],
        "",
    ),
    "a note struck twice": (
        lambda m: m.file(m.track([m.on(0, 60), m.on(240, 60), m.off(240, 60), *m.notes(62)])),
        [(0, F(1, 2), 60), (F(1, 2), F(1, 2), 60), (1, 1, 62)],
        "struck again",
    ),
    "the same pitch in two channels": (
        lambda m: m.file(
            m.track(
                [
                    m.on(0, 60),
                    m.on(240, 60, channel=1),
                    m.off(240, 60),
                    m.off(480, 60, channel=1),
                    m.on(0, 62),
                ]
            )
        ),
        [(0, 1, 60), (F(1, 2), F(3, 2), 60)],
        "a note without duration",
    ),
    "a note later than any score": (
        lambda m: m.file(m.track([*two(m), m.on(2**28 - 1, 64), m.off(480, 64)])),
        TWO,
        "later than any score",
    ),
    "a key of 99 sharps": (with_event(b"\xff\x59\2\x63\0"), TWO, "a key that does not exist"),
    "a key without data": (with_event(b"\xff\x59\0"), TWO, "a key that does not exist"),
    "a key of mode 2": (with_event(b"\xff\x59\2\0\2"), TWO, "a key that does not exist"),
    "meter 0/4": (with_event(meter(0, 2)), TWO, "a meter that does not exist"),
    "meter over 2^66": (with_event(meter(4, 66)), TWO, "a meter that does not exist"),
    "a tempo of 0": (with_event(b"\xff\x51\3\0\0\0"), TWO, "a tempo that does not exist"),
    "a tempo of two bytes": (
        with_event(b"\xff\x51\2\7\xa1", 2),
        TWO,
        "a tempo that does not exist",
    ),
    "a pitch above 127": (with_event(b"\x90\xf7\x50"), TWO, "a damaged event"),
    "a program above 127": (with_event(b"\xc0\xc8"), TWO, "a damaged event"),
    "a release without a note": (with_event(b"\x80\x41\0"), TWO, ""),
    "no end of track": (
        lambda m: m.file(
            b"MTrk\0\0\0" + bytes([len(m.track(two(m))) - 12]) + m.track(two(m))[8:-4]
        ),
        TWO,
        "",
    ),
    "a text longer than its track": (
        lambda m: m.file(m.track([*two(m), (0, b"\xff\1\x7fshort")])),
        TWO,
        "",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_file_is_read_and_its_faults_are_listed(name, midi, write):
    make, notes, warning = FAULTY[name]
    piece = read_piece(write("faulty.mid", make(midi)))
    assert spans(piece) == sorted(notes)
    assert warning in "; ".join(piece.warnings)
    assert bool(piece.warnings) == bool(warning)
    assert (piece.keys, piece.meters, piece.tempos) == ((), (Meter(),), (Tempo(),))


def test_a_good_mark_stays_beside_a_bad_one(midi, write):
    marks = [
        (0, b"\xff\x59\2\1\0"),
        (0, meter(3, 2)),
        (0, b"\xff\x51\3\7\xa1\x21"),
        (0, b"\xff\x51\3\0\0\0"),
        (480, b"\xff\x59\2\x63\0"),
        (0, meter(0, 0)),
    ]
    piece = read_piece(write("a.mid", midi.file(midi.track([*marks, *midi.notes(60)]))))
    assert (piece.keys, piece.meters, piece.tempos) == (
        (Key(1),),
        (Meter(3, 4),),
        (Tempo(500_001),),
    )
    assert len(piece.warnings) == 3


def test_names_programs_and_channels_survive_a_repair(midi, write):
    lute = midi.track(
        [(0, midi.meta(3, b"Lute")), (0, b"\xc0\x18"), *midi.notes(60), midi.on(0, 62)]
    )
    drums = midi.track(
        [(0, midi.meta(3, b"Kit")), midi.on(0, 36, channel=9), midi.off(9, 36, channel=9)]
    )
    parts = read_piece(write("a.mid", midi.file(lute, drums))).parts
    assert [(part.name, part.program, part.is_drum) for part in parts] == [
        ("Lute", 24, False),
        ("Kit", None, True),
    ]


def test_a_repaired_file_needs_no_repair(midi):
    for make, _, _ in FAULTY.values():
        clean, _ = repair(make(midi))
        split_tracks(clean)
        assert repair(clean) == (clean, ())


def test_data_without_a_header_cannot_be_repaired():
    for data in (b"", b"MThd", b"no music" * 9):
        with pytest.raises(InvalidScoreError):
            repair(data)


def test_each_kind_of_fault_has_a_sentence_for_one_and_for_several():
    for kind, text in FAULTS.items():
        one, several = (warnings_of(Counter({kind: number})) for number in (1, 7))
        assert len(one) == len(several) == 1
        assert ("7" in several[0]) == (not isinstance(text, str))


def test_no_performance_and_no_score_of_a_real_collection_is_refused(data_folder):
    paths = sorted((data_folder / "asap").rglob("*.mid"))
    assert len(paths) == 557
    pieces = [read_piece(path) for path in paths]
    told = [warning for piece in pieces for warning in piece.warnings]
    assert len(told) == 65
    assert all("without duration" in warning for warning in told)


def test_text_that_looks_like_a_fault_does_not_cost_a_repaired_file(midi, write):
    text = (0, midi.meta(1, b"\xff\x58\x04\x00\x00 \x90\xf7"))
    piece = read_piece(write("a.mid", midi.file(midi.track([text, *two(midi)]))))
    assert (spans(piece), piece.warnings) == (TWO, ())
