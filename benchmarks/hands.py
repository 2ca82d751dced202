"""Measure the division of piano music between two hands, on scores that state them.

    python benchmarks/hands.py              # piano scores of music21's corpus, about a minute
    python benchmarks/hands.py --costs 0 1 2 4

The two staves are given as one part. A note is right if it is in the hand of the score. Notes off
the staff count in semitones beyond a ledger line. `--costs` tries values of `CHANGES_HAND`.
"""

from __future__ import annotations

import argparse

from partimento import Piece
from partimento.notation import hands
from partimento.notation.voices import Span, lines_before
from players import piano_staves

MIDDLE_C, LEDGER_LINE = 60, 4


def spans_of(piece: Piece) -> list[Span]:
    """Return the notes as spans, in ticks of the piece's own grid."""
    notes = piece.notes
    columns = (notes.onset, notes.end, notes.pitch)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Span(*row, number) for number, row in enumerate(rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--costs", type=float, nargs="+", default=[0.0, hands.CHANGES_HAND])
    arguments = parser.parse_args()
    pieces = [piece for _, piece in piano_staves()]
    spans = [spans_of(piece) for piece in pieces]
    before = [
        lines_before(own, piece.notes.divisions) for own, piece in zip(spans, pieces, strict=True)
    ]
    number = sum(map(len, spans))
    print(f"{len(pieces)} pieces, {number:,} notes")
    print("| cost of a change | right | off the staff, semitones per note |\n|---|---|---|")
    for cost in arguments.costs:
        hands.CHANGES_HAND = cost
        right = outside = 0
        for piece, own, links in zip(pieces, spans, before, strict=True):
            found = hands.hands_of(own, links)
            stated = piece.notes.part.tolist()
            right += sum(found[span.note] == stated[span.note] for span in own)
            for span in own:
                above = span.pitch - MIDDLE_C
                outside += max(0, (above if found[span.note] else -above) - LEDGER_LINE)
        print(f"| {cost:g} | {100 * right / number:.1f} % | {outside / number:.2f} |")


if __name__ == "__main__":
    main()
