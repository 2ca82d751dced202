"""New notes at the bar line where composing begins."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.generate.chromatic import build, chromatic

from partimento import Piece
from partimento.generate.constraints.base import NAMES, Scene
from partimento.generate.constraints.seam import Seam
from partimento.generate.constraints.timetable import FREE, NEW, filled
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.voices import VoiceTokenizer


@pytest.mark.parametrize("kind", [NoteTokenizer, VoiceTokenizer])
def test_only_given_notes_may_go_on(kind: type) -> None:
    tokenizer = build(kind.fit([chromatic()])).tokenizer  # type: ignore[attr-defined]
    scene = Scene(tokenizer.grid, total=8 * tokenizer.grid, start=4 * tokenizer.grid)
    table = filled([Seam([(0, 60)])], tokenizer, scene)
    assert np.flatnonzero(table.edge).tolist() == [scene.start]
    if table.kind == "voices":
        assert table.voices[scene.start].tolist() == [FREE] + [NEW] * (table.voices.shape[1] - 1)
    else:
        assert np.flatnonzero(table.hold[scene.start]).tolist() == [60]
    assert table.hold[scene.start + 1].all()


def test_it_moves_with_the_key_and_is_no_option() -> None:
    assert list(Seam([(1, 60)]).transposed(2).held) == [(1, 62)]
    assert "Seam" not in NAMES
    assert Seam().check(Piece([], length=Fraction(4)), Scene(1)).holds
    assert Seam().demand
