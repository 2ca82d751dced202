import math
from fractions import Fraction

import pytest

from partimento import Note, Part, Piece
from partimento.analysis.keys import analyze_key
from partimento.analysis.part_writing import PartWriting, key_of, part_writing, total
from partimento.corpus.load import load_corpus
from partimento.music.timelines import Key

Q = Fraction(1)
NAMES = ("Soprano", "Alto", "Tenor", "Bass")
C = Key(0)


def in_voices(*chords: tuple[int, ...], length: Fraction = Q) -> Piece:
    """Chords from the highest voice down, a part for each; 0 is a rest."""
    notes = [
        Note(length * n, length, pitch, part=part)
        for n, chord in enumerate(chords)
        for part, pitch in enumerate(chord)
        if pitch
    ]
    return Piece(notes, parts=tuple(Part(NAMES[part]) for part in range(len(chords[0]))))


def as_chords(*chords: tuple[int, ...]) -> Piece:
    return Piece([Note(Q * n, Q, p) for n, chord in enumerate(chords) for p in chord])


@pytest.mark.parametrize("write", [in_voices, as_chords])
def test_parallel_fifths_and_octaves(write):
    counts = part_writing(write((67, 60, 48), (69, 62, 50), (71, 62, 55)), C)
    # First all three pairs move, as a fifth, an octave and a twelfth. Then the outer pair moves.
    assert (counts.moving_pairs, counts.parallel_fifths, counts.parallel_octaves) == (4, 2, 1)
    assert counts.rates()["parallel_fifths"] == 500


def test_contrary_fifths_count_and_repeated_ones_do_not():
    assert part_writing(in_voices((67, 60), (79, 48)), C).parallel_fifths == 1
    still = part_writing(in_voices((67, 60), (67, 60)), C)
    assert still.moving_pairs == 0
    assert math.isnan(still.rates()["parallel_fifths"])


def test_a_fifth_of_crossed_voices_is_a_fourth():
    assert part_writing(in_voices((76, 60, 67), (77, 62, 69)), C).parallel_fifths == 0


def test_a_rest_between_is_no_motion():
    assert part_writing(in_voices((67, 60), (0, 0), (69, 62)), C).moving_pairs == 0


def test_chords_of_different_sizes_are_not_compared():
    assert part_writing(as_chords((67, 60), (69, 65, 62)), C).moving_pairs == 0


@pytest.mark.parametrize("write", [in_voices, as_chords])
def test_hidden_fifths_and_octaves(write):
    hidden = part_writing(write((64, 55, 48), (69, 57, 50), (72, 57, 48)), C)
    assert (hidden.outer_pairs, hidden.hidden_fifths, hidden.hidden_octaves) == (2, 1, 0)
    octave = part_writing(write((64, 55, 48), (74, 57, 50)), C)
    assert (octave.hidden_fifths, octave.hidden_octaves) == (0, 1)
    by_step = part_writing(write((67, 64, 48), (69, 65, 50)), C)
    assert by_step.hidden_fifths == 0


def test_crossings_and_overlaps_need_voices():
    crossed = part_writing(in_voices((60, 62), (65, 55)), C)
    assert (crossed.neighbors, crossed.crossings) == (4, 2)
    overlap = part_writing(in_voices((64, 55), (72, 65)), C)  # 65 is above the 64 just left
    assert (overlap.crossings, overlap.neighbor_moves, overlap.overlaps) == (0, 1, 1)
    assert part_writing(as_chords((60, 62), (55, 65)), C).neighbors == 0


def test_ranges_of_voices_and_of_an_instrument():
    counts = part_writing(in_voices((82, 60, 55, 48), (72, 60, 55, 35)), C)
    assert (counts.notes, counts.out_of_range) == (8, 2)
    guitar = Piece([Note(Q * n, Q, p) for n, p in enumerate((39, 40, 83))], parts=(Part("", 24),))
    assert part_writing(guitar, C).out_of_range == 1
    strummed = Piece([*guitar.notes, Note(Q * 0, Q, 30)], parts=guitar.parts)
    counts = part_writing(strummed, C)
    assert (counts.method, counts.out_of_range) == ("chords", 2)


def test_doubled_leading_notes():
    counts = part_writing(in_voices((71, 67, 59, 55), (72, 67, 64, 48)), C)
    assert (counts.dominants, counts.doubled_leading_notes) == (2, 2)  # two eighths
    assert part_writing(in_voices((71, 67, 62, 55)), C).doubled_leading_notes == 0
    assert part_writing(in_voices((71, 67, 59, 55)), Key(1)).dominants == 0


def test_unresolved_leaps():
    def leaps(*pitches: int) -> tuple[int, int]:
        counts = part_writing(in_voices(*[(pitch,) for pitch in pitches]), C)
        return counts.melodic_moves, counts.unresolved_leaps

    assert leaps(60, 69, 67) == (2, 0)  # a step back
    assert leaps(60, 69, 69, 67) == (2, 0)  # after a repeated note
    assert leaps(60, 69, 71) == (2, 1)  # a step on
    assert leaps(60, 69, 65) == (2, 1)  # a leap back
    assert leaps(60, 67, 71) == (2, 0)  # a fifth is no such leap
    assert leaps(60, 69) == (1, 0)
    assert leaps(60, 69, 0, 67) == (1, 0)


def test_notes_in_key_are_weighted_by_duration():
    notes = [Note(Q * 0, Q * 3, 60), Note(Q * 3, Q, 61)]
    assert part_writing(Piece(notes), C).rates()["in_key"] == 0.75
    minor = Piece([Note(Q * n, Q, pitch) for n, pitch in enumerate((69, 77, 78, 79, 80, 61))])
    assert part_writing(minor, Key(0, "minor")).rates()["in_key"] == pytest.approx(5 / 6)


def test_the_key_is_the_declared_one_or_else_estimated():
    piece = in_voices((60,), (62,), (64,), (65,), (67,), (60,))
    assert key_of(piece) == analyze_key(piece)[0]
    assert key_of(piece.replace(keys=(Key(3),))) == Key(3)


def test_counts_add_up():
    one = part_writing(in_voices((67, 60), (69, 62)), C)
    other = part_writing(as_chords((67, 60), (69, 62), (67, 60)), C)
    both = total([one, other])
    assert both.method == "both"
    assert total([one, one]).method == "voices"
    assert both.moving_pairs == both.parallel_fifths == 3
    assert total([]) == PartWriting()
    assert part_writing(Piece([])).moving_pairs == 0


def test_figures_of_js_fakes(data_folder):
    pieces = load_corpus(data_folder / "js-fakes" / "midi").pieces[:120]
    counts = total(part_writing(piece) for piece in pieces)
    assert counts.method == "voices"
    rates = counts.rates()
    assert round(rates["parallel_fifths"], 1) == 6.0
    assert round(rates["parallel_octaves"], 1) == 5.5


def test_figures_of_bach():
    pieces = load_corpus("bundled:chorales").pieces[:120]
    counts = total(part_writing(piece) for piece in pieces)
    rates = counts.rates()
    assert round(rates["parallel_fifths"], 1) == 2.4
    assert round(rates["parallel_octaves"], 1) == 0.4
    assert rates["out_of_range"] == 0
