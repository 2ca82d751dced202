"""The lines of a Humdrum piece."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.pieces import spans

from partimento import Key, Meter
from partimento.io.kern.read import piece_from_kern
from partimento.music.piece import Piece

F = Fraction


def read(*lines: str, unfold: bool = False) -> Piece:
    """Read lines in which spaces stand for tabs, and ``~`` for the spaces of a chord."""
    text = "\n".join(line.replace(" ", "\t").replace("~", " ") for line in lines)
    return piece_from_kern(text.encode(), unfold=unfold)


def one(*tokens: str, unfold: bool = False) -> Piece:
    return read("**kern", "*M4/4", *tokens, "*-", unfold=unfold)


def notes(piece: Piece) -> list[tuple[Fraction, Fraction, int]]:
    return sorted(spans(piece))


def test_times_follow_the_notes_of_all_spines() -> None:
    piece = read(
        "**kern **kern",
        "*M4/4 *M4/4",
        "=1 =1",
        "2C 12c",
        ". 12d",
        ". 12e",
        ". 4f",
        "2D 2g",
        "*- *-",
    )
    assert notes(piece) == [
        (0, F(1, 3), 60),
        (0, 2, 48),
        (F(1, 3), F(1, 3), 62),
        (F(2, 3), F(1, 3), 64),
        (1, 1, 65),
        (2, 2, 50),
        (2, 2, 67),
    ]


def test_split_exchanged_and_merged_spines() -> None:
    piece = read(
        "**kern **kern",
        "*^ *",
        "* *^ *",
        "2C 2E 2G 2c",
        "* * *x *x",
        "2D 2F 2d 2A",
        "* *v *v *",
        "1r 1r 1A",
        "*- *- *-",
    )
    assert [span[2] for span in notes(piece)][:4] == [48, 52, 55, 60]
    assert sorted(note.pitch for note in piece.notes if note.onset == 2) == [50, 53, 57, 62]
    assert {note.pitch: note.part for note in piece.notes if note.onset == 2}[62] == 0


def test_two_voices_in_unison_are_struck_as_on_one_instrument() -> None:
    assert notes(one("*^", "1c 2c", ". 2c", "*v *v")) == [(0, 2, 60), (2, 2, 60)]


def test_ties_join_across_bars_and_spines() -> None:
    assert notes(one("[1c", "=2", "2c_", "2c]")) == [(0, 8, 60)]
    assert notes(one("*^", "[1c 2e", ". 2f", "*v *v", "=2", "1c]"))[0] == (0, 2, 64)
    assert (0, 8, 60) in notes(one("*^", "[1c 2e", ". 2f", "*v *v", "=2", "1c]"))
    # A tie without a beginning is a note of its own.
    assert notes(one("2c]", "2c]")) == [(0, 2, 60), (2, 2, 60)]


def test_grace_notes_take_no_time() -> None:
    piece = one("8dq", "16eqq~16gqq", "4c", "4d", "8dq", "2e", "8fq")
    main = [(note.onset, note.duration) for note in piece.notes if not note.grace]
    assert main == [(0, 1), (1, 1), (2, 2)]
    sixteenth = F(1, 16)
    assert [(note.onset, note.pitch) for note in piece.notes if note.grace] == [
        (0, 62),
        (sixteenth, 64),
        (sixteenth, 67),
        (2 - sixteenth, 62),
        (4 - sixteenth, 65),
    ]
    assert piece.length == 4


def test_a_grace_note_may_stand_beside_a_note() -> None:
    piece = read("**kern **kern", "2c 2E", "2d 8cq", ". 2F", "1e 1G", "*- *-")
    main = sorted((note.onset, note.pitch) for note in piece.notes if not note.grace)
    assert main == [(0, 52), (0, 60), (2, 53), (2, 62), (4, 55), (4, 64)]
    assert piece.warnings == ()


def test_a_short_first_bar_is_a_pickup() -> None:
    piece = one("4c", "=1", "1d", "=2", "1e")
    assert (piece.pickup, piece.meters) == (1, (Meter(4, 4),))
    assert [bar.onset for bar in piece.bars()] == [0, 1, 5]


def test_repeat_signs_within_a_bar_end_no_bar() -> None:
    piece = one("4c", "=1!|:", "2.d", "=:|!|:", "4e", "=2", "2.f", "=:|!")
    assert [bar.onset for bar in piece.bars()] == [0, 1, 5]
    lettered = one("4c", "=1", "2.d", "=1b:|!", "4e", "=2", "2.f", "=2b:|!", "4f")
    assert [bar.onset for bar in lettered.bars()] == [0, 1, 5]
    unfolded = one("4c", "=1!|:", "2.d", "=:|!|:", "4e", "=2", "2.f", "=:|!", unfold=True)
    assert [note.pitch for note in unfolded.notes] == [60, 62, 62, 64, 65, 64, 65]
    assert [bar.onset for bar in unfolded.bars()][:2] == [0, 1]


def test_keys_are_declared_by_signature_and_name() -> None:
    piece = one("*k[b-]", "*d:", "1d", "=2", "*k[f#]", "1g", "=3", "*k[b-]", "*F:lyd", "1f")
    assert piece.keys == (Key(-1, "minor"), Key(1, "major", F(4)), Key(-1, "major", F(8)))


def test_data_marked_as_transposed_are_read_as_they_sound() -> None:
    piece = read("**kern **kern", "*Trd1c2 *ITrd1c2", "*k[] *k[b-]", "1c 1c", "*- *-")
    assert [note.pitch for note in piece.notes] == [58, 60]
    assert read("**kern", "*Trd1c2", "*k[]", "1c", "*-").keys == (Key(-2),)


def test_meters_and_tempos() -> None:
    piece = one("*MM90", "1c", "=2", "*M5/8", "*MM60", "4c", "4.d", "=3", "*M5/8", "4.e", "4f")
    assert piece.meters == (Meter(4, 4), Meter(5, 8, F(4)))
    assert [(round(tempo.bpm), tempo.onset) for tempo in piece.tempos] == [(90, 0), (60, 4)]


@pytest.mark.parametrize("spine", ["**mxhm", "**harm"])
def test_chord_symbols_have_a_place_between_notes(spine: str) -> None:
    text = f"**kern\t{spine}\n2c\tD minor\n.\tG7\n2d\t.\n1e\tC major\n*-\t*-\n"
    piece = piece_from_kern(text.encode())
    assert [(symbol.text, symbol.onset) for symbol in piece.chord_symbols] == [
        ("Dm", 0),
        ("G7", 1),
        ("C", 4),
    ]


def test_spines_of_text_and_dynamics_are_passed_over() -> None:
    piece = read(
        "**kern **text **dynam **recip", "*^ * * *", "1c 2e la p 2", ". 2f . < 2", "*v *v * * *",
        "1g . f 1", "*- *- *- *-",
    )  # fmt: skip
    assert [note.pitch for note in piece.notes] == [60, 64, 65, 67]


def test_only_the_first_version_of_a_strophe_is_read() -> None:
    piece = one("*strophe", "*^", "*S/a *S/b", "1c 1d", "*S-fin *S-fin", "*v *v", "*Xstrophe", "1e")
    assert [note.pitch for note in piece.notes] == [60, 64]


@pytest.mark.parametrize(
    ("lines", "warning", "pitches"),
    [
        (("4zz", "2.c"), "line 3: no such note: '4zz'", [60]),
        (("*M4/1024", "1c"), "line 3: no such meter: 4/1024", [60]),
        (("*MM0.001", "1c"), "line 3: no such tempo: 0.001 quarter notes per minute", [60]),
        (("1c 1d", "1e"), "line 3: 2 tokens for 1 spines", [60, 64]),
        (("4c", "997d", "991e"), "line 5: an odd duration is rounded: '991e'", [60, 62, 64]),
        (("*v", "1c"), "line 3: *v has no spine to merge with", [60]),
    ],
)
def test_what_cannot_be_read_is_reported(
    lines: tuple[str, ...], warning: str, pitches: list[int]
) -> None:
    piece = one(*lines)
    assert piece.warnings == (warning,)
    assert [note.pitch for note in piece.notes] == pitches


def test_wrong_durations_move_no_other_bar() -> None:
    piece = read(
        "**kern **kern", "*M4/4 *M4/4", "=1 =1", "2c 2e", "4d 2f", "=2 =2", "1c 1e", "*- *-"
    )
    assert notes(piece)[-2:] == [(4, 4, 60), (4, 4, 64)]
    piece = read(
        "**kern **kern **kern", "*M4/4 *M4/4 *M4/4", "4c 4e 4g", "8d 4f 4a", "2e 2g 2b", "=2 =2 =2",
        "1c 1e 1g", "*- *- *-",
    )  # fmt: skip
    assert piece.warnings == ("line 5: the notes before this line do not end together",)
    assert notes(piece)[-3:] == [(4, 4, 60), (4, 4, 64), (4, 4, 67)]


def test_a_spine_that_begins_later() -> None:
    piece = read("**kern", "1c", "=2", "*+", "* **kern", "1d 1g", "* *-", "=3", "1e", "*-")
    assert [(note.onset, note.pitch, note.part) for note in piece.notes] == [
        (0, 60, 1),
        (4, 62, 1),
        (4, 67, 0),
        (8, 64, 1),
    ]


def test_fermatas_breath_marks_and_phrase_marks() -> None:
    piece = read(
        "**kern **kern",
        "4C 4c",
        "[2D; 4d,",
        ". 4e}",
        "4D] 4r;",
        "=2 =2",
        "4C 4qc;",
        ". 4c",
        "2E~2G; 2e",
        "=3; =3;",
        "4r 4g",
        "*- *-",
    )
    assert (piece.fermatas, piece.phrase_ends) == ((1, 5), (2, 3, 4, 7))


def test_the_voices_of_a_staff_are_numbered_from_the_left() -> None:
    piece = read(
        "**kern **kern", "4C 4c", "* *^", "4D 4g 4e", ". 4a 4e", "* *v *v", "4C 4d", "*- *-"
    )
    assert [(n.pitch, n.part, n.voice) for n in piece.notes] == [
        (48, 1, 0),
        (60, 0, 0),
        (50, 1, 0),
        (64, 0, 1),
        (67, 0, 0),
        (64, 0, 1),
        (69, 0, 0),
        (48, 1, 0),
        (62, 0, 0),
    ]
