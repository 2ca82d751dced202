"""Notes that are not varied stay, and larger amounts vary more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.provenance import compose_again
from partimento.generate.vary import kept_parts, vary, vary_candidates
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.training.trained_model import TrainedModel, load_model

QUICK: dict[str, Any] = {"particles": 4, "seed": 1}


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


@pytest.fixture(scope="module")
def hymn() -> Piece:
    piece = pt.load_corpus("bundled:chorales").pieces[0].cut(1, 4)
    return piece.replace(notes=piece.notes.replace(velocity=np.full(len(piece.notes), 33)))


def rows(piece: Piece) -> set[tuple[Any, ...]]:
    return {(n.onset, n.duration, n.pitch, n.part, n.velocity) for n in piece.notes}


def test_what_stays_is_exactly_as_it_was(chorales: TrainedModel, hymn: Piece) -> None:
    (best,) = vary_candidates(chorales, hymn, best=1, amount=0.3, **QUICK)
    kept = rows(best.piece) & rows(hymn)
    assert 0.6 <= len(kept) / len(hymn.notes) < 1
    assert best.distance is not None
    assert 0 < best.distance < 0.5
    assert best.report.holds
    assert best.piece.length == hymn.length
    assert best.piece.phrase_ends == hymn.phrase_ends


def test_bars_of_a_file_that_stay_are_copied(
    chorales: TrainedModel, hymn: Piece, tmp_path: Path
) -> None:
    hymn.replace(score=None).save(tmp_path / "hymn.musicxml")
    piece = pt.read(tmp_path / "hymn.musicxml")
    varied = vary(chorales, piece, amount=0.1, **QUICK)
    varied.save(tmp_path / "varied.musicxml")
    assert pt.read(tmp_path / "varied.musicxml").notes == varied.notes
    old, new = (
        re.findall(r"<measure.*?</measure>", (tmp_path / name).read_text(), re.DOTALL)
        for name in ("hymn.musicxml", "varied.musicxml")
    )
    same = sum(a == b for a, b in zip(old, new, strict=True))
    assert 0 < same < len(old)


def test_a_larger_amount_changes_more(chorales: TrainedModel, hymn: Piece) -> None:
    changed = [
        vary_candidates(chorales, hymn, best=1, amount=amount, distance="far", **QUICK)[0].distance
        for amount in (0.1, 0.4, 1.0)
    ]
    assert changed == sorted(changed)  # type: ignore[type-var]
    assert len(set(changed)) == 3


def test_near_and_far(chorales: TrainedModel, hymn: Piece) -> None:
    def semitones(distance: str | float) -> float:
        piece = vary(chorales, hymn, amount=1.0, distance=distance, keep=["rhythm"], **QUICK)
        old = {(n.onset, n.part): n.pitch for n in hymn.notes}
        return float(np.mean([abs(n.pitch - old[n.onset, n.part]) for n in piece.notes]))

    near, far = semitones("near"), semitones("far")
    assert near < far - 2
    assert semitones(-0.4) == near


def test_parts_rhythm_and_range_are_kept(chorales: TrainedModel, hymn: Piece) -> None:
    keep = ["Soprano", 3, "rhythm", "range"]
    piece = vary(chorales, hymn, amount=1.0, keep=keep, **QUICK)
    for part in (0, 3):
        assert piece.part(part).notes == hymn.part(part).notes
    for part in (1, 2):
        one, two = (
            {(n.onset, n.duration) for n in each.part(part).notes} for each in (piece, hymn)
        )
        assert one == two
        pitch, old = piece.part(part).notes.pitch, hymn.part(part).notes.pitch
        assert old.min() <= pitch.min() <= pitch.max() <= old.max()
    assert piece.notes != hymn.notes


def test_it_can_be_made_again(chorales: TrainedModel, hymn: Piece) -> None:
    piece = chorales.vary(hymn, amount=0.2, keep=["Bass"], **QUICK)
    assert piece.provenance is not None
    assert piece.provenance.verb == "vary"
    assert compose_again(chorales, piece.provenance, pieces={"piece": hymn}) == piece


def test_a_model_without_voices_varies_chords() -> None:
    guitar = load_model("guitar")
    piece = Piece(
        [
            note
            for bar in range(4)
            for beat in range(4)
            for note in (
                Note(4 * bar + beat, 1, (64, 65, 67, 72)[beat]),
                *((Note(4 * bar, 4, 48),) if not beat else ()),
            )
        ],
        parts=(Part("Guitar", 24),),
    )
    (best,) = vary_candidates(guitar, piece, best=1, amount=0.4, **QUICK)
    assert best.report.holds
    assert best.distance is not None
    assert 0 < best.distance < 0.7
    assert rows(best.piece) & rows(piece)
    with pytest.raises(PartimentoError, match="knows no parts to keep"):
        vary(guitar, piece.replace(parts=(Part("A"), Part("B"))), keep=["A"], **QUICK)
    with pytest.raises(PartimentoError, match="needs a model that writes voices"):
        vary(guitar, piece, keep=["rhythm"], **QUICK)


def test_what_cannot_be_varied_is_refused(chorales: TrainedModel, hymn: Piece) -> None:
    with pytest.raises(PartimentoError, match="writes 4 voices, and the piece has 1 part"):
        vary(chorales, hymn.part(0), **QUICK)
    with pytest.raises(PartimentoError, match="there is no distance farr"):
        vary(chorales, hymn, distance="farr", **QUICK)
    with pytest.raises(PartimentoError, match="a share of the notes"):
        vary(chorales, hymn, amount=2, **QUICK)
    with pytest.raises(PartimentoError, match="all parts are kept"):
        kept_parts(hymn, [0, 1, 2, 3])
    with pytest.raises(PartimentoError, match="no part named 'Viola'"):
        kept_parts(hymn, ["Viola"])
    assert kept_parts(hymn, ["alto", -1, "rhythm"]) == {1, 3}
