"""Words below the music."""

from __future__ import annotations

from fractions import Fraction

from tests.pieces import melody

from partimento.io.abc.read import piece_from_abc
from partimento.io.abc.write import to_abc
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.music.timelines import Part

HEAD = "X:1\nM:4/4\nL:1/4\nK:C\n"


def words(body: str) -> list[tuple[str, int]]:
    piece = piece_from_abc((HEAD + body).encode())
    assert not piece.warnings
    return [(s.text, int(s.onset)) for s in piece.lyrics]


def test_syllables_holds_and_skips() -> None:
    assert words("C D E F | G A z B |\nw: Lo-bet_ den | Her-*ren\n") == [
        ("Lo-", 0),
        ("bet ", 1),
        ("den ", 3),
        ("Her-", 4),
        ("ren\n", 7),
    ]


def test_a_bar_sign_advances_to_the_next_bar() -> None:
    assert words("C D E F | G A B c |\nw: one | two\n") == [("one ", 0), ("two\n", 4)]


def test_further_verses_chords_graces_and_escapes() -> None:
    body = "[CE] {d}D E F |\nw: in~the well\\-known *\nw: second verse\nG4 |\nw: end\n"
    assert words(body) == [("in the ", 0), ("well-known\n", 1), ("end\n", 4)]


def test_words_without_notes_are_passed_over() -> None:
    assert words("C4 |\nw: a b c d\n") == [("a ", 0)]


def test_written_words_are_read_back() -> None:
    texts = ("Al-", "le ", "Vö-", "gel ", "sind ", "schon ", "da, ", "al-", "le, ", "al-", "le\n")
    notes = melody(*[1] * 6, 2, *[1] * 2, 3, 5)
    lyrics = tuple(Syllable(text, n.onset) for text, n in zip(texts, notes, strict=True))
    piece = Piece(notes, parts=(Part("Voice", 52),), lyrics=lyrics)
    read = piece_from_abc(to_abc(piece).encode())
    assert read == piece
    assert [s.onset for s in read.lyrics] == [s.onset for s in lyrics]
    assert [s.text.strip() for s in read.lyrics] == [text.strip() for text in texts]


def test_only_the_part_that_sings_has_words() -> None:
    notes = [*melody(4, 4), *(n for n in melody(4, 4, pitches=(48,)))]
    low = [n.__class__(n.onset, n.duration, n.pitch, 80, 1) for n in notes[2:]]
    lyrics = (Syllable("so\n", Fraction(4), 1),)
    piece = Piece([*notes[:2], *low], parts=(Part("A"), Part("B")), lyrics=lyrics)
    assert to_abc(piece).count("w:") == 1
    assert piece_from_abc(to_abc(piece).encode()).lyrics == lyrics
