"""ABC."""

from fractions import Fraction

import pytest
from tests.pieces import spans

from partimento import Key, Meter
from partimento.corpus import read_piece
from partimento.errors import ReadError

F = Fraction


def test_abc_is_read(write):
    piece = read_piece(
        write("a.abc", "X:1\nT:Reel\nM:6/8\nL:1/8\nQ:3/8=60\nK:Am\nABc d2e|(3efg a6/2 z2|]\n")
    )
    assert spans(piece)[:4] == [
        (0, F(1, 2), 69),
        (F(1, 2), F(1, 2), 71),
        (1, F(1, 2), 72),
        (F(3, 2), 1, 74),
    ]
    assert spans(piece)[5:7] == [(3, F(1, 3), 76), (F(10, 3), F(1, 3), 77)]
    assert piece.meters[0] == Meter(6, 8)
    assert piece.keys == (Key(0, "minor"),)
    assert piece.title == "Reel"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.abc", "plain words", "not ABC"),
        ("a.abc", "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:2\nM:4/4\nL:1/4\nK:C\nGABc|\n", "2 tunes"),
    ],
)
def test_faulty_files_are_refused_with_a_reason(name, data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write(name, data))


# Found by tests.fuzz


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "a.abc",
            "X:1\nT:t\nM:2/4\nL:1/16\nK:C\nABcd|e65536f|\n",
            "a note lasts 65536 units: more than 256 are not read",
        ),
        ("a.abc", "X:1\nT:t\nM:2/4\nL:1/16\nK:C\nABcd|[ce]'999f|\n", "a note lasts 999 units"),
        ("a.abc", "X:1\nT:t\nM:-1e400/4\nL:1/8\nK:C\nABcd|\n", "no such meter: -1e400/4$"),
        (
            "a.abc",
            "X:1\nT:t\nM:4/4\nL: 65536/16\nK:C\nABcd|\n",
            "no such unit of length: 65536/16$",
        ),
        (
            "a.abc",
            "X:1\nT:t\nM:0x10\nL:1/8\nK:C\nABcd|\n",
            "damaged, or not understood by music21$",
        ),
        ("a.abc", "X:1\nT:t\nM:4/4\nL:1/4\nK:C\nABÿc|\n", "damaged: music21 knows no note 'ÿ'"),
        ("a.abc", "X:1\nT:t\nM: 2147483647/8\nL:1/8\nK:C\nABcd|\n", "no such meter: 2147483647/8$"),
        ("a.abc", "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nAB[M:3/99999]cd|\n", "no such meter: 3/99999$"),
    ],
)
def test_reasons_are_in_musical_terms(name, data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write(name, data))


def test_long_numbers_in_text_of_abc_are_no_lengths(write):
    text = 'X:1000\nT:C9999\nN:A1234\nM:2/4\nL:1/16\nK:C\n"^A1000"ABcd!c999!|% e65536\nA4z16|\n'
    assert len(read_piece(write("a.abc", text)).notes) == 5


def test_object_addresses_are_kept_out_of_reasons():
    from music21.exceptions21 import Music21Exception

    from partimento.io.abc_kern import _reason

    class Lost:
        pass

    assert (
        _reason(
            Music21Exception(f"no {object()} in {Lost()}, <music21.stream.Part 0x7f1122334455>")
        )
        == ": no … in …, …"
    )
    assert _reason(KeyError(object())) == ""
