"""Studies and their reconstructions, for scores in pairs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from partimento import Event, Key, Part, Piece
from partimento.plots import Reconstruction, chords_right

Q = Fraction(1)


SVG = "{http://www.w3.org/2000/svg}"


GUITAR = (Part("Guitar", 24),)


def study(chords: list[tuple[int, ...]], **more: Any) -> Piece:
    """A quarter each."""
    return Piece.from_events([Event(chord, Q) for chord in chords], parts=GUITAR, **more)


CHORDS = [(45, 57), (48,), (52, 60), (50,), (45, 57), (48, 60), (52,), (40, 64)] * 2


LEARNED = [[(45,)] * 16, [*CHORDS[:7], (), *[(45, 57, 61)] * 8], CHORDS]


def learned(**more: Any) -> Reconstruction:
    original = study(CHORDS, title="Study", keys=(Key(0, "minor"),))
    snapshots = [study(chords) for chords in LEARNED]
    captions = [
        "epoch {}, {} of {} chords right".format(5 * n, *chords_right(original, piece))
        for n, piece in enumerate(snapshots)
    ]
    return Reconstruction(original, snapshots, captions, **more)


def wrong_and_right(page: ElementTree.Element) -> list[int]:
    """How many notes (chords as one) and rests of the second staff are marked, and how many are
    not.
    """
    counts = [0, 0]
    for measure in [group for group in page.iter(f"{SVG}g") if group.get("class") == "measure"]:
        _, lower = [child for child in measure if child.get("class") == "staff"]
        for layer in [child for child in lower if child.get("class") == "layer"]:
            for group in layer:
                if (kinds := group.get("class", "").split())[:1] in (["note"], ["chord"], ["rest"]):
                    counts["wrong" not in kinds] += 1
    return counts
