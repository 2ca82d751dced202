"""Constrain compositions: demands in musical words that hold exactly."""

from partimento.generate.constraints.base import (
    NAMES,
    PITCHES,
    Constraint,
    Finding,
    Report,
    Scene,
    check_constraints,
    constraint_from_json,
    report_on,
)
from partimento.generate.constraints.borrowed import MaxBorrowed
from partimento.generate.constraints.ends import End
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.harmony import ChordProgression
from partimento.generate.constraints.lines import PartWriting, StepLeap
from partimento.generate.constraints.parts import PartRanges, PartRhythm
from partimento.generate.constraints.phrase_ends import PhraseEnds
from partimento.generate.constraints.pitch import InKey, InScale, Range
from partimento.generate.constraints.playable import Playable
from partimento.generate.constraints.returns import BarsReturn
from partimento.generate.constraints.rhythm import Density, Durations, InMeter, Rhythm
from partimento.generate.constraints.texture import ChordSize, MaxVoices

__all__ = [
    "NAMES",
    "PITCHES",
    "BarsReturn",
    "ChordProgression",
    "ChordSize",
    "Constraint",
    "Density",
    "Durations",
    "End",
    "Finding",
    "FixedNotes",
    "InKey",
    "InMeter",
    "InScale",
    "MaxBorrowed",
    "MaxVoices",
    "PartRanges",
    "PartRhythm",
    "PartWriting",
    "PhraseEnds",
    "Playable",
    "Range",
    "Report",
    "Rhythm",
    "Scene",
    "StepLeap",
    "check_constraints",
    "constraint_from_json",
    "report_on",
]
