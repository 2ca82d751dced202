"""Track the beats of played music, from the onsets of its notes.

The method is that of D. Ellis, "Beat Tracking by Dynamic Programming", Journal of New Music
Research 36 (2007). A curve states how strongly notes begin at each time. The tempo is the lag at
which the curve resembles itself most, weighted by how usual a tempo is. It is found anew for each
passage, because it may change. The beats are the sequence of times that lie on strong onsets and
keep to the tempo best. Dynamic programming finds the best sequence exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from partimento.music.piece import Piece
from partimento.short_repr import short_repr

FRAME_S = 0.01  # seconds per step of the curve
USUAL_BPM, SPREAD = 120.0, 0.9  # the most usual tempo, and the spread in octaves around it
SLOWEST_BPM, FASTEST_BPM = 40.0, 200.0
PASSAGE_S, HOP_S = 8.0, 2.0  # a passage in which the tempo is found, and the step to the next one
TIGHTNESS = 60.0  # how much an uneven beat costs, in units of the curve's standard deviation
SMOOTH_FRAMES = 2  # half width of an onset in the curve
STEADY = 0.5  # least concentration of onsets on the file's own beats, 0 to 1
FEWEST_NOTES = 8


@short_repr
@dataclass(frozen=True)
class Beats:
    """The beats of a piece.

    Attributes
    ----------
    times : (N,) float
        The time of each beat, in quarters of the file; ascending.
    own : bool
        Whether these are the file's own quarters: it was played to a click.
    """

    times: np.ndarray
    own: bool


def track_beats(piece: Piece) -> Beats:
    """Find the beats of a piece that was played.

    Parameters
    ----------
    piece : Piece
        As it was read from a MIDI file.

    Raises
    ------
    ValueError
        If the piece has no notes.
    """
    notes = piece.notes
    if not len(notes):
        raise ValueError("the piece has no notes")
    last = float(notes.end.max()) / notes.divisions
    if follows_click(piece):
        return Beats(np.arange(int(last) + 2, dtype=float), own=True)
    seconds = np.array([float(start) for start, _ in piece.note_seconds()])
    beats_s = _beats(onset_curve(seconds, notes.pitch, notes.velocity))
    return Beats(_to_quarters(piece, _extended(beats_s, seconds.max() + 0.5)), own=False)


def follows_click(piece: Piece) -> bool:
    """Return whether the onsets keep to the quarters that the file states.

    The concentration of the onsets at halves, thirds and fourths of a quarter decides. It is 1 if
    all onsets lie there exactly. It is near 0 if the file's quarters have nothing to do with them.
    """
    times = np.unique(piece.notes.onset) / piece.notes.divisions
    if len(times) < FEWEST_NOTES:
        return True
    concentrations = [abs(np.mean(np.exp(2j * np.pi * parts * times))) for parts in (2, 3, 4)]
    return bool(max(concentrations) > STEADY)


def onset_curve(seconds: np.ndarray, pitch: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Return how strongly notes begin at each time.

    Loud notes, low notes and notes that begin together weigh more.

    Parameters
    ----------
    seconds, pitch, velocity : (N,) float or int

    Returns
    -------
    (T,) float
        One value for each hundredth of a second, with standard deviation 1.
    """
    frames = np.round(seconds / FRAME_S).astype(np.int64)
    weight = velocity / 64 * (1 + np.clip((60 - pitch) / 36, 0, 0.7))
    sums = np.bincount(frames, np.asarray(weight, float), frames.max() + 2 * SMOOTH_FRAMES + 1)
    window = np.hanning(2 * SMOOTH_FRAMES + 3)[1:-1]
    curve: np.ndarray = np.convolve(np.sqrt(sums), window, "same")
    spread = float(curve.std())
    return curve / spread if spread else curve


def tempo_curve(curve: np.ndarray) -> np.ndarray:
    """Return the number of frames per beat around each frame.

    Parameters
    ----------
    curve : (T,) float
        From `onset_curve`.

    Returns
    -------
    (T,) float
    """
    lags = np.arange(int(60 / FASTEST_BPM / FRAME_S), int(60 / SLOWEST_BPM / FRAME_S) + 1)
    octaves = np.log2(60 / (lags * FRAME_S) / USUAL_BPM)
    usual = np.exp(-0.5 * (octaves / SPREAD) ** 2)
    size, hop = int(PASSAGE_S / FRAME_S), int(HOP_S / FRAME_S)
    starts = np.arange(0, max(len(curve) - size // 2, 1), hop)
    strengths = np.array([_resemblance(curve[at : at + size], lags) for at in starts]) * usual
    # The tempo changes slowly: the best path through the passages, again by dynamic programming.
    chosen = _smoothest(strengths / max(float(strengths.max()), 1e-9), lags)
    centers = starts + size / 2
    periods: np.ndarray = np.interp(np.arange(len(curve)), centers, lags[chosen].astype(float))
    return periods


def _resemblance(passage: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return the autocorrelation at some lags, supported by that at twice the lag."""
    size = len(passage)
    spectrum = np.fft.rfft(passage - passage.mean(), 2 * size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
    padded = np.concatenate([correlation, np.zeros(2 * int(lags[-1]) + 2)])
    resemblance: np.ndarray = np.maximum(padded[lags] + 0.5 * padded[2 * lags], 0)
    return resemblance


def _smoothest(strengths: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return the index of the lag of each passage, on the path with the best sum."""
    cost = 8 * np.abs(np.log2(lags[:, None] / lags[None, :]))
    total = strengths[0]
    back = np.zeros(strengths.shape, np.int64)
    for i in range(1, len(strengths)):
        before = total[None, :] - cost
        back[i] = before.argmax(axis=1)
        total = before.max(axis=1) + strengths[i]
    path = [int(total.argmax())]
    for i in range(len(strengths) - 1, 0, -1):
        path.append(int(back[i, path[-1]]))
    return np.array(path[::-1])


def _beats(curve: np.ndarray) -> np.ndarray:
    """Return the times of the beats in seconds."""
    period = tempo_curve(curve)
    total = curve.copy()
    back = np.full(len(curve), -1, np.int64)
    for frame in range(len(curve)):
        beat = period[frame]
        first, last = frame - round(2 * beat), frame - round(beat / 2)
        if last <= 0:
            continue
        gaps = frame - np.arange(max(first, 0), last)
        scores = total[max(first, 0) : last] - TIGHTNESS * np.log(gaps / beat) ** 2
        best = int(scores.argmax())
        if scores[best] > 0:
            total[frame] += scores[best]
            back[frame] = max(first, 0) + best
    tail = max(len(curve) - round(period[-1]) - SMOOTH_FRAMES, 0)
    frame = tail + int(total[tail:].argmax())
    path = [frame]
    while back[frame] >= 0:
        frame = int(back[frame])
        path.append(frame)
    return np.array(path[::-1]) * FRAME_S


def _extended(beats: np.ndarray, end: float) -> np.ndarray:
    """Continue the beats to the start and to the end of the music."""
    if len(beats) < 2:
        return np.arange(0.0, end + 1.0, 60 / USUAL_BPM)
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    before = np.arange(beats[0] - first, -first, -first)[::-1]
    after = np.arange(beats[-1] + last, end + 2 * last, last)
    return np.concatenate([before, beats, after])


def _to_quarters(piece: Piece, seconds: np.ndarray) -> np.ndarray:
    """Convert seconds to quarters of the file."""
    times = sorted({Fraction(0), *(tempo.onset for tempo in piece.tempos), piece.length + 1})
    marks = [float(time) for time in times]
    known = np.array([float(piece.tempo_map.seconds(time)) for time in times])
    slope = (marks[-1] - marks[-2]) / max(known[-1] - known[-2], 1e-9)
    inside = np.interp(seconds, known, marks)
    later = marks[-1] + (seconds - known[-1]) * slope
    earlier = seconds * (marks[1] - marks[0]) / max(known[1] - known[0], 1e-9)
    times_ql: np.ndarray = np.where(
        seconds > known[-1], later, np.where(seconds < 0, earlier, inside)
    )
    return times_ql
