"""Encode sound as WAV, FLAC, OGG or MP3, with title, composer and a remark.

Equal sounds give equal bytes.
"""

from __future__ import annotations

import io
from functools import cache
from typing import NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.short_repr import short_repr

# Suffix → format and subtype of libsndfile.
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
QUALITY = {".ogg": 0.4, ".mp3": 0.25}  # 0 is the best; these give about 160 and 190 kbit/s
BLOCK = 65_536  # samples per write: the Vorbis encoder needs memory for all samples of a write
SERIAL = 1  # of the stream in an OGG file
UTF_8 = b"\x03"  # the encoding of a text in an ID3 tag


@short_repr
class Tags(NamedTuple):
    """The texts that a sound file carries."""

    title: str = ""
    artist: str = ""
    comment: str = ""


def encode(sound: np.ndarray, rate: int, suffix: str, tags: Tags = Tags()) -> bytes:  # noqa: B008
    """Encode sound in the format of a suffix.

    Parameters
    ----------
    sound : (samples, channels) float32
        Between -1 and 1.
    rate : int
        Samples per second.
    suffix : str
        One of `FORMATS`.
    tags : Tags

    Raises
    ------
    PartimentoError
        If the encoder is missing or refuses the sound.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: a platform without libsndfile
        raise PartimentoError(f"{suffix} needs the package soundfile: {error}") from error
    kind, subtype = FORMATS[suffix]
    out = io.BytesIO()
    quality = {"compression_level": QUALITY[suffix]} if suffix in QUALITY else {}
    try:
        with soundfile.SoundFile(
            out, "w", rate, sound.shape[1], subtype, format=kind, **quality
        ) as file:
            if suffix != ".mp3":  # libsndfile's ID3 tag garbles text beyond ASCII
                for name, text in tags._asdict().items():
                    if text:
                        setattr(file, name, text)
            for first in range(0, len(sound), BLOCK):
                file.write(np.ascontiguousarray(sound[first : first + BLOCK]))
    except (RuntimeError, ValueError) as error:
        raise PartimentoError(f"cannot encode the sound as {suffix}: {error}") from error
    data = out.getvalue()
    if suffix == ".ogg":
        return with_serial(data, SERIAL)
    return id3_tag(tags) + data if suffix == ".mp3" else data


def id3_tag(tags: Tags) -> bytes:
    """Return an ID3 tag, version 2.4, to write before the sound of an MP3 file.

    References
    ----------
    Nilsson, M. (2000). ID3 tag version 2.4.0: main structure, and native frames.
    """
    frames = b""
    for name, text in (("TIT2", tags.title), ("TPE1", tags.artist), ("COMM", tags.comment)):
        if text:
            language = b"eng\0" if name == "COMM" else b""
            body = UTF_8 + language + text.encode("utf-8", "replace")
            frames += name.encode() + _seven_bits(len(body)) + b"\0\0" + body
    return b"ID3\x04\0\0" + _seven_bits(len(frames)) + frames if frames else b""


def _seven_bits(size: int) -> bytes:
    """Return a number of 28 bits in four bytes, whose highest bits are 0."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def with_serial(data: bytes, serial: int) -> bytes:
    """Return an OGG file with this serial number, which is random otherwise.

    References
    ----------
    Pfeiffer, S. (2003). RFC 3533: The Ogg encapsulation format version 0.
    """
    pages, at = [], 0
    while data[at : at + 4] == b"OggS":
        segments = data[at + 26]
        size = 27 + segments + sum(data[at + 27 : at + 27 + segments])
        page = bytearray(data[at : at + size])
        page[14:18] = serial.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = _crc(page).to_bytes(4, "little")
        pages.append(bytes(page))
        at += size
    return b"".join(pages) + data[at:]


def _crc(data: bytes | bytearray) -> int:
    crc, table = 0, _crc_table()
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return crc


@cache
def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
        table.append(crc)
    return table
