"""Classify the cadences of a piece, and describe its final chord.

Cadences are recognized by the motion of the bass, the last chord and the leading note. The key is
given, and degrees are semitones above its tonic:

- *authentic*: ends on the tonic triad with the tonic in the bass. The bass note before is the
  dominant (7), the leading note (11), the second degree (2) or the seventh of the dominant (5), and
  the leading note sounds with it.
- *plagal*: ends on the same chord. The bass note before is the subdominant (5) or the second degree
  (2), with the sixth degree (8 or 9) above it and no leading note.
- *deceptive*: ends on the sixth degree in the bass (8 or 9) with the tonic above it. The bass note
  before is the dominant, with the leading note.
- *half*: ends on the dominant triad or seventh chord with the dominant in the bass.
- *none*: all other endings.

An authentic cadence can also be in another key. It ends on another major or minor triad over its
root, with the same bass motion and its own leading note. `Cadence.tonic` says in which key. The
step from the tonic triad to the subdominant is no cadence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from partimento.analysis.part_writing import key_of
from partimento.analysis.voice_grid import voice_lines
from partimento.music.events import sweep
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr

Kind = Literal["authentic", "half", "plagal", "deceptive", "none"]
KINDS: tuple[Kind, ...] = ("authentic", "half", "plagal", "deceptive", "none")
QUARTER = Fraction(1)
FIFTH = 7  # semitones
LEAST_VOICES = 3  # fewer voices break their chords
BEATS_OF_CHORD = 4  # the last beats, in one of which the last bass note is struck
TONIC_MAJOR, TONIC_MINOR = frozenset({0, 4, 7}), frozenset({0, 3, 7})
DOMINANT = frozenset({7, 11, 2, 5})


@short_repr
class Cadence(NamedTuple):
    """The cadence at the end of a phrase.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    tonic : int
        The pitch class of its tonic. It differs from that of the key only for an authentic cadence
        in another key.
    """

    kind: Kind
    tonic: int


@short_repr
@dataclass(frozen=True)
class FinalChord:
    """The chord with which a piece, or a phrase, ends.

    A chord that is broken into single notes counts as one. It then includes all notes of the tonic
    triad that follow each other until the end, within the length of one bar.

    Attributes
    ----------
    is_tonic : bool
        Whether it is the tonic triad: the tonic and the third, with or without the fifth, and no
        other note. In minor, the third may be major.
    root_in_bass : bool
        Whether the lowest note is the tonic.
    is_bare : bool
        Whether it has the tonic, with or without the fifth, but no third.
    length : Fraction
        Quarters from the last onset to the end of its last note.
    """

    is_tonic: bool
    root_in_bass: bool
    is_bare: bool
    length: Fraction

    @property
    def ends_piece(self) -> bool:
        """Whether it is the tonic triad over its root, at least a quarter long."""
        return self.is_tonic and self.root_in_bass and self.length >= QUARTER


class _Basses(NamedTuple):
    """Successive bass notes: pitch class, and the pitch classes that sound with each."""

    bass: list[int]
    classes: list[frozenset[int]]


class _Beat(NamedTuple):
    """The lowest pitch of one beat, and all pitch classes that sound in it."""

    lowest: int
    classes: frozenset[int]


def ends_on_tonic(piece: Piece, key: Key | None = None) -> bool:
    """Return whether a piece ends on its tonic triad, over its root and held.

    The last chord must last for a quarter note; see `FinalChord.ends_piece`.

    Parameters
    ----------
    piece : Piece
    key : Key, optional
        By default the declared key, or else the estimated one.
    """
    return final_chord(piece, key).ends_piece


def final_chord(piece: Piece, key: Key | None = None) -> FinalChord:
    """Describe the last chord of a piece.

    Parameters
    ----------
    piece : Piece
    key : Key, optional
        By default the declared key, or else the estimated one.

    Returns
    -------
    FinalChord
    """
    key = key or key_of(piece)
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    onset, end, pitch = notes.onset[kept], notes.end[kept], notes.pitch[kept]
    if not len(onset):
        return FinalChord(False, False, False, Fraction(0))
    stop = int(end.max())
    sounding = pitch[end == stop]
    degree = (pitch - key.tonic) % 12
    classes = frozenset(degree[end == stop].tolist())
    lowest = int(sounding.min())
    triads = TONIC_MAJOR | TONIC_MINOR if key.mode == "minor" else TONIC_MAJOR
    if len(classes) < 3 and classes <= triads:  # perhaps the end of a broken chord
        bar = piece.bars()[-1].meter.bar_ql * notes.divisions
        strange = ~np.isin(degree, list(triads))
        begin = max(int(end[strange].max(initial=0)), stop - math.floor(bar))
        broken = onset >= begin
        classes |= frozenset(degree[broken].tolist())
        if len(sounding) < 2 or len(set(degree[end == stop].tolist())) < 2:
            lowest = min(lowest, int(pitch[broken].min(initial=lowest)))
    has_third = bool(classes & {3, 4}) and not {3, 4} <= classes
    return FinalChord(
        is_tonic=0 in classes and has_third and classes <= triads,
        root_in_bass=(lowest - key.tonic) % 12 == 0,
        is_bare=0 in classes and classes <= {0, 7},
        length=Fraction(stop - int(onset.max()), notes.divisions),
    )


def final_cadence(piece: Piece, key: Key | None = None) -> Cadence:
    """Classify the cadence at the end of a piece.

    It is authentic, plagal, half, deceptive or none, by the motion of the bass, the last chord and
    the leading note. The guide on measures of music has the definitions.

    Parameters
    ----------
    piece : Piece
    key : Key, optional
        By default the declared key, or else the estimated one.
    """
    return cadence_at(piece, piece.length, key)


def cadence_at(piece: Piece, end: Fraction, key: Key | None = None) -> Cadence:
    """Classify the cadence that ends at a time, in quarters.

    The last chord is that which sounds just before this time, or the last one before a rest.
    """
    key = key or key_of(piece)
    cadences = [_classify(basses, key) for basses in _readings(piece, end)]
    found = (cadence for cadence in cadences if cadence.kind != "none")
    return next(found, Cadence("none", key.tonic))


def classify_cadence(bass: list[int], classes: list[frozenset[int]], key: Key) -> Cadence:
    """Classify a cadence by its last bass notes.

    Parameters
    ----------
    bass : list of int
        Pitch classes without repetitions, the last one last. Two are enough.
    classes : list of frozenset of int
        The pitch classes of the last chord and, for each earlier bass note, all that sound with it.
    key : Key
    """
    return _classify(_Basses(bass, classes), key)


def _classify(basses: _Basses, key: Key) -> Cadence:
    if len(basses.bass) < 2:
        return Cadence("none", key.tonic)
    kind = _kind(basses, key.tonic, is_minor=key.mode == "minor")
    if kind == "none":
        root = basses.bass[-1]
        # The tonic triad before the subdominant is a dominant only if it has a seventh.
        is_tonic_before = root == (key.tonic + 5) % 12 and (root + 5) % 12 not in basses.classes[-2]
        if root != key.tonic and not is_tonic_before and _is_authentic(basses, root, minor=True):
            return Cadence("authentic", root)
    return Cadence(kind, key.tonic)


def _readings(piece: Piece, end: Fraction) -> list[_Basses]:
    """Return the possible readings of the last bass notes before a time.

    With three voices or more there is one. In other textures chords are broken, so that a bass note
    ends before its chord does. Then each beat is a chord, and the beats that belong to the last
    chord are one. The chord before may last one beat or two.
    """
    if len(voice_lines(piece)) >= LEAST_VOICES:
        return [_bass_notes(piece, end)]
    beats = _beats(piece, end)
    readings = [_bass_notes(piece, end)]
    for third in (4, 3):
        for count in (1, 2):
            readings += _beat_reading(beats, third, count)
    return readings


def _beat_reading(beats: list[_Beat], third: int, count: int) -> list[_Basses]:
    """Read the last beats as one triad over its root, and `count` beats as one before.

    Returns
    -------
    list of _Basses
        Empty if the last beat is no such triad.
    """
    if len(beats) < 2:
        return []
    for root in dict.fromkeys(beat.lowest % 12 for beat in reversed(beats[-BEATS_OF_CHORD:])):
        triad = {root, (root + third) % 12, (root + FIFTH) % 12}
        seventh = triad | {(root + 10) % 12}
        chord = seventh if beats[-1].classes & (seventh - triad) else triad
        first = len(beats)
        while first and beats[first - 1].classes <= chord:
            first -= 1
        last, before = beats[first:], beats[max(first - count, 0) : first]
        if last and before and any(beat.lowest % 12 == root for beat in last):
            bass = min(beat.lowest for beat in before) % 12
            classes = frozenset().union(*(beat.classes for beat in before))
            return [_Basses([bass, root], [classes, beats[-1].classes | {root}])]
    return []


def _beats(piece: Piece, end: Fraction, bars: int = 4) -> list[_Beat]:
    """Return the beats of the last bars before a time, without empty ones."""
    starts = [
        bar.onset + beat * _beat_ql(bar.meter)
        for bar in [bar for bar in piece.bars() if bar.onset < end][-bars:]
        for beat in range(math.ceil(bar.duration / _beat_ql(bar.meter)))
    ]
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    begin, stop, pitch = notes.onset[kept], notes.end[kept], notes.pitch[kept]
    beats = []
    for start, following in pairwise([*(start for start in starts if start < end), end]):
        low, high = start * notes.divisions, following * notes.divisions
        inside = pitch[(begin < high) & (stop > low)]
        if len(inside):
            beats.append(_Beat(int(inside.min()), frozenset((inside % 12).tolist())))
    return beats


def _beat_ql(meter: Meter) -> Fraction:
    """Return the beat in quarters: three units in a compound meter such as 6/8."""
    unit = Fraction(4, meter.denominator)
    is_compound = meter.denominator >= 8 and meter.numerator % 3 == 0
    return 3 * unit if is_compound else max(unit, QUARTER)


def _bass_notes(piece: Piece, end: Fraction, count: int = 4) -> _Basses:
    """Return the last bass notes before a time, without repetitions and rests.

    The classes of the last bass note are those of its last chord. Those of an earlier one are all
    that sound while it does.
    """
    notes = piece.notes
    grid = notes.divisions
    kept = ~piece.drums & (notes.grace == 0) & (notes.onset < end * grid)
    cut = sweep(notes.onset[kept], notes.end[kept], notes.pitch[kept])
    bass: list[int] = []
    classes: list[frozenset[int]] = []
    for event in range(len(cut.times) - 2, -1, -1):
        first, last = int(cut.first[event]), int(cut.first[event + 1])
        if first == last or cut.times[event] >= end * grid:
            continue
        sounding = frozenset((cut.pitch[first:last] % 12).tolist())
        lowest = int(cut.pitch[first]) % 12
        if bass and lowest == bass[0]:
            if len(bass) > 1:
                classes[0] |= sounding
        elif len(bass) == count:
            break
        else:
            bass.insert(0, lowest)
            classes.insert(0, sounding)
    return _Basses(bass, classes)


def _kind(basses: _Basses, tonic: int, *, is_minor: bool) -> Kind:
    bass = [(note - tonic) % 12 for note in basses.bass]
    last = {(note - tonic) % 12 for note in basses.classes[-1]}
    before = {(note - tonic) % 12 for note in basses.classes[-2]}
    if _is_authentic(basses, tonic, minor=is_minor):
        return "authentic"
    if bass[-1] == 0 and _is_triad(last, minor=is_minor):
        if bass[-2] in (5, 2) and before & {8, 9} and 11 not in before:
            return "plagal"
    elif bass[-1] in (8, 9) and bass[-2] == 7 and 11 in before and 0 in last:
        return "deceptive"
    elif bass[-1] == 7 and {7, 11} <= last <= DOMINANT:
        return "half"
    return "none"


def _is_authentic(basses: _Basses, tonic: int, *, minor: bool) -> bool:
    before = {(note - tonic) % 12 for note in basses.classes[-2]}
    last = {(note - tonic) % 12 for note in basses.classes[-1]}
    bass_before = (basses.bass[-2] - tonic) % 12
    dominant = 11 in before and bass_before in (7, 11, 2, 5)
    return basses.bass[-1] == tonic and dominant and _is_triad(last, minor=minor)


def _is_triad(degrees: set[int], *, minor: bool) -> bool:
    """Return whether these are the tonic, alone or with other notes of its triad."""
    return 0 in degrees and (degrees <= TONIC_MAJOR or (minor and degrees <= TONIC_MINOR))
