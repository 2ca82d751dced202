"""Make the sounds of a web page: one per part, or one for the whole piece.

With one per part, the page can mute each of them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.export.audio import render_parts, to_wav, wav_bytes
from partimento.music.instruments import PROGRAMS
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

PAGE_RATE = 24_000  # Hz; mono and in base64, this is about 3.8 MB per minute
VOICE_RATE = 22_050  # Hz; about 3.5 MB per minute and part
MOST_PARTS = 8
MOST_SECONDS = 480  # of all parts together, about 28 MB


@short_repr
class PageSound(NamedTuple):
    """A sound of a page.

    Attributes
    ----------
    name : str
        The name of the part for a listener; empty for the whole piece.
    part : int
        Its index in the piece; -1 for the whole piece.
    wav : bytes
        A WAV file, 16-bit and mono.
    """

    name: str
    part: int
    wav: bytes


def page_sounds(piece: Piece, soundfont: Path | str | None = None) -> list[PageSound]:
    """Return the sound of each part of a piece, or one of the whole piece.

    It is one if there are not several parts with notes, or if the page would be too large.

    Parameters
    ----------
    piece : Piece
    soundfont : Path or str, optional
        See `audio.find_soundfont`.
    """
    parts = np.unique(piece.notes.part).tolist()
    fits = len(parts) * piece.seconds <= MOST_SECONDS
    if not 2 <= len(parts) <= MOST_PARTS or not fits:
        return [PageSound("", -1, to_wav(piece, soundfont, sample_rate=PAGE_RATE, mono=True))]
    sounds = render_parts(piece, soundfont, sample_rate=VOICE_RATE)
    names = part_names(piece)
    return [
        PageSound(names[part], part, wav_bytes(sounds[part][:, None], VOICE_RATE)) for part in parts
    ]


def part_names(piece: Piece) -> list[str]:
    """Return a name for each part: its own, that of its instrument, or its number.

    Parts of the same name are numbered.
    """
    names = [
        part.name
        or ("Drums" if part.is_drum else "")
        or (f"Part {number}" if part.program is None else PROGRAMS[part.program])
        for number, part in enumerate(piece.parts, 1)
    ]
    count, seen = Counter(names), Counter[str]()
    for number, name in enumerate(names):
        seen[name] += 1
        if count[name] > 1:
            names[number] = f"{name} {seen[name]}"
    return names
