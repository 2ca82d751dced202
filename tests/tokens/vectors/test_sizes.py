"""The sizes that are told are those of the arrays, and chords are counted as the tutorial counts
them.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from scipy import sparse

from partimento import Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.music.events import merge_held
from partimento.tokens.chords import CHORD, ChordTokenizer
from partimento.tokens.vectors.manyhot import sparse_many_hot, sparse_multi_many_hot
from partimento.tokens.vectors.onehot import sparse_one_hot
from partimento.tokens.vectors.parts import part_events, part_vocabularies, sparse_multi_one_hot
from partimento.tokens.vectors.sizes import combinations, encoding_sizes


def test_the_combinatorics_of_the_tutorial() -> None:
    assert combinations() == (128, 8_128, 341_376, 10_668_000)
    assert sum(combinations()) == 11_017_632
    assert sum(combinations(largest=2)) == 8_256
    assert combinations(notes=3, largest=4) == (3, 3, 1, 0)


def test_sizes_are_those_of_the_arrays(pieces: list[Piece]) -> None:
    """A corpus of one window: what is said of a window is what it takes."""
    two = (
        Note(Fraction(t), Fraction(2), 60 + t, part=t % 2) for t in range(31)
    )  # 32 boundaries apart: 0 to 32
    piece = Piece(two, parts=(Part(), Part(), Part(is_drum=True)))
    events = merge_held(piece.events)
    assert len(events) == 32
    tokenizer = ChordTokenizer.fit_events([events])
    parts = part_events(piece, drums=False)
    numbers = tokenizer.encode_events(events).ids[1:-1]
    blocks = [sparse_one_hot(numbers[:, field], tokenizer.sizes[field]) for field in (0, 1)]
    arrays_of = {
        "one-hot: chord": blocks[CHORD],
        "one-hot: chord, held": sparse.hstack(blocks, format="csr"),
        "many-hot: sounding": sparse_many_hot(events, held=False),
        "many-hot: sounding, held": sparse_many_hot(events),
        "multi-one-hot: 2 parts": sparse_multi_one_hot(parts, part_vocabularies([parts])),
        "multi-many-hot: 2 parts": sparse_multi_many_hot(parts),
    }
    sizes = {size.encoding: size for size in encoding_sizes([piece])}
    assert set(sizes) == {*arrays_of, "integers: chord", "integers: chord, held"}
    for name, rows in arrays_of.items():
        size = sizes[name]
        assert size.width == rows.shape[1], name
        assert size.ones == rows.nnz / 32, name
        assert size.dense_bytes == rows.toarray().nbytes, name
        assert size.sparse_bytes == rows.data.nbytes + rows.indices.nbytes + rows.indptr.nbytes, (
            name
        )
        assert size.zeros == pytest.approx(1 - rows.nnz / rows.toarray().size), name
    held = sizes["integers: chord, held"]
    assert (held.width, held.dense_bytes, held.sparse_bytes, held.zeros) == (
        2,
        numbers[:, :2].nbytes,
        None,
        0,
    )
    assert (
        encoding_sizes([piece], length=64)[1].dense_bytes == 2 * sizes["one-hot: chord"].dense_bytes
    )
    assert len(encoding_sizes(pieces)) == 6  # one part: nothing multiple


def test_where_there_is_no_note() -> None:
    for nothing in ([], [Piece([])]):
        with pytest.raises(PartimentoError, match="no event"):
            encoding_sizes(nothing)
    drums = Piece(
        [Note(Fraction(0), Fraction(1), 36), Note(Fraction(1), Fraction(1), 38)],
        parts=(Part(is_drum=True),),
    )
    sizes = {size.encoding: size for size in encoding_sizes([drums])}
    assert sizes["many-hot: sounding"].ones == 0  # their time remains, as one rest
    assert sizes["many-hot: sounding"].zeros == 1
    assert sizes["one-hot: chord"].width == 5  # four special numbers and the rest
