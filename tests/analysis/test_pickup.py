"""The upbeat of a piece, from where it leans on its bars."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.pieces import waltz

from partimento import Meter, Note, Piece
from partimento.analysis.grace_notes import mark_grace_notes
from partimento.analysis.pickup import (
    FEATURES,
    WEIGHTS,
    bar_line_features,
    infer_pickup,
    pickup_odds,
)
from partimento.corpus import read_piece
from partimento.music.notes import Notes

Q = Fraction(1)


@pytest.mark.parametrize("upbeat", [Q * 0, Q / 2, Q], ids=str)
def test_the_upbeat_of_a_waltz_is_inferred(upbeat: Fraction) -> None:
    assert infer_pickup(waltz(upbeat)) == upbeat


@pytest.mark.parametrize("upbeat", [Q * 0, Q / 2], ids=str)
def test_the_upbeat_of_a_jig_is_inferred(upbeat: Fraction) -> None:
    assert infer_pickup(waltz(upbeat, numerator=6, denominator=8, beat=Q * 3 / 2)) == upbeat


def test_bars_follow_the_inferred_upbeat() -> None:
    piece = waltz(Q)
    upbeat = infer_pickup(piece)
    assert upbeat is not None
    bars = piece.replace(pickup=upbeat).bars()
    assert [(bar.number, bar.onset, bar.duration) for bar in bars[:3]] == [
        (0, 0, 1),
        (1, 1, 3),
        (2, 4, 3),
    ]


def test_without_evidence_no_upbeat_is_inferred() -> None:
    even = Piece(
        Notes([Note(i * Q / 4, Q / 4, 60 + i % 2) for i in range(33 * 4)]), meters=(Meter(4, 4),)
    )
    assert infer_pickup(even) is None
    assert infer_pickup(waltz(Q, bars=3)) is None, "too short"
    assert infer_pickup(Piece(Notes(()), length=Q * 40)) is None, "no notes"
    assert infer_pickup(Piece(waltz(Q).notes, meters=(Meter(1, 32),))) is None, (
        "bars shorter than a sixteenth"
    )
    assert infer_pickup(Piece(waltz(Q).notes, meters=(Meter(9, 2),))) is None, (
        "bars longer than any"
    )


def test_no_upbeat_is_inferred_from_a_free_performance() -> None:
    rng = np.random.default_rng(1)
    notes = waltz(Q).notes
    onset = notes.onset * 240 + rng.integers(0, 25, len(notes))
    loose = Notes.from_columns(240 * notes.divisions, onset, notes.duration * 240, notes.pitch)
    assert infer_pickup(Piece(loose, meters=(Meter(3, 4),))) is None


def test_probabilities_sum_to_one() -> None:
    odds = pickup_odds(waltz(Q))
    assert odds is not None
    assert odds.shape == (12,)
    assert odds.sum() == pytest.approx(1)
    features = bar_line_features(waltz(Q))
    assert features is not None
    assert features.shape == (len(FEATURES), 12) == (len(WEIGHTS), 12)


def test_grace_notes_are_ignored() -> None:
    piece = waltz(Q)
    small = [Note(Q * 7 / 8 + i * 3, Q / 8, 90, grace=True) for i in range(16)]
    graced = piece.replace(notes=Notes([*piece.notes, *small]))
    assert np.array_equal(bar_line_features(graced), bar_line_features(piece))


def test_only_the_music_of_the_first_meter_counts() -> None:
    piece = waltz(Q)
    further = piece.replace(
        notes=Notes([*piece.notes, *(Note(48 + i * Q / 2, Q / 2, 60) for i in range(40))]),
        meters=(Meter(3, 4), Meter(3, 4, onset=Q * 24), Meter(2, 4, onset=Q * 48)),
        length=Q * 68,
    )
    assert np.array_equal(bar_line_features(further), bar_line_features(piece))


# From the engraving sources of the set (LilyPond's \partial), in quarters.
KNOWN = {
    "HoretzkyF/horetzky20": 0,
    "HoretzkyF/horetzky41": 1 / 2,
    "HoretzkyF/horetzky48": 1,
    "HoretzkyF/horetzky44": 1 / 2,
    "GiulianiM/giuliani-o51-02": 1,
    "GiulianiM/giuliani-op59n13": 1 / 4,
    "GiulianiM/giuliani-op59n05": 0,
    "GiulianiM/giuliani-op50n08": 1 / 2,
    "AguadoD/aguado-op03n04": 3 / 4,
    "AguadoD/aguado-op11n10": 0,
    "AguadoD/aguadoop4no3-2": 1 / 2,
    "CarcassiM/carcassi-op26-03": 0,
    "SorF/sorf-op6n03": 2,
    "SorF/sorf-op35-no3": 1,
    "SorF/sorf-op35-no18": 0,
    "BrahmsJ/brahms-vals9": 1,
}
UNSURE = (
    "SorF/sorf-op6n02",
    "GiulianiM/giuliani-op59n03",
    "GiulianiM/giuliani-op59n04",
)  # upbeats of half a bar and of 5/16


def test_inferred_upbeats_of_the_guitar_set_agree_with_its_scores(guitar: Path) -> None:
    said = {
        name: infer_pickup(mark_grace_notes(read_piece(guitar / f"{name}.mid")))
        for name in (*KNOWN, *UNSURE)
    }
    assert said == {**KNOWN, **dict.fromkeys(UNSURE)}


def test_inferred_upbeats_of_chorales_agree_with_their_scores() -> None:
    """Of every tenth of Bach's chorales, with its upbeat taken away."""
    resolve = pytest.importorskip("partimento.collect.bundled").resolve
    right = wrong = 0
    for path in resolve("bundled:chorales")[::10]:
        piece = read_piece(path)
        said = infer_pickup(piece.replace(pickup=Q * 0, meters=piece.meters[:1]))
        right += said == piece.pickup
        wrong += said not in (None, piece.pickup)
    assert right >= 20
    assert wrong <= 1
