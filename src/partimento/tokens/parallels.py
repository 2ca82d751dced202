"""Find the pitches with which a voice would move in parallel fifths or octaves.

Shapes: N voices, P pitches; features are ``(…, columns)`` as in `voice_grammar`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import COLUMNS, NONE, PITCHES

FIFTH, OCTAVE = 7, 12
KINDS = 3  # classes of a pitch: no parallels, parallel fifths, parallel octaves or unisons


def parallels(features: Any, order: tuple[int, ...], xp: Any = np) -> Any:
    """Return the class of every pitch as the next note of the next voice.

    Two voices are in parallel if both change their pitch and keep an interval of a fifth or an
    octave, give or take octaves. Only voices that have a token in the current event count.

    Parameters
    ----------
    features : (…, columns) int
        The features of a voice tokenizer.
    order : tuple of int
        The N voices in the order in which an event has them.
    xp : module
        `numpy` or `keras.ops`.

    Returns
    -------
    (…, P) int
        0 for no parallels, 1 for fifths, 2 for octaves or unisons.
    """
    pitch = np.arange(PITCHES, dtype="int32")
    count, own = (features[..., c : c + 1] for c in (g.COUNT, g.ABOVE))
    here = xp.take(np.array([*order, 0], np.int32), xp.clip(count, 0, len(order)), axis=0)
    first = len(COLUMNS)
    # Symbolic tensors of Keras compare by identity with ==, so functions compare here.
    moves = xp.logical_and(own < NONE, xp.not_equal(own, pitch))  # (…, P)
    kinds: Any = None
    for voice in range(len(order)):
        before = features[..., first + voice : first + voice + 1]
        now = features[..., first + len(order) + voice : first + len(order) + voice + 1]
        sounding = xp.logical_and(now < NONE, before < NONE)
        moved = xp.logical_and(sounding, xp.not_equal(now, before))
        sign = xp.where(here > voice, 1, -1)  # the other voice is above, or below
        gap_before = (sign * (before - own) + 20 * OCTAVE) % OCTAVE
        gap_now = (sign * (now - pitch) + 20 * OCTAVE) % OCTAVE
        same = xp.logical_and(xp.logical_and(moves, moved), xp.equal(gap_now, gap_before))
        perfect = xp.where(xp.equal(gap_now, 0), 2, xp.where(xp.equal(gap_now, FIFTH), 1, 0))
        kind = xp.where(same, perfect, 0)
        kinds = kind if kinds is None else xp.maximum(kinds, kind)
    return kinds
