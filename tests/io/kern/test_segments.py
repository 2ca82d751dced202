"""Pieces and lines of a Humdrum file."""

from __future__ import annotations

import pytest

from partimento.corpus import read_piece, read_pieces
from partimento.errors import ReadError
from partimento.io.kern.segments import numbered_lines, split_tunes

PIECE = b"**kern\n4c\n*-\n"


def test_lines_are_numbered_whatever_their_ends() -> None:
    assert numbered_lines("a\r\nb\rc\x0bd\u2028\n") == [
        (1, "a"),
        (2, "b"),
        (3, "c\x0bd\u2028"),
        (4, ""),
    ]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (PIECE, 1),
        (b"", 1),
        (PIECE + PIECE, 2),
        (b"!!!!SEGMENT: a\n" + PIECE + b"!!!!SEGMENT: b\n!!!OTL: b\n" + PIECE, 2),
        (b"**text\nla\n*-\n" + PIECE, 1),
        (b"**kern\t**kern\n4c\t4e\n*-\t*-\n" + PIECE + PIECE, 3),
        (b"**kern\n4c\n*+\n*\t**kern\n4c\t4c\n*-\t*-\n", 1),
        ((PIECE + PIECE).decode().encode("utf-16"), 2),
    ],
)
def test_files_are_split_where_a_piece_begins(data: bytes, count: int) -> None:
    tunes = split_tunes(data)
    assert [tune.name for tune in tunes] == [str(number) for number in range(1, count + 1)]


def test_records_before_the_spines_belong_to_their_piece() -> None:
    data = b"!!!OTL: \xc3\x85\n" + PIECE + b"!!!ENC: me\n!!!OTL: b\n" + PIECE
    first, second = split_tunes(data)
    assert first.data == b"!!!OTL: \xc3\x85\n" + PIECE + b"!!!ENC: me"
    assert second.data.startswith(b"!!!OTL: b\n**kern")


def test_a_piece_of_a_file_has_a_path(write) -> None:
    data = b"!!!OTL: a\n" + PIECE + b"!!!OTL: b\n" + PIECE
    path = write("two.krn", data)
    with pytest.raises(ReadError, match="it has the tunes 1, 2: add the name of one"):
        read_piece(path)
    assert read_piece(path / "2").title == "b"
    assert [piece.title for piece in read_pieces([path]).pieces] == ["a", "b"]
    with pytest.raises(ReadError, match="it has no tune 3: it has the tunes 1, 2"):
        read_piece(path / "3")
