import math
from fractions import Fraction

import pytest
from tests.analysis.test_part_writing import as_chords, in_voices
from tests.pieces import PIECES

from partimento import Note, Piece
from partimento.evaluation.part_writing import (
    MEASURES,
    common_method,
    figures,
    measure,
    measure_all,
)
from partimento.music.timelines import Key

Q = Fraction(1)
I, IV, V, VI = (72, 67, 64, 48), (72, 69, 65, 53), (74, 71, 67, 55), (72, 69, 64, 57)  # noqa: E741
CLOSED = in_voices(I, IV, V, I).replace(keys=(Key(0),))
OPEN = in_voices(I, IV, I, V).replace(keys=(Key(0),))


def test_a_piece_closes_with_a_cadence_on_its_tonic():
    assert measure(CLOSED, key="declared").closes
    assert not measure(OPEN, key="declared").closes
    plain = in_voices(V, VI, I).replace(keys=(Key(0),))
    assert measure(plain, key="declared").final.ends_piece
    assert not measure(plain, key="declared").closes


def test_the_declared_key_is_used_only_if_asked_for():
    strange = CLOSED.replace(keys=(Key(4),))
    assert measure(strange).key == Key(0)
    assert measure(strange, key="declared").key == Key(4)


def test_the_end_is_that_of_the_whole_piece():
    piece = in_voices(I, IV, V, I, I, V, IV, I, length=Q * 2)
    whole, half = measure(piece), measure(piece, bars=2)
    assert (whole.writing.notes, half.writing.notes) == (32, 16)
    assert half.final == whole.final
    assert half.cadence == whole.cadence


def test_figures_add_counts_and_count_pieces():
    rows = measure_all([CLOSED, OPEN], key="declared")
    values = figures(rows)
    assert set(values) == set(MEASURES)
    assert values["closes"] == values["last_authentic"] == values["last_half"] == 0.5
    assert values["in_key"] == 1
    pairs = sum(row.writing.moving_pairs for row in rows)
    fifths = sum(row.writing.parallel_fifths for row in rows)
    assert values["parallel_fifths"] == pytest.approx(1000 * fifths / pairs)
    assert math.isnan(values["phrase_half"])  # no phrase ends are stated
    assert math.isnan(figures([])["closes"])


def test_cadences_at_phrase_ends():
    piece = in_voices(I, V, I, V, VI, IV, V, I).replace(keys=(Key(0),))
    # The notes that end at quarters 2, 3 and 5, and with the piece, are under fermatas.
    piece = piece.replace(fermatas=(Q, Q * 2, Q * 4, Q * 7))
    row = measure(piece, key="declared")
    assert [cadence.kind for cadence in row.phrases] == ["half", "authentic", "deceptive"]
    values = figures([row])
    assert values["phrase_half"] == values["phrase_deceptive"] == pytest.approx(1 / 3)


def test_loops_and_runs_of_a_bar():
    same = Piece([Note(Q * n, Q, 60 + n % 4) for n in range(32)])
    row = measure(same)
    assert row.bar_run == 8
    assert row.loops
    assert figures([row])["bar_runs"] == 1
    assert figures(measure_all([CLOSED]))["bar_runs"] == 0


def test_voices_are_compared_only_if_all_sets_have_them():
    voices, chords = [CLOSED] * 9, [as_chords(I, V)]
    assert common_method(voices, voices) == "voices"
    assert common_method([*voices, *chords]) == "voices"  # nine of ten
    assert common_method(voices, chords) == "chords"
    melody = in_voices((60,), (62,))
    assert common_method([melody]) == "chords"
    row = measure(CLOSED, method="chords")
    assert row.writing.method == "chords"
    assert row.writing.neighbors == 0


def test_values_are_numbers():
    values = measure(CLOSED).values()
    assert all(isinstance(value, float) for value in values.values())
    assert values["authentic"] == 1
    assert measure(Piece([])).values()["tonic_triad"] == 0


@pytest.mark.parametrize("name", PIECES)
def test_any_piece_is_measured(name):
    row = measure(PIECES[name], bars=2)
    assert row.writing.parallel_fifths <= row.writing.moving_pairs
    assert 0 <= row.writing.in_key <= row.writing.sounding
    assert row.cadence.kind
    assert figures([row])["bar_runs"] in (0, 1)
