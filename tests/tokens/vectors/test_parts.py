"""Several parts on common boundaries, and a symbol a part: exact both ways."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tokens.rows import (
    assert_same_notes,
    durations_of,
    pieces_of_parts,
    quick,
)

from partimento import Event, Note, Part, Piece
from partimento.corpus import read_piece
from partimento.errors import PartimentoError
from partimento.tokens.vectors.manyhot import (
    from_multi_many_hot,
    multi_many_hot,
)
from partimento.tokens.vectors.parts import (
    REST,
    from_multi_one_hot,
    from_part_events,
    multi_one_hot,
    part_events,
    part_vocabularies,
)
from partimento.tokens.vocabulary import UNKNOWN


def test_parts_by_hand() -> None:
    """A bass of two beats under two notes, the second of which doubles it: the bass is held, the
    unison struck.
    """
    soprano = [
        Note(Fraction(0), Fraction(1), 64, part=0),
        Note(Fraction(1), Fraction(1), 48, part=0),
    ]
    piece = Piece(
        [*soprano, Note(Fraction(0), Fraction(2), 48, part=1)],
        parts=(Part("Soprano"), Part("Bass"), Part("Silent")),
    )
    parts = part_events(piece)
    one = Fraction(1)
    assert parts == (
        (Event((64,), one), Event((48,), one)),
        (Event((48,), one), Event((48,), one, (48,))),
        (Event((), one), Event((), one)),
    )
    assert [np.flatnonzero(row).tolist() for row in multi_many_hot(parts)] == [
        [64, 256 + 48],
        [48, 256 + 48, 384 + 48],
    ]
    assert [np.flatnonzero(row).tolist() for row in multi_many_hot(parts, held=False)] == [
        [64, 128 + 48],
        [48, 128 + 48],
    ]
    vocabularies = part_vocabularies([parts])
    assert [v.symbols for v in vocabularies] == [
        (REST, ((64,), ()), ((48,), ())),
        (REST, ((48,), ()), ((48,), (48,))),
        (REST,),
    ]
    assert [np.flatnonzero(row).tolist() for row in multi_one_hot(parts, vocabularies)] == [
        [5, 7 + 5, 14 + 4],
        [6, 7 + 6, 14 + 4],
    ]
    assert from_part_events(parts, parts=piece.parts) == piece


@given(pieces_of_parts())
@quick
def test_parts_come_back(piece: Piece) -> None:
    parts = part_events(piece)
    assert len(parts) == len(piece.parts)
    assert all(
        [event.duration for event in own] == [event.duration for event in piece.events]
        for own in parts
    )
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
    rows = multi_one_hot(parts, vocabularies)
    assert rows.shape == (len(piece.events), sum(map(len, vocabularies)))
    assert (rows.sum(1) == len(parts)).all()
    back = from_multi_one_hot(rows, durations_of(parts), vocabularies)
    assert back == parts
    assert_same_notes(from_part_events(back, parts=piece.parts).notes, piece.notes)


@given(pieces_of_parts(), st.integers(0, 2))
@quick
def test_drums_left_out_and_parts_that_are_missing(piece: Piece, more: int) -> None:
    kept = [number for number, part in enumerate(piece.parts) if not part.is_drum]
    if not kept:
        with pytest.raises(PartimentoError, match="no part"):
            part_events(piece, drums=False)
        return
    count = len(kept) + more
    parts = part_events(piece, drums=False, count=count)
    assert len(parts) == count
    assert all(not event.chord for own in parts[len(kept) :] for event in own)
    assert durations_of(parts) == [event.duration for event in piece.without_drums().events]
    back = from_multi_many_hot(multi_many_hot(parts), durations_of(parts), parts=count)
    renumbered = [note for note in from_part_events(back).notes if note.part < len(kept)]
    wanted = [(n.onset, n.duration, n.pitch, n.part) for n in piece.without_drums().notes]
    assert [(n.onset, n.duration, n.pitch, kept[n.part]) for n in renumbered] == wanted


def test_parts_that_do_not_go_together() -> None:
    one, two = Event((60,), Fraction(1)), Event((60,), Fraction(2))
    known = part_vocabularies([((one,), (one,))])
    rows = multi_one_hot(((one,), (one,)), known)
    unknown = multi_one_hot(((one,), (Event((61,), Fraction(1)),)), known)
    assert unknown[0, len(known[0]) + UNKNOWN] == 1
    for wrong, words in (
        (lambda: multi_many_hot(((one,), (two,))), "differ in their durations"),
        (lambda: from_part_events(((one,), (one, one))), "differ in their durations"),
        (lambda: multi_many_hot(()), "no part"),
        (lambda: part_events(Piece([], parts=())), "no part"),
        (
            lambda: part_events(Piece([], parts=(Part(), Part())), count=1),
            "2 parts to encode, but count allows only 1",
        ),
        (lambda: multi_one_hot(((one,),), known), "1 parts, but 2 vocabularies"),
        (lambda: part_vocabularies([((one,),), ((one,), (one,))]), "pieces of 1 to 2 parts"),
        (lambda: from_multi_one_hot(rows, [], known), "shape"),
        (
            lambda: from_multi_one_hot(np.zeros_like(rows), [Fraction(1)], known),
            "row 0 of part 0 has the special id 0",
        ),
        (
            lambda: from_multi_one_hot(unknown, [Fraction(1)], known),
            "row 0 of part 1 has the special id 3",
        ),
    ):
        with pytest.raises(PartimentoError, match=words):
            wrong()


def test_vocabularies_know_the_rest_and_what_comes_often() -> None:
    often, once = Event((60,), Fraction(1)), Event((61,), Fraction(1))
    (vocabulary,) = part_vocabularies([((often, once),), ((often,),)], min_count=2)
    assert vocabulary.symbols == (REST, ((60,), ()))


def test_real_parts_come_back(data_folder: Path) -> None:
    """A trio, a duo and a solo from the archive; then all together, as a corpus of three parts."""
    folder = data_folder / "mutopia-guitar"
    found = [
        piece
        for path in sorted(folder.glob("**/*.mid"))[::12]
        if 1 <= len((piece := read_piece(path)).parts) <= 4
    ]
    assert {len(piece.parts) for piece in found} >= {1, 2, 3}
    encoded = [part_events(piece, count=4) for piece in found]
    vocabularies = part_vocabularies(encoded)
    for piece, parts in zip(found, encoded, strict=True):
        assert len(parts[0]) == len(piece.events)
        durations = durations_of(parts)
        several = from_multi_one_hot(multi_one_hot(parts, vocabularies), durations, vocabularies)
        assert several == from_multi_many_hot(multi_many_hot(parts), durations, parts=4) == parts
        assert_same_notes(from_part_events(several).notes, piece.notes)
