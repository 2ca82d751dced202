"""Piece: what goes in comes out, for any music."""

from fractions import Fraction

import pytest

from partimento import Meter, Note, Part, Piece, Tempo
from partimento.corpus import read_piece
from partimento.errors import PartimentoError
from partimento.music.events import merge_held


@pytest.mark.slow
def test_all_real_files_survive_json_and_events(data_folder):
    paths = sorted((data_folder / "mutopia-guitar").glob("*/*.mid"))
    assert len(paths) == 415
    for path in paths:
        piece = read_piece(path)
        assert Piece.from_json(piece.to_json()) == piece
        events = list(piece.events)
        again = Piece.from_events(events)
        assert list(again.events) == merge_held(events)


def band():
    notes = [
        Note(Fraction(0), Fraction(1), 60, part=0),
        Note(Fraction(0), Fraction(2), 36, part=1),
        Note(Fraction(1), Fraction(1), 64, part=2),
    ]
    parts = (Part("Melody", 73), Part("Kit", is_drum=True), Part("melody 2", 40))
    return Piece(notes, parts=parts, meters=(Meter(3, 4, Fraction(4)),))


def test_without_drums_removes_drums_and_keeps_the_rest():
    piece = band()
    assert piece.drums.tolist() == [True, False, False]
    assert [note.part for note in piece.without_drums().notes] == [0, 2]
    assert piece.without_drums().parts == piece.parts
    quiet = piece.without_drums()
    assert quiet.without_drums() is quiet


@pytest.mark.parametrize("which", ["melody 2", "Melody 2", 2, -1])
def test_a_part_is_found_by_name_and_by_number(which):
    alone = band().part(which)
    assert alone.parts == (Part("melody 2", 40),)
    assert [(note.pitch, note.part) for note in alone.notes] == [(64, 0)]
    assert alone.length == band().length


@pytest.mark.parametrize(
    ("which", "said"), [("Oboe", "'Melody', 'Kit'"), (3, "has 3 parts"), (-4, "has 3 parts")]
)
def test_an_unknown_part_is_refused_in_one_line(which, said):
    with pytest.raises(PartimentoError, match=said):
        band().part(which)


def test_an_ambiguous_part_name_is_refused():
    piece = band().replace(parts=(Part("A"), Part("B"), Part("a")))
    with pytest.raises(PartimentoError, match="2 parts named 'A'"):
        piece.part("A")


def test_transposing_does_not_move_drums():
    assert sorted(band().transpose(2).notes.pitch.tolist()) == [36, 62, 66]


def test_the_first_meter_is_four_quarters_unless_one_is_declared():
    assert band().first_meter == Meter(4, 4)
    assert Piece((), meters=(Meter(6, 8),)).first_meter == Meter(6, 8)


def test_the_sweep_holds_the_events_as_arrays():
    cut, grid = band().sweep()
    assert [Fraction(int(step), grid) for step in cut.times] == [0, 1, 2]
    assert cut.pitch.tolist() == [36, 60, 36, 64]
    assert cut.held.tolist() == [False, False, True, False]


def test_seconds_follow_the_tempos():
    piece = band().replace(tempos=(Tempo(1_000_000, Fraction(1)),))
    assert piece.seconds == 1.5
    assert piece.note_seconds()[2] == (Fraction(1, 2), Fraction(3, 2))
