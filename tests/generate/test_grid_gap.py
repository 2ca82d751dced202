"""A model of a grid reads both sides of a gap, and what is known of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.generate.grids import Q, fill_run, trio

from partimento.errors import PartimentoError
from partimento.generate.around import Gap, view_of
from partimento.generate.grid_gap import read_gap
from partimento.music.timelines import Key, Meter
from partimento.tokens.grid_facts import FERMATA_COLUMN, HAS_FERMATA, KEY_COLUMN, STRENGTH

G_MAJOR = 7


def test_the_model_reads_both_sides_and_the_key_and_the_fermatas() -> None:
    piece = trio(6).replace(
        keys=(Key(0), replace(Key(1), onset=Q * 8)), fermatas=(Q * 9,), meters=(Meter(3, 4),)
    )
    run = fill_run()
    view = view_of(run, piece, Gap(Q * 9, Q * 12, (0, 1, 2), piece.length))
    gap = read_gap(run, view)
    assert gap.first == 0
    assert len(gap.cells) == 2 * piece.length
    assert np.flatnonzero(gap.unknown[:, 0]).tolist() == list(range(18, 24))
    assert (gap.facts[:, KEY_COLUMN] == 1 + G_MAJOR).all()
    assert np.flatnonzero(gap.facts[:, FERMATA_COLUMN] == HAS_FERMATA).tolist() == [18]
    # The bars are those of the piece, though no training piece has this meter.
    assert np.flatnonzero(gap.facts[:, STRENGTH] == 4).tolist() == list(range(0, 48, 6))


def test_bars_of_another_meter_after_the_gap_are_not_read() -> None:
    piece = trio(6).replace(meters=(Meter(4, 4), Meter(3, 4, Q * 12)))
    run = fill_run()
    gap = read_gap(run, view_of(run, piece, Gap(Q * 4, Q * 8, (0, 1, 2), piece.length)))
    assert len(gap.cells) == 24


def test_a_model_that_knows_no_fermatas_is_told_of_none() -> None:
    piece = trio().replace(fermatas=(Q * 6,))
    run = fill_run(fermatas=False)
    gap = read_gap(run, view_of(run, piece, Gap(Q * 4, Q * 8, (0,), piece.length)))
    assert len({*gap.facts[:, FERMATA_COLUMN].tolist()}) == 1


def test_a_model_that_reads_melodies_alone_is_refused() -> None:
    run = fill_run()
    run.settings.model = SimpleNamespace(melody_only=True)
    view = view_of(run, trio(), Gap(Q * 4, Q * 8, (0,), trio().length))
    with pytest.raises(PartimentoError, match="only learned to read a melody"):
        read_gap(run, view)
