"""The notes of a piece in its bars, and its first bars."""

from __future__ import annotations

from tests.analysis.features.made import KIT, Q, melody

from partimento import Key, Meter, Note, Part, Piece, Tempo
from partimento.music.bars import first_bars, notes_by_bar


def test_first_bars_cut_notes_and_drop_later_keys() -> None:
    piece = melody(
        67,
        60,
        62,
        64,
        65,
        67,
        69,
        71,
        meters=(Meter(3, 4),),
        pickup=Q,
        keys=(Key(0), Key(1, onset=6 * Q)),
    )
    held = piece.replace(notes=[*piece.notes, Note(3 * Q, 4 * Q, 48)])
    cut = first_bars(held, 1)
    assert cut.length == 4
    assert [(note.pitch, note.onset, note.end) for note in cut.notes if note.pitch == 48] == [
        (48, 3, 4)
    ]
    assert [note.pitch for note in cut.notes] == [67, 60, 62, 48, 64]
    assert cut.keys == (Key(0),)
    assert first_bars(held, 9) is held


def test_each_note_belongs_to_the_bar_in_which_it_begins() -> None:
    found = notes_by_bar(melody(67, 60, 62, 64, 65, meters=(Meter(3, 4),), pickup=Q))
    assert found.bar.tolist() == [0, 1, 1, 1, 2]
    assert (found.inside / found.grid).tolist() == [0, 0, 1, 2, 0]
    assert found.whole.tolist() == [False, True, True]


def test_marks_and_cuts_at_the_end_of_the_first_bars_are_dropped() -> None:
    piece = melody(
        *range(60, 72),
        keys=(Key(0), Key(1, onset=4 * Q)),
        tempos=(Tempo(), Tempo(600_000, 4 * Q)),
        pickup=Q / 3,
        cuts=(Q, 4 * Q + Q / 3),
    )
    beginning = first_bars(piece, 1)
    assert beginning.length == 4 + Q / 3
    assert (beginning.keys, beginning.tempos) == (piece.keys, piece.tempos)
    assert beginning.cuts == (Q,)
    assert [note.duration for note in beginning.notes] == [1, 1, 1, 1, Q / 3]
    pickup = first_bars(piece.replace(pickup=4 * Q), 0)
    assert (pickup.length, pickup.keys, pickup.tempos) == (4, (Key(0),), (Tempo(),))


def test_drums_are_left_out_and_times_fit_one_grid() -> None:
    piece = Piece(
        [Note(Q / 3, Q, 60), Note(Q * 0, Q, 36, part=1), Note(5 * Q, Q, 62)],
        parts=(Part(), KIT),
        meters=(Meter(7, 8),),
    )
    found = notes_by_bar(piece)
    assert found.grid == 6
    assert found.start.tolist() == [0, 21, 42]
    assert (found.bar.tolist(), found.inside.tolist(), found.pitch.tolist()) == (
        [0, 1],
        [2, 9],
        [60, 62],
    )
    assert found.meters == (Meter(7, 8),) * 2


def test_a_piece_without_notes_has_one_empty_bar() -> None:
    found = notes_by_bar(Piece([]))
    assert (len(found.bar), len(found.whole), found.start.tolist()) == (0, 1, [0, 4])
