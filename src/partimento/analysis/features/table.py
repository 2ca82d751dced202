"""Compute all features of pieces, as one table with names, sources and units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partimento.analysis.features.muspy import muspy_features
from partimento.analysis.features.rhythm import DURATIONS, rhythm_features
from partimento.analysis.features.structure import LAGS, structure_features
from partimento.analysis.features.yang_lerch import NOTE_LENGTHS, yang_lerch_features
from partimento.music.bars import notes_by_bar
from partimento.music.names import NAMES, duration_name
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr

VALUES = tuple(map(duration_name, DURATIONS))
MUSPY, YANG_LERCH, STRUCTURE, RHYTHM = "MusPy", "Yang & Lerch", "structure", "rhythm"


@short_repr
@dataclass(frozen=True)
class Feature:
    """The description of a feature.

    Attributes
    ----------
    label : str
        Its name in tables and plots.
    group : str
        The source of its definition: ``MusPy``, ``Yang & Lerch``, ``structure`` or ``rhythm``.
    unit : str
        Empty for numbers without a unit, such as shares.
    size : int
        Number of values: 1 for a scalar, more for a histogram or matrix.
    entries : tuple of str
        Names of the values; empty for scalars and matrices.
    """

    label: str
    group: str
    unit: str = ""
    size: int = 1
    entries: tuple[str, ...] = ()


# Yang and Lerch's pitch count and pitch range equal MusPy's features, so they are listed once.
FEATURES = {
    "pitch_range": Feature("pitch range", MUSPY, "semitones"),
    "n_pitches_used": Feature("pitches used", MUSPY),
    "n_pitch_classes_used": Feature("pitch classes used", MUSPY),
    "pitch_entropy": Feature("pitch entropy", MUSPY, "bits"),
    "pitch_class_entropy": Feature("pitch-class entropy", MUSPY, "bits"),
    "scale_consistency": Feature("scale consistency", MUSPY),
    "pitch_in_scale_rate": Feature("pitch-in-scale rate", MUSPY),
    "polyphony": Feature("polyphony", MUSPY, "pitches"),
    "polyphony_rate": Feature("polyphony rate (over 2)", MUSPY),
    "empty_beat_rate": Feature("empty-beat rate", MUSPY),
    "empty_measure_rate": Feature("empty-measure rate", MUSPY),
    "groove_consistency": Feature("groove consistency", MUSPY),
    "pitch_count_per_bar": Feature("pitches per bar", YANG_LERCH),
    "note_count": Feature("notes", YANG_LERCH),
    "note_count_per_bar": Feature("notes per bar", YANG_LERCH),
    "average_pitch_interval": Feature("pitch interval", YANG_LERCH, "semitones"),
    "average_inter_onset_interval": Feature("inter-onset interval", YANG_LERCH, "quarters"),
    "pitch_class_histogram": Feature("pitch-class histogram", YANG_LERCH, size=12, entries=NAMES),
    "pitch_class_transition_matrix": Feature("pitch-class transitions", YANG_LERCH, size=144),
    "note_length_histogram": Feature(
        "note-length histogram", YANG_LERCH, size=12, entries=tuple(NOTE_LENGTHS)
    ),
    "note_length_transition_matrix": Feature("note-length transitions", YANG_LERCH, size=144),
    "repeated_bars": Feature("repeated bars", STRUCTURE),
    "repeated_rhythms": Feature("repeated bar rhythms", STRUCTURE),
    "self_similarity": Feature("self-similarity of bars", STRUCTURE),
    "similarity_by_lag": Feature(
        "similarity by distance",
        STRUCTURE,
        "bars",
        size=LAGS,
        entries=tuple(map(str, range(1, LAGS + 1))),
    ),
    "syncopation": Feature("syncopation", RHYTHM, "per bar"),
    "duration_histogram": Feature(
        "duration histogram", RHYTHM, size=len(VALUES) + 1, entries=(*VALUES, "other")
    ),
}
SCALARS = tuple(name for name, feature in FEATURES.items() if feature.size == 1)


def features_of(piece: Piece) -> dict[str, np.ndarray]:
    """Return all features of a piece.

    Returns
    -------
    dict of str to (size,) float64
        By the names of `FEATURES`. NaN if a feature is not defined for the piece.
    """
    bars = notes_by_bar(piece)
    values: dict[str, float | np.ndarray] = {
        **yang_lerch_features(piece, bars),
        **muspy_features(piece),
        **structure_features(bars),
        **rhythm_features(bars),
    }
    return {
        name: np.asarray(values[name], np.float64).reshape(feature.size)
        for name, feature in FEATURES.items()
    }


def feature_table(
    pieces: Sequence[Piece], progress: Progress = silent, *, stage: str = "measure"
) -> dict[str, np.ndarray]:
    """Return all features of several pieces.

    Parameters
    ----------
    pieces : sequence of Piece
    progress : Progress
    stage : str
        The name of the stage that is reported to `progress`.

    Returns
    -------
    dict of str to (pieces, size) float64
        By the names of `FEATURES`.
    """
    rows = []
    for done, piece in enumerate(pieces, 1):
        rows.append(features_of(piece))
        progress(stage, done, len(pieces))
    return {name: np.stack([row[name] for row in rows]) for name in FEATURES}


def scalar_table(table: dict[str, np.ndarray]) -> np.ndarray:
    """Return the scalar features as the columns of one matrix.

    The Fréchet distance is measured in this space.

    Returns
    -------
    (pieces, len(SCALARS)) float64
    """
    return np.concatenate([table[name] for name in SCALARS], axis=1)
