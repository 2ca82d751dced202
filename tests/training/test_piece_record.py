"""Records of training pieces, and their way through JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from fractions import Fraction

import numpy as np

from partimento import Meter, Note, Part, Piece, Tempo
from partimento.music.timelines import Source
from partimento.training.dataset import in_common_key
from partimento.training.piece_record import OPENING, PieceRecord


def record_of(piece: Piece, tokens: np.ndarray) -> PieceRecord:
    return PieceRecord.from_transposed(in_common_key(piece), tokens, "train")


def assert_equal(one: PieceRecord, other: PieceRecord) -> None:
    for each in fields(PieceRecord):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        assert np.array_equal(mine, theirs) if each.name == "opening" else mine == theirs, each.name


def test_a_record_survives_json() -> None:
    piece = Piece(
        [Note(Fraction(i), Fraction(1), 62 + i % 3) for i in range(8)],
        meters=(Meter(3, 4),),
        tempos=(Tempo.from_bpm(72),),
        parts=(Part("Lute", 24),),
        pickup=Fraction(1, 3),
        title="Étude",
        composer="F. Sor",
        source=Source(path="a.mid", sha256="00", license="CC-BY"),
    )
    record = record_of(piece, np.arange(12, dtype=np.int32).reshape(4, 3))
    again = PieceRecord.from_plain(json.loads(json.dumps(record.to_plain())))
    assert_equal(record, again)
    assert (again.title, again.source.license, again.pickup) == ("Étude", "CC-BY", Fraction(1, 3))
    assert (again.low, again.high, again.program) == (62, 64, 24)
    assert again.opening.dtype == np.int32
    assert again.opening.shape == (4, 3)


def test_what_a_piece_does_not_say_has_a_default() -> None:
    record = record_of(Piece([]), np.zeros((0, 3), np.int32))
    assert (record.meter, record.tempo, record.program, record.events) == (
        Meter(),
        Tempo(),
        None,
        0,
    )
    again = PieceRecord.from_plain(json.loads(json.dumps(record.to_plain())))
    assert again.opening.shape == (0, 3)


def test_the_commonest_instrument_counts() -> None:
    parts = (Part("A", 40), Part("B", 41))
    notes = [Note(Fraction(i), Fraction(1), 60, part=int(i > 0)) for i in range(3)]
    assert record_of(Piece(notes, parts=parts), np.zeros((1, 3), np.int32)).program == 41


def test_openings_hold_equally_many_numbers_for_each_tokenizer() -> None:
    for fields_of_row in (1, 3):
        tokens = np.ones((500, fields_of_row), np.int32)
        opening = record_of(Piece([Note(Fraction(0), Fraction(1), 60)]), tokens).opening
        assert opening.size == OPENING
