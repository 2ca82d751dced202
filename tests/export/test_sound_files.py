"""Sound files of every kind: level, tags, and equal bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from tests.pieces import chorale

from partimento.export.audio import RATE, to_sound_file
from partimento.export.loudness import loudness
from partimento.export.sound_files import FORMATS, Tags, encode, id3_tag, with_serial

TAGS = Tags("Étude 雨", "F. Sor", "a remark")


def tone(seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(RATE * seconds)) / RATE
    return np.stack([0.3 * np.sin(2 * np.pi * hz * time) for hz in (440, 330)], 1).astype("f4")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_piece_has_the_stated_loudness_and_does_not_clip(suffix: str) -> None:
    piece = chorale(2)
    data = to_sound_file(piece, suffix)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert (file.samplerate, file.channels) == (RATE, 2)
        sound = file.read()
    assert loudness(sound, RATE) == pytest.approx(-16, abs=0.1)
    assert np.abs(sound).max() < 0.95
    assert len(sound) == pytest.approx((piece.seconds + 1.5) * RATE, abs=3000)  # MP3 pads


@pytest.mark.parametrize("suffix", FORMATS)
def test_tags_read_back_and_equal_sounds_give_equal_bytes(suffix: str) -> None:
    data = encode(tone(), RATE, suffix, TAGS)
    assert data == encode(tone(), RATE, suffix, TAGS)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert file.comment == "a remark"
        assert (file.title, file.artist) == TAGS[:2]
        spectrum = np.abs(np.fft.rfft(file.read()[:RATE, 0]))
    assert int(spectrum.argmax()) == 440


def test_no_tags_are_no_tag() -> None:
    assert id3_tag(Tags()) == b""
    assert encode(tone(0.2), RATE, ".mp3")[:3] != b"ID3"


def test_the_serial_number_leaves_a_valid_file() -> None:
    first = encode(tone(3), RATE, ".ogg")
    other = with_serial(first, 77)
    assert other != first
    assert with_serial(other, 1) == first
    sounds = [soundfile.read(io.BytesIO(data))[0] for data in (first, other)]
    np.testing.assert_array_equal(*sounds)
