"""Words of MIDI files: lyric events and karaoke files."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from tests.pieces import chorale

from partimento.io.formats import ReadOptions
from partimento.io.midi.lyrics import lyrics_of_midi
from partimento.io.midi.read import midi_from_bytes, read_score
from partimento.io.midi.write import to_midi
from partimento.music.lyrics import Syllable
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part

CASES = Path(__file__).parents[2] / "cases"
WORDS = (
    Syllable("Lo-", Fraction(0), 1),
    Syllable("bet ", Fraction(1), 1),
    Syllable("Gött\n", Fraction(2), 1),
    Syllable("雨 ", Fraction(3), 1),
)


def duet() -> Piece:
    low = [Note(Fraction(2 * i), Fraction(2), 40 + i, 80, 0) for i in range(2)]
    high = [Note(Fraction(i), Fraction(1), 60 + i, 80, 1) for i in range(4)]
    return Piece([*low, *high], parts=(Part("Bass", 0), Part("Voice", 52)), lyrics=WORDS)


def karaoke(*texts: str, head: tuple[str, ...] = ("@KMIDI KARAOKE FILE", "@TSong")) -> bytes:
    """Return a karaoke file with a syllable per quarter."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    words, notes = mido.MidiTrack(), mido.MidiTrack()
    words += [mido.MetaMessage("text", text=text) for text in head]
    for i, text in enumerate(texts):
        words.append(mido.MetaMessage("text", text=text, time=480 * (i > 0)))
        notes.append(mido.Message("note_on", note=60 + i))
        notes.append(mido.Message("note_off", note=60 + i, time=480))
    file.tracks += [words, notes]
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def test_words_are_written_before_their_notes_and_read_back() -> None:
    data = to_midi(duet())
    track = mido.MidiFile(file=io.BytesIO(data), charset="utf-8").tracks[2]
    kinds = [m.type for m in track if m.type in ("lyrics", "note_on")]
    assert kinds == ["lyrics", "note_on"] * 4
    assert read_score(data, ReadOptions(".mid")).lyrics == WORDS
    assert to_midi(read_score(data, ReadOptions(".mid"))) == data


def test_a_karaoke_file_is_read_as_syllables() -> None:
    data = karaoke("\\Lo", "bet", " den", "/Herrn", " al", "le")
    piece = read_score(data, ReadOptions(".kar"))
    assert [s.text for s in piece.lyrics] == ["Lo", "bet ", "den\n", "Herrn ", "al", "le"]
    assert [s.onset for s in piece.lyrics] == [Fraction(i) for i in range(6)]
    assert read_score(to_midi(piece), ReadOptions(".mid")).lyrics == piece.lyrics


def test_texts_of_other_files_are_no_words() -> None:
    data = karaoke("a remark", "another", head=())
    assert read_score(data, ReadOptions(".mid")).lyrics == ()
    assert read_score(to_midi(chorale()), ReadOptions(".mid")).lyrics == ()


def test_a_line_end_as_an_event_of_its_own() -> None:
    piece = duet().replace(lyrics=(*WORDS[:2], Syllable("\n", Fraction(2), 1), WORDS[3]))
    texts = [s.text for s in read_score(to_midi(piece), ReadOptions(".mid")).lyrics]
    assert texts == ["Lo-", "bet\n", "雨 "]


def test_a_damaged_file_has_no_words_and_no_error() -> None:
    data = to_midi(duet())[:-30]
    piece = duet()
    assert lyrics_of_midi(data, piece) == ()
    assert midi_from_bytes(data).to_piece().lyrics == ()


def test_the_case_is_read() -> None:
    data = (CASES / "karaoke.kar").read_bytes()
    assert [s.text for s in read_score(data, ReadOptions(".kar")).lyrics] == ["la"]


@pytest.mark.parametrize("encoding", ["", "cp1252"])
def test_other_encodings(encoding: str) -> None:
    data = to_midi(duet().replace(lyrics=WORDS[:3])).replace("ö".encode(), b"\xf6\x20")
    read = read_score(data, ReadOptions(".mid", encoding=encoding))
    assert read.lyrics[2].text.startswith("Gö")
