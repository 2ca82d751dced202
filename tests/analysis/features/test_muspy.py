"""The features of MusPy against MusPy's own functions, those of Yang and Lerch against
pretty_midi's and against plain counting.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own imports warn
    import muspy

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.analysis.features import muspy as features
from partimento.analysis.features import yang_lerch as features_yang_lerch
from partimento.analysis.features.muspy import RESOLUTION, muspy_features
from partimento.analysis.features.table import (
    FEATURES,
    SCALARS,
    feature_table,
    features_of,
    scalar_table,
)
from partimento.analysis.features.yang_lerch import NOTE_LENGTHS, yang_lerch_features
from partimento.analysis.keys import analyze_key
from partimento.corpus import read_piece
from partimento.music.bars import first_bars, notes_by_bar

Q = Fraction(1)
KIT = Part("Kit", is_drum=True)
OF_PITCH = (
    "pitch_range",
    "n_pitches_used",
    "n_pitch_classes_used",
    "pitch_entropy",
    "pitch_class_entropy",
    "scale_consistency",
)


def music_of(piece: Piece, lead: Fraction = Fraction(0), resolution: int = RESOLUTION) -> Any:
    """The same music as MusPy has it: a track a part, every time rounded for itself, `lead`
    quarters of silence first.
    """

    def steps(time: Fraction) -> int:
        return math.floor((time + lead) * resolution + Fraction(1, 2))

    tracks = [muspy.Track(is_drum=part.is_drum) for part in piece.parts]
    for note in piece.notes:
        begin = steps(note.onset)
        length = max(steps(note.end) - begin, 1)
        tracks[note.part].notes.append(muspy.Note(time=begin, pitch=note.pitch, duration=length))
    return muspy.Music(resolution=resolution, tracks=tracks)


def of_muspy(piece: Piece) -> dict[str, float]:
    """MusPy's own figures; its ZeroDivisionErrors and the like would fail the test."""
    key, bar = analyze_key(piece)[0], piece.bars()[0].meter.bar_ql
    plain, at_beat, at_bar = (
        music_of(piece, lead) for lead in (Fraction(0), -piece.pickup % 1, -piece.pickup % bar)
    )
    measure = int(bar * RESOLUTION)
    return {
        **{
            name: getattr(muspy, name)(plain) for name in (*OF_PITCH, "polyphony", "polyphony_rate")
        },
        "pitch_in_scale_rate": muspy.pitch_in_scale_rate(plain, key.tonic, key.mode),
        "empty_beat_rate": muspy.empty_beat_rate(at_beat),
        "empty_measure_rate": muspy.empty_measure_rate(at_bar, measure),
        "groove_consistency": muspy.groove_consistency(at_bar, measure),
    }


def check_equal(piece: Piece) -> None:
    ours, theirs = muspy_features(piece), of_muspy(piece)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-12, nan_ok=True), name


def melody(*pitches: int, duration: Fraction = Q, **more: Any) -> Piece:
    return Piece.from_events(
        [Event((pitch,) if pitch else (), duration) for pitch in pitches], **more
    )


MADE = {
    "one note": melody(60),
    "whole bars": melody(*[60, 62, 64, 65] * 3),
    "rests": melody(0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 67, duration=Q / 2),
    "two bars, the last beat silent": melody(60, 0, 0, 0, 0, 64, 67, 0),
    "a pickup": melody(67, 60, 0, 0, 0, 0, 64, 62, meters=(Meter(3, 4),), pickup=Q),
    "a pickup off the beat": melody(
        67, 60, 64, 62, 61, 60, 0, 59, duration=Q / 2, meters=(Meter(6, 8),), pickup=Q / 2
    ),
    "no note value": melody(60, 62, 64, 65, duration=Fraction(5, 7)),
    "short notes": melody(60, 62, 64, 65, 67, duration=Fraction(1, 100)),
    "parts": Piece(
        [Note(Q * t, Q * 2, 60 + t % 3, part=t % 2) for t in range(9)], parts=(Part(), Part())
    ),
    "unisons of parts": Piece(
        [Note(Q, Q, 60), Note(Q, 3 * Q, 60, part=1), Note(3 * Q, Q, 64)], parts=(Part(), Part())
    ),
    "drums at the end": Piece(
        [Note(Q, Q, 60), Note(9 * Q, Q, 36, part=1), Note(Q, Q / 2, 38, part=1)],
        parts=(Part(), KIT),
    ),
    "a silent part": Piece([Note(Q * 0, Q, 60)], parts=(Part(), Part("Tacet"))),
}


@pytest.mark.parametrize("piece", MADE.values(), ids=MADE)
def test_equal_to_muspy(piece: Piece) -> None:
    check_equal(piece)


def test_pieces_of_the_fixture_are_equal_to_muspy(pieces: list[Piece]) -> None:
    for piece in pieces:
        check_equal(piece)
        check_equal(first_bars(piece, 5))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 60), st.integers(30, 90), st.integers(0, 2)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 8), Meter(2, 2)]),
    st.integers(0, 11),
)
def test_any_notes_are_equal_to_muspy(
    rows: list[tuple[int, int, int, int]], meter: Meter, pickup: int
) -> None:
    """Onsets and durations on a grid that MusPy's does not carry."""
    notes = [
        Note(Fraction(onset, 10), Fraction(duration, 10), pitch, part=part)
        for onset, duration, pitch, part in rows
    ]
    parts = (Part(), Part("Flute"), KIT)
    piece = Piece(notes, meters=(meter,), parts=parts, pickup=Fraction(pickup, 8) % meter.bar_ql)
    ours, theirs = muspy_features(piece), of_muspy(piece)
    if all(part == 2 for *_, part in rows):
        assert (ours.pop("pitch_range"), theirs.pop("pitch_range")) == (
            0,
            -127,
        )  # the one difference in what is told
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-12, nan_ok=True), name


def test_where_muspy_has_no_answer() -> None:
    for nothing in (Piece([]), Piece([], length=8 * Q)):
        found = muspy_features(nothing)
        assert [
            found[name] for name in ("pitch_range", "n_pitches_used", "n_pitch_classes_used")
        ] == [0, 0, 0]
        assert sum(map(math.isnan, found.values())) == len(found) - 3
    with pytest.raises(ValueError, match="empty"):
        muspy.polyphony(muspy.Music(tracks=[]))


def test_measures_of_changing_meters_are_the_bars() -> None:
    """Bars of 4, 4, 3, 3 and again 4 quarters: two pairs of neighbours are of one length."""
    meters = (Meter(4, 4), Meter(3, 4, onset=8 * Q), Meter(4, 4, onset=14 * Q))
    piece = melody(60, 62, 64, 65, 60, 62, 64, 0, 60, 62, 64, 60, 62, 64, 60, 62, 64, meters=meters)
    # The first pair differs at one step of 96, the second nowhere; the last bar has no neighbour of
    # its length.
    assert features.groove_consistency(piece) == pytest.approx(1 - 1 / (96 + 72))
    gap = melody(60, *[0] * 13, 60, meters=meters)
    assert features.empty_measure_rate(gap) == pytest.approx(3 / 5)
    assert math.isnan(
        features.groove_consistency(
            melody(60, 62, 64, 65, 67, meters=(Meter(4, 4), Meter(3, 4, onset=4 * Q)))
        )
    )


def test_groove_depends_on_the_resolution_and_the_rest_does_not() -> None:
    piece = MADE["rests"]
    ours = {resolution: muspy_features(piece, resolution=resolution) for resolution in (4, 24)}
    assert ours[4].pop("groove_consistency") != ours[24].pop("groove_consistency")
    assert ours[4] == pytest.approx(ours[24])
    theirs = muspy.groove_consistency(music_of(piece, resolution=4), 16)
    assert features.groove_consistency(piece, resolution=4) == pytest.approx(theirs)


def test_thresholds_and_keys_may_be_chosen() -> None:
    chords = Piece.from_events([Event((60, 64), Q), Event((60, 64, 67), Q), Event((61,), 2 * Q)])
    assert features.polyphony_rate(chords) == 1 / 4
    for threshold in range(4):
        assert features.polyphony_rate(chords, threshold=threshold) == muspy.polyphony_rate(
            music_of(chords), threshold
        )
    assert features.pitch_in_scale_rate(chords, Key.from_name("D major")) == pytest.approx(4 / 6)


def scores(data_folder: Path, most: int) -> list[Piece]:
    paths = sorted((data_folder / "mutopia-guitar").glob("*/*.mid"))
    if not paths:
        pytest.skip("no mutopia-guitar")
    return [read_piece(path) for path in paths[:: len(paths) // most]]


def test_real_music_is_equal_to_muspy(data_folder: Path) -> None:
    checked = 0
    for piece in scores(data_folder, 25):
        if len({bar.duration for bar in piece.bars() if bar.number}) == 1:
            check_equal(piece)
            checked += 1
    assert checked >= 15


def test_a_file_that_muspy_reads_itself(data_folder: Path) -> None:
    """From the MIDI file on, on MusPy's side with nothing of ours."""
    paths = sorted((data_folder / "mutopia-guitar" / "SorF").glob("*.mid"))[:4]
    if not paths:
        pytest.skip("no mutopia-guitar")
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            music = muspy.read_midi(path)
        piece = read_piece(path)
        for name in OF_PITCH:
            assert getattr(features, name)(piece) == pytest.approx(getattr(muspy, name)(music)), (
                name
            )


def midi_of(piece: Piece) -> pretty_midi.PrettyMIDI:
    """At 120 quarters a minute: an instrument a part, all notes equally loud."""
    midi = pretty_midi.PrettyMIDI()
    for number, part in enumerate(piece.parts):
        instrument = pretty_midi.Instrument(0, is_drum=part.is_drum)
        instrument.notes = [
            pretty_midi.Note(80, n.pitch, float(n.onset) / 2, float(n.end) / 2)
            for n in piece.notes
            if n.part == number
        ]
        midi.instruments.append(instrument)
    return midi


def plain_yang_lerch(piece: Piece) -> dict[str, Any]:
    """By loops over notes, from the definitions."""
    notes = [note for note in piece.notes if not piece.parts[note.part].is_drum]
    bars = [bar for bar in piece.bars() if bar.number > 0]
    inside = [[n for n in notes if bar.onset <= n.onset < bar.onset + bar.duration] for bar in bars]
    values = [Fraction(value, 24) for value in NOTE_LENGTHS.values()]
    nearest = [
        min(range(12), key=lambda place: abs(values[place] - note.duration)) for note in notes
    ]
    lengths, steps = np.zeros(12), np.zeros((12, 12))
    for place in nearest:
        lengths[place] += 1
    for a, b in pairwise(nearest):
        steps[a, b] += 1
    onsets = [note.onset for note in notes]
    return {
        "pitch_count": len({note.pitch for note in notes}),
        "pitch_count_per_bar": np.mean([len({n.pitch for n in own}) for own in inside]),
        "pitch_range": max(note.pitch for note in notes) - min(note.pitch for note in notes),
        "average_pitch_interval": np.mean([abs(a.pitch - b.pitch) for a, b in pairwise(notes)]),
        "note_count": len(notes),
        "note_count_per_bar": np.mean([len(own) for own in inside]),
        "average_inter_onset_interval": float(sum(b - a for a, b in pairwise(onsets)))
        / (len(onsets) - 1),
        "note_length_histogram": lengths / lengths.sum(),
        "note_length_transition_matrix": steps / steps.sum(),
    }


def check_yang_lerch(piece: Piece) -> None:
    ours, midi = yang_lerch_features(piece), midi_of(piece)
    plain: dict[str, Any] = plain_yang_lerch(piece)
    moves = midi.get_pitch_class_transition_matrix()
    plain["pitch_class_histogram"] = midi.get_pitch_class_histogram(use_duration=True)
    plain["pitch_class_transition_matrix"] = moves / moves.sum()
    assert ours.keys() == plain.keys()
    for name, value in plain.items():
        assert np.allclose(ours[name], value), name


@pytest.mark.parametrize("name", ["whole bars", "a pickup", "parts", "no note value"])
def test_yang_and_lerch_on_made_pieces(name: str) -> None:
    check_yang_lerch(MADE[name])


def test_yang_and_lerch_on_real_music(data_folder: Path, pieces: list[Piece]) -> None:
    for piece in [*pieces[:2], *scores(data_folder, 6)]:
        check_yang_lerch(piece)


def test_note_lengths_by_hand() -> None:
    piece = Piece.from_events(
        [
            Event((60,), 4 * Q),
            Event((62,), Fraction(1, 3)),
            Event((64,), Fraction(1, 3)),
            Event((65,), 9 * Q),
        ]
    )
    names = list(NOTE_LENGTHS)
    expected = np.zeros(12)
    expected[[names.index("whole"), names.index("eighth triplet")]] = 0.5
    assert features_yang_lerch.note_length_histogram(piece).tolist() == expected.tolist()
    assert features_yang_lerch.average_inter_onset_interval(piece) == pytest.approx((4 + 2 / 3) / 3)
    moves = features_yang_lerch.note_length_transition_matrix(piece)
    assert moves[names.index("whole"), names.index("eighth triplet")] == pytest.approx(1 / 3)


def test_too_few_notes_for_a_transition() -> None:
    alone = yang_lerch_features(melody(60))
    assert (alone["note_count"], alone["pitch_count"]) == (1, 1)
    for name in ("average_pitch_interval", "average_inter_onset_interval"):
        assert math.isnan(float(alone[name]))
    assert np.isnan(alone["note_length_transition_matrix"]).all()
    nothing = yang_lerch_features(Piece([Note(Q, Q, 36)], parts=(KIT,)))
    assert nothing["note_count"] == 0
    assert np.isnan(nothing["pitch_class_histogram"]).all()


def test_the_beginning_of_a_piece() -> None:
    piece = melody(
        67,
        60,
        62,
        64,
        65,
        67,
        69,
        71,
        meters=(Meter(3, 4),),
        pickup=Q,
        keys=(Key(0), Key(1, onset=6 * Q)),
    )
    held = piece.replace(notes=[*piece.notes, Note(3 * Q, 4 * Q, 48)])
    cut = first_bars(held, 1)
    assert cut.length == 4
    assert [(note.pitch, note.onset, note.end) for note in cut.notes if note.pitch == 48] == [
        (48, 3, 4)
    ]
    assert [note.pitch for note in cut.notes] == [67, 60, 62, 48, 64]
    assert cut.keys == (Key(0),)
    assert first_bars(held, 9) is held


def test_notes_stand_in_their_bars() -> None:
    found = notes_by_bar(melody(67, 60, 62, 64, 65, meters=(Meter(3, 4),), pickup=Q))
    assert found.bar.tolist() == [0, 1, 1, 1, 2]
    assert (found.inside / found.grid).tolist() == [0, 0, 1, 2, 0]
    assert found.whole.tolist() == [False, True, True]


@pytest.mark.parametrize(
    "make", [lambda: Piece([]), lambda: Piece([Note(Q, Q, 36)], parts=(KIT,)), lambda: melody(60)]
)
def test_every_piece_has_a_row(make: Callable[[], Piece]) -> None:
    row = features_of(make())
    assert row.keys() == FEATURES.keys()
    assert all(row[name].shape == (feature.size,) for name, feature in FEATURES.items())
    table = feature_table([make(), melody(60, 62)])
    assert scalar_table(table).shape == (2, len(SCALARS))
