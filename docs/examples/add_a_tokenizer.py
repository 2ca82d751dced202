"""Learn melodies alone: a tokenizer that reads the highest notes of a piece.

It derives from the chord tokenizer, and reads another piece: one in which only the highest note of
each event is left. Vocabulary, grammar and JSON are inherited. A model that reads melodies follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from partimento import Piece
from partimento.models import MODELS
from partimento.models.markov import Config, Markov
from partimento.tokens.base import SymbolCosts, Tokens
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.registry import TOKENIZERS


def melody(piece: Piece) -> Piece:
    """Return the piece with the highest note of each event alone."""
    events = [
        replace(event, chord=event.chord[-1:], held=event.chord[-1:] if held else ())
        for event in piece.events
        for held in [event.chord[-1:] == event.held[-1:]]
    ]
    timelines = {name: getattr(piece, name) for name in ("meters", "keys", "tempos", "pickup")}
    return Piece.from_events(events, **timelines)


@dataclass(frozen=True)
class MelodyTokenizer(ChordTokenizer):
    """Turn the melody of a piece into tokens, and tokens into a melody."""

    name: ClassVar[str] = "melody"

    @classmethod
    def fit(cls, pieces: Iterable[Piece], *args: Any, **options: Any) -> Self:
        """Fit the vocabularies to the melodies."""
        return super().fit(map(melody, pieces), *args, **options)

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize the melody of a piece."""
        return super().encode(melody(piece))

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the cost of what is unknown in the melody."""
        return super().missing_cost(melody(piece), costs, tokens)


class MelodyConfig(Config):
    """Hold the settings of the Markov chains, under another name."""

    name: Literal["melody"] = "melody"  # type: ignore[assignment]


class MelodyMarkov(Markov):
    """Count what follows what in melodies."""

    config_type = MelodyConfig
    tokenizer_kind = "melody"


TOKENIZERS["melody"] = f"{__name__}:MelodyTokenizer"
MODELS["melody"] = f"{__name__}:MelodyMarkov"  # now `model.name = "melody"` trains it
