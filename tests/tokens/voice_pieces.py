"""Grids of voices and tokenizers for the tests of voices."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np
from hypothesis import strategies as st

from partimento import Event, Meter, Note, Part, Piece
from partimento.tokens.note_grammar import (
    HEADER,
    NOTE,
)
from partimento.tokens.settings import TokenSettings
from partimento.tokens.voices import CONTINUE, REST, VoiceTokenizer

SIXTEENTH = Fraction(1, 4)


Row = tuple[int | None, ...]


def piece_of(grid: list[Row], *, frame: Fraction = SIXTEENTH, **rest: Any) -> Piece:
    """A part a voice; a pitch that stays is one note, and None is a rest."""
    notes = []
    for part, line in enumerate(zip(*grid, strict=True)):
        now = 0
        for pitch, run in groupby(line):
            steps = len(list(run))
            if pitch is not None:
                notes.append(Note(now * frame, steps * frame, pitch, part=part))
            now += steps
    return Piece(
        notes,
        length=len(grid) * frame,
        parts=tuple(Part(f"Voice {n}") for n in range(len(grid[0]))),
        **rest,
    )


def grid_of(tokenizer: VoiceTokenizer, tokens: np.ndarray) -> list[Row]:
    """What tokens say, read by the rules alone."""
    grid: list[Row] = []
    before: Row = (None,) * tokenizer.voices
    now: list[int | None] = []
    for token in tokens[HEADER:-1].tolist():
        if len(now) == tokenizer.voices:
            length = tokenizer.durations.symbols[token - tokenizer.layout.duration]
            grid += [tuple(now)] * int(length / tokenizer.frame)
            before, now = tuple(now), []
        else:
            now.append(
                before[len(now)] if token == CONTINUE else None if token == REST else token - NOTE
            )
    assert not now
    return grid


@st.composite
def grids(draw: st.DrawFn, voices: int = 4) -> list[Row]:
    """Voices that rest, cross, meet and stay."""
    pitches = draw(st.sampled_from([range(60, 63), range(55, 70), range(24, 100)]))
    row = st.tuples(
        *[st.one_of(st.none(), st.sampled_from(pitches), st.sampled_from(pitches))] * voices
    )
    held: list[Row] = []
    for _ in range(draw(st.integers(1, 10))):
        new = draw(row)
        stay = draw(st.tuples(*[st.booleans()] * voices))
        merged = (
            tuple(a if keep else b for a, b, keep in zip(held[-1], new, stay, strict=True))
            if held
            else new
        )
        held += [merged] * draw(st.integers(1, 5))
    return held


def every(**more: Any) -> TokenSettings:
    """Return settings by which every length has a token, and repeated notes are tied."""
    return TokenSettings(**{"min_count": 1, "repeated_notes": False, **more})


def tokenizer_of(*pieces: Piece, **more: Any) -> VoiceTokenizer:
    waltz = Piece.from_events(
        [Event((60,), Fraction(1))], meters=(Meter(3, 4),), pickup=Fraction(1, 2)
    )
    return VoiceTokenizer.fit([*pieces, waltz], every(**more))


def walked(tokenizer: VoiceTokenizer, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    states = [tokenizer.grammar().start(1, reach=reach)]
    for token in tokens[:-1]:
        states.append(tokenizer.grammar().advance(states[-1], np.array([token]), 0))
    return states
