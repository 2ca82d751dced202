"""Pieces with phrases, and tokenizers with a plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.tokens import note_pieces, voice_pieces

from partimento import Key, Meter, Piece
from partimento.tokens.event_tokens import EventTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.plan import Plan
from partimento.tokens.settings import TokenSettings
from partimento.tokens.voices import VoiceTokenizer

PLANS = [Plan(*(bool(number & bit) for bit in (1, 2, 4))) for number in range(8)]
WHOLE = Plan(modes=True, countdown=True, phrases=True)
KINDS: dict[str, type[NoteTokenizer] | type[VoiceTokenizer]] = {
    "notes": NoteTokenizer,
    "voices": VoiceTokenizer,
}


@st.composite
def phrased_pieces(draw: st.DrawFn, kind: str) -> Piece:
    """Draw a piece with phrase ends, for the note or the voice tokenizer."""
    if kind == "notes":
        piece = draw(note_pieces.some_pieces())
    else:
        piece = voice_pieces.piece_of(
            draw(voice_pieces.grids()),
            meters=draw(st.sampled_from([(), (Meter(3, 4),), (Meter(6, 8),)])),
            keys=draw(st.sampled_from([(), (Key(-3, "minor"),), (Key(2),)])),
            pickup=draw(st.sampled_from([Fraction(0), Fraction(1, 2)])),
        )
    count = int(piece.length * 4)
    quarters = draw(st.sets(st.integers(1, max(count, 1)), max_size=4))
    return piece.replace(phrase_ends=tuple(Fraction(number, 4) for number in sorted(quarters)))


def tokenizer_of(kind: str, plan: Plan, *pieces: Piece, **more: Any) -> EventTokenizer:
    """Fit a tokenizer with a plan, for which every length has a token."""
    settings = TokenSettings(min_count=1, **plan._asdict(), **more)
    return KINDS[kind].fit(pieces, settings)


def walked_features(tokenizer: EventTokenizer, ids: np.ndarray, *, total: int) -> np.ndarray:
    """Return the features that the grammar computes token by token, from the second row."""
    grammar = tokenizer.grammar()
    state, rows = grammar.start(1, reach=len(ids), total=total), []
    for token in ids[:-1]:
        state = grammar.advance(state, np.array([token]), 0)
        rows.append(grammar.features(state)[0])
    return np.stack(rows)


def steps_of(tokenizer: EventTokenizer, ids: np.ndarray) -> int:
    """Return the length of tokens in steps, read from the durations one by one."""
    layout = tokenizer.layout
    known = [token for token in ids.tolist() if layout.duration <= token < layout.bar]
    return int(sum(tokenizer.duration_of(token)[0] for token in known) * tokenizer.grid)
