"""Find tokenizers by name, with those of installed plugins (`partimento.plugins`)."""

from __future__ import annotations

import json

from partimento.plugins import Registry
from partimento.tokens.base import Tokenizer

TOKENIZERS = Registry(
    "partimento.tokenizers",
    "tokenizer",
    {
        "chords": "partimento.tokens.chords:ChordTokenizer",
        "notes": "partimento.tokens.notes:NoteTokenizer",
        "voices": "partimento.tokens.voices:VoiceTokenizer",
        "grid": "partimento.tokens.grid:GridTokenizer",
    },
    needs=("fit", "encode", "decode", "grammar", "to_json", "from_json"),
)


def tokenizer_class(name: str) -> type[Tokenizer]:
    """Return the tokenizer class of a registered name."""
    kind: type[Tokenizer] = TOKENIZERS.load(name)
    return kind


def tokenizer_from_json(text: str) -> Tokenizer:
    """Read a tokenizer from its JSON; raise ValueError or KeyError for any other text."""
    return tokenizer_class(json.loads(text)["tokenizer"]).from_json(text)
