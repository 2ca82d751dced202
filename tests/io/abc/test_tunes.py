"""An ABC file holds tunes: each has a name, and the fields that are valid for all."""

import pytest

from partimento.io.abc.tunes import decode_tune, plain_text, split_tunes

BOOK = b"""%abc-2.1
M:4/4
C:Trad.

Some words between the tunes, A to Z.

X:1
T:one
K:C
CDEF|

Words again.
X: 7
T:two
K:G
GABc|
X:7
T:three
K:D
DEFG|
"""


def test_tunes_end_at_an_empty_line_or_the_next_number():
    tunes = split_tunes(BOOK)
    assert [tune.name for tune in tunes] == ["1", "7", "7-2"]
    assert [tune.data.split(b"X:")[1].count(b"\n") for tune in tunes] == [4, 4, 4]
    assert all(tune.data.startswith(b"M:4/4\nC:Trad.\nX:") for tune in tunes)
    assert b"words" not in b"".join(tune.data for tune in tunes)


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
def test_lines_may_end_in_any_way(end):
    tunes = split_tunes(BOOK.replace(b"\n", end))
    assert [tune.name for tune in tunes] == ["1", "7", "7-2"]


def test_a_file_without_numbers_is_one_tune():
    data = b"T:one\nK:C\nCDEF|\n"
    assert [(tune.name, tune.data) for tune in split_tunes(data)] == [("1", data)]


def test_the_encoding_is_stated_by_the_user_or_the_file_or_detected():
    text = "X:1\nT:Романс\nK:C\n"
    assert decode_tune(text.encode("cp1251"), "cp1251").texts == (text,)
    stated = text.replace("X:1", "I:abc-charset koi8-r\nX:1")
    assert decode_tune(stated.encode("koi8-r")).texts == (stated,)
    assert decode_tune(text.encode()).warning == ""
    wrong = "I:abc-charset utf-8\nT:Étude\nK:C\n"
    assert decode_tune(wrong.encode("latin-1")).texts == (wrong,)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"Caf\'e \"Uber \~n \oe &eacute; \u00e9", "Café Über ñ œ é é"),
        (r"\`a \^o \,c \vs \Hu \;a \=o \ss \AE \/O", "à ô ç š ű ą ō ß Æ Ø"),
        (r"R\&B 50\% \\o/", "R&B 50% \\o/"),
        ("Tom & Jerry; 1 < 2", "Tom & Jerry; 1 < 2"),
    ],
)
def test_escapes_in_text_are_letters(text, plain):
    assert plain_text(text) == plain
