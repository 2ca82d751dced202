"""The probability of each note under a model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.pieces import chorale

import partimento as pt
from partimento.collect import bundled
from partimento.errors import PartimentoError
from partimento.evaluation.surprise import nats_on_numpy, note_bits, surprise_colors
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.training.trained_model import TrainedModel, load_model


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def test_every_note_of_a_composed_piece_has_its_surprise(chorales: TrainedModel) -> None:
    piece = chorales.compose(bars=4, seed=7, candidates=2)
    bits = note_bits(chorales, piece)
    assert bits.shape == (len(piece.notes),)
    assert not np.isnan(bits).any()
    assert (bits >= 0).all()
    assert 0.3 < bits.mean() < 2.5


def test_the_nats_add_up_to_those_of_the_tokens(chorales: TrainedModel) -> None:
    piece = chorales.compose(bars=4, seed=7, candidates=2)
    tokenizer = chorales.tokenizer
    ids = tokenizer.encode(piece).ids
    assert chorales.numpy_step is not None
    nats = nats_on_numpy(chorales.numpy_step, tokenizer, ids)
    rows = [struck.row for struck in tokenizer.struck_notes(piece)]
    bits = note_bits(chorales, piece)
    assert bits.sum() * math.log(2) == pytest.approx(nats[np.array(rows) - 1].sum())


def test_a_wrong_note_is_the_most_surprising_one(chorales: TrainedModel) -> None:
    piece = chorales.compose(bars=4, seed=7, candidates=2, key="C major")
    pitch = piece.notes.pitch.copy()
    wrong = int(np.flatnonzero(piece.notes.part == 0)[6])
    pitch[wrong] += 6
    changed = piece.replace(notes=piece.notes.replace(pitch=pitch))
    bits = note_bits(chorales, changed)
    place = [n.pitch for n in changed.notes].index(int(pitch[wrong]))
    assert bits[place] > 5 > np.median(bits)
    colors = surprise_colors(chorales, changed, name="chorales")
    assert colors.levels[place] >= 3
    assert "bits of surprise" in colors.texts[place] or "did not expect" in colors.texts[place]
    assert "chorales" in colors.title


def test_grace_notes_and_drums_have_none() -> None:
    guitar = load_model("guitar")
    notes = [Note(0, 1, 60), Note(1, 1, 62, grace=True), Note(2, 1, 64), Note(0, 1, 40, part=1)]
    bits = note_bits(guitar, Piece(notes, parts=(Part("", 24), Part("", is_drum=True))))
    assert np.isnan(bits).tolist() == [note.grace or note.part == 1 for note in sorted_notes(notes)]


def sorted_notes(notes: list[Note]) -> list[Note]:
    return list(Piece(notes, parts=(Part(), Part())).notes)


def test_a_model_without_probabilities_is_refused(chorales: TrainedModel) -> None:
    settings = chorales.settings.model_copy(update={"model": type("Model", (), {"name": "vae"})()})
    with pytest.raises(PartimentoError, match="vae does not"):
        note_bits(replace(chorales, settings=settings), chorale())


def test_a_model_in_a_common_key_sees_every_note(tmp_path: Path) -> None:
    corpus = pt.load_corpus(bundled.chorales()[:8])  # in several keys
    model = pt.train(corpus, recipe="markov", out=tmp_path / "run")
    assert model.settings.tokens.to_common_key
    for piece in corpus.pieces:
        bits = note_bits(model, piece)
        assert not np.isnan(bits).any()
    wrong = piece.notes.pitch.copy()
    wrong[9] += 1
    changed = piece.replace(notes=piece.notes.replace(pitch=wrong))
    assert np.sort(note_bits(model, changed)).sum() > bits.sum()
