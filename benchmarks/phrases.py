"""Measure estimated phrase ends against fermatas and lines of folk songs.

    python benchmarks/phrases.py

The chorales are Bach's, as bundled with music21. Their fermatas are the ends of phrases. The songs
are 200 tunes of the Essen collection, also from music21, whose lines are phrases. The constants of
`analysis.phrases` were chosen on 91 other chorales and 100 other tunes.
The last end of each piece is not counted. The peers are Cambouropoulos' local boundary detection
model on the melody, and phrases of equal length.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import music21
import numpy as np

import partimento as pt
from partimento.analysis.phrases import estimate_phrase_ends, melody_of
from partimento.io.abc.read import piece_from_abc
from partimento.io.abc.tunes import split_tunes
from partimento.music.piece import Piece

ESSEN = Path(music21.__file__).parent / "corpus" / "essenFolksong"
TUNES = 200
CHOSEN_ON = 100  # the tunes on which constants were chosen come before these
FIELD = re.compile(r"[A-Za-z]:|%")
PITCH, INTERVAL, REST = 0.25, 0.5, 0.25  # Cambouropoulos' weights
THRESHOLDS = (0.2, 0.3, 0.4)
EQUAL = 8  # notes of a phrase in the baseline

Estimate = Callable[[Piece], set[int]]


def chorales() -> list[Piece]:
    """Return the chorales with fermatas on which no constant was chosen."""
    pieces = [
        piece for piece in pt.load_corpus("bundled:chorales").pieces if len(piece.phrase_ends) > 1
    ]
    random.Random(0).shuffle(pieces)
    return pieces[len(pieces) // 2 :]


def songs() -> list[Piece]:
    """Return tunes of the Essen collection whose lines end with a phrase mark."""
    tunes = [
        tune.data.decode("utf-8", "replace")
        for path in sorted(ESSEN.glob("*.abc"))
        for tune in split_tunes(path.read_bytes())
    ]
    random.Random(1).shuffle(tunes)
    metrical = (text for text in tunes if "M: none" not in text)
    pieces = (piece_from_abc(marked(text).encode()) for text in metrical)
    found = []
    for piece in pieces:
        if len(piece.phrase_ends) > 1:
            found.append(piece)
        if len(found) == CHOSEN_ON + TUNES:
            break
    return found[CHOSEN_ON:]


def marked(tune: str) -> str:
    """Add a phrase mark to the end of each line of music in an ABC tune."""
    return "\n".join(
        line if not line.strip() or FIELD.match(line) else f"{line} !longphrase!"
        for line in tune.splitlines()
    )


def boundaries(piece: Piece, ends: Iterable[object]) -> set[int]:
    """Return the melody notes, by index, with which phrases after the first one begin."""
    melody = melody_of(piece)
    steps = [float(end) * melody.grid for end in ends]  # type: ignore[arg-type]
    notes = np.searchsorted(melody.onset, np.array(steps) - 1e-6)
    return {int(i) for i in notes if 0 < i < len(melody.onset)}


def ours(piece: Piece) -> set[int]:
    """Return the boundaries that `analysis.phrases` estimates."""
    return boundaries(piece, estimate_phrase_ends(piece))


def equal(piece: Piece) -> set[int]:
    """Return boundaries after every eighth note."""
    return set(range(EQUAL, len(melody_of(piece).onset), EQUAL))


def local_boundaries(threshold: float) -> Estimate:
    """Return the local boundary detection model: peaks of change above a threshold.

    References
    ----------
    E. Cambouropoulos, "The local boundary detection model (LBDM) and its application in the study
    of expressive timing", ICMC 2001.
    """

    def estimate(piece: Piece) -> set[int]:
        melody = melody_of(piece)
        pitches = _pitches(piece, melody.onset / melody.grid)
        profiles = (
            (PITCH, np.abs(np.diff(pitches))),
            (INTERVAL, np.diff(melody.onset)),
            (REST, np.maximum(melody.onset[1:] - melody.end[:-1], 0)),
        )
        strength = sum(weight * _change(profile.astype(float)) for weight, profile in profiles)
        padded = np.concatenate([[-1.0], np.asarray(strength), [-1.0]])
        is_peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] > padded[2:])
        return {int(i) + 1 for i in np.flatnonzero(is_peak & (padded[1:-1] >= threshold))}

    return estimate


def _pitches(piece: Piece, onsets: np.ndarray) -> np.ndarray:
    notes = piece.notes.select(piece.notes.grace == 0)
    last = np.searchsorted(notes.onset / notes.divisions, onsets + 1e-9) - 1
    pitches: np.ndarray = notes.pitch[last]  # the highest note of each onset comes last
    return pitches


def _change(values: np.ndarray) -> np.ndarray:
    """Return the strength of a boundary at each interval, at most 1."""
    if not len(values):
        return values
    total = values[1:] + values[:-1]
    rates = np.abs(np.diff(values)) / np.where(total > 0, total, 1)
    strength = values * (np.append(0, rates) + np.append(rates, 0))
    return strength / max(float(strength.max()), 1e-9)


def measure(estimate: Estimate, pieces: Iterable[Piece]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over all boundaries of pieces."""
    right = estimated = stated = 0
    for piece in pieces:
        found, truth = estimate(piece), boundaries(piece, piece.phrase_ends)
        right, estimated, stated = (
            right + len(found & truth),
            estimated + len(found),
            stated + len(truth),
        )
    precision, recall = right / max(estimated, 1), right / max(stated, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def main() -> None:
    every = pt.load_corpus("bundled:chorales").pieces
    counts = sorted(len(piece.phrase_ends) for piece in every if piece.fermatas)
    print(
        f"{len(counts)} of {len(every)} chorales have fermatas; phrases per chorale: median"
        f" {counts[len(counts) // 2]}, {counts[0]} to {counts[-1]}"
    )
    estimates: dict[str, Estimate] = {
        "analysis.phrases": ours,
        **{f"LBDM, threshold {value}": local_boundaries(value) for value in THRESHOLDS},
        f"every {EQUAL} notes": equal,
    }
    for name, pieces in (("chorales", chorales()), ("songs", songs())):
        stated = sum(len(boundaries(piece, piece.phrase_ends)) for piece in pieces)
        print(f"\n{len(pieces)} {name}, {stated} boundaries: precision, recall, F1")
        for label, estimate in estimates.items():
            figures = "  ".join(f"{value:.3f}" for value in measure(estimate, pieces))
            print(f"{label:22} {figures}")


if __name__ == "__main__":
    main()
