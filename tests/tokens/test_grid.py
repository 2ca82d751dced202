"""The grid of voices: cells, marks, header, and back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from partimento.errors import PartimentoError
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part
from partimento.tokens.grid import NO_KEY, GridTokenizer
from partimento.tokens.grid_facts import FERMATA_COLUMN, KEY_COLUMN, NOT_KNOWN
from partimento.tokens.grid_grammar import FERMATA, FIRST_PITCH, HEADER, HOLD, REST
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import SPECIAL, UNKNOWN

Q = Fraction(1)


def duet() -> Piece:
    """Two voices in three-four with a pickup; the upper one repeats a note and then rests."""
    notes = [
        Note(Q * 0, Q, 67),
        Note(Q, Q, 72),
        Note(Q * 2, Q, 72),
        Note(Q * 3, Q / 2, 74),
        Note(Q * 0, Q, 48, part=1),
        Note(Q, Q * 3, 52, part=1),
    ]
    return Piece(
        notes,
        meters=(Meter(3, 4),),
        keys=(Key.from_name("a minor"),),
        pickup=Q,
        parts=(Part("Soprano", 52), Part("Bass", 52)),
        fermatas=(Q * 3,),
        length=Q * 4,
    )


def fitted(*pieces: Piece, **settings: object) -> GridTokenizer:
    return GridTokenizer.fit(
        pieces, TokenSettings(min_count=1, transpose="none", frame="1/2", **settings)
    )


def test_cells_are_pitches_holds_and_rests() -> None:
    tokenizer = fitted(duet())
    cells = tokenizer.encode(duet()).ids[HEADER:-1]
    low = tokenizer.low - FIRST_PITCH
    upper = [67 - low, HOLD, 72 - low, HOLD, 72 - low, HOLD, 74 - low, REST]
    lower = [48 - low, HOLD, 52 - low, HOLD, HOLD, HOLD, HOLD, HOLD]
    assert cells[:, 0].tolist() == upper
    assert cells[:, 1].tolist() == lower
    assert cells[:, 2].tolist() == [SPECIAL] * 6 + [FERMATA, SPECIAL]


def test_decoding_keeps_notes_parts_fermatas_key_meter_and_pickup() -> None:
    piece = duet()
    tokenizer = fitted(piece)
    again = tokenizer.decode(tokenizer.encode(piece).ids)
    assert [(n.onset, n.duration, n.pitch, n.part) for n in again.notes] == [
        (n.onset, n.duration, n.pitch, n.part) for n in piece.notes
    ]
    for name in ("parts", "fermatas", "phrase_ends", "meters", "pickup", "length"):
        assert getattr(again, name) == getattr(piece, name), name
    assert [key.name for key in again.keys] == ["A minor"]


@pytest.mark.parametrize("voices", [2, 5, 8])
def test_any_number_of_voices_up_to_eight(voices: int) -> None:
    notes = [Note(Q * t, Q, 40 + 5 * v + t, part=v) for v in range(voices) for t in range(3)]
    piece = Piece(notes, parts=tuple(Part(f"Voice {v}") for v in range(voices)))
    tokenizer = fitted(piece)
    assert tokenizer.voices == voices
    assert tokenizer.decode(tokenizer.encode(piece).ids).notes == piece.notes
    more = piece.replace(parts=tuple(Part(str(v)) for v in range(9)))
    with pytest.raises(PartimentoError, match="at most 8"):
        fitted(more)


def test_without_repeated_notes_equal_notes_are_tied() -> None:
    for hold in (False, True):
        tokenizer = fitted(duet(), hold=hold, repeated_notes=False)
        tokens = tokenizer.encode(duet())
        upper = [n for n in tokenizer.decode(tokens.ids).notes if n.part == 0]
        assert [(n.onset, n.duration, n.pitch) for n in upper] == [
            (0, 1, 67),
            (1, 2, 72),
            (3, Q / 2, 74),
        ]
        assert (HOLD in tokens.ids[HEADER:-1, 0]) == hold
        assert len(tokenizer.decode_events(tokens.ids)) == tokenizer.events_in(tokens.ids[4:]) - 1


def test_without_holds_notes_are_struck_again_with_the_first_voice() -> None:
    notes = [Note(Q * t, Q, 70 + t) for t in range(4)]
    notes += [Note(Q * 0, Q * 4, 50, part=1)]
    piece = Piece(notes, parts=(Part("A"), Part("B")))
    tokenizer = fitted(piece, hold=False)
    lower = [n for n in tokenizer.decode(tokenizer.encode(piece).ids).notes if n.part == 1]
    assert [(n.onset, n.duration) for n in lower] == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_transposed_copies_move_pitches_and_key_and_hide_what_a_user_may_not_know() -> None:
    piece = duet()
    tokenizer = GridTokenizer.fit(
        [piece], TokenSettings(min_count=1, frame="1/2"), shifts=[range(-6, 7)]
    )
    tokens = tokenizer.encode(piece)
    copies = list(tokenizer.transposed(piece, tokens, range(-6, 7)))
    for shift, copy in zip(range(-6, 7), copies, strict=True):
        moved = tokenizer.decode(copy.ids)
        assert moved.notes.pitch.tolist() == (piece.notes.pitch + shift).tolist()
        keys = {(9 + shift) % 12, shift % 12}  # A minor as declared, C major as analyzed
        assert moved.keys[0].tonic in keys
        number = 12 * (moved.keys[0].mode == "minor") + moved.keys[0].tonic
        assert (copy.context["features"][HEADER:-1, KEY_COLUMN] == 1 + number).all()
    known = {
        bool((copy.context["features"][:, FERMATA_COLUMN] > NOT_KNOWN).any()) for copy in copies
    }
    assert known == {True, False}
    outside = next(tokenizer.transposed(piece, tokens, [40]))
    assert (outside.ids[HEADER:-1, 0] == UNKNOWN).any()


def test_pitches_outside_the_range_are_unknown_and_cost_something() -> None:
    class Costs:
        def chord(self, event: object) -> float:
            return 2.5

        def duration(self, length: Fraction) -> float:
            return 0.0

    tokenizer = replace(fitted(duet()), low=50)
    ids = tokenizer.encode(duet()).ids
    assert ids[HEADER, 1] == UNKNOWN
    assert tokenizer.missing_cost(duet(), Costs()) == 2.5
    assert len(tokenizer.prompt(ids, 5)) == HEADER


def test_a_prompt_can_state_another_key_or_none() -> None:
    piece = duet().replace(keys=())
    tokenizer = fitted(piece)
    header = tokenizer.prompt(tokenizer.encode(piece).ids, 0)
    assert header[HEADER - 1, -1] == SPECIAL + NO_KEY
    assert tokenizer.decode(header).keys == ()
    assert tokenizer.decode(tokenizer.in_key(header, Key.from_name("d major"))).keys[0].tonic == 2
    assert np.array_equal(tokenizer.facts(header), np.zeros((4, 6)))
