"""Which chords a model takes for alike: names of chords, nearest neighbours, a map on a plane, and whether the circle of fifths is in it.

Chords of the same pitch classes are gathered under one name, whatever their spacing and doubling: a vector of theirs is the mean of their
directions, each as heavy as it is common. Shapes: N chords, M names, E embedding size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import spearmanr

from partimento.config import UserError
from partimento.write.words import NAMES, pitch_name

Chord = tuple[int, ...]

MAJOR, MINOR = (0, 4, 7), (0, 3, 7)
# What is written after the root, and the pitch classes above it; where two names fit (C6 is Am7, Csus2 is Gsus4), the first one here.
QUALITIES: dict[str, Chord] = {
    "": MAJOR, "m": MINOR, "dim": (0, 3, 6), "aug": (0, 4, 8), "sus4": (0, 5, 7), "5": (0, 7),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "m7♭5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9), "mmaj7": (0, 3, 7, 11),
    "add9": (0, 2, 4, 7), "madd9": (0, 2, 3, 7), "9": (0, 2, 4, 7, 10),
}  # fmt: skip
TURNS = ("same root", "semitone", "whole tone", "minor third", "major third", "fourth", "tritone")
LEAST = 5  # times that a triad must come, to be measured


def chord_name(chord: Sequence[int]) -> str:
    """What a musician calls the pitch classes of a chord.

    >>> [chord_name(chord) for chord in ((48, 64, 67), (45, 60, 64), (50, 55, 59, 65), (48, 55), (48, 52), (60, 72), (48, 50, 52), ())]
    ['C', 'Am', 'G7', 'C5', 'C+E', 'C alone', 'C+D+E', 'rest']
    """
    classes = frozenset(pitch % 12 for pitch in chord)
    if classes in NAMED:
        return NAMED[classes]
    low = min(chord, default=0) % 12
    upwards = sorted(classes, key=lambda pitch_class: (pitch_class - low) % 12)  # C+E+G♭: from the lowest note
    return "rest" if not classes else f"{NAMES[low]} alone" if len(classes) == 1 else "+".join(NAMES[each] for each in sorted(upwards))
