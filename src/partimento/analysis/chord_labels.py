"""Label the chords of a piece, as on a lead sheet.

The method is that of Pardo and Birmingham. A piece is cut at its half beats, and every stretch of
them is compared with templates of chords. Notes of the chord speak for it, other notes and missing
chord tones against it. Dynamic programming finds the segmentation with the best sum. As in
Temperley's preference rules, a chord preferably begins on a strong beat, and preferably has its
root in the bass.

Shapes: N half beats, T templates, L half beats of the longest chord.

References
----------
B. Pardo and W. P. Birmingham, "Algorithms for Chordal Analysis", Computer Music Journal 26(2),
2002, 27-49. D. Temperley, *The Cognition of Basic Musical Structures*, MIT Press, 2001, chapter 6.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.analysis.part_writing import key_of
from partimento.music.chord_names import QUALITIES
from partimento.music.chord_spelling import name_at
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Meter
from partimento.short_repr import short_repr

# Chosen on Bach's chorales 1 to 10 of Riemenschneider's edition (benchmarks/chords.py).
OUTSIDE = 0.3  # cost of a quarter that is no chord tone
MISSING = 0.42  # cost of each tone of the chord that does not sound
ROOT_IN_BASS = 0.44  # for a quarter whose lowest note is the root
CHANGE = 0.2  # cost of a chord, if it begins with a bar
WEAK = 0.17  # further cost if it begins on another beat
OFF_BEAT = 0.23  # and if it begins between two beats
# Cost of a quality per chord, above that of a major or minor triad.
RARER = {"7": 0.1, "m7": 0.7, "maj7": 0.4, "dim": 0.25, "m7b5": 0.8, "dim7": 0.4, "aug": 0.8,
         "sus4": 3.6}  # fmt: skip
LONGEST = 16  # L
NO_CHORD, REPEAT = "N.C.", "%"
FIFTH = 7


@short_repr
class Template(NamedTuple):
    """A chord to compare with: its quality, root and pitch classes."""

    quality: str
    root: int
    classes: frozenset[int]


def _templates() -> list[Template]:
    return [
        Template(quality.replace("♭", "b"), root, frozenset((root + step) % 12 for step in steps))
        for quality, (steps, _) in QUALITIES.items()
        for root in range(12)
    ]


TEMPLATES = _templates()
# (T, 12): 1 for the pitch classes of each template.
INSIDE = np.array([[pc in each.classes for pc in range(12)] for each in TEMPLATES], float)
ROOTS = np.array([each.root for each in TEMPLATES])
RARITY = np.array([RARER.get(each.quality, 0.0) for each in TEMPLATES])


def chord_labels(piece: Piece, *, inversions: bool = True) -> tuple[ChordSymbol, ...]:
    """Estimate the chord symbols of a piece from its notes.

    Parameters
    ----------
    piece : Piece
    inversions : bool
        Whether a symbol states the bass where it is not the root: ``C/E``.

    Returns
    -------
    tuple of ChordSymbol
        One per chord, and ``N.C.`` where nothing sounds for longer than a chord may last.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> chords = ((60, 64, 67), (59, 62, 67), (60, 64, 67))
    >>> notes = [Note(Fraction(2 * i), Fraction(2), p) for i, c in enumerate(chords) for p in c]
    >>> [symbol.text for symbol in chord_labels(Piece(notes, meters=(Meter(2, 4),)))]
    ['C', 'G/B', 'C']
    """
    beats = _beats(piece)
    sounding, lowest = _histograms(piece, beats)
    key = key_of(piece)
    symbols: list[ChordSymbol] = []
    for first, last, number in _segments(piece, beats, sounding, lowest):
        text = NO_CHORD
        if number >= 0:
            template = TEMPLATES[number]
            text = root_name(template.root, template.quality, key) + template.quality
            bass = int(lowest[first:last].argmax(axis=1)[0])
            if inversions and bass != template.root and bass in template.classes:
                text += f"/{root_name(bass, '', key)}"
        if not symbols or symbols[-1].text != text:
            symbols.append(ChordSymbol(text, beats[first]))
    return tuple(symbols)


def with_chord_labels(piece: Piece, *, inversions: bool = True) -> Piece:
    """Return the piece with estimated chord symbols, in place of any that it has.

    A MusicXML score keeps its slurs, text and other marks.
    """
    symbols = chord_labels(piece, inversions=inversions)
    score = piece.score
    if score is not None:
        score = score.edited("chords", ";".join(f"{s.onset} {s.text}" for s in symbols))
    return piece.replace(chord_symbols=symbols, score=score)


def lead_sheet(piece: Piece) -> str:
    """Return the chord symbols of a piece as text, with its bars between ``|``.

    Within a bar, symbols share the time evenly, as `ChordProgression` reads them. A symbol is
    therefore repeated where it lasts longer than the others. ``%`` stands for a bar like the one
    before, and a pickup is left out.

    >>> names = {0: "Dm", 4: "Gm", 7: "A7"}
    >>> symbols = tuple(ChordSymbol(name, Fraction(time)) for time, name in names.items())
    >>> lead_sheet(Piece([], length=Fraction(12), chord_symbols=symbols))
    'Dm | Gm Gm Gm A7 | A7'
    """
    symbols = sorted(piece.chord_symbols, key=lambda symbol: symbol.onset)
    onsets = [symbol.onset for symbol in symbols]
    bars: list[str] = []
    for bar in piece.bars():
        if bar.number == 0:
            continue
        inside = [time - bar.onset for time in onsets if 0 <= time - bar.onset < bar.duration]
        share = next(
            (
                n
                for n in range(1, 17)
                if all((time * n / bar.duration).denominator == 1 for time in inside)
            ),
            1,
        )
        texts = []
        for number in range(share):
            at = bisect_right(onsets, bar.onset + number * bar.duration / share) - 1
            texts.append(symbols[at].text if at >= 0 else NO_CHORD)
        if share == 1 and len(inside) > 1:  # no even division
            texts = [symbol.text for symbol in symbols if symbol.onset - bar.onset in inside]
        bars.append(" ".join(texts))
    shown = [
        REPEAT if number and bar == bars[number - 1] and " " in bar else bar
        for number, bar in enumerate(bars)
    ]
    return " | ".join(shown)


def root_name(pitch_class: int, quality: str, key: Key) -> str:
    """Return the name of a root, spelled as is usual in a key.

    It is the spelling closest to the key on the line of fifths. Chords with a minor third are
    rather spelled with sharps, as raised degrees, and others with flats.

    >>> root_name(6, "dim7", Key(1)), root_name(10, "", Key(1)), root_name(3, "", Key(-2))
    ('F#', 'Bb', 'Eb')
    """
    place = (pitch_class * FIFTH) % 12  # on the line of fifths, C is 0
    is_raised = quality in ("dim", "dim7", "m7b5")
    center = key.fifths + (3 if is_raised else 2 if key.mode == "minor" else 1)
    place += 12 * round((center - place) / 12)
    letter, alter = name_at(place)
    return letter + ("b" * -alter if alter < 0 else "#" * alter)


def _beats(piece: Piece) -> list[Fraction]:
    """Return the beats of a piece, and its end; N + 1 times in quarters."""
    times: list[Fraction] = []
    for bar in piece.bars():
        beat = beat_ql(bar.meter) / 2
        now = bar.onset
        if bar.number == 0 or bar.duration < bar.meter.bar_ql:  # an incomplete bar ends on a beat
            now -= -bar.duration % beat
        while now < bar.onset + bar.duration:
            times.append(max(now, bar.onset))
            now += beat
    kept = [time for time in dict.fromkeys(times) if time < piece.length]
    return [*kept, piece.length]


def beat_ql(meter: Meter) -> Fraction:
    """Return the beat in quarters: three units in a compound meter such as 6/8."""
    unit = Fraction(4, meter.denominator)
    is_compound = meter.denominator >= 8 and meter.numerator % 3 == 0 and meter.numerator > 3
    return 3 * unit if is_compound else max(unit, Fraction(1))


def _histograms(piece: Piece, beats: list[Fraction]) -> tuple[np.ndarray, np.ndarray]:
    """Return how long each pitch class sounds, and is the lowest; ``(N, 12)``.

    One row per half beat. Times are in quarters, and doubled notes count once.
    """
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    onset, end, pitch = notes.onset[kept], notes.end[kept], notes.pitch[kept]
    grid = notes.divisions
    scale = int(np.lcm.reduce([grid, *(time.denominator for time in beats)]))
    onset, end = onset * (scale // grid), end * (scale // grid)
    edges = np.array([int(time * scale) for time in beats])
    cuts = np.unique(np.concatenate([edges, onset, end]))
    cuts = cuts[(cuts >= edges[0]) & (cuts <= edges[-1])]
    sounding, lowest = np.zeros((len(beats) - 1, 12)), np.zeros((len(beats) - 1, 12))
    owner = np.searchsorted(edges, cuts[:-1], side="right") - 1
    order = np.argsort(onset, kind="stable")
    onset, end, pitch = onset[order], end[order], pitch[order]
    longest = int((end - onset).max(initial=0))
    for start, stop, beat in zip(
        cuts[:-1].tolist(), cuts[1:].tolist(), owner.tolist(), strict=True
    ):
        first, last = np.searchsorted(onset, (start - longest, start), side="left")
        last = int(np.searchsorted(onset, start, side="right"))
        now = pitch[first:last][end[first:last] > start]
        if len(now):
            length = (stop - start) / scale
            sounding[beat, np.unique(now % 12)] += length
            lowest[beat, int(now.min()) % 12] += length
    return sounding, lowest


def _segments(
    piece: Piece, beats: list[Fraction], sounding: np.ndarray, lowest: np.ndarray
) -> list[tuple[int, int, int]]:
    """Return first beat, last beat and template of each chord; -1 for none."""
    count = len(beats) - 1
    changes = _change_costs(piece, beats)
    heard, basses = _running(sounding), _running(lowest)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    back: list[tuple[int, int]] = [(0, -1)] * (count + 1)
    for stop in range(1, count + 1):
        first = np.arange(max(0, stop - LONGEST), stop)
        weight = heard[stop] - heard[first]  # (L, 12)
        inside = weight @ INSIDE.T  # (L, T)
        missing = (weight <= 0).astype(float) @ INSIDE.T
        bass = (basses[stop] - basses[first])[:, ROOTS]
        scores = inside - OUTSIDE * (weight.sum(1, keepdims=True) - inside)
        scores = scores - MISSING * missing - RARITY + ROOT_IN_BASS * bass
        scores[weight.sum(1) == 0] = -np.inf
        number = scores.argmax(axis=1)
        score = scores.max(axis=1)
        silent = weight.sum(1) == 0
        score, number = np.where(silent, 0.0, score), np.where(silent, -1, number)
        total = best[first] + score - np.where(silent, 0.0, changes[first])
        chosen = int(total.argmax())
        best[stop], back[stop] = total[chosen], (int(first[chosen]), int(number[chosen]))
    found = []
    stop = count
    while stop > 0:
        start, template = back[stop]
        found.append((start, stop, template))
        stop = start
    return found[::-1]


def _change_costs(piece: Piece, beats: list[Fraction]) -> np.ndarray:
    """Return the cost of a chord that begins at each time, ``(N + 1,)``."""
    strong, lines = set(), set()
    for bar in piece.bars():
        lines.add(bar.onset)
        end, beat = bar.onset + bar.duration, beat_ql(bar.meter)
        strong |= {end - number * beat for number in range(int(bar.duration / beat) + 1)}
    return np.array(
        [
            CHANGE + (0.0 if time in lines else WEAK + (0.0 if time in strong else OFF_BEAT))
            for time in beats
        ]
    )


def _running(rows: np.ndarray) -> np.ndarray:
    """Return the sums of all rows before each one, ``(N + 1, 12)``."""
    return np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
