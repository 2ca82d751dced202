"""Transpose pieces, and find the intervals to a common key, octave or range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.chord_spelling import transposed_chord
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key

# The mean pitch of pieces in the common octave lies within six semitones of this one. It gives the
# fewest distinct chords among twelve candidates (docs/research/transposition.md).
REGISTER = 64
# The semitones of major and perfect intervals; ``d`` and ``A`` are relative to them.
INTERVALS = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11}
PERFECT = (1, 4, 5)
MOST_SEMITONES = 127


def transpose(piece: Piece, semitones: int) -> Piece:
    """Return a piece with notes (except drums), declared keys and chords transposed.

    Transposing by ``-semitones`` restores every field but two. The fingering (string and fret) is
    dropped, because it belongs to the old pitches. A transposed key has the fewest accidentals, so
    that G flat major comes back as F sharp major. `transpose_back` restores these, too.

    Parameters
    ----------
    piece : Piece
    semitones : int
        Positive is up.

    Raises
    ------
    ValueError
        If a pitch would be outside 0 to 127.
    """
    if semitones == 0:
        return piece
    notes = piece.notes
    drums = piece.drums
    moved = notes.replace(
        pitch=notes.pitch + np.where(drums, 0, semitones),
        string=np.where(drums, notes.string, -1),
        fret=np.where(drums, notes.fret, -1),
    )
    keys = piece.keys
    if semitones % 12:
        keys = tuple(
            Key.from_tonic((key.tonic + semitones) % 12, key.mode, onset=key.onset) for key in keys
        )
    return piece.replace(
        notes=moved,
        keys=keys,
        chord_symbols=_moved_chords(piece, semitones),
        score=None if piece.score is None else piece.score.edited("transpose", semitones),
    )


def fifths_between(key: Key, semitones: int) -> int:
    """Return by how many fifths names move if music in a key is transposed.

    >>> fifths_between(Key.from_name("C major"), 2), fifths_between(Key.from_name("E major"), 1)
    (2, -5)
    """
    if semitones % 12 == 0:
        return 0
    return Key.from_tonic((key.tonic + semitones) % 12, key.mode).fifths - key.fifths


def _moved_chords(piece: Piece, semitones: int) -> tuple[ChordSymbol, ...]:
    return tuple(
        replace(
            symbol,
            text=transposed_chord(
                symbol.text, fifths_between(_key_at(piece.keys, symbol.onset), semitones)
            ),
        )
        for symbol in piece.chord_symbols
    )


def _key_at(keys: Sequence[Key], time: Fraction) -> Key:
    return next((key for key in reversed(keys) if key.onset <= time), Key())


def semitones_of_interval(name: str) -> int:
    """Return the semitones of an interval such as ``M3`` or ``-P5``; ``-`` is down.

    Raises
    ------
    PartimentoError
        If there is no such interval.

    Examples
    --------
    >>> [semitones_of_interval(name) for name in ("M2", "-m3", "P8", "A4", "d5")]
    [2, -3, 12, 6, 6]
    """
    match = re.fullmatch(r"([+-]?)([PMmAd])([1-9]\d?)", name.strip())
    if match is not None:
        octaves, step = divmod(int(match[3]) - 1, 7)
        is_perfect = step + 1 in PERFECT
        offsets = {"P": 0, "A": 1, "d": -1} if is_perfect else {"M": 0, "m": -1, "A": 1, "d": -2}
        if match[2] in offsets:
            size = INTERVALS[step + 1] + 12 * octaves + offsets[match[2]]
            if abs(size) <= MOST_SEMITONES:
                return -size if match[1] == "-" else size
    raise PartimentoError(
        f"no such interval: {name!r} (write M2 for a major second up, -m3 for a minor third down)"
    )


def interval_to_key(key: Key, target: Key) -> int:
    """Return the interval in semitones, -5 to 6, that leads from a key to another.

    Raises
    ------
    PartimentoError
        If one is major and the other minor, because transposing does not change the mode.

    Examples
    --------
    >>> interval_to_key(Key.from_name("d minor"), Key.from_name("e minor"))
    2
    """
    if key.mode != target.mode:
        raise PartimentoError(
            f"the music is in {key.name}, and transposing cannot make it {target.mode}:"
            f" give a {key.mode} key"
        )
    return (target.tonic - key.tonic + 5) % 12 - 5


def transpose_back(moved: Piece, semitones: int, original: Piece) -> Piece:
    """Undo ``moved = transpose(original, semitones)`` exactly, in every field.

    `moved` may have been edited since. A declared key gets its old spelling back if `original` has
    an equal-sounding key at the same time. A note gets its fingering back if `original` has a note
    of the same onset, pitch and part.

    Examples
    --------
    >>> g_flat = Piece((), keys=(Key(-6),))
    >>> moved = transpose(g_flat, 6)
    >>> moved.keys[0].name, transpose(moved, -6).keys[0].name
    ('C major', 'F♯ major')
    >>> transpose_back(moved, 6, g_flat).keys[0].name
    'G♭ major'
    """
    back = transpose(moved, -semitones)
    old_keys = {(key.onset, key.tonic, key.mode): key for key in original.keys}
    back = back.replace(
        keys=tuple(old_keys.get((key.onset, key.tonic, key.mode), key) for key in back.keys)
    )
    fingered = {
        (n.onset, n.pitch, n.part, n.grace): n
        for n in original.notes
        if n.string is not None or n.fret is not None
    }
    if not fingered:
        return back
    notes = []
    for note in back.notes:
        old = fingered.get((note.onset, note.pitch, note.part, note.grace))
        if old is not None and note.string is None and note.fret is None:
            note = replace(note, string=old.string, fret=old.fret)
        notes.append(note)
    return back.replace(notes=Notes(notes))


def interval_to_common_key(key: Key) -> int:
    """Return the interval in semitones, -6 to 5, from `key` to C major or A minor.

    >>> [interval_to_common_key(Key.from_name(name)) for name in ("G major", "e minor")]
    [5, 5]
    """
    home = 9 if key.mode == "minor" else 0
    return (home - key.tonic + 6) % 12 - 6


def interval_to_common_octave(notes: Notes, key: Key) -> int:
    """Return the interval in semitones to C major or A minor in a common octave.

    After it, the mean pitch of the notes, weighted by duration, is at least 58 and below 70. This
    makes pieces equal that differ only by octaves. The tonic cannot serve for this: an analyzed key
    has no octave.

    >>> from fractions import Fraction
    >>> from partimento.music.notes import Note
    >>> high, low = (Notes([Note(Fraction(0), Fraction(1), pitch)]) for pitch in (67, 55))
    >>> [interval_to_common_octave(notes, Key.from_name("G major")) for notes in (high, low)]
    [-7, 5]
    """
    interval = interval_to_common_key(key)
    if not len(notes):
        return interval
    weight = int(notes.duration.sum())  # integers only: rounding must not decide the octave
    above = int(notes.duration @ notes.pitch) + (interval - REGISTER + 6) * weight
    return interval - 12 * (above // (12 * weight))


def shifts_within(notes: Notes, low: int, high: int) -> tuple[int, ...]:
    """Return the transpositions in semitones that keep `notes` within a range.

    The range includes the pitches `low` and `high`. The first transposition is always 0.

    >>> from fractions import Fraction
    >>> from partimento.music.notes import Note
    >>> shifts_within(Notes([Note(Fraction(0), Fraction(1), pitch) for pitch in (50, 60)]), 48, 61)
    (0, -2, -1, 1)
    """
    if not len(notes):
        return (0,)
    return (
        0,
        *(
            shift
            for shift in range(low - int(notes.pitch.min()), high - int(notes.pitch.max()) + 1)
            if shift
        ),
    )
