"""The view that reads as music21 does, against music21 itself."""

from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import pytest

from partimento.corpus import analyze_key, read_piece

F = Fraction
SAMPLE = (
    "AguadoD/aguado-op03n07.mid",  # a note that music21 puts into two chords
    "CarcassiM/carcassi-op1n03.mid",  # a key signature that ends a gap
    "GiulianiM/giuliani-op50n01.mid",
    "HoretzkyF/horetzky39.mid",  # overlapping ornaments
    "SorF/sor-op60-01.mid",
)
# Where music21 itself loses or shifts music: (file, operations). The reasons stand in the
# documentation of the view.
DIFFERENT = {
    "BachJS/bach-bwv988-bwv-988-guitar-28.mid": 28,
    "BeethovenLv/beethoven-o67-sym5-1-guitar-duo.mid": 17,
    "CarcassiM/carcassimethodpreludes.mid": 98,
    "GranadosE/granados-o37-oriental-duo.mid": 12,
    "GruberFX/gruber-stille-orig.mid": 9,
    "MozartWA/mozart-kv265-guitar-duo-complete.mid": 308,
    "SorF/sorf-op35-no21.mid": 5,
    "SorF/sorf-op35-no6.mid": 3,
    "SorF/sorf-op45n04.mid": 8,
    "Traditional/traditional-greensleeves-guitar.mid": 2,
}


def ours(path: Path) -> list[tuple[tuple[int, ...], Fraction]]:
    return [(event.chord, event.duration) for event in read_piece(path, quantize="music21").events]


def theirs(path: Path) -> tuple[list[tuple[tuple[int, ...], Fraction]], str]:
    from music21 import converter

    score = converter.parse(path, forceSource=True)
    events = [
        (
            () if element.isRest else tuple(sorted({pitch.midi for pitch in element.pitches})),
            Fraction(element.duration.quarterLength).limit_denominator(1000),
        )
        for element in score.chordify().recurse().notesAndRests
    ]
    return events, str(score.analyze("key"))


def operations(ours: list[object], theirs: list[object]) -> int:
    """How many events must be put in, taken out or changed."""
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    row = list(range(len(theirs) + 1))
    for i, one in enumerate(ours, 1):
        before, row = row, [i]
        for j, other in enumerate(theirs, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (one != other)))
    return row[-1]


def test_edit_operations_are_counted():
    assert operations([1, 2, 3], [1, 2, 3]) == 0
    assert operations([1, 2, 3, 4], [1, 3, 5]) == 2
    assert operations([], [1, 2]) == 2


@pytest.mark.parametrize("name", SAMPLE)
def test_events_of_a_sample_equal_those_of_music21(name, guitar):
    events, _ = theirs(guitar / name)
    assert ours(guitar / name) == events


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        (480, F(1)),
        (240, F(1, 2)),
        (160, F(1, 3)),
        (140, F(1, 4)),  # exactly between a quarter and a third: the lower
        (150, F(1, 3)),
        (20, F(1, 4)),  # nothing gets shorter than a step
    ],
)
def test_lengths_are_rounded_to_the_nearest_step(ticks, expected, midi, write):
    path = write("a.mid", midi.file(midi.track(midi.notes(60, length=ticks))))
    assert ours(path)[0] == ((60,), expected)
    assert ours(path) == theirs(path)[0]


def test_bar_lines_cut_notes_and_meters_begin_with_bars(midi, write):
    marks = midi.track(
        [(0, bytes([0xFF, 0x58, 4, 3, 2, 24, 8])), (1920, bytes([0xFF, 0x58, 4, 2, 2, 24, 8]))]
    )
    path = write("a.mid", midi.file(marks, midi.track(midi.notes(60, length=480 * 9))))
    assert [duration for _, duration in ours(path)] == [3, 3, 2, 1, 1]
    assert ours(path) == theirs(path)[0]


def test_bars_of_an_odd_number_of_small_notes_are_cut_exactly(midi, write):
    marks = midi.track([(0, bytes([0xFF, 0x58, 4, 7, 6, 24, 8]))])  # 7/64
    path = write("a.mid", midi.file(marks, midi.track(midi.notes(60))))
    assert [duration for _, duration in ours(path)] == [F(7, 16), F(7, 16), F(1, 8), F(5, 16)]


def test_music_after_the_first_track_ends_is_kept(midi, write):
    path = write(
        "a.mid", midi.file(midi.track(midi.notes(60)), midi.track(midi.notes(*range(60, 68))))
    )
    assert sum(duration for _, duration in ours(path)) == 8
    assert sum(duration for _, duration in theirs(path)[0]) == 4


def test_the_view_does_not_change_the_exact_reading(guitar):
    path = guitar / "HoretzkyF" / "horetzky39.mid"
    assert read_piece(path).notes != read_piece(path, quantize="music21").notes


@pytest.mark.slow
def test_the_whole_guitar_set_equals_music21(guitar):
    paths = sorted(guitar.glob("*/*.mid"))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        references = list(pool.map(theirs, paths, chunksize=4))
    counts = {
        path.relative_to(guitar).as_posix(): operations(ours(path), events)
        for path, (events, _) in zip(paths, references, strict=True)
    }  # fmt: skip
    keys = [
        analyze_key(read_piece(path))[0].code == key
        for path, (_, key) in zip(paths, references, strict=True)
    ]
    assert len(counts) == 415
    assert list(counts.values()).count(0) >= 400
    assert sum(counts.values()) <= 0.005 * sum(len(events) for events, _ in references)
    assert {name: count for name, count in counts.items() if count} == DIFFERENT
    assert sum(keys) >= 0.99 * 415
