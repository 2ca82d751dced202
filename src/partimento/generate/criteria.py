"""Measure what a musician would check first in a composed piece.

Each criterion is measured in the same way in real pieces (`training.real_pieces`), so that a
composed piece can be compared with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from partimento.analysis.cadences import final_cadence, final_chord
from partimento.analysis.features.structure import longest_bar_run
from partimento.analysis.loops import longest_loop, stays_active
from partimento.analysis.part_writing import part_writing
from partimento.generate.style import style_of
from partimento.music.bars import notes_by_bar
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.training.real_pieces import RealPieces

Ending = Literal["authentic", "half", "open"]
ENDINGS: tuple[Ending, ...] = ("authentic", "half", "open")
# Penalties, in spreads of real pieces.
WRONG_END = 8.0
NO_CADENCE = 2.0  # ends on the tonic, but without a cadence
PLAGAL = 1.5  # ends with one that 2 % of real guitar pieces have
SHORT_END = 5.0  # the last chord lasts for less than a quarter
STRAY_END = 4.0  # the last phrase is too short: often, its chord is only struck again
SHORTEST_PHRASE = 1.0  # in bars; that of 357 of 362 chorales by Bach is longer
LOOP = 4.0  # a loop longer than in 95 % of real pieces; one more for each further bar
REPEATED_BAR = 4.0  # a bar more often in a row than in real pieces
IDLE = 4.0
OUTSIDE = 4.0  # a note out of range; one more for each further note
MOST = 10.0  # of each criterion
HIDDEN = ("style", "fifths", "octaves", "moving_pairs")  # too many numbers for a table


@short_repr
@dataclass(frozen=True)
class Criteria:
    """The criteria of one piece.

    Attributes
    ----------
    ends_on_tonic : bool
        Whether the last chord is the tonic triad over its root.
    cadence : str
        The final cadence: authentic, plagal, half, deceptive or none.
    end_length : float
        Quarters that the last chord lasts.
    in_key : float
        Share of the sounding time in the scale of the key, 0 to 1.
    parallels : float
        Parallel fifths and octaves per 1,000 pairs of voices that both move.
    fifths, octaves, moving_pairs : int
        The numbers of parallel fifths and octaves, and of pairs of voices that both move.
    loop : float
        Length in bars of the longest loop (`analysis.loops.longest_loop`).
    repeated_bar : int
        How often in a row the most repeated bar occurs.
    is_active : bool
        Whether the second half has at least half as many chords as the first.
    last_phrase : float or None
        Length in bars of the last phrase; None if no phrase ends before the piece does.
    outside : int
        Notes out of range.
    nats : float
        Nats per event under the model; NaN if it is not known.
    style : dict of float
        Features that tell composed from real pieces (`generate.style`).
    """

    ends_on_tonic: bool
    cadence: str
    end_length: float
    in_key: float
    parallels: float
    loop: float
    repeated_bar: int
    is_active: bool
    fifths: int = 0
    octaves: int = 0
    moving_pairs: int = 0
    last_phrase: float | None = None
    outside: int = 0
    nats: float = math.nan
    style: dict[str, float] = field(default_factory=dict)


def measure(
    piece: Piece, key: Key, *, outside: int = 0, nats: float = math.nan, shift: int = 0
) -> Criteria:
    """Measure the criteria of a piece in a key.

    Parameters
    ----------
    piece : Piece
    key : Key
        The key in which it should end.
    outside : int
        Notes out of range.
    nats : float
        Nats per event under a model.
    shift : int
        Semitones from the pitches of the piece to sounding ones.
    """
    end, cadence = final_chord(piece, key), final_cadence(piece, key)
    counts = part_writing(piece, key)
    faults = counts.parallel_fifths + counts.parallel_octaves
    bar = piece.first_meter.bar_ql
    return Criteria(
        ends_on_tonic=end.is_tonic and end.root_in_bass,
        cadence=cadence.kind if cadence.tonic == key.tonic else "none",
        end_length=float(end.length),
        in_key=counts.in_key / counts.sounding if counts.sounding else 1.0,
        parallels=1000 * faults / counts.moving_pairs if counts.moving_pairs else 0.0,
        fifths=counts.parallel_fifths,
        octaves=counts.parallel_octaves,
        moving_pairs=counts.moving_pairs,
        loop=float(longest_loop(piece.events) / bar),
        repeated_bar=longest_bar_run(notes_by_bar(piece)),
        last_phrase=_last_phrase(piece),
        is_active=stays_active(piece.events),
        outside=outside,
        nats=nats,
        style={**style_of(piece, counts, shift=shift), "end_length": float(end.length)},
    )


def _last_phrase(piece: Piece) -> float | None:
    ends = [end for end in piece.phrase_ends if end < piece.length]
    return float((piece.length - ends[-1]) / piece.first_meter.bar_ql) if ends else None


def penalties(
    criteria: Criteria, real: RealPieces, ending: Ending = "authentic", *, seed: int = 0
) -> dict[str, float]:
    """Return the penalty of each criterion, in spreads of real pieces.

    A penalty of 0 is as good as they are. A likelihood is penalized if it is far from that of real
    pieces, whether below or above it. The style is compared with that of one real piece, which the
    seed chooses.

    Parameters
    ----------
    criteria : Criteria
    real : RealPieces
    ending : str
        ``authentic`` wants a cadence to the tonic, ``half`` one to the dominant, ``open`` any end.
    seed : int
        Chooses the piece with which the style is compared.
    """
    repeats = max(criteria.repeated_bar - real.repeated_bar, 0)
    excess = criteria.loop - real.loop
    found = {
        "ending": _of_ending(criteria, ending),
        "key": max(real.in_key.below(criteria.in_key) - 1, 0.0),
        "part_writing": _of_parallels(criteria, real),
        "loop": (LOOP + excess if excess > 0 else 0.0) + REPEATED_BAR * repeats,
        "activity": 0.0 if criteria.is_active else IDLE,
        "range": OUTSIDE + criteria.outside - 1 if criteria.outside else 0.0,
        "likelihood": 0.0 if math.isnan(criteria.nats) else real.nats.beyond(criteria.nats),
        "style": real.distance(criteria.style, real.example(seed)),
    }
    return {name: min(value, MOST) for name, value in found.items()}


def _of_ending(criteria: Criteria, ending: Ending) -> float:
    if ending == "open":
        return 0.0
    if ending == "half":
        return 0.0 if criteria.cadence == "half" else WRONG_END
    if not criteria.ends_on_tonic:
        return WRONG_END
    short = SHORT_END if criteria.end_length < 1 else 0.0
    last = criteria.last_phrase
    short += STRAY_END if last is not None and last <= SHORTEST_PHRASE else 0.0
    return short + {"authentic": 0.0, "plagal": PLAGAL}.get(criteria.cadence, NO_CADENCE)


def _of_parallels(criteria: Criteria, real: RealPieces) -> float:
    """Return by how many deviations there are more parallels than in real pieces.

    A piece has few of them. Their number is compared with the one that as many moving pairs have in
    real pieces; its deviation is that of a Poisson distribution.
    """
    rates = [real.style.get(name) for name in ("parallel_fifths", "parallel_octaves")]
    if None in rates:
        return real.parallels.above(criteria.parallels)
    excesses = [0.0]
    for count, rate in zip((criteria.fifths, criteria.octaves), rates, strict=True):
        expected = rate.mean * criteria.moving_pairs / 1000 if rate else 0.0
        excesses.append((count - expected) / math.sqrt(expected + 1))
    return max(excesses)


def row(criteria: Criteria) -> dict[str, Any]:
    """Return the criteria as values of a table."""
    rounded = {
        "in_key": round(criteria.in_key, 3),
        "parallels": round(criteria.parallels, 1),
        "loop": round(criteria.loop, 2),
        "nats": None if math.isnan(criteria.nats) else round(criteria.nats, 3),
    }
    values = {name: value for name, value in vars(criteria).items() if name not in HIDDEN}
    return {**values, **rounded}


__all__ = ["ENDINGS", "Criteria", "Ending", "measure", "penalties", "row"]
