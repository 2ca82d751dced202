"""Sound: a Piece through a soundfont, as a WAV file."""

from __future__ import annotations

import importlib.util
import io
import os
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.config import UserError
from partimento.files import write_atomically
from partimento.piece import Piece

PEAK = 10 ** (-1 / 20)  # -1 dBFS
TAIL_S = 1.5  # the last notes ring out
FADE_S = 0.3
LONGEST_S = 3600
ENVIRONMENT = "PARTIMENTO_SOUNDFONT"
SYSTEM_FOLDERS = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts", "/usr/local/share/soundfonts", "/opt/homebrew/share/soundfonts")
SYSTEM_NAMES = ("FluidR3_GM.sf2", "default-GM.sf2", "MuseScore_General.sf2", "MuseScore_General.sf3", "default-GM.sf3", "TimGM6mb.sf2")


class Soundfont(NamedTuple):
    """A soundfont and who said so."""

    path: Path
    origin: str


def find_soundfont(explicit: Path | str | None = None) -> Soundfont:
    """The soundfont to play with: the one asked for, else the environment's, else the system's, else the one pretty_midi brings.

    Raises
    ------
    UserError
        If the one asked for is not there, or none is found.
    """
    for origin, asked in (("--soundfont", explicit), (ENVIRONMENT, os.environ.get(ENVIRONMENT))):
        if asked:
            if not Path(asked).is_file():
                raise UserError(f"no such soundfont: {asked} (from {origin})")
            return Soundfont(Path(asked), origin)
    for path, origin in _candidates():
        if path.is_file():
            return Soundfont(path, origin)
    raise UserError("no soundfont found: give one with --soundfont FILE.sf2")


def _candidates() -> Iterator[tuple[Path, str]]:
    yield from ((Path(folder, name), "system") for name in SYSTEM_NAMES for folder in SYSTEM_FOLDERS)
    # Found without importing pretty_midi, which costs a second; the file is GPL-2, so it is used where it is and never copied.
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations if found else None) or ():
        yield Path(folder, "TimGM6mb.sf2"), "pretty_midi"


def render_audio(piece: Piece, soundfont: Path | str | None = None, *, sample_rate: int = 44100) -> np.ndarray:
    """The piece as sound.

    Returns
    -------
    (samples, 2) float32
        Peaking at -1 dBFS; it lasts as long as the piece by its tempos, and a tail in which the last notes ring out.

    Raises
    ------
    UserError
        If the piece lasts more than an hour, or the soundfont is none.
    """
    length_s = duration_s(piece)
    if length_s > LONGEST_S:
        raise UserError(f"the piece lasts {length_s / 60:,.0f} minutes: too long for a sound file (at most {LONGEST_S // 60})")
    samples = round((length_s + TAIL_S) * sample_rate)
    sound = np.zeros((samples, 2), np.float32)
    if len(piece.notes):
        played = _synthesise(piece, find_soundfont(soundfont).path, sample_rate)[:samples]
        sound[: len(played)] = played
    fade = min(samples, round(FADE_S * sample_rate))
    sound[samples - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    loudest = float(np.abs(sound).max(initial=0))
    return sound * np.float32(PEAK / loudest) if loudest > 0 else sound


def duration_s(piece: Piece) -> float:
    """How long the piece lasts, by its tempos."""
    seconds, now, us = 0.0, piece.length * 0, 500_000
    for tempo in piece.tempos:
        until = min(tempo.onset, piece.length)
        seconds, now, us = seconds + float(until - now) * us / 1e6, until, tempo.us_per_quarter
    return seconds + float(piece.length - now) * us / 1e6


def _synthesise(piece: Piece, soundfont: Path, sample_rate: int) -> np.ndarray:
    import symusic

    try:
        synthesiser = symusic.Synthesizer(sf_path=str(soundfont), sample_rate=sample_rate, quality=0)
    except Exception as error:  # RuntimeError, but symusic says so nowhere
        raise UserError(f"not a soundfont: {soundfont}") from error
    played = np.asarray(synthesiser.render(_to_symusic(piece), stereo=True), np.float32)
    return played.T


def _to_symusic(piece: Piece) -> object:
    """Times in seconds: the synthesiser needs no MIDI resolution, hence plays also what MIDI cannot carry."""
    import symusic

    divisions = 960
    score = symusic.Score(divisions)
    score.tempos.extend(symusic.Tempo(round(t.onset * divisions), mspq=t.us_per_quarter) for t in piece.tempos)
    for number, part in enumerate(piece.parts):
        track = symusic.Track(name=part.name, program=part.program or 0, is_drum=part.is_drum)
        mine = [note for note in piece.notes if note.part == number]
        for note in mine:
            start, end = round(note.onset * divisions), round(note.end * divisions)
            track.notes.append(symusic.Note(start, max(1, end - start), note.pitch, note.velocity))
        score.tracks.append(track)
    return score


def to_wav(piece: Piece, soundfont: Path | str | None = None, *, sample_rate: int = 44100, mono: bool = False) -> bytes:
    """The piece as a WAV file of 16 bits, stereo unless `mono`."""
    return wav_bytes(render_audio(piece, soundfont, sample_rate=sample_rate), sample_rate, mono=mono)


def wav_bytes(sound: np.ndarray, sample_rate: int, *, mono: bool = False) -> bytes:
    """Samples between -1 and 1, (samples, channels), as a WAV file of 16 bits."""
    if mono:
        sound = sound.mean(axis=1, keepdims=True)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def write_wav(piece: Piece, path: Path | str, *, soundfont: Path | str | None = None, sample_rate: int = 44100) -> Path:
    """Write ``.wav``."""
    return write_atomically(path, to_wav(piece, soundfont, sample_rate=sample_rate))
