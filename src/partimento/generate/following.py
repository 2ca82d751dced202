"""Measure how probable the music after a gap is, for each candidate that fills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from partimento.generate.candidates import ROWS
from partimento.generate.numpy_loop import ONE_THREAD, select_rows
from partimento.models.numpy_step import NumpyStep
from partimento.tokens.base import Tokenizer
from partimento.training.trained_model import TrainedModel


def following_nats(
    trained: TrainedModel,
    prompt: np.ndarray,
    rows: Sequence[np.ndarray],
    first: Sequence[int],
    *,
    total: int,
) -> np.ndarray:
    """Return the nats of the rows after a gap, for candidates with one prompt.

    Parameters
    ----------
    trained : TrainedModel
        An autoregressive model.
    prompt : (n, F) int32
        The rows before the gap.
    rows : sequence of (m, F) int32
        The rows after the prompt: those of the gap, then those of the music that follows it.
    first : sequence of int
        The index in `rows` of the first one after the gap.
    total : int
        The length of the piece in steps, for models that count down.

    Returns
    -------
    (B,) float64
    """
    step = trained.numpy_step
    if step is not None:
        with ONE_THREAD:
            return _on_numpy(step, trained.tokenizer, prompt, rows, first, total)
    tokenizer: Any = trained.tokenizer
    pieces = [tokenizer.with_features(np.concatenate([prompt, row])) for row in rows]
    begin = len(prompt) - 1
    return np.array(
        [
            float(nats[begin + skipped :].sum())
            for nats, skipped in zip(trained.model.piece_nats(pieces), first, strict=True)
        ]
    )


def _on_numpy(
    step: NumpyStep,
    tokenizer: Tokenizer,
    prompt: np.ndarray,
    rows: Sequence[np.ndarray],
    first: Sequence[int],
    total: int,
) -> np.ndarray:
    grammar = tokenizer.grammar()
    state, model = grammar.start(1, total=total), step.initial_state(1)
    logits = np.zeros((1, tokenizer.sizes[0]), np.float32)
    fields = prompt.shape[1]
    done = 0

    def advance(ids: np.ndarray, field: int) -> None:
        nonlocal state, model, logits
        state = grammar.advance(state, ids, field)
        features = grammar.features(state)
        model, logits = step.step(model, ids, field=field, features=features)

    for row in prompt:
        if done % ROWS == 0:  # the history grows with the piece
            state = grammar.with_reach(state, done + ROWS)
        for field in range(fields):
            advance(np.asarray(row[field : field + 1]), field)
        done += 1
    nats = np.zeros(len(rows))
    lengths = np.array([len(row) for row in rows])
    starts = np.asarray(first)
    left = np.arange(len(rows))  # candidates that still have rows
    state, model, logits = select_rows((state, model, logits), np.zeros(len(rows), int))
    for place in range(int(lengths.max(initial=0))):
        if (lengths[left] <= place).any():
            keep = lengths[left] > place
            left = left[keep]
            state, model, logits = select_rows((state, model, logits), keep)
        if (done + place) % ROWS == 0:
            state = grammar.with_reach(state, done + place + ROWS)
        for field in range(fields):
            ids = np.array([rows[i][place, field] for i in left.tolist()], np.int32)
            counted = starts[left] <= place
            if counted.any():
                cost = _nats(logits, np.array(grammar.allowed(state, field)), ids)
                nats[left] += np.where(counted, cost, 0.0)
            advance(ids, field)
    return nats


def _nats(logits: np.ndarray, allowed: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the nats ``(B,)`` of ids among those that the grammar allows.

    A score may do what the grammar does not let a model compose: its own ids are always counted.
    """
    allowed[np.arange(len(ids)), np.minimum(ids, allowed.shape[1] - 1)] = True
    kept = np.where(allowed, logits.astype(np.float64), -np.inf)
    largest = kept.max(axis=1)
    total = np.log(np.exp(kept - largest[:, None]).sum(axis=1)) + largest
    return np.asarray(total - kept[np.arange(len(ids)), ids])
