"""Choose the staves and clefs of a part by its instrument and range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from partimento.music.events import sweep
from partimento.music.instruments import PLACE, PROGRAMS, instruments_of_text, plain_words
from partimento.music.timelines import Part

Texture = Literal["lines", "hands", "single"]
KEYBOARDS = {*PROGRAMS[:22], "accordion", "continuo", "harp"}
CHOIRS = {"strings", "voice", "choir", "orchestra"}
LINES_FAMILY = range(48, 56)  # General MIDI's ensembles, which may be a chorale on two staves
# The lowest pitch that is comfortable to read in treble clef, and the lowest that is possible. Both
# apply upside down to the bass clef. Notes on the far side of a staff never need the other one.
TREBLE_USUAL, TREBLE_LOWEST = 55, 47
BASS_USUAL, BASS_HIGHEST = 67, 75
SHARE_IN_RANGE = 0.97  # of the sounding time
SHARE_ALONE = 0.95  # of the sounding time of a melody
AVERAGE = 58  # the sounding pitch that divides treble from bass clef
TOO_HIGH, TOO_LOW = 87, 37  # average pitches that need a clef with an octave sign
MARGIN = 2.0  # by how many semitones a less usual clef must save ledger lines


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef as in MusicXML: sign, line from the bottom, and octaves it transposes by."""

    sign: str
    line: int
    octave: int = 0

    @property
    def middle(self) -> int:
        """The position of the middle line: seven per octave, C0 is 0."""
        on_its_line = {"G": 32, "F": 24, "C": 28}.get(self.sign, 32)
        return on_its_line + 2 * (3 - self.line) + 7 * self.octave


TREBLE, GUITAR, TREBLE_8, BASS, BASS_8, ALTO, TENOR, PERCUSSION = (
    Clef("G", 2),
    Clef("G", 2, -1),
    Clef("G", 2, 1),
    Clef("F", 4),
    Clef("F", 4, -1),
    Clef("C", 3),
    Clef("C", 4),
    Clef("percussion", 2),
)
CLEFS_BY_NAME = {
    "treble": TREBLE,
    "treble-8": GUITAR,
    "treble+8": TREBLE_8,
    "bass": BASS,
    "bass-8": BASS_8,
    "alto": ALTO,
    "tenor": TENOR,
}
# The pitches of the lowest and the highest line of each clef.
LINES = {
    TREBLE: (64, 77),
    GUITAR: (52, 65),
    TREBLE_8: (76, 89),
    BASS: (43, 57),
    BASS_8: (31, 45),
    ALTO: (53, 67),
    TENOR: (50, 64),
}
# The clefs in which an instrument is written, the most usual one first. Others are written in
# treble or bass clef.
CLEFS = {
    "guitar": (GUITAR,),
    "lute": (GUITAR,),
    "vihuela": (GUITAR,),
    "banjo": (GUITAR,),
    "double bass": (BASS_8,),
    "bass": (BASS_8, BASS),
    "viola": (ALTO, TREBLE),
    "viol": (ALTO, BASS, TREBLE),
    "cello": (BASS, TENOR, TREBLE),
    "bassoon": (BASS, TENOR),
    "trombone": (BASS, TENOR),
    "tuba": (BASS,),
    "timpani": (BASS,),
    "voice": (TREBLE, GUITAR, BASS),
    "violin": (TREBLE,),
    "mandolin": (TREBLE,),
    "ukulele": (TREBLE,),
}


# The clef of a singer, by a word in the name of the part. Others are chosen by range.
SINGERS = {
    "sopran": (TREBLE,),
    "alt": (TREBLE,),
    "cant": (TREBLE,),
    "tenor": (GUITAR,),
    "bariton": (BASS,),
    "bass": (BASS,),
}


def instrument_of(part: Part) -> str:
    """Return the instrument of a part, as `music.instruments` names it, or ``""``.

    A name counts more than program 0: many programs write it for any instrument.

    Examples
    --------
    >>> [instrument_of(part) for part in (Part("Gitarre"), Part("Guitar", 0), Part("", 40))]
    ['guitar', 'guitar', 'violin']
    """
    if part.program:
        return PROGRAMS[part.program]
    named = set(instruments_of_text(part.name))
    if len(named) == 1:
        return named.pop()
    return "" if part.program is None else PROGRAMS[0]


def texture_of(
    part: Part, onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, *, is_alone: bool = True
) -> Texture:
    """Decide how a part is laid out: in four lines, two hands, or on a single staff.

    Only keyboards, choirs and unknown instruments have two staves, and only where one staff would
    be hard to read.

    Parameters
    ----------
    part : Part
    onset, end, pitch : (N,) int64
        The notes of the part; times in any steps.
    is_alone : bool
        Whether the piece has no other part. Otherwise, a hand of a keyboard may be a part.
    """
    instrument = instrument_of(part)
    may_be_lines = not part.program or part.program in LINES_FAMILY
    known = instrument in KEYBOARDS or (instrument in CHOIRS and may_be_lines) or not instrument
    if part.strings or part.is_drum or not len(pitch) or not known or part.staves == 1:
        return "single"
    if part.clef:
        return "single"
    cut = sweep(onset, end, pitch)
    sounding, lasting = np.diff(cut.first), np.diff(cut.times)
    total = lasting[sounding > 0].sum()
    full = lasting[(sounding == 4)].sum() + lasting[sounding == 3].sum() / 2
    spans_both = pitch.min() < 57 and pitch.max() > 63
    if spans_both and full >= 0.6 * total and lasting[sounding > 4].sum() <= total / 10:
        return "lines"
    is_melody = lasting[sounding == 1].sum() >= SHARE_ALONE * total
    is_hand = not is_alone or PLACE.search(plain_words(part.name)) is not None
    if (is_melody or is_hand) and _fits_one_staff(pitch, end - onset):
        return "single"
    return "hands" if pitch.min() < 55 and pitch.max() > 64 else "single"


def _fits_one_staff(pitch: np.ndarray, weight: np.ndarray) -> bool:
    """Return whether almost all notes can be read in one clef, treble or bass."""
    enough = SHARE_IN_RANGE * weight.sum()
    in_treble = pitch.min() >= TREBLE_LOWEST and weight[pitch >= TREBLE_USUAL].sum() >= enough
    in_bass = pitch.max() <= BASS_HIGHEST and weight[pitch <= BASS_USUAL].sum() >= enough
    return bool(in_treble or in_bass)


def clef_of(part: Part, pitch: np.ndarray, weight: np.ndarray) -> Clef:
    """Choose the clef of a part on a single staff.

    Parameters
    ----------
    part : Part
    pitch : (N,) int64
        MIDI pitches of its notes.
    weight : (N,) int64
        Their durations.
    """
    if part.is_drum:
        return PERCUSSION
    if part.clef:
        return CLEFS_BY_NAME[part.clef]
    instrument = instrument_of(part)
    if part.program in range(32, 40):  # a low singer is no bass guitar
        return BASS_8
    usual = CLEFS.get(instrument, ())
    if instrument == "voice":
        words = plain_words(part.name)
        usual = next((clefs for word, clefs in SINGERS.items() if word in words), usual)
    if not len(pitch):
        return usual[0] if usual else TREBLE
    if not usual:
        average = float(np.average(pitch, weights=weight))
        if average >= TOO_HIGH:
            return TREBLE_8
        return TREBLE if average >= AVERAGE else BASS if average >= TOO_LOW else BASS_8
    return nearest_clef(usual, pitch, weight)


def nearest_clef(clefs: Sequence[Clef], pitch: np.ndarray, weight: np.ndarray) -> Clef:
    """Return the clef with the fewest ledger lines, or the first if nearly as good."""
    outside = [_outside(clef, pitch, weight) + MARGIN * bool(i) for i, clef in enumerate(clefs)]
    return clefs[outside.index(min(outside))]


def _outside(clef: Clef, pitch: np.ndarray, weight: np.ndarray) -> float:
    """Return by how many semitones notes lie outside the lines of a clef, on average."""
    low, high = LINES[clef]
    distance = np.maximum(low - pitch, 0) + np.maximum(pitch - high, 0)
    return float(np.average(distance, weights=weight))
