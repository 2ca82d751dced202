import io
import sys
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.pieces import Q

from partimento.errors import PartimentoError
from partimento.export import audio
from partimento.export.audio import (
    RATE,
    find_soundfont,
    render_audio,
    render_parts,
    resample,
    to_wav,
)
from partimento.export.loudness import CEILING, loudness
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part, Tempo


@pytest.fixture(autouse=True)
def _own_soundfont(monkeypatch):
    """The one that every installation has, whatever this machine has besides."""
    monkeypatch.setattr(audio, "SYSTEM_FOLDERS", ())
    monkeypatch.delenv(audio.ENVIRONMENT, raising=False)


def pitch_hz(sound: np.ndarray, rate: int = RATE) -> float:
    """The period at which the sound is most like itself."""
    part = sound[rate // 4 : rate // 4 + 8192].mean(axis=1)
    like = np.fft.irfft(np.abs(np.fft.rfft(part - part.mean(), 4 * len(part))) ** 2)
    shortest = rate // 2000
    peaks = [i for i in range(shortest, 2000) if like[i] >= like[i - 1] and like[i] >= like[i + 1]]
    best = max(like[i] for i in peaks)
    return rate / next(i for i in peaks if like[i] > 0.9 * best)


@pytest.mark.parametrize("program", [0, 24, 52, 73])
@pytest.mark.parametrize(("pitch", "hz"), [(57, 220), (69, 440), (74, 587.33), (79, 783.99)])
def test_notes_are_in_tune(program, pitch, hz):
    sound = render_audio(Piece([Note(Q * 0, Q * 4, pitch)], parts=(Part("", program),)))
    assert (
        12 * abs(np.log2(pitch_hz(sound) / hz)) < 0.5
    )  # half a semitone: the period is a whole number of samples


def test_level_length_and_tail():
    sound = render_audio(
        Piece(
            [Note(Q * 0, Q * 2, 60), Note(Q * 2, Q * 2, 64, 120)],
            tempos=(Tempo(1_000_000), Tempo(500_000, Fraction(2))),
        )
    )
    assert len(sound) == round((3 + audio.TAIL_S) * RATE)
    assert loudness(sound, RATE) == pytest.approx(-16, abs=0.1)
    assert np.abs(sound).max() <= CEILING + 1e-6
    tail = sound[3 * RATE + RATE // 10 :]
    assert np.abs(tail).max() > 1e-4  # it rings
    assert np.abs(tail[-10:]).max() < 1e-3  # and ends without a click


def test_silence_is_silence():
    assert not render_audio(Piece([], length=Fraction(4))).any()


def test_every_part_is_heard_with_its_program():
    parts = (Part("", 0), Part("", 73))
    alone, both = (
        render_audio(
            Piece([Note(Q * 0, Q * 4, 48 + 18 * n, 80, n) for n in range(count)], parts=parts)
        )
        for count in (1, 2)
    )

    def share(sound: np.ndarray, hz: int) -> float:
        spectrum = np.abs(np.fft.rfft(sound[:RATE].mean(axis=1)))
        return float(spectrum[hz - 3 : hz + 4].sum() / spectrum.sum())

    assert share(both, 370) > 5 * share(alone, 370)  # F sharp: no overtone of the piano's C


def test_what_midi_cannot_carry_can_be_heard():
    assert render_audio(Piece([Note(Q * 0, Fraction(40001, 40000), 60)])).any()


def test_wav_has_sixteen_bits_and_the_asked_rate():
    with wave.open(
        io.BytesIO(to_wav(Piece([Note(Q * 0, Q, 69)]), sample_rate=24000, mono=True))
    ) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert 3_000 < np.abs(sound.astype(int)).max() < 32_767


def test_resampling_keeps_the_pitch():
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)[:, None]
    half = resample(tone, 48000, 24000)
    assert len(half) == 24000
    assert np.argmax(np.abs(np.fft.rfft(half[:, 0]))) == 440
    assert np.abs(half).max() == pytest.approx(1, abs=0.01)


def test_tempos_count():
    assert (
        Piece([Note(Q * 0, Q * 4, 60)], tempos=(Tempo(250_000, Fraction(2)),)).seconds
        == 2 * 0.5 + 2 * 0.25
    )


def test_soundfont_is_the_one_asked_for(tmp_path, monkeypatch):
    mine = tmp_path / "mine.sf2"
    mine.write_bytes(b"x")
    assert find_soundfont(mine) == (mine, "--soundfont")
    assert find_soundfont().origin == "pretty_midi"
    monkeypatch.setenv(audio.ENVIRONMENT, str(mine))
    assert find_soundfont() == (mine, audio.ENVIRONMENT)
    monkeypatch.delenv(audio.ENVIRONMENT)
    monkeypatch.setattr(audio, "SYSTEM_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(audio, "SYSTEM_NAMES", ("mine.sf2",))
    assert find_soundfont() == (mine, "system")


def test_a_compressed_soundfont_of_the_system_is_passed_over(tmp_path, monkeypatch):
    for name in ("MuseScore_General.sf3", "default-GM.sf3"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.setattr(audio, "SYSTEM_FOLDERS", (str(tmp_path),))
    assert find_soundfont().origin == "pretty_midi"


def test_bad_soundfonts_are_named(tmp_path):
    with pytest.raises(PartimentoError, match=r"none\.sf2"):
        find_soundfont(tmp_path / "none.sf2")
    broken = Path(tmp_path, "broken.sf2")
    broken.write_bytes(b"RIFF no")
    with pytest.raises(PartimentoError, match=r"broken\.sf2"):
        render_audio(Piece([Note(Q * 0, Q, 60)]), broken)


def test_too_long_is_refused():
    with pytest.raises(PartimentoError, match="minutes"):
        render_audio(Piece([Note(Fraction(10**5), Q, 60)]))


def test_without_the_renderer_plain_tones_are_in_tune_and_in_time(monkeypatch):
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    piece = Piece(
        [Note(Q * 0, Q * 2, 69), Note(Q * 6, Q * 2, 60)],
        tempos=(Tempo(500_000), Tempo(250_000, Fraction(4))),
    )
    sound = render_audio(piece)
    assert len(sound) == round((3 + audio.TAIL_S) * RATE)
    assert 12 * abs(np.log2(pitch_hz(sound) / 440)) < 0.5
    assert np.abs(sound[round(1.5 * RATE) : round(2.4 * RATE)]).max() == 0
    assert np.abs(sound[round(2.5 * RATE) : 3 * RATE]).max() > 0.1


def test_the_parts_are_the_piece_taken_apart():
    parts = (Part("", 52), Part("", 0), Part("", 73))
    notes = [
        Note(Q * time, Q, 60 + 7 * part + time, 90, part) for part in (0, 2) for time in (0, 2)
    ]
    piece = Piece(notes, parts=parts, tempos=(Tempo(400_000),), length=Fraction(4))
    sounds = render_parts(piece, sample_rate=16_000)
    assert sounds.shape == (3, len(render_audio(piece, sample_rate=16_000)))
    assert not sounds[1].any()  # a part without notes
    whole = render_audio(piece, sample_rate=16_000).mean(axis=1)
    mixed = sounds.sum(axis=0)
    assert np.corrcoef(whole, mixed)[0, 1] > 0.999
    sums = [sounds[list(chosen)].sum(axis=0) for chosen in ((0,), (2,), (0, 2))]
    assert max(np.abs(each).max() for each in sums) <= CEILING + 1e-4
    stereo = np.stack([mixed, mixed], axis=1)
    assert loudness(stereo, 16_000) == pytest.approx(-16, abs=0.1)


def test_a_soft_part_stays_soft_alone():
    notes = [Note(Q * 0, Q * 2, 60, 110, 0), Note(Q * 0, Q * 2, 64, 30, 1)]
    loud, soft = render_parts(Piece(notes, parts=(Part("", 0), Part("", 0))), sample_rate=16_000)
    assert np.abs(soft).max() < 0.5 * np.abs(loud).max()
