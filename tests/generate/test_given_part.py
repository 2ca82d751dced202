"""A given part is chosen, and placed where the model can compose to it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.given_part import (
    choose_part,
    given_part,
    header_of,
    kept_notes,
    moved_key,
    one_line,
    place_in_bar,
    scene_for,
)
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part
from partimento.training.trained_model import TrainedModel, load_model

QUARTER = Fraction(1)


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def line(*pitches: int, start: int = 0, part: int = 0) -> list[Note]:
    return [Note(start + n * QUARTER, QUARTER, p, part=part) for n, p in enumerate(pitches)]


def test_the_first_part_is_a_melody_and_a_low_one_a_bass() -> None:
    piece = Piece([*line(72, 74), *line(48, 43, part=1)], parts=(Part("Voice"), Part("Cello")))
    assert choose_part(piece, None, None) == (0, False)
    assert choose_part(piece, "cello", None) == (1, True)
    assert choose_part(piece, None, "bass") == (1, True)
    assert choose_part(piece, 1, "melody") == (1, False)
    with pytest.raises(PartimentoError, match="no part named 'Flute'"):
        choose_part(piece, "Flute", None)
    with pytest.raises(PartimentoError, match="did you mean bass"):
        choose_part(piece, None, "bas")


def test_notes_off_the_grid_lengthen_the_note_before() -> None:
    third = Fraction(1, 3)
    triplet = [Note(n * third, third, 60 + n) for n in range(3)]
    piece = Piece([*triplet, Note(1, 1, 67), Note(1, 1, 64)])
    assert one_line(piece, 4) == (Note(0, 1, 60), Note(1, 1, 67))
    assert one_line(piece, 4, lowest=True)[1] == Note(1, 1, 64)
    assert [note.pitch for note in one_line(piece, 12)] == [60, 61, 62, 67]


def test_grace_notes_are_left_out() -> None:
    piece = Piece([Note(0, 1, 60), Note(1, Fraction(1, 8), 63, grace=True), Note(1, 1, 62)])
    assert [note.pitch for note in one_line(piece, 4)] == [60, 62]


def test_a_melody_out_of_range_is_moved_by_the_smallest_interval(chorales: TrainedModel) -> None:
    low = chorales.tokenizer.ranges[0][0]
    placed = given_part(chorales, Piece(line(low - 3, low + 4, low + 5)), role="melody")
    assert placed.shift == 3
    assert [note.pitch for note in placed.line] == [low, low + 7, low + 8]
    assert placed.composed_key == moved_key(placed.key, 3)
    with pytest.raises(PartimentoError, match="the melody goes from C2 to C7"):
        given_part(chorales, Piece(line(36, 96)), role="melody")


def test_the_key_is_that_in_which_the_part_ends(chorales: TrainedModel) -> None:
    # A signature without a mode is read as major; the notes say that this is A minor.
    minor = Piece(line(69, 71, 72, 71, 72, 74, 76, 68, 69), keys=(Key(0),))
    assert given_part(chorales, minor).key == Key(0, "minor")
    assert given_part(chorales, minor, key=Key(2)).key == Key(2)


def test_a_pickup_that_the_model_does_not_know_becomes_silence(chorales: TrainedModel) -> None:
    piece = Piece(line(67, 69, 71, 72), pickup=Fraction(1, 2))
    assert place_in_bar(chorales, piece) == (4, 1, Fraction(1, 2))
    placed = given_part(chorales, piece)
    assert placed.line[0].onset == Fraction(1, 2)
    assert placed.composed(QUARTER) == Fraction(3, 2)
    prompt = header_of(chorales, piece, placed)
    limits, scene = scene_for(chorales, prompt, placed)
    assert (limits.total, scene.total) == (18, 18)
    assert list(scene.bar_lines(18)) == [4]
    assert len(kept_notes(chorales, placed)) == 2
    long = piece.replace(pickup=Fraction(3))
    assert place_in_bar(chorales, long) == (4, 0, 1)  # a bar that begins with a rest


def test_a_known_pickup_is_stated(chorales: TrainedModel) -> None:
    piece = Piece(line(67, 69, 71, 72), pickup=QUARTER)
    assert place_in_bar(chorales, piece) == (4, 1, 0)
    short = piece.replace(meters=(Meter(2, 4),))
    assert place_in_bar(chorales, short)[0] % 2 == 0  # bars of two beats are halves of known ones


def test_a_part_without_notes_is_refused(chorales: TrainedModel) -> None:
    piece = Piece(line(60), parts=(Part("Voice"), Part("Empty")))
    with pytest.raises(PartimentoError, match="the given part has no notes"):
        given_part(chorales, piece, part="Empty", role="melody")


def test_a_score_of_one_part_is_kept_as_it_is(chorales: TrainedModel) -> None:
    piece = Piece(line(67, 69, 71, 72), title="Song")
    assert given_part(chorales, piece).piece is piece
    two = replace(piece, parts=(Part("A"), Part("B")))
    assert given_part(chorales, two).piece.parts == (Part("A"),)
    assert isinstance(kept_notes(chorales, given_part(chorales, piece))[0], pt.FixedNotes)
