"""The tokenizer, the writer and the constraint of the page "Extend" work."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import partimento as pt
from partimento.export.write import WRITERS
from partimento.models import MODELS
from partimento.tokens.registry import TOKENIZERS

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def load() -> Iterator[object]:
    """Import an example as a user's own module, and restore the registries."""
    names: list[str] = []

    def load_example(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield load_example
    for registry, key in ((TOKENIZERS, "melody"), (MODELS, "melody"), (WRITERS, ".chords")):
        registry.pop(key, None)
    for name in names:
        sys.modules.pop(name)


def test_a_tokenizer_of_melodies_is_trained_and_composes_one_voice(load, pieces, tmp_path):
    load("add_a_tokenizer")
    settings = {"model": {"name": "melody"}, "tokens": {"min_count": 1}}
    pt.train(pieces, settings=settings, out=tmp_path / "run")
    model = pt.load_model(tmp_path / "run")
    composed = model.compose(bars=4, candidates=2)
    assert len(composed.notes) > 4
    assert max(len(event.chord) for event in composed.events) == 1
    assert model.tokenizer.name == "melody"


def test_a_melody_keeps_what_is_held(load):
    module = load("add_a_tokenizer")
    piece = pt.Piece([pt.Note(0, 2, 60), pt.Note(0, 1, 48), pt.Note(1, 1, 50)])
    assert [(note.pitch, note.duration) for note in module.melody(piece).notes] == [(60, 2)]


def test_a_writer_of_chords_is_known_to_save(load, tmp_path):
    load("add_a_writer")
    piece = pt.Piece([pt.Note(0, 1, 60), pt.Note(0, 1, 64), pt.Note(2, 1, 67)])
    (path,) = piece.save(tmp_path / "a.chords")
    assert path.read_text(encoding="utf-8") == "1\tC4 E4\n1\trest\n1\tG4\n"


def test_a_constraint_forbids_pitch_classes_in_every_key(load, pieces, tmp_path):
    module = load("add_a_constraint")
    settings = {"model": {"name": "markov"}, "tokens": {"min_count": 1}}
    model = pt.train(pieces, settings=settings, out=tmp_path / "run")
    free = model.compose(bars=8, key="D major", candidates=2, seed=1)
    assert 6 in {int(pitch) % 12 for pitch in free.notes.pitch}
    kept = model.compose(
        bars=8, key="D major", candidates=2, seed=1, constraints=[module.Without((6,))]
    )
    assert 6 not in {int(pitch) % 12 for pitch in kept.notes.pitch}
