"""The text of a file is decoded in the encoding that it has, or that the user states."""

import pytest

from partimento.corpus import read_piece
from partimento.errors import InvalidScoreError, ReadError
from partimento.io.text_encoding import decode_document, decode_texts, guess_encoding

TEXTS = [
    ("cp1251", "Романс"),
    ("cp1251", "Очи чёрные"),
    ("koi8_r", "Романс"),
    ("gbk", "茉莉花"),
    ("gbk", "梁祝 小提琴"),
    ("shift_jis", "月光"),
    ("shift_jis", "荒城の月"),
    ("big5", "茉莉花"),
    ("euc_kr", "아리랑"),
    ("cp1253", "Ζορμπάς"),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_other_scripts_are_detected_with_a_warning_or_stated(encoding, text):
    decoded = decode_texts([b"Piano", text.encode(encoding)])
    assert decoded.texts == ("Piano", text)
    assert "--encoding" in decoded.warning
    stated = decode_texts([b"Piano", text.encode(encoding)], encoding)
    assert (stated.texts, stated.warning) == (("Piano", text), "")


@pytest.mark.parametrize(
    "text",
    ["“Song” – No. 5", "Étude", "Für Elise", "Prélude à l’après-midi", "Señor", "Ça ira", "© 1999"],
)
def test_western_text_needs_no_warning(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        decoded = decode_texts([text.encode(encoding)])
        assert (decoded.texts, decoded.warning) == ((text,), "")


def test_utf_16_without_a_mark_is_recognized():
    for encoding in ("utf-16-le", "utf-16-be"):
        assert decode_texts(["Étude".encode(encoding)]).texts == ("Étude",)
    assert decode_texts([b"Git\0"]).texts == ("Git",)


def test_all_text_of_a_file_decides_together():
    # The first text alone would be taken for Korean or Chinese.
    texts = [text.encode("shift_jis") for text in ("月光", "さくら さくら", "ピアノ")]
    assert decode_texts(texts).texts == ("月光", "さくら さくら", "ピアノ")


def test_a_wrong_or_unknown_encoding_is_one_clear_line():
    with pytest.raises(InvalidScoreError, match="no such encoding: klingon"):
        decode_texts([b"a"], "klingon")
    with pytest.raises(InvalidScoreError, match="not encoded as utf-8"):
        decode_texts([b"\xff\xfe\xfd"], "utf-8")


def test_a_document_keeps_its_line_ends():
    assert decode_document("T:Étude\r\n".encode("latin-1")).texts == ("T:Étude\r\n",)
    assert guess_encoding("Étude".encode("latin-1")) == ("cp1252", "")


def test_titles_and_names_of_midi_files_are_decoded(midi, write):
    for text, encoding in (("月光", "shift_jis"), ("“Song” – No. 5", "cp1252"), ("月光", "utf-16")):
        name = midi.meta(3, text.encode(encoding))
        data = midi.file(midi.track([(0, name)]), midi.track([(0, name), *midi.notes(60)]))
        piece = read_piece(write("a.mid", data))
        assert (piece.title, piece.parts[0].name) == (text, text)
        again = read_piece(write("a.mid", data), encoding=encoding)
        assert (again.title, again.parts[0].name, again.warnings) == (text, text, ())
    with pytest.raises(ReadError, match="not encoded as utf-8"):
        read_piece(
            write("a.mid", midi.file(midi.track([(0, midi.meta(3, b"\xd0")), *midi.notes(60)]))),
            encoding="utf-8",
        )


def test_the_title_of_a_karaoke_file_is_in_its_text(midi, write):
    words = midi.track(
        [(0, midi.meta(1, text)) for text in (b"@KMIDI KARAOKE FILE", b"@TSong", b"@TBy")]
    )
    piece = read_piece(write("a.kar", midi.file(words, midi.track(midi.notes(60)))))
    assert piece.title == "Song"
