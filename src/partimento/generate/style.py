"""Measure features of a piece that tell composed pieces from real ones.

A composed piece can be free of faults and still be unlike real music. It may be too wide in range
or too busy, or have a new rhythm in every bar. `training.real_pieces` has these features of real
pieces.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from partimento.analysis.features.muspy import (
    n_pitch_classes_used,
    n_pitches_used,
    pitch_class_entropy,
    pitch_entropy,
)
from partimento.analysis.features.rhythm import syncopation
from partimento.analysis.features.structure import repeated_bars, repeated_rhythms
from partimento.analysis.features.yang_lerch import (
    average_inter_onset_interval,
    average_pitch_interval,
    notes_per_bar,
)
from partimento.analysis.part_writing import PartWriting
from partimento.music.bars import notes_by_bar
from partimento.music.piece import Piece


def style_of(piece: Piece, counts: PartWriting, *, shift: int = 0) -> dict[str, float]:
    """Return the features by name; NaN where one is not defined.

    Parameters
    ----------
    piece : Piece
        Without notes, the result is empty.
    counts : PartWriting
        The counts of this piece.
    shift : int
        Semitones from the pitches of the piece to sounding ones. A model may compose in a common
        key, and the piece is moved to the requested key later.
    """
    pitches = piece.notes.pitch[~piece.drums]
    if not len(pitches):
        return {}
    bars = notes_by_bar(piece)
    notes, pitches_per_bar = notes_per_bar(bars)
    return {
        "mean_pitch": float(pitches.mean()) + shift,
        "lowest_pitch": float(pitches.min()) + shift,
        "pitch_range": float(pitches.max() - pitches.min()),
        "pitches_used": float(n_pitches_used(piece)),
        "pitch_classes_used": float(n_pitch_classes_used(piece)),
        "pitch_entropy": pitch_entropy(piece),
        "pitch_class_entropy": pitch_class_entropy(piece),
        "notes_per_bar": notes,
        "pitches_per_bar": pitches_per_bar,
        "interval": average_pitch_interval(piece),
        "inter_onset_interval": average_inter_onset_interval(piece),
        "syncopation": syncopation(bars),
        "polyphony": _polyphony(piece),
        "repeated_bars": repeated_bars(bars),
        "repeated_rhythms": repeated_rhythms(bars),
        **_phrases(piece),
        **counts.rates(),
    }


def _phrases(piece: Piece) -> dict[str, float]:
    """Return the mean and the least length of stated phrases, in bars."""
    inside = [end for end in piece.phrase_ends if end < piece.length]
    if not inside:
        return {}
    edges = [Fraction(0), *inside, piece.length]
    lengths = [float((b - a) / piece.first_meter.bar_ql) for a, b in pairwise(edges)]
    return {"phrase_length": sum(lengths) / len(lengths), "shortest_phrase": min(lengths)}


def _polyphony(piece: Piece) -> float:
    """Return the mean number of different pitches while any sounds."""
    sounding = [(len(event.chord), event.duration) for event in piece.events if event.chord]
    time = sum(duration for _, duration in sounding)
    return float(sum(pitches * duration for pitches, duration in sounding) / time)
