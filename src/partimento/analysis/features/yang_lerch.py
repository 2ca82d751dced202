"""The features of Yang and Lerch for whole pieces: numbers and matrices.

Source: L.-C. Yang and A. Lerch, "On the evaluation of generative models in music", Neural Computing
and Applications 32, 2020. Their definitions are for one monophonic track, and their program
(mgeval) reads one track and measures time in seconds. The features here differ as follows:

- All parts but drums count. Their notes are sorted by onset, then pitch. Transitions of pitch
  classes are within a part.
- Time is in quarters instead of seconds, so that no feature depends on the tempo. Two notes are
  connected if one begins less than a tenth of a quarter from where the other ends. (mgeval uses
  0.05 s, which is the same at 120 quarters per minute.)
- Histograms are weighted by duration, as in mgeval, but not by velocity, because models do not
  compose it. Every histogram and matrix sums to 1. (mgeval's matrices are counts, so that a longer
  piece has a greater distance.)
- Note values are those of notation: a whole note lasts four quarters in any meter (in mgeval: one
  bar).
- Counts per bar are means over all whole bars. (mgeval returns a vector, and can only compare
  pieces with equal numbers of bars.)

For pieces without notes, counts are 0 and all other features NaN. Features that need two notes are
NaN with fewer.
"""

from __future__ import annotations

import math

import numpy as np

from partimento.analysis.features.muspy import n_pitches_used, pitch_range
from partimento.music.bars import BarNotes, notes_by_bar
from partimento.music.piece import Piece

# In 24ths of a quarter. Of two equally near lengths the first one counts, in the order of mgeval.
NOTE_LENGTHS = {
    "whole": 96,
    "half": 48,
    "quarter": 24,
    "eighth": 12,
    "sixteenth": 6,
    "dotted half": 72,
    "dotted quarter": 36,
    "dotted eighth": 18,
    "dotted sixteenth": 9,
    "half triplet": 32,
    "quarter triplet": 16,
    "eighth triplet": 8,
}
JOIN = 10  # notes are connected if they are less than 1/JOIN of a quarter apart


def note_count(piece: Piece) -> int:
    """Count the notes of all parts but drums."""
    return int((~piece.drums).sum())


def notes_per_bar(bars: BarNotes) -> tuple[float, float]:
    """Return the mean number of notes per bar, and of different pitches.

    The means are over all whole bars; NaN without bars.
    """
    count = int(bars.whole.sum())
    if not count:
        return math.nan, math.nan
    begins = bars.whole[bars.bar]
    pitches = np.unique(bars.bar[begins] * 128 + bars.pitch[begins])
    return int(begins.sum()) / count, len(pitches) / count


def pitch_class_histogram(piece: Piece) -> np.ndarray:
    """Return the share of the total duration for each pitch class, from C up: (12,)."""
    notes = piece.notes
    kept = ~piece.drums
    return _shares(np.bincount(notes.pitch[kept] % 12, notes.duration[kept], minlength=12))


def pitch_class_transition_matrix(piece: Piece) -> np.ndarray:
    """Return the share of each transition between pitch classes: (12, 12).

    Entry (a, b) is for notes of pitch class a with a connected note of pitch class b after them, in
    the same part.
    """
    notes, matrix = piece.notes, np.zeros((12, 12))
    pitched = (number for number, part in enumerate(piece.parts) if not part.is_drum)
    for part in pitched:
        in_part = notes.part == part
        if in_part.sum() < 2:
            continue
        begin, end, tone = (
            notes.onset[in_part] * JOIN,
            notes.end[in_part] * JOIN,
            notes.pitch[in_part] % 12,
        )
        # (n + 1, 12): for each note the number of earlier notes of each pitch class. The difference
        # of two rows counts the notes in between.
        before = np.zeros((len(tone) + 1, 12))
        np.cumsum(np.eye(12)[tone], axis=0, out=before[1:])
        first = np.searchsorted(begin, end - notes.divisions, side="right")
        last = np.searchsorted(begin, end + notes.divisions, side="left")
        np.add.at(matrix, tone, before[last] - before[first])
    return _shares(matrix)


def average_pitch_interval(piece: Piece) -> float:
    """Return the mean absolute interval from each note to the next, in semitones."""
    pitches = piece.notes.pitch[~piece.drums]
    return float(np.abs(np.diff(pitches)).mean()) if len(pitches) > 1 else math.nan


def average_inter_onset_interval(piece: Piece) -> float:
    """Return the mean time from each note's onset to the next note's, in quarters.

    Within a chord this time is 0.
    """
    onsets = piece.notes.onset[~piece.drums]
    return (
        float((onsets[-1] - onsets[0]) / (piece.notes.divisions * (len(onsets) - 1)))
        if len(onsets) > 1
        else math.nan
    )


def _length_classes(piece: Piece) -> np.ndarray:
    """Return the index of the nearest of `NOTE_LENGTHS` for each note: (N,)."""
    durations = piece.notes.duration[~piece.drums]
    known = np.array(list(NOTE_LENGTHS.values()))
    nearest: np.ndarray = np.abs(24 * durations[:, None] - known * piece.notes.divisions).argmin(1)
    return nearest


def note_length_histogram(piece: Piece) -> np.ndarray:
    """Return the share of notes nearest to each of `NOTE_LENGTHS`: (12,)."""
    return _shares(np.bincount(_length_classes(piece), minlength=len(NOTE_LENGTHS)))


def note_length_transition_matrix(piece: Piece) -> np.ndarray:
    """Return the share of each transition between `NOTE_LENGTHS`: (12, 12)."""
    classes, size = _length_classes(piece), len(NOTE_LENGTHS)
    pairs = classes[:-1] * size + classes[1:]
    return _shares(np.bincount(pairs, minlength=size * size).reshape(size, size))


def _shares(counts: np.ndarray) -> np.ndarray:
    total = counts.sum()
    return counts / total if total else np.full(counts.shape, np.nan)


def yang_lerch_features(
    piece: Piece, bars: BarNotes | None = None
) -> dict[str, float | np.ndarray]:
    """Return all features by name."""
    note_mean, pitch_mean = notes_per_bar(notes_by_bar(piece) if bars is None else bars)
    return {
        "pitch_count": n_pitches_used(piece),
        "pitch_count_per_bar": pitch_mean,
        "pitch_class_histogram": pitch_class_histogram(piece),
        "pitch_class_transition_matrix": pitch_class_transition_matrix(piece),
        "pitch_range": pitch_range(piece),
        "average_pitch_interval": average_pitch_interval(piece),
        "note_count": note_count(piece),
        "note_count_per_bar": note_mean,
        "average_inter_onset_interval": average_inter_onset_interval(piece),
        "note_length_histogram": note_length_histogram(piece),
        "note_length_transition_matrix": note_length_transition_matrix(piece),
    }
