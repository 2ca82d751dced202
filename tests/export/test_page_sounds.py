"""The sounds of a page: one per part where there are several, else one."""

from __future__ import annotations

import io
import wave
from fractions import Fraction

import numpy as np
import pytest

from partimento import Note, Part, Piece
from partimento.export import audio
from partimento.export.page_sounds import PAGE_RATE, VOICE_RATE, page_sounds, part_names


@pytest.fixture(autouse=True)
def _own_soundfont(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "SYSTEM_FOLDERS", ())
    monkeypatch.delenv(audio.ENVIRONMENT, raising=False)


def piece_of(sounding: tuple[int, ...], *parts: Part, length: int = 1) -> Piece:
    """Return a piece in which these parts have one note each."""
    notes = [Note(Fraction(0), Fraction(1), 60 + part, part=part) for part in sounding]
    return Piece(notes, parts=parts, length=Fraction(length))


def samples(wav: bytes) -> tuple[int, np.ndarray]:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_each_part_with_notes_has_a_sound_of_equal_length() -> None:
    piece = piece_of((0, 2), Part("Soprano", 52), Part("Alto", 52), Part("Bass", 52))
    sounds = page_sounds(piece)
    assert [(sound.name, sound.part) for sound in sounds] == [("Soprano", 0), ("Bass", 2)]
    rates, played = zip(*(samples(sound.wav) for sound in sounds), strict=True)
    assert rates == (VOICE_RATE, VOICE_RATE)
    assert len({len(each) for each in played}) == 1
    assert all(each.any() for each in played)
    assert (played[0] != played[1]).any()


@pytest.mark.parametrize(
    "piece",
    [
        piece_of((0,), Part("Guitar", 24)),
        piece_of((1,), Part("Flute", 73), Part("Guitar", 24)),
        piece_of((), Part("A"), Part("B")),
        piece_of(tuple(range(9)), *(Part(f"{n}") for n in range(9))),
    ],
    ids=["one part", "one part with notes", "no notes", "many parts"],
)
def test_other_pieces_have_one_sound(piece: Piece) -> None:
    (sound,) = page_sounds(piece)
    assert (sound.name, sound.part) == ("", -1)
    assert samples(sound.wav)[0] == PAGE_RATE


def test_a_page_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (piece_of((0, 1), Part("A"), Part("B"), length=n) for n in (8, 9))
    monkeypatch.setattr("partimento.export.page_sounds.MOST_SECONDS", 8)  # two parts, 4 s each
    assert [len(page_sounds(piece)) for piece in (short, long)] == [2, 1]


def test_parts_are_named_as_a_listener_calls_them() -> None:
    parts = (Part("Violin"), Part("Violin"), Part("", 24), Part("", None, True), Part(""))
    names = part_names(piece_of((), *parts))
    assert names[:2] == ["Violin 1", "Violin 2"]
    assert "guitar" in names[2].lower()
    assert names[3:] == ["Drums", "Part 5"]
