"""A few hundred of the cases that `python -m tests.fuzz` runs by the ten thousand, and whether it
would see a fault.
"""

from fractions import Fraction
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from tests.fuzz import run, sources
from tests.fuzz.cases import SHARES, composed, kind_of, make_case
from tests.fuzz.compose_midi import midi_files
from tests.fuzz.compose_xml import musicxml_files
from tests.fuzz.outcomes import check_piece, fault_of_reason, reason_class
from tests.fuzz.run import Outcome, Tally, kinds_and_outcomes, run_cases
from tests.fuzz.spoil_midi import Song

from partimento.corpus import read_pieces
from partimento.errors import InvalidScoreError
from partimento.io.midi.repair import repair
from partimento.io.midi.smf import (
    DamagedError,
    check_marks_exist,
    check_pitches,
    scan_track,
    split_tracks,
    without_escapes,
)
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.limits import MAX_QUARTERS
from partimento.music.notes import Note
from partimento.music.piece import Piece

COUNTS = {
    "midi": 80,
    "midi-composed": 40,
    "musicxml": 30,
    "musicxml-composed": 35,
    "mxl": 30,
    "kern": 30,
    "mei": 30,
    "abc": 30,
    "guitar-pro": 60,
    "gp": 60,
}
ANY = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", SHARES)
def test_every_outcome_is_a_piece_or_a_reason(kind, request):
    if kind == "midi":
        request.getfixturevalue("data_folder")
    numbers = list(islice((n for n in range(10_000) if kind_of(n) == kind), COUNTS[kind]))
    tally = run_cases(0, numbers)
    assert sorted(outcome.number for outcome in tally.outcomes) == numbers
    assert [f"0:{outcome.number}: {outcome.fault}" for outcome in tally.faults()] == []
    if COUNTS[kind] > 9:
        assert {outcome.reason != "" for outcome in tally.outcomes} == {
            True,
            False,
        }  # some are read, some are not


@ANY
@given(musicxml_files())
def test_any_musicxml_is_a_piece_or_unfit(data):
    for unfold in (False, True):
        why = "it has no notes"
        try:
            check_piece(piece_from_musicxml(data, unfold=unfold))
        except ValueError as error:
            why = str(error)
        assert fault_of_reason(why) == ""


@ANY
@given(midi_files())
def test_any_midi_is_scanned_or_unfit(data):
    why = "it has no notes"
    try:
        tracks = split_tracks(data)
        check_marks_exist(data)
        check_pitches(tracks)
        without_escapes(data, tracks)
        for track in tracks:
            scan_track(track)
    except DamagedError:
        clean, _ = repair(data)
        split_tracks(clean)
        check_marks_exist(clean)
        check_pitches(split_tracks(clean))
    except InvalidScoreError as error:
        why = str(error)
    assert fault_of_reason(why) == ""


def test_a_number_is_always_the_same_case():
    kinds = [kind for kind in SHARES if kind != "midi" or sources.midi_files()]
    numbers = [[n for n in range(300) if kind_of(n) == kind][-1] for kind in kinds]
    first = [make_case(5, number) for number in numbers]
    composed.cache_clear()
    assert [make_case(5, number) for number in numbers] == first
    assert all(case.data != make_case(6, case.number).data for case in first)


def test_a_song_taken_apart_is_the_same_when_put_together(guitar_midi):
    song = Song.from_bytes(guitar_midi)
    again = Song.from_bytes(song.to_bytes())
    assert again == song
    assert sum(event[0] & 0xF0 == 0x90 for track in song.tracks for _, event in track) > 10


@pytest.fixture
def guitar_midi(data_folder):
    return sources.midi_files()[0]


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("it has no notes", ""),
        ("damaged: Unexpected EOF in Meta Event", ""),
        ("the parser failed (KeyError: 3)", "an exception that nobody caught"),
        ("the parser crashed", "the parser crashed"),
        ("reading it took longer than 20 s", "reading it took longer"),
        ("reading it takes more than 3 GiB of memory", "reading it takes more"),
        ("it has\nno notes", "a line break"),
        ("operands could not be broadcast together", "nobody wrote"),
        ("damaged: <object object at 0x7f3a8c1d3ec0>", "speaks of the program"),
        ("damaged XML: " + "x" * 500, "a reason of 513 characters"),
    ],
)
def test_a_reason_that_is_none_is_seen(reason, fault):
    assert fault in fault_of_reason(reason)
    assert bool(fault) == bool(fault_of_reason(reason))


def test_music21_may_take_its_time():
    assert fault_of_reason("the parser crashed") == "the parser crashed"


def test_a_piece_that_is_none_is_seen():
    note = Note(Fraction(0), Fraction(1), 60)
    check_piece(Piece([note]))
    for wrong in (
        Piece([]),
        Piece([note], length=Fraction(2 * MAX_QUARTERS)),
        Piece([note], title=sources.SECRET),
    ):
        with pytest.raises(AssertionError):
            check_piece(wrong)


def test_what_reading_gives_is_compared_and_faults_are_told(monkeypatch):
    numbers = [next(n for n in range(1000) if kind_of(n) == kind) for kind in ("musicxml", "mxl")]
    monkeypatch.setattr(
        run, "read_pieces", lambda paths, **options: read_pieces(paths[:1], **options)
    )
    assert {outcome.fault for outcome in run_cases(0, numbers).outcomes} == {
        "neither a piece nor a reason"
    }


def test_outcomes_are_counted():
    reasons = [
        "",
        "it is empty",
        "the parser crashed",
        "reading it took longer than 20 s",
        "reading it takes more than 3 GiB of memory",
    ]
    tally = Tally([Outcome(i, "midi", 0.0, reason) for i, reason in enumerate(reasons)])
    assert kinds_and_outcomes(tally) == {
        ("midi", column): 1 for column in ("piece", "reason", "crashed", "late", "memory")
    }
    assert reason_class("3 of its 17 notes have no duration") == "N of its N notes have no duration"
