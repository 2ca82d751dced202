"""Partimento learns from scores that a person loves and composes new ones.

    scores → collect → corpus → encode → models → sample → write → a score, a sound, a page

`collect` brings files, `corpus` reads them as `Piece`s, `encode` turns pieces into arrays and back,
`models` learn from the arrays, `sample` composes with a trained model, `write` makes the result
readable and audible; `evaluate` measures, `app` is the way in.

The whole way in five names: `load_corpus`, `train`, `load_model`, `compose`, `write_piece`; and
`read_piece` and `read_pieces` for files just as they are. Importing this package loads none of the
heavy libraries; each room loads its own when it is entered.
"""

from importlib import import_module
from typing import Any

from partimento.music.events import Event
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Source, Tempo

__version__ = "0.1.0"
__all__ = ["Event", "Key", "Meter", "Note", "Part", "Piece", "Source", "Tempo", "__version__"]

_WAY = {
    "read_piece": "partimento.corpus:read_piece",
    "read_pieces": "partimento.corpus:read_pieces",
    "Corpus": "partimento.corpus:Corpus",
    "CorpusEntry": "partimento.corpus:CorpusEntry",
    "load_corpus": "partimento.corpus.load:load_corpus",
    "build_store": "partimento.corpus.store.build:build_store",
    "open_store": "partimento.corpus.store.store:open_store",
    "train": "partimento._train:train",
    "Callback": "partimento.training.callbacks:Callback",
    "load_model": "partimento.training.trained_model:load_model",
    "compose": "partimento.generate.compose:compose",
    "write_piece": "partimento.export.write:write",
}


def __getattr__(name: str) -> Any:
    """Enter the room that has `name`, and load its libraries, only now."""
    if name not in _WAY:
        raise AttributeError(f"module 'partimento' has no attribute {name!r}")
    room, _, attribute = _WAY[name].partition(":")
    return getattr(import_module(room), attribute)


def __dir__() -> list[str]:
    return sorted([*__all__, *_WAY])
