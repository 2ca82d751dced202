"""Read Guitar Pro files of all versions as pieces.

The content decides the version of a file, because newer files may have the suffix of older ones.
"""

from __future__ import annotations

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.guitar_pro.container import gpif_of_gpx, gpif_of_zip
from partimento.io.guitar_pro.gpif import song_of_gpif
from partimento.io.guitar_pro.song import Song, piece_of_song
from partimento.music.piece import Piece

NAME = b"FICHIER GUITAR PRO "
CLIPBOARD = b"CLIPBOARD G"


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read a Guitar Pro file of any version from 3 on.

    Raises
    ------
    InvalidScoreError, ValueError
        If the content cannot be read as music; the message gives the reason.
    """
    return piece_of_song(song_of(data, options.encoding), unfold=options.unfold)


def song_of(data: bytes, encoding: str = "") -> Song:
    """Read the content of a file; errors as for `read_score`.

    `encoding` is that of the text of older versions; empty to detect it.
    """
    if not data.strip():
        raise InvalidScoreError("it is empty")
    if data.startswith(b"PK"):
        return song_of_gpif(gpif_of_zip(data))
    if data.startswith((b"BCFZ", b"BCFS")):
        return song_of_gpif(gpif_of_gpx(data))
    if data[1:].startswith((NAME, CLIPBOARD)):
        from partimento.io.guitar_pro.binary import song_of_binary

        return song_of_binary(data, encoding)
    raise InvalidScoreError("not a Guitar Pro file, despite its suffix")
