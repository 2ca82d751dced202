"""Beats are found where music was played with them."""

from fractions import Fraction

import numpy as np
import pytest

from partimento import Piece, Tempo
from partimento.analysis.beats import follows_click, onset_curve, tempo_curve, track_beats
from partimento.music.notes import Notes

TICKS = 480


def performance(beats_s, *, spread=0.0, seed=1):
    """Notes on beats and between them, at times in seconds; the file states 120 beats a minute."""
    rng = np.random.default_rng(seed)
    places = np.sort(np.concatenate([beats_s, (beats_s[:-1] + beats_s[1:]) / 2]))
    seconds = np.maximum(places + rng.normal(0, spread, len(places)), 0)
    onset = np.unique(np.round(seconds * 2 * TICKS).astype(np.int64))
    strong = np.isin(onset, np.round(beats_s * 2 * TICKS).astype(np.int64))
    return Piece(
        Notes.from_columns(
            TICKS,
            onset,
            np.full(len(onset), 100),
            np.where(strong, 48, 72),
            velocity=np.where(strong, 90, 60),
        )
    )


def distance(times, beats_s):
    """The distance of each time to the nearest beat, or middle between two."""
    middles = (beats_s[:-1] + beats_s[1:]) / 2
    places = np.concatenate([beats_s, middles])
    return np.abs(times[:, None] - places[None, :]).min(axis=1)


@pytest.mark.parametrize("bpm", [66, 84, 107])
def test_a_steady_beat_is_found_though_the_file_states_another_tempo(bpm):
    beats_s = np.arange(40) * 60 / bpm + 0.3
    found = track_beats(performance(beats_s, spread=0.008))
    assert not found.own
    times = found.times / 2  # seconds
    inside = times[(times > 1) & (times < beats_s[-1])]
    assert np.mean(distance(inside, beats_s) < 0.05) > 0.9
    # Whether the beat is the note between two strong ones, too, cannot be known.
    assert 60 / bpm / np.median(np.diff(inside)) == pytest.approx(
        round(60 / bpm / np.median(np.diff(inside))), abs=0.05
    )


def test_a_tempo_that_changes_is_followed():
    gaps = np.linspace(0.5, 0.8, 60)
    beats_s = np.cumsum(gaps)
    times = track_beats(performance(beats_s)).times / 2
    inside = times[(times > 2) & (times < beats_s[-2])]
    assert np.mean(distance(inside, beats_s) < 0.06) > 0.85


def test_music_played_to_a_click_keeps_the_quarters_of_its_file():
    rng = np.random.default_rng(2)
    onset = np.arange(60) * 240 + rng.integers(-12, 13, 60)
    piece = Piece(
        Notes.from_columns(TICKS, np.maximum(onset, 0), np.full(60, 200), np.full(60, 60))
    )
    assert follows_click(piece)
    assert track_beats(piece).own
    assert track_beats(piece).times[:3].tolist() == [0, 1, 2]


def test_tempo_marks_of_the_file_are_heeded():
    beats_s = np.arange(30) * 0.6
    piece = performance(beats_s)
    slow = piece.replace(tempos=(Tempo.from_bpm(60),))  # the same ticks take twice the time
    fast = track_beats(piece).times
    assert np.median(np.diff(fast)) in (pytest.approx(1.2, rel=0.05), pytest.approx(0.6, rel=0.05))
    assert np.median(np.diff(track_beats(slow).times)) in (
        pytest.approx(1.2, rel=0.05),
        pytest.approx(0.6, rel=0.05),
    )


def test_curves_have_a_value_for_each_hundredth_of_a_second():
    seconds = np.arange(0, 20, 0.5)
    curve = onset_curve(seconds, np.full(40, 60), np.full(40, 64))
    assert 1950 <= len(curve) <= 1970
    assert np.median(tempo_curve(curve)) == pytest.approx(50, abs=2)
    with pytest.raises(ValueError, match="no notes"):
        track_beats(Piece([], length=Fraction(4)))
