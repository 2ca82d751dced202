"""The line by which a file says how it was composed."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from tests.pieces import chorale

from partimento.music.piece import Piece
from partimento.music.provenance import MARK, Provenance, music_fingerprint

RECORD = Provenance(
    "compose", "guitar", "a" * 64, "b" * 64, 7, {"bars": 4, "title": 'Étude "1" & <2>'}, "0.1.0"
)


def test_the_line_is_ascii_and_reads_back() -> None:
    line = RECORD.to_text()
    assert line.isascii()
    assert "\n" not in line
    assert Provenance.from_text(line) == RECORD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "partimento",
        MARK,
        MARK + "{}",
        MARK + "[1]",
        MARK + '{"seed": "7"}',
        MARK + '{"seed": true}',
        MARK + '{"seed": 7, "model": 8}',
        MARK + '{"seed": 7, "options": 8}',
        MARK + "[" * 99_000,
        MARK + json.dumps({"seed": 7, "model": "x" * 2_000_000}),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Provenance.from_text(text)


def test_a_piece_keeps_it_in_json_and_when_it_is_changed() -> None:
    piece = chorale().replace(provenance=RECORD)
    assert Piece.from_json(piece.to_json()).provenance == RECORD
    assert piece.transpose(2).provenance == RECORD
    assert piece.cut(2, 3).provenance == RECORD
    assert piece == chorale()  # it is no part of the music


def test_the_fingerprint_is_that_of_the_notes_alone() -> None:
    piece = chorale()
    notes = piece.notes
    finer = notes.replace(
        divisions=notes.divisions * 3, onset=notes.onset * 3, duration=notes.duration * 3
    )
    quiet = notes.replace(velocity=np.full(len(notes), 30))
    same = [
        piece.replace(notes=finer),
        piece.replace(notes=quiet, title="Other"),
        Piece.from_json(piece.to_json()),
    ]
    assert {music_fingerprint(each) for each in (piece, *same)} == {music_fingerprint(piece)}
    assert music_fingerprint(piece.transpose(1)) != music_fingerprint(piece)
    longer = piece.replace(notes=notes.replace(duration=notes.duration * 2), length=Fraction(40))
    assert music_fingerprint(longer) != music_fingerprint(piece)
