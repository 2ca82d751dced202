"""Count the contents of a corpus in one pass.

This includes vocabularies and their coverage, keys, meters, instruments and ranges.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from partimento.corpus import analyze_key
from partimento.corpus.coverage import Folds, Tally, Vocabulary
from partimento.corpus.entries import CorpusEntry, as_entries
from partimento.errors import PartimentoError
from partimento.music.events import Sweep
from partimento.music.instruments import PROGRAM_NAMES
from partimento.music.names import pitch_name
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo, from_start
from partimento.music.transpose import interval_to_common_key, interval_to_common_octave
from partimento.short_repr import short_repr

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Spread:
    """The minimum, median and maximum of a number per piece."""

    least: float
    median: float
    most: float


@short_repr
@dataclass(frozen=True)
class Stats:
    """Counts over the pieces of a corpus.

    Dictionaries with names as keys are sorted from the most to the least common, those with numbers
    as keys upward. Drums count among notes and instruments, but not in chords, durations, pitches
    and keys, because they are not harmony.

    Parameters
    ----------
    pieces, different : int
        Number of pieces, and of different ones: pieces with the same events in any key are counted
        once.
    notes, events, rests : int
        Rests are events without a note.
    quarters, seconds : float
        Total duration of all pieces, in quarters and in seconds at their tempos.
    distinct_chords, chords_seen_once, distinct_durations : int
        Chords are not transposed.
    keys : dict
        Number of pieces by estimated key.
    declared, declared_as_analysed : int
        Number of pieces that declare a key, and of those among them whose declared key has the
        signature of the estimated one. If a piece declares several keys, the one that is valid
        longest counts.
    meters, instruments, composers, licenses : dict
        Number of pieces with each of them.
    parts : dict
        Number of pieces by number of parts with notes.
    lowest, highest : str
        Names of the lowest and highest pitch.
    durations, chord_sizes : dict
        Number of events by duration in quarters (such as ``1/2``), and by number of pitches.
    pitches : dict
        Number of notes by MIDI pitch.
    tempos, events_per_piece, bars_per_piece : Spread
        Tempos are those at the start, in quarters per minute.
    vocabularies : dict of str to Vocabulary
        The keys are ``chords`` (not transposed), ``chords in the common key``, ``chords in the
        common key and octave``, and ``durations``.
    """

    pieces: int
    different: int
    notes: int
    events: int
    rests: int
    quarters: float
    seconds: float
    distinct_chords: int
    chords_seen_once: int
    distinct_durations: int
    keys: dict[str, int]
    declared: int
    declared_as_analysed: int
    meters: dict[str, int]
    tempos: Spread
    parts: dict[int, int]
    instruments: dict[str, int]
    composers: dict[str, int]
    licenses: dict[str, int]
    lowest: str
    highest: str
    pitches: dict[int, int]
    chord_sizes: dict[int, int]
    durations: dict[str, int]
    events_per_piece: Spread
    bars_per_piece: Spread
    vocabularies: dict[str, Vocabulary]


def stats(pieces: Iterable[Piece | CorpusEntry], *, seed: int = 0) -> Stats:
    """Count the contents of pieces.

    The pieces are not kept, so that a stream larger than memory can be counted. To measure the
    coverage of the vocabularies, a tenth of the pieces at a time is held out (`coverage.Folds`).

    Parameters
    ----------
    pieces : iterable of Piece or CorpusEntry
        Entries of one group are held out together, and so are pieces with the same events in any
        key.
    seed : int
        Determines which pieces are held out together.

    Raises
    ------
    PartimentoError
        If there are no pieces.
    """
    counting = _Counting(seed)
    for entry in as_entries(pieces):
        counting.add(entry.piece, entry.group)
    return counting.result()


class _Counting:
    """Accumulate the counts over pieces."""

    def __init__(self, seed: int) -> None:
        self.folds = Folds(seed)
        self.chords, self.in_key, self.in_octave, self.durations = (
            Tally(),
            Tally(),
            Tally(),
            Tally(),
        )
        self.keys: Counter[str] = Counter()
        self.meters: Counter[str] = Counter()
        self.parts: Counter[int] = Counter()
        self.instruments: Counter[str] = Counter()
        self.composers: Counter[str] = Counter()
        self.licenses: Counter[str] = Counter()
        self.sizes: Counter[int] = Counter()
        self.pitches = np.zeros(128, np.int64)
        self.events, self.bars, self.notes = array("q"), array("q"), array("q")
        self.quarters, self.seconds, self.tempos = array("d"), array("d"), array("d")
        self.music: set[bytes] = set()
        self.declared = self.agreed = 0

    def add(self, piece: Piece, group: int | None) -> None:
        self.notes.append(len(piece.notes))
        self.quarters.append(float(piece.length))
        self.seconds.append(piece.seconds)
        self.tempos.append(from_start(piece.tempos, Tempo())[0].bpm)
        self.bars.append(bar_count(piece))
        self.meters.update({f"{meter.numerator}/{meter.denominator}" for meter in piece.meters})
        sounding = [piece.parts[part] for part in np.unique(piece.notes.part).tolist()]
        self.parts[len(sounding)] += 1
        self.instruments.update({instrument_name(part) for part in sounding})
        self.composers[piece.composer or "unknown"] += 1
        self.licenses[piece.source.license or NOT_STATED] += 1
        key, _ = analyze_key(piece)
        self._add_music(piece, key, group)
        if declared := _longest_key(piece):
            self.declared += 1
            self.agreed += (declared.fifths - key.fifths) % 12 == 0

    def _add_music(self, piece: Piece, key: Key, group: int | None) -> None:
        """Count chords, durations, pitches and the key, without drums."""
        piece = piece.without_drums()
        pitch_counts = np.bincount(piece.notes.pitch, minlength=128)
        if pitch_counts.any():
            self.keys[key.code] += 1
        self.pitches += pitch_counts
        cut, grid = piece.sweep()
        music = _signature(cut, grid)
        self.music.add(music)
        fold = self.folds.of(music if group is None else group)
        pitches, edges = cut.pitch.astype(np.uint8).tobytes(), cut.first.tolist()
        chords = Counter(pitches[a:b] for a, b in pairwise(edges))
        self.events.append(chords.total())
        for chord, count in chords.items():
            self.sizes[len(chord)] += count
        self.chords.add(chords, fold)
        for tally, interval in (
            (self.in_key, interval_to_common_key(key)),
            (self.in_octave, interval_to_common_octave(piece.notes, key)),
        ):
            shift = _within_midi(interval, np.flatnonzero(pitch_counts))
            if shift is not None:
                table = bytes((pitch + shift) % 256 for pitch in range(256))
                tally.add({chord.translate(table): count for chord, count in chords.items()}, fold)
        steps, counts = np.unique(np.diff(cut.times), return_counts=True)
        self.durations.add(
            {
                Fraction(step, grid): n
                for step, n in zip(steps.tolist(), counts.tolist(), strict=True)
            },
            fold,
        )

    def result(self) -> Stats:
        pieces = len(self.notes)
        if not pieces:
            raise PartimentoError("an empty corpus: there are no pieces to count")
        groups = self.folds.groups
        chords, durations = (
            self.chords.vocabulary(pieces, groups),
            self.durations.vocabulary(pieces, groups),
        )
        used = np.flatnonzero(self.pitches).tolist()
        return Stats(
            pieces=pieces,
            different=len(self.music),
            notes=sum(self.notes),
            events=sum(self.events),
            rests=self.sizes[0],
            quarters=math.fsum(self.quarters),
            seconds=math.fsum(self.seconds),
            distinct_chords=chords.size,
            chords_seen_once=chords.seen_once,
            distinct_durations=durations.size,
            keys=dict(self.keys.most_common()),
            declared=self.declared,
            declared_as_analysed=self.agreed,
            meters=dict(self.meters.most_common()),
            tempos=_spread(self.tempos),
            parts=dict(sorted(self.parts.items())),
            instruments=dict(self.instruments.most_common()),
            composers=dict(self.composers.most_common()),
            licenses=dict(self.licenses.most_common()),
            lowest=pitch_name(used[0]) if used else "",
            highest=pitch_name(used[-1]) if used else "",
            pitches={pitch: int(self.pitches[pitch]) for pitch in used},
            chord_sizes={size: count for size, count in sorted(self.sizes.items()) if count},
            durations={str(duration): count for duration, count in self.durations.totals().items()},
            events_per_piece=_spread(self.events),
            bars_per_piece=_spread(self.bars),
            vocabularies={
                "chords": chords,
                "chords in the common key": self.in_key.vocabulary(pieces, groups),
                "chords in the common key and octave": self.in_octave.vocabulary(pieces, groups),
                "durations": durations,
            },
        )


def bar_count(piece: Piece) -> int:
    """Count the bars that `Piece.bars` returns, without building them."""
    meters = from_start(piece.meters, Meter())
    now, count = piece.pickup, int(piece.pickup > 0)
    for i, meter in enumerate(meters):
        until = (
            meters[i + 1].onset
            if i + 1 < len(meters)
            else max(piece.length, meter.onset + Fraction(1, 1024))
        )
        if now < until:
            count += math.ceil((until - now) / meter.bar_ql)
            now = until
    return count


def instrument_name(part: Part) -> str:
    """Return the name of a part's instrument, by its General MIDI program.

    >>> parts = Part("Primo", 24), Part(is_drum=True), Part("Guitar")
    >>> tuple(instrument_name(part) for part in parts)
    ('nylon guitar', 'drums', 'not stated')
    """
    if part.is_drum:
        return "drums"
    known = part.program is not None and 0 <= part.program < len(PROGRAM_NAMES)
    return PROGRAM_NAMES[part.program or 0] if known else NOT_STATED


def _signature(cut: Sweep, grid: int) -> bytes:
    """Return a hash that is equal for pieces with the same events in any key."""
    relative = cut.pitch - cut.pitch.min(initial=127)
    digest = hashlib.sha256(f"{grid} {len(cut.times)} ".encode())
    for column in (cut.times, cut.first, relative, cut.held):
        digest.update(column.tobytes())
    return digest.digest()[:16]


def _within_midi(interval: int, pitches: np.ndarray) -> int | None:
    """Change an interval by octaves so that all pitches stay within 0 to 127.

    It is changed only if needed. Returns None if that is impossible. The same is done by
    `training.dataset.in_common_key`.
    """
    if not len(pitches):
        return interval
    low, high = int(pitches[0]), int(pitches[-1])
    shifts = (interval + 12 * octaves for octaves in (0, 1, -1, 2, -2, 3, -3, 4, -4))
    return next((shift for shift in shifts if low + shift >= 0 and high + shift <= 127), None)


def _longest_key(piece: Piece) -> Key | None:
    """Return the declared key that is valid longest; of several equal, the first."""
    ends = [*(key.onset for key in piece.keys[1:]), piece.length]
    return (
        max(zip(piece.keys, ends, strict=True), key=lambda pair: pair[1] - pair[0].onset)[0]
        if piece.keys
        else None
    )


def _spread(values: array[int] | array[float]) -> Spread:
    low, middle, high = np.percentile(np.array(values), (0, 50, 100)).tolist()
    return Spread(low, middle, high)
