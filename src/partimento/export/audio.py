"""Render a piece as sound with a soundfont, at a stated loudness."""

from __future__ import annotations

import importlib.util
import io
import math
import os
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.export.loudness import CEILING, TARGET_LUFS, loudness, with_loudness
from partimento.export.sound_files import Tags, encode
from partimento.io.midi.write import to_midi
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.text import check_names
from partimento.music.timelines import Part, Tempo
from partimento.short_repr import short_repr

TAIL_S = 1.5  # seconds after the end of the piece in which the last notes decay
FADE_S = 0.3  # seconds of fade-out at the end of that
RATE = 48000  # Hz; the rate of the renderer
TICKS = 960  # ticks per quarter of the MIDI file for the renderer
LONGEST_S = 3600  # maximum duration of a piece in seconds
ENVIRONMENT = "PARTIMENTO_SOUNDFONT"
SYSTEM_FOLDERS = (
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
)
# Without MuseScore's .sf3 files, because the renderer cannot read compressed samples.
SYSTEM_NAMES = ("FluidR3_GM.sf2", "default-GM.sf2", "MuseScore_General.sf2", "TimGM6mb.sf2")


@short_repr
class Soundfont(NamedTuple):
    """The path of a soundfont, and where the choice comes from."""

    path: Path
    origin: str


def find_soundfont(explicit: Path | str | None = None) -> Soundfont:
    """Find the soundfont to use.

    The order is: the explicit one, the one in the environment variable ``PARTIMENTO_SOUNDFONT``,
    one installed on the system, and the one inside pretty_midi.

    Raises
    ------
    PartimentoError
        If one of the first two is set but does not exist, or none is found.
    """
    for origin, name in (("--soundfont", explicit), (ENVIRONMENT, os.environ.get(ENVIRONMENT))):
        if name:
            if not Path(name).is_file():
                raise PartimentoError(f"no such soundfont: {name} (from {origin})")
            return Soundfont(Path(name), origin)
    for path, origin in _candidates():
        if path.is_file():
            return Soundfont(path, origin)
    raise PartimentoError("no soundfont found: give one with --soundfont FILE.sf2")


def _candidates() -> Iterator[tuple[Path, str]]:
    yield from (
        (Path(folder, name), "system") for name in SYSTEM_NAMES for folder in SYSTEM_FOLDERS
    )
    # Importing pretty_midi would take a second, so this only looks up its folder. The file has the
    # license GPL-2: it is used in place and never copied.
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        yield Path(folder, "TimGM6mb.sf2"), "pretty_midi"


def render_audio(
    piece: Piece, soundfont: Path | str | None = None, *, sample_rate: int = RATE
) -> np.ndarray:
    """Render a piece as sound.

    Returns
    -------
    (samples, 2) float32
        With a loudness of -16 LUFS, and no peak above -1.5 dBFS (see `loudness`). It is as long as
        the piece with its tempos, plus TAIL_S seconds in which the last notes decay.

    Raises
    ------
    PartimentoError
        If the piece is longer than an hour, the soundfont is invalid, or a name in the piece has
        invalid characters.
    """
    return with_loudness(_render(piece, soundfont, sample_rate), sample_rate)


def render_parts(
    piece: Piece, soundfont: Path | str | None = None, *, sample_rate: int = RATE
) -> np.ndarray:
    """Render each part of a piece alone, in mono, as loud as in the whole piece.

    The sum of the parts is the piece, at -16 LUFS unless its peaks would then be too high. No sum
    of some parts has a peak above -1.5 dBFS.

    Returns
    -------
    (parts, samples) float32

    Raises
    ------
    PartimentoError
        As `render_audio`.
    """
    notes = piece.notes
    sound = np.stack(
        [
            _render(_alone(piece, notes.part == part), soundfont, sample_rate).mean(axis=1)
            for part in range(len(piece.parts))
        ]
    )
    # The loudest sum at one time has all positive samples, or all negative ones.
    sums = [np.maximum(sound, 0).sum(axis=0), np.maximum(-sound, 0).sum(axis=0)]
    loudest = max(float(each.max(initial=0)) for each in sums)
    if loudest == 0:
        return sound
    mix = sound.sum(axis=0)
    # Each part is heard on two loudspeakers, which adds 3 LU.
    level = loudness(np.stack([mix, mix], axis=1), sample_rate)
    gain = 10 ** ((TARGET_LUFS - level) / 20) if math.isfinite(level) else math.inf
    return sound * np.float32(min(gain, CEILING / loudest))


def _alone(piece: Piece, kept: np.ndarray) -> Piece:
    """Return the piece with some of its notes, which is as long as before."""
    columns = {name: getattr(piece.notes, name)[kept] for name in Notes.COLUMNS}
    notes = Notes.from_columns(piece.notes.divisions, **columns)
    return Piece(notes, tempos=piece.tempos, length=piece.length, parts=piece.parts)


def _render(piece: Piece, soundfont: Path | str | None, sample_rate: int) -> np.ndarray:
    """Return the sound, (samples, 2), at the volume of the synthesizer."""
    check_names(piece)
    length_s = piece.seconds
    if length_s > LONGEST_S:
        raise PartimentoError(
            f"the piece lasts {length_s / 60:,.0f} minutes: too long for a sound file (at most"
            f" {LONGEST_S // 60})"
        )
    samples = round((length_s + TAIL_S) * sample_rate)
    sound = np.zeros((samples, 2), np.float32)
    if len(piece.notes):
        played = _synthesize(piece, find_soundfont(soundfont).path, sample_rate)[:samples]
        sound[: len(played)] = played
    fade = min(samples, round(FADE_S * sample_rate))
    sound[samples - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    return sound


def _synthesize(piece: Piece, soundfont: Path, sample_rate: int) -> np.ndarray:
    try:
        import midirenderer
    except ImportError:  # there is no wheel for some platforms
        return _plain_tones(piece, sample_rate)
    # symusic's own synthesizer ignores the root key of samples, so that most soundfonts sound out
    # of tune (symusic issue 55).
    try:
        played = midirenderer.render_wave_from(soundfont.read_bytes(), _to_midi(piece))
    except OSError as error:
        raise PartimentoError(f"cannot read the soundfont {soundfont}: {error.strerror}") from error
    except Exception as error:  # the renderer has undocumented exception types
        raise PartimentoError(f"cannot play the soundfont {soundfont}: {error}") from error
    with wave.open(io.BytesIO(played)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        sound = (
            np.frombuffer(file.readframes(file.getnframes()), "<i2")
            .reshape(-1, channels)
            .astype(np.float32)
            / 32768
        )
    return resample(sound, rate, sample_rate)


def _plain_tones(piece: Piece, sample_rate: int) -> np.ndarray:
    """Generate decaying tones similar to plucked strings, without drums."""
    sound = np.zeros(round((piece.seconds + TAIL_S) * sample_rate) + 1, np.float32)
    seconds = piece.tempo_map.seconds
    for note in piece.notes:
        if piece.parts[note.part].is_drum:
            continue
        start, end = (float(seconds(time)) for time in (note.onset, note.end))
        time = np.arange(round((end - start + 0.25) * sample_rate)) / sample_rate
        hz = 440 * 2 ** ((note.pitch - 69) / 12)
        tone = sum(
            np.sin(2 * np.pi * k * hz * time) * np.exp(-(1 + k) * time) / k**1.5
            for k in range(1, 6)
            if k * hz < sample_rate / 2
        )
        # Fade out here and fade in below, to avoid clicks.
        release = np.clip((end - start + 0.25 - time) / 0.25, 0, 1)
        first = round(start * sample_rate)
        part = (tone * release * np.clip(time / 0.005, 0, 1) * note.velocity / 127)[
            : len(sound) - first
        ]
        sound[first : first + len(part)] += part
    return np.stack([sound, sound], axis=1)


def resample(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return sound ``(samples, channels)`` at another sample rate, without aliasing."""
    if rate == wanted:
        return sound
    from scipy import signal

    samples = round(len(sound) * wanted / rate)
    resampled: np.ndarray = signal.resample(sound.astype(np.float64), samples)
    return resampled.astype(np.float32)


def _to_midi(piece: Piece) -> bytes:
    """Return MIDI for the synthesizer, on a grid of 1/960 of a quarter note.

    Times are rounded, so that pieces can be played that a MIDI file cannot represent exactly.
    """

    def on_grid(time: Fraction) -> Fraction:
        return Fraction(round(time * TICKS), TICKS)

    notes = piece.notes
    onset, end = (_rounded(times * TICKS, notes.divisions) for times in (notes.onset, notes.end))
    tempos = {on_grid(mark.onset): mark.us_per_quarter for mark in piece.tempos}
    rate = piece.tempos[-1].us_per_quarter if piece.tempos else 500_000
    # The renderer stops at the last event. A tempo change without effect makes it render the tail.
    tick = Fraction(1, TICKS)
    silence = on_grid(piece.length + Fraction(TAIL_S) * 1_000_000 / rate) + tick
    played = Piece(
        notes.replace(divisions=TICKS, onset=onset, duration=np.maximum(end - onset, 1)),
        tempos=tuple(Tempo(us, time) for time, us in {**tempos, silence: rate}.items()),
        length=silence + tick,
        parts=tuple(Part("", part.program, part.is_drum) for part in piece.parts),
    )
    return to_midi(played)


def _rounded(numerators: np.ndarray, denominator: int) -> np.ndarray:
    steps: np.ndarray = np.rint(numerators / denominator).astype(np.int64)
    return steps


def to_wav(
    piece: Piece,
    soundfont: Path | str | None = None,
    *,
    sample_rate: int = RATE,
    mono: bool = False,
) -> bytes:
    """Convert a piece to a 16-bit WAV file, in stereo unless `mono`."""
    return wav_bytes(
        render_audio(piece, soundfont, sample_rate=sample_rate), sample_rate, mono=mono
    )


def to_sound_file(
    piece: Piece, suffix: str, soundfont: Path | str | None = None, *, comment: str = ""
) -> bytes:
    """Convert a piece to a sound file in stereo.

    Parameters
    ----------
    piece : Piece
    suffix : str
        ``.wav``, ``.flac``, ``.ogg`` or ``.mp3``.
    soundfont : Path or str, optional
    comment : str
        A remark that the file carries, besides title and composer.
    """
    tags = Tags(piece.title, piece.composer, comment)
    return encode(render_audio(piece, soundfont), RATE, suffix, tags)


def wav_bytes(sound: np.ndarray, sample_rate: int, *, mono: bool = False) -> bytes:
    """Write samples between -1 and 1, (samples, channels), as a 16-bit WAV file."""
    if mono:
        sound = sound.mean(axis=1, keepdims=True)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()
