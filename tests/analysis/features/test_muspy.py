"""The features of MusPy against MusPy's own functions."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own imports warn
    import muspy

from tests.analysis.features.made import KIT, MADE, Q, melody, scores

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.analysis.features import muspy as features
from partimento.analysis.features.muspy import RESOLUTION, muspy_features
from partimento.analysis.keys import analyze_key
from partimento.corpus import read_piece
from partimento.music.bars import first_bars

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


@pytest.mark.parametrize("piece", MADE.values(), ids=MADE)
def test_made_pieces_are_equal_to_muspy(piece: Piece) -> None:
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


def test_features_without_a_value_are_nan() -> None:
    for nothing in (Piece([]), Piece([], length=8 * Q)):
        found = muspy_features(nothing)
        assert [
            found[name] for name in ("pitch_range", "n_pitches_used", "n_pitch_classes_used")
        ] == [0, 0, 0]
        assert sum(map(math.isnan, found.values())) == len(found) - 3
    with pytest.raises(ValueError, match="empty"):
        muspy.polyphony(muspy.Music(tracks=[]))


def test_measures_follow_changes_of_meter() -> None:
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


def test_only_groove_depends_on_the_resolution() -> None:
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


def test_real_music_is_equal_to_muspy(data_folder: Path) -> None:
    checked = 0
    for piece in scores(data_folder, 25):
        if len({bar.duration for bar in piece.bars() if bar.number}) == 1:
            check_equal(piece)
            checked += 1
    assert checked >= 15


def test_features_equal_those_of_files_read_by_muspy(data_folder: Path) -> None:
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
