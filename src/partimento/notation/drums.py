"""Place the instruments of a drum kit on a percussion staff.

The instruments are those of General MIDI's percussion key map. The lines and note heads are those
that notation programs agree on: drums have plain heads, and cymbals have crosses. The feet have
stems down, the hands have stems up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.notation.graces import WrittenNotes
from partimento.notation.voices import LOWER, UPPER, Span

STEPS = "CDEFGAB"
TOP_LINE = 5 * 7 + STEPS.index("F")  # F5, counted in steps from C0, as in treble clef
FEET = frozenset({35, 36, 44})  # the bass drums, and the pedal of the hi-hat


class Drum(NamedTuple):
    """An instrument of a drum kit.

    Attributes
    ----------
    place : int
        How many steps below the top line of the staff it is written: -1 is the space above.
    head : str
        The note head in MusicXML.
    name : str
    """

    place: int
    head: str
    name: str

    @property
    def step(self) -> str:
        return STEPS[(TOP_LINE - self.place) % 7]

    @property
    def octave(self) -> int:
        return (TOP_LINE - self.place) // 7


DRUMS = {
    27: Drum(-4, "diamond", "High Q"),
    28: Drum(-4, "slash", "Slap"),
    29: Drum(-4, "x", "Scratch Push"),
    30: Drum(-4, "triangle", "Scratch Pull"),
    31: Drum(3, "slash", "Sticks"),
    32: Drum(-5, "x", "Square Click"),
    33: Drum(-5, "triangle", "Metronome Click"),
    34: Drum(-5, "diamond", "Metronome Bell"),
    35: Drum(7, "normal", "Acoustic Bass Drum"),
    36: Drum(7, "normal", "Bass Drum 1"),
    37: Drum(3, "x", "Side Stick"),
    38: Drum(3, "normal", "Acoustic Snare"),
    39: Drum(3, "triangle", "Hand Clap"),
    40: Drum(3, "normal", "Electric Snare"),
    41: Drum(5, "normal", "Low Floor Tom"),
    42: Drum(-1, "x", "Closed Hi-Hat"),
    43: Drum(5, "normal", "High Floor Tom"),
    44: Drum(9, "x", "Pedal Hi-Hat"),
    45: Drum(2, "normal", "Low Tom"),
    46: Drum(-1, "circle-x", "Open Hi-Hat"),
    47: Drum(1, "normal", "Low-Mid Tom"),
    48: Drum(0, "normal", "Hi-Mid Tom"),
    49: Drum(-2, "x", "Crash Cymbal 1"),
    50: Drum(0, "normal", "High Tom"),
    51: Drum(0, "x", "Ride Cymbal 1"),
    52: Drum(-3, "x", "Chinese Cymbal"),
    53: Drum(0, "diamond", "Ride Bell"),
    54: Drum(2, "diamond", "Tambourine"),
    55: Drum(-3, "x", "Splash Cymbal"),
    56: Drum(1, "triangle", "Cowbell"),
    57: Drum(-3, "x", "Crash Cymbal 2"),
    58: Drum(4, "diamond", "Vibraslap"),
    59: Drum(2, "x", "Ride Cymbal 2"),
    60: Drum(1, "slash", "High Bongo"),
    61: Drum(3, "slash", "Low Bongo"),
    62: Drum(4, "circle-x", "Mute High Conga"),
    63: Drum(4, "x", "Open High Conga"),
    64: Drum(6, "x", "Low Conga"),
    65: Drum(2, "slash", "High Timbale"),
    66: Drum(4, "slash", "Low Timbale"),
    67: Drum(0, "triangle", "High Agogo"),
    68: Drum(2, "triangle", "Low Agogo"),
    69: Drum(-2, "slash", "Cabasa"),
    70: Drum(-2, "diamond", "Maracas"),
    71: Drum(-3, "diamond", "Short Whistle"),
    72: Drum(-3, "slash", "Long Whistle"),
    73: Drum(5, "x", "Short Guiro"),
    74: Drum(5, "slash", "Long Guiro"),
    75: Drum(1, "x", "Claves"),
    76: Drum(-1, "triangle", "High Wood Block"),
    77: Drum(1, "diamond", "Low Wood Block"),
    78: Drum(5, "circle-x", "Mute Cuica"),
    79: Drum(5, "diamond", "Open Cuica"),
    80: Drum(-2, "circle-x", "Mute Triangle"),
    81: Drum(-2, "triangle", "Open Triangle"),
    82: Drum(-1, "diamond", "Shaker"),
    83: Drum(-1, "slash", "Jingle Bell"),
    84: Drum(-3, "triangle", "Bell Tree"),
    85: Drum(3, "diamond", "Castanets"),
    86: Drum(6, "slash", "Mute Surdo"),
    87: Drum(6, "normal", "Open Surdo"),
}


def drum_of(pitch: int) -> Drum:
    """Return the drum of a MIDI pitch; unknown ones stand on the middle line.

    Examples
    --------
    >>> [(drum_of(p).step, drum_of(p).octave, drum_of(p).head) for p in (36, 38, 42)]
    [('F', 4, 'normal'), ('C', 5, 'normal'), ('G', 5, 'x')]
    """
    return DRUMS.get(pitch) or Drum(4, "normal", f"Percussion {pitch}")


def drum_voices(spans: Iterable[Span]) -> dict[int, int]:
    """Map each note index to its voice: `UPPER` for the hands, `LOWER` for the feet."""
    return {span.note: LOWER if span.pitch in FEET else UPPER for span in spans}


def with_drum_values(written: WrittenNotes, piece: Piece) -> WrittenNotes:
    """Return the written notes with durations of drums that are easy to read.

    In MIDI files the duration of a drum says nothing: often it is very short. It is written up to
    the next note of its voice, or up to the next beat if that is earlier. Longer notes stay long,
    but end where the next one begins.

    Parameters
    ----------
    written : WrittenNotes
    piece : Piece

    Returns
    -------
    WrittenNotes
    """
    notes = piece.notes
    end = written.end.copy()
    for part in np.flatnonzero([p.is_drum for p in piece.parts]).tolist():
        in_part = (notes.part == part) & ~written.is_grace
        for foot in (False, True):
            voice = np.flatnonzero(in_part & (np.isin(notes.pitch, list(FEET)) == foot))
            if len(voice):
                end[voice] = _ends(written.onset[voice], end[voice], piece)
    return replace(written, end=end)


def _ends(onset: np.ndarray, end: np.ndarray, piece: Piece) -> np.ndarray:
    """Return the ends of the notes of one voice, in steps; see `with_drum_values`."""
    onsets = np.unique(onset)
    which = np.searchsorted(onsets, onset)
    longest = np.zeros_like(onsets)  # notes that begin together are one chord
    np.maximum.at(longest, which, end)
    beats = _beats(piece)
    next_beats = np.append(beats, end.max())[np.searchsorted(beats, onsets, side="right")]
    following = np.append(onsets[1:], max(int(beats[-1]), int(end.max())))
    ends: np.ndarray = np.minimum(following, np.maximum(next_beats, longest))
    return ends[which]


def _beats(piece: Piece) -> np.ndarray:
    """Return the beats of all bars, and the end of the last bar, in steps.

    A beat is a quarter note, counted from the beginning of its bar.
    """
    bars = piece.bars()
    beats = [bar.onset + beat for bar in bars for beat in range(ceil(bar.duration))]
    beats.append(bars[-1].onset + bars[-1].duration)
    return np.array([int(beat * piece.notes.divisions) for beat in beats], np.int64)
