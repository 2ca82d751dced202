"""Single chords are exchanged: which ones, for what, and how far."""

from __future__ import annotations

import numpy as np
import pytest

import partimento as pt
from partimento.generate.chord_exchange import ChordWriter, harshness, is_parallel, slices_of
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel


def test_a_piece_is_cut_where_notes_begin_and_end() -> None:
    piece = Piece([pt.Note(0, 2, 60), pt.Note(0, 1, 64), pt.Note(1, 1, 65), pt.Note(3, 1, 67)])
    rows = [(each.onset, each.end, len(each.notes), len(each.free)) for each in slices_of(piece)]
    assert rows == [(0, 1, 2, 1), (1, 2, 2, 1), (2, 3, 0, 0), (3, 4, 1, 1)]
    assert not any(each.free for each in slices_of(piece, frozenset([0])))


def test_a_larger_amount_exchanges_the_same_chords_and_more(
    embeddings_run: TrainedModel, pieces: list[Piece]
) -> None:
    writer = ChordWriter(embeddings_run, pieces[0], frozenset(), slice(0, 8))
    few, many = (writer.write(amount, 3, 3)[1] for amount in (0.2, 0.6))
    assert set(few) <= set(many)
    assert 0 < len(few) < len(many)
    assert all({p % 12 for p in e.before} != {p % 12 for p in e.after} for e in many)
    assert all(0 < exchange.similarity < 1 for exchange in many)


def test_near_chords_are_nearer(embeddings_run: TrainedModel, pieces: list[Piece]) -> None:
    means = []
    for ranks in (slice(0, 1), slice(4, 8)):
        writer = ChordWriter(embeddings_run, pieces[1], frozenset(), ranks)
        means.append(np.mean([e.similarity for e in writer.write(0.5, 1, 1)[1]]))
    assert means[0] > means[1]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ((60, 62, 67, 69), True),  # fifths
        ((48, 50, 72, 74), True),  # octaves
        ((60, 62, 67, 67), False),  # one voice stays
        ((60, 62, 67, 71), False),  # a fifth, then a sixth
        ((60, 62, 64, 66), False),  # thirds
    ],
)
def test_parallels_are_fifths_and_octaves(moves: tuple[int, ...], expected: bool) -> None:
    assert is_parallel(*moves) is expected


def test_semitones_and_whole_tones_are_harsh() -> None:
    chords = np.array([[48, 52, 55, 60], [43, 53, 59, 62], [53, 57, 60, 64], [48, 50, 61, 62]])
    assert harshness(chords).tolist() == [0, 1, 2, 8]


def test_no_version_has_more_parallels(embeddings_run: TrainedModel, pieces: list[Piece]) -> None:
    from partimento.analysis.part_writing import part_writing

    piece = pieces[2]
    version, _ = ChordWriter(embeddings_run, piece, frozenset(), slice(0, 32)).write(1.0, 4, 4)
    before, after = part_writing(piece), part_writing(version)
    assert after.parallel_octaves <= before.parallel_octaves
