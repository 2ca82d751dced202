"""Words of MusicXML files, and their way to MIDI."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from partimento.export.write import write
from partimento.io.read import read_piece
from partimento.music.lyrics import Syllable
from partimento.music.notes import Note
from partimento.music.piece import Piece

HEAD = (
    '<score-partwise><part-list><score-part id="P1"><part-name>Voice</part-name></score-part>'
    '</part-list><part id="P1">'
)


def note(step: str, *lyrics: str, tie: str = "") -> str:
    return (
        f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>1</duration>"
        f"{tie}{''.join(lyrics)}</note>"
    )


def lyric(text: str, syllabic: str = "single", number: int = 1, more: str = "") -> str:
    return (
        f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text}</text>{more}</lyric>'
    )


@pytest.fixture
def song(tmp_path: Path) -> Path:
    bars = [
        "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"
        "</attributes>",
        note("C", lyric("A", "begin"), lyric("Zwei", number=2)),
        note("D", lyric("men", "end", more="<end-line/>")),
        note("E", tie='<tie type="start"/>'),
        note("E", tie='<tie type="stop"/>'),
        '</measure><measure number="2">',
        note("F", lyric("Ich", more="<elision> </elision><text>es</text>")),
        note("G", "<lyric><extend/></lyric>"),
        note("A", lyric("  ")),
        note("B", lyric("nur", number=2)),
    ]
    path = tmp_path / "song.musicxml"
    path.write_text(f'{HEAD}<measure number="1">{"".join(bars)}</measure></part></score-partwise>')
    return path


def test_the_first_verse_is_written_to_midi(song: Path, tmp_path: Path) -> None:
    midi = write(read_piece(song), tmp_path / "song.mid")[0]
    words = [(s.text, s.onset) for s in read_piece(midi).lyrics]
    assert words == [("A-", Fraction(0)), ("men\n", Fraction(1)), ("Ich es ", Fraction(4))]


def test_an_excerpt_has_its_own_words(song: Path, tmp_path: Path) -> None:
    piece = read_piece(song).cut(2).transpose(2)
    midi = write(piece, tmp_path / "song.mid")[0]
    assert [(s.text, s.onset) for s in read_piece(midi).lyrics] == [("Ich es ", Fraction(0))]


def test_words_of_a_midi_file_are_engraved_and_written(tmp_path: Path) -> None:
    texts = ("Lo", "bet ", "den\n", "Herrn ")
    lyrics = tuple(Syllable(text, Fraction(i)) for i, text in enumerate(texts))
    notes = [Note(Fraction(i), Fraction(1), 60 + i) for i in range(4)]
    midi = write(Piece(notes, lyrics=lyrics), tmp_path / "a.mid")[0]
    piece = read_piece(midi)
    xml = write(piece, tmp_path / "a.musicxml")[0]
    text = xml.read_text()
    assert [word.split("<")[0] for word in text.split("<text>")[1:]] == [
        "Lo",
        "bet",
        "den",
        "Herrn",
    ]
    assert text.count("<syllabic>begin") == text.count("<syllabic>end") == 1
    again = write(read_piece(xml), tmp_path / "b.mid")[0]
    assert [s.text for s in read_piece(again).lyrics] == ["Lo-", "bet ", "den\n", "Herrn "]
    picture = write(piece, tmp_path / "a.svg")[0].read_text()
    assert "Herrn" in picture
