import math

import pytest
from tests.analysis.test_part_writing import in_voices

from partimento import Piece
from partimento.analysis.features.table import feature_table, scalar_table
from partimento.evaluation.music_comparison import MusicComparison, compare_music

I, IV, V = (72, 67, 64, 48), (72, 69, 65, 53), (74, 71, 67, 55)  # noqa: E741


def compared(generated: list[Piece], real: list[Piece], **more: int) -> MusicComparison:
    scalars = scalar_table(feature_table(generated)), scalar_table(feature_table(real))
    return compare_music(generated, real, scalars, **more)


def pieces(*last: tuple[int, ...], count: int) -> list[Piece]:
    """Chords in every key, which end in one way."""
    return [in_voices(I, IV, V, I, *last).transpose(n % 5 - 2) for n in range(count)]


@pytest.fixture(scope="module")
def comparison() -> MusicComparison:
    return compared(pieces(V, count=10), pieces(V, I, count=24))


def test_measures_of_generated_and_real_pieces(comparison: MusicComparison) -> None:
    rows = {row.name: row for row in comparison.rows}
    assert comparison.method == "voices"
    assert rows["closes"].generated == 0
    assert rows["closes"].real == 1
    assert rows["closes"].halves == (1, 1)
    assert rows["last_half"].generated == 1
    assert "phrase_half" not in rows  # undefined for all
    assert math.isfinite(rows["crossings"].real)


def test_a_classifier_sees_the_difference(comparison: MusicComparison) -> None:
    assert comparison.classifier is not None
    assert comparison.classifier.accuracy == 1
    assert comparison.classifier.size == 10
    assert comparison.classifier_real is not None
    assert comparison.classifier_real.accuracy < 0.8


def test_few_pieces_have_no_classifier() -> None:
    few = compared(pieces(V, count=4), pieces(I, count=30))
    assert few.classifier is None
    assert few.classifier_real is None
    assert few.rows
    assert "classifier: too few pieces" in str(few)


def test_the_text_has_all_measures_and_no_nan(comparison: MusicComparison) -> None:
    text = str(comparison)
    assert "| end on the tonic triad with a cadence | 0.000 | 1.000 | 1.000 | 1.000 |" in text
    assert "classifier: 1.000 (1.000–1.000; 10 pieces of each kind" in text
    assert "nan" not in text
