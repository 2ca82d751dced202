"""Every encoding comes back as it was, dense or sparse, and the order of a flat window is the tutorial's."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse

from partimento import Event, Note, Part, Piece, read_piece
from partimento.config import UserError
from partimento.corpus.parts import without_drums
from partimento.encode.codecs import CHORD, ChordCodec
from partimento.encode.onehot import (
    REST,
    combinations,
    encoding_sizes,
    flatten,
    from_many_hot,
    from_multi_many_hot,
    from_multi_one_hot,
    from_one_hot,
    from_part_events,
    many_hot,
    multi_many_hot,
    multi_one_hot,
    one_hot,
    part_events,
    part_vocabularies,
    sparse_flatten,
    sparse_many_hot,
    sparse_multi_many_hot,
    sparse_multi_one_hot,
    sparse_one_hot,
    sparse_unflatten,
    unflatten,
)
from partimento.encode.vocabulary import PAD, UNKNOWN
from partimento.piece import Notes, merge_held

TIMES = [Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3)]
PITCHES = [0, 59, 60, 61, 64, 127]
LASTING = ("divisions", "onset", "duration", "pitch", "part")
quick = settings(deadline=None, max_examples=80)


@st.composite
def pieces_of_parts(draw: st.DrawFn) -> Piece:
    """Up to four parts that double one another, hold, fall silent, and may be drums; perhaps with a rest at the end, or no note at all."""
    parts = draw(st.lists(st.booleans().map(lambda drum: Part(is_drum=drum)), min_size=1, max_size=4))
    notes = draw(
        st.lists(
            st.builds(
                Note,
                st.sampled_from(TIMES),
                st.sampled_from(TIMES[1:]),
                st.sampled_from(PITCHES),
                part=st.integers(0, len(parts) - 1),
            ),
            max_size=12,
        )
    )
    cuts = tuple(draw(st.sets(st.sampled_from(TIMES[:4]), max_size=2)))
    return Piece(notes, parts=tuple(parts), length=draw(st.sampled_from([Fraction(0), Fraction(2), Fraction(13, 2)])), cuts=cuts)


def durations_of(parts: Any) -> list[Fraction]:
    return [event.duration for event in parts[0]]


def assert_same_notes(notes: Notes, others: Notes) -> None:
    """All but velocity, tablature and graces, which no encoding carries."""
    for name in LASTING:
        assert np.array_equal(getattr(notes, name), getattr(others, name)), name


def assert_equal_arrays(rows: sparse.csr_array, dense: np.ndarray) -> None:
    assert isinstance(rows, sparse.csr_array)
    assert rows.dtype == dense.dtype == np.float32
    assert rows.shape == dense.shape
    assert np.array_equal(rows.toarray(), dense)
    assert rows.nnz == dense.sum()
    assert rows.has_canonical_format
    assert rows.indices.dtype == np.int32


# ---------------------------------------------------------------------- one-hot


def test_one_hot_by_hand() -> None:
    rows = one_hot([[2, 0], [1, 3]], 4)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[[0, 0, 1, 0], [0, 0, 0, 0]], [[0, 1, 0, 0], [0, 0, 0, 1]]]
    assert from_one_hot(rows).tolist() == [[2, PAD], [1, 3]]
    assert from_one_hot(np.array([[0.1, 0.2, 0.7], [0.0, 0.4, 0.3]])).tolist() == [2, 1]  # a model's probabilities
    assert from_one_hot(rows).dtype == np.int32


@given(st.data(), st.integers(1, 9))
@quick
def test_one_hot_comes_back(data: st.DataObject, size: int) -> None:
    numbers = data.draw(arrays(np.int32, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4), elements=st.integers(0, size - 1)))
    rows = one_hot(numbers, size)
    assert rows.shape == (*numbers.shape, size)
    assert np.array_equal(rows.sum(-1), numbers != PAD)
    assert np.array_equal(from_one_hot(rows), numbers)
    thin = sparse_one_hot(numbers, size)
    assert_equal_arrays(thin, rows.reshape(-1, size))
    assert np.array_equal(from_one_hot(thin), numbers.reshape(-1))
    assert np.array_equal(from_one_hot(thin.tocoo()), numbers.reshape(-1))  # in whatever sparse form


@pytest.mark.parametrize("encode", [one_hot, sparse_one_hot])
@pytest.mark.parametrize("number", [-1, 4])
def test_no_number_out_of_range(encode: Any, number: int) -> None:
    with pytest.raises(UserError, match="outside 0 to 3"):
        encode([1, number], 4)


def test_a_stored_zero_is_no_one() -> None:
    rows = sparse.csr_array((np.array([0, 1, 1], np.float32), np.array([1, 2, 1]), np.array([0, 2, 3])), shape=(2, 3))
    assert from_one_hot(rows).tolist() == [2, 1]


def test_no_row_of_several_ones() -> None:
    with pytest.raises(UserError, match="several ones"):
        from_one_hot(sparse.csr_array(np.array([[0, 1, 1]], np.float32)))


# ---------------------------------------------------------------------- flat windows


def test_the_order_of_a_flat_window() -> None:
    window = np.array([["step 0 chord 0", "step 0 chord 1"], ["step 1 chord 0", "step 1 chord 1"], ["step 2 chord 0", "step 2 chord 1"]])
    in_order = ["step 0 chord 0", "step 1 chord 0", "step 2 chord 0", "step 0 chord 1", "step 1 chord 1", "step 2 chord 1"]
    assert flatten(window).tolist() == in_order
    assert unflatten(np.array(in_order), 3).tolist() == window.tolist()
    assert np.flatnonzero(flatten(one_hot([5, 4, 5, 6], 7))).tolist() == [4 * 4 + 1, 5 * 4 + 0, 5 * 4 + 2, 6 * 4 + 3]


def test_a_flat_row_reads_as_the_tutorial_reads_it() -> None:
    """Its chords: the row as (chords, steps), of each step the largest."""
    numbers = np.array([3, 1, 2, 3, 1])
    assert flatten(one_hot(numbers, 4)).reshape(4, 5).argmax(0).tolist() == numbers.tolist()


@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
@quick
def test_flat_windows_come_back(count: int, length: int, size: int, seed: int) -> None:
    numbers = np.random.default_rng(seed).integers(0, size, (count, length))
    windows = one_hot(numbers, size)
    flat = flatten(windows)
    assert flat.shape == (count, size * length)
    assert all(flat[n, v * length + step] == windows[n, step, v] for n, step, v in np.ndindex(windows.shape))
    assert np.array_equal(unflatten(flat, length), windows)
    thin = sparse_one_hot(numbers, size)
    assert_equal_arrays(sparse_flatten(thin, length), flat)
    assert_equal_arrays(sparse_unflatten(sparse_flatten(thin, length), length), thin.toarray())


def test_windows_that_do_not_fit() -> None:
    thin = sparse_one_hot([1, 2, 1], 3)
    for wrong in (lambda: unflatten(np.zeros(7), 2), lambda: sparse_flatten(thin, 2), lambda: sparse_unflatten(thin, 0)):
        with pytest.raises(UserError, match="no windows of"):
            wrong()


def test_keras_does_the_same() -> None:
    import keras
    from keras import ops

    numbers = np.array([[[4, 0, 2], [1, 1, 3]]])  # (1, 2, 3)
    rows = one_hot(numbers, 5)
    assert np.array_equal(one_hot(ops.convert_to_tensor(numbers), 5, ops), rows)
    assert np.array_equal(flatten(ops.convert_to_tensor(rows), ops), flatten(rows))
    assert np.array_equal(unflatten(ops.convert_to_tensor(flatten(rows)), 3, ops), rows)
    assert np.array_equal(from_one_hot(ops.convert_to_tensor(rows), ops), numbers)
    window = keras.Input((3,), dtype="int32")  # windows of 3, of a number not known beforehand
    flat = flatten(one_hot(window, 5, ops), ops)
    assert flat.shape == (None, 15)
    model = keras.Model(window, [flat, unflatten(flat, 3, ops)])
    made, back = model(numbers[0])
    assert np.array_equal(made, flatten(rows[0]))
    assert np.array_equal(back, rows[0])


# ---------------------------------------------------------------------- many-hot


def test_many_hot_by_hand() -> None:
    events = [Event((0, 127), Fraction(1)), Event((0, 60), Fraction(1, 2), (0,)), Event((), Fraction(1)), Event((60,), Fraction(1))]
    rows = many_hot(events)
    assert rows.dtype == np.float32
    assert [np.flatnonzero(row).tolist() for row in rows] == [[0, 127], [0, 60, 128], [], [60]]
    assert np.array_equal(many_hot(events, held=False), rows[:, :128])
    struck = [Event(event.chord, event.duration) for event in events]
    assert from_many_hot(rows[:, :128], [event.duration for event in events], held=False) == struck
    assert from_many_hot(rows * 0.6, [event.duration for event in events]) == events  # a model's probabilities
    assert many_hot([]).shape == (0, 256)


@given(pieces_of_parts())
@quick
def test_many_hot_comes_back(piece: Piece) -> None:
    events, durations = list(piece.events), [event.duration for event in piece.events]
    rows, thin = many_hot(events), sparse_many_hot(events)
    assert rows.shape == (len(events), 256)
    assert from_many_hot(rows, durations) == from_many_hot(thin, durations) == events
    assert_equal_arrays(thin, rows)
    assert_equal_arrays(sparse_many_hot(events, held=False), rows[:, :128])
    assert merge_held(Piece.from_events(from_many_hot(rows, durations)).events) == merge_held(events)


def test_what_is_no_many_hot_music() -> None:
    held_alone = np.zeros((1, 256), np.float32)
    held_alone[0, 128 + 60] = 1
    quarter = Fraction(1)
    for wrong, words in (
        (lambda: many_hot([Event((60, 128), quarter)]), "outside 0 to 127"),
        (lambda: sparse_many_hot([Event((-1,), quarter)]), "outside 0 to 127"),
        (lambda: many_hot([Event((60,), quarter, (61,))]), "held that does not sound"),
        (lambda: from_many_hot(held_alone, [quarter]), "held that does not sound"),
        (lambda: from_many_hot(held_alone, [quarter, quarter]), "shape"),
        (lambda: from_many_hot(held_alone, [quarter], held=False), "shape"),
    ):
        with pytest.raises(UserError, match=words):
            wrong()


# ---------------------------------------------------------------------- several parts


def test_parts_by_hand() -> None:
    """A bass of two beats under two notes, the second of which doubles it: the bass is held, the unison struck."""
    soprano = [Note(Fraction(0), Fraction(1), 64, part=0), Note(Fraction(1), Fraction(1), 48, part=0)]
    piece = Piece([*soprano, Note(Fraction(0), Fraction(2), 48, part=1)], parts=(Part("Soprano"), Part("Bass"), Part("Silent")))
    parts = part_events(piece)
    one = Fraction(1)
    assert parts == (
        (Event((64,), one), Event((48,), one)),
        (Event((48,), one), Event((48,), one, (48,))),
        (Event((), one), Event((), one)),
    )
    assert [np.flatnonzero(row).tolist() for row in multi_many_hot(parts)] == [[64, 256 + 48], [48, 256 + 48, 384 + 48]]
    assert [np.flatnonzero(row).tolist() for row in multi_many_hot(parts, held=False)] == [[64, 128 + 48], [48, 128 + 48]]
    vocabularies = part_vocabularies([parts])
    assert [v.symbols for v in vocabularies] == [
        (REST, ((64,), ()), ((48,), ())),
        (REST, ((48,), ()), ((48,), (48,))),
        (REST,),
    ]
    assert [np.flatnonzero(row).tolist() for row in multi_one_hot(parts, vocabularies)] == [[5, 7 + 5, 14 + 4], [6, 7 + 6, 14 + 4]]
    assert from_part_events(parts, parts=piece.parts) == piece


@given(pieces_of_parts())
@quick
def test_parts_come_back(piece: Piece) -> None:
    parts = part_events(piece)
    assert len(parts) == len(piece.parts)
    assert all([event.duration for event in own] == [event.duration for event in piece.events] for own in parts)
    for t, event in enumerate(piece.events):
        assert set().union(*(own[t].chord for own in parts)) == set(event.chord)
    back = from_part_events(parts, parts=piece.parts)
    assert_same_notes(back.notes, piece.notes)
    assert back.parts == piece.parts
    assert back.length == sum(durations_of(parts))


@given(pieces_of_parts())
@quick
def test_multi_one_hot_comes_back(piece: Piece) -> None:
    parts = part_events(piece)
    vocabularies = part_vocabularies([parts])
    rows, thin = multi_one_hot(parts, vocabularies), sparse_multi_one_hot(parts, vocabularies)
    assert rows.shape == (len(piece.events), sum(map(len, vocabularies)))
    assert (rows.sum(1) == len(parts)).all()
    assert_equal_arrays(thin, rows)
    for each in (rows, thin):
        back = from_multi_one_hot(each, durations_of(parts), vocabularies)
        assert back == parts
        assert_same_notes(from_part_events(back, parts=piece.parts).notes, piece.notes)


@given(pieces_of_parts())
@quick
def test_multi_many_hot_comes_back(piece: Piece) -> None:
    parts = part_events(piece)
    rows, thin = multi_many_hot(parts), sparse_multi_many_hot(parts)
    assert rows.shape == (len(piece.events), len(parts) * 256)
    assert_equal_arrays(thin, rows)
    for each in (rows, thin):
        back = from_multi_many_hot(each, durations_of(parts), parts=len(parts))
        assert back == parts
        assert_same_notes(from_part_events(back, parts=piece.parts).notes, piece.notes)
    sounding = multi_many_hot(parts, held=False)
    assert_equal_arrays(sparse_multi_many_hot(parts, held=False), sounding)
    struck = tuple(tuple(Event(event.chord, event.duration) for event in own) for own in parts)
    assert from_multi_many_hot(sounding, durations_of(parts), parts=len(parts), held=False) == struck
    assert np.array_equal(np.hstack([many_hot(own) for own in parts]), rows)


@given(pieces_of_parts(), st.integers(0, 2))
@quick
def test_drums_left_out_and_parts_that_are_missing(piece: Piece, more: int) -> None:
    kept = [number for number, part in enumerate(piece.parts) if not part.is_drum]
    if not kept:
        with pytest.raises(UserError, match="no part"):
            part_events(piece, drums=False)
        return
    count = len(kept) + more
    parts = part_events(piece, drums=False, count=count)
    assert len(parts) == count
    assert all(not event.chord for own in parts[len(kept) :] for event in own)
    assert durations_of(parts) == [event.duration for event in without_drums(piece).events]
    back = from_multi_many_hot(multi_many_hot(parts), durations_of(parts), parts=count)
    renumbered = [note for note in from_part_events(back).notes if note.part < len(kept)]
    wanted = [(n.onset, n.duration, n.pitch, n.part) for n in without_drums(piece).notes]
    assert [(n.onset, n.duration, n.pitch, kept[n.part]) for n in renumbered] == wanted


def test_parts_that_do_not_go_together() -> None:
    one, two = Event((60,), Fraction(1)), Event((60,), Fraction(2))
    known = part_vocabularies([((one,), (one,))])
    rows = multi_one_hot(((one,), (one,)), known)
    unknown = multi_one_hot(((one,), (Event((61,), Fraction(1)),)), known)
    assert unknown[0, len(known[0]) + UNKNOWN] == 1
    for wrong, words in (
        (lambda: multi_many_hot(((one,), (two,))), "same durations"),
        (lambda: from_part_events(((one,), (one, one))), "same durations"),
        (lambda: multi_many_hot(()), "no part"),
        (lambda: part_events(Piece([], parts=())), "no part"),
        (lambda: part_events(Piece([], parts=(Part(), Part())), count=1), "2 parts to encode, where there is room for 1"),
        (lambda: multi_one_hot(((one,),), known), "1 parts, but 2 vocabularies"),
        (lambda: part_vocabularies([((one,),), ((one,), (one,))]), "pieces of 1 to 2 parts"),
        (lambda: from_multi_one_hot(rows, [], known), "shape"),
        (lambda: from_multi_one_hot(np.zeros_like(rows), [Fraction(1)], known), "row 0 of part 0 stands for no music: number 0"),
        (lambda: from_multi_one_hot(unknown, [Fraction(1)], known), "row 0 of part 1 stands for no music: number 3"),
    ):
        with pytest.raises(UserError, match=words):
            wrong()


def test_vocabularies_know_the_rest_and_what_comes_often() -> None:
    often, once = Event((60,), Fraction(1)), Event((61,), Fraction(1))
    (vocabulary,) = part_vocabularies([((often, once),), ((often,),)], min_count=2)
    assert vocabulary.symbols == (REST, ((60,), ()))


# ---------------------------------------------------------------------- the whole way, sizes


@given(pieces_of_parts())
@quick
def test_from_a_piece_to_rows_and_back(piece: Piece) -> None:
    """Chords and durations as one-hot rows, held notes as many-hot ones: all that `Piece.from_events` needs."""
    events = merge_held(piece.events)
    codec = ChordCodec.from_pieces([events])
    tokens = codec.encode(events).tokens
    back = np.stack([from_one_hot(one_hot(tokens[:, field], size)) for field, size in enumerate(codec.sizes)], axis=1)
    assert np.array_equal(back, tokens)
    assert codec.decode(back) == events


def test_the_combinatorics_of_the_tutorial() -> None:
    assert combinations() == (128, 8_128, 341_376, 10_668_000)
    assert sum(combinations()) == 11_017_632
    assert sum(combinations(largest=2)) == 8_256
    assert combinations(notes=3, largest=4) == (3, 3, 1, 0)


def test_sizes_are_those_of_the_arrays(pieces: list[Piece]) -> None:
    """A corpus of one window: what is said of a window is what it takes."""
    two = (Note(Fraction(t), Fraction(2), 60 + t, part=t % 2) for t in range(31))  # 32 boundaries apart: 0 to 32
    piece = Piece(two, parts=(Part(), Part(), Part(is_drum=True)))
    events = merge_held(piece.events)
    assert len(events) == 32
    codec = ChordCodec.from_pieces([events])
    parts = part_events(piece, drums=False)
    numbers = codec.encode(events).tokens[1:-1]
    blocks = [sparse_one_hot(numbers[:, field], codec.sizes[field]) for field in (0, 1)]
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
        assert size.sparse_bytes == rows.data.nbytes + rows.indices.nbytes + rows.indptr.nbytes, name
        assert size.zeros == pytest.approx(1 - rows.nnz / rows.toarray().size), name
    held = sizes["integers: chord, held"]
    assert (held.width, held.dense_bytes, held.sparse_bytes, held.zeros) == (2, numbers[:, :2].nbytes, None, 0)
    assert encoding_sizes([piece], length=64)[1].dense_bytes == 2 * sizes["one-hot: chord"].dense_bytes
    assert len(encoding_sizes(pieces)) == 6  # one part: nothing multiple


def test_where_there_is_no_note() -> None:
    for nothing in ([], [Piece([])]):
        with pytest.raises(UserError, match="no event"):
            encoding_sizes(nothing)
    drums = Piece([Note(Fraction(0), Fraction(1), 36), Note(Fraction(1), Fraction(1), 38)], parts=(Part(is_drum=True),))
    sizes = {size.encoding: size for size in encoding_sizes([drums])}
    assert sizes["many-hot: sounding"].ones == 0  # their time remains, as one rest
    assert sizes["many-hot: sounding"].zeros == 1
    assert sizes["one-hot: chord"].width == 5  # four special numbers and the rest


def test_real_parts_come_back(data_folder: Path) -> None:
    """A trio, a duo and a solo from the archive; then all together, as a corpus of three parts."""
    folder = data_folder / "mutopia-guitar"
    found = [piece for path in sorted(folder.glob("**/*.mid"))[::12] if 1 <= len((piece := read_piece(path)).parts) <= 4]
    assert {len(piece.parts) for piece in found} >= {1, 2, 3}
    encoded = [part_events(piece, count=4) for piece in found]
    vocabularies = part_vocabularies(encoded)
    for piece, parts in zip(found, encoded, strict=True):
        assert len(parts[0]) == len(piece.events)
        durations = durations_of(parts)
        several = from_multi_one_hot(sparse_multi_one_hot(parts, vocabularies), durations, vocabularies)
        assert several == from_multi_many_hot(sparse_multi_many_hot(parts), durations, parts=4) == parts
        assert_same_notes(from_part_events(several).notes, piece.notes)
