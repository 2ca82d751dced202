"""Find in a file how its piece was composed, whatever the format of the file."""

from __future__ import annotations

import html
import io
import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from partimento.errors import PartimentoError
from partimento.files import check_exists
from partimento.music.limits import MAX_BYTES
from partimento.music.provenance import LONGEST, MARK, Provenance

START = f"{MARK}{{".encode()
ESCAPED = frozenset((".musicxml", ".xml", ".mxl", ".svg", ".html", ".pdf"))
MOST = 100  # places in a file that are tried
LARGEST = 2**30  # bytes of a sound file


def read_provenance(path: Path | str) -> Provenance:
    """Return how the piece of a file was composed.

    Parameters
    ----------
    path : path
        A file that Partimento wrote, in any format: score, picture, sound or page.

    Raises
    ------
    PartimentoError
        If the file cannot be read, or does not say how its piece was composed.
    """
    path = Path(path)
    check_exists(path)
    try:
        if path.stat().st_size > LARGEST:
            raise PartimentoError(f"{path} is larger than {LARGEST // 2**20} MiB")
        found = provenance_in(path.read_bytes(), path.suffix.lower())
    except OSError as error:
        raise PartimentoError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if found is None:
        raise PartimentoError(
            f"{path} does not say how it was composed: it is not composed by this version of"
            " Partimento, or another program wrote it again"
        )
    return found


def provenance_in(data: bytes, suffix: str) -> Provenance | None:
    """Return how the piece in a file was composed; None if it does not say.

    Parameters
    ----------
    data : bytes
    suffix : str
        The suffix of the file, in lower case.
    """
    if suffix == ".json":
        return _in_json(data)
    if suffix == ".gif":
        return _in_gif(data)
    if suffix == ".gp5":
        return _in_guitar_pro(data)
    if data.startswith(b"PK\3\4"):
        data = _largest_member(data)
    # A PDF has the text twice, and only its XMP metadata escapes it in a way that can be undone.
    if suffix == ".pdf":
        _, _, data = data.partition(b"<pdf:Keywords>")
    at = -1
    for _ in range(MOST):
        at = data.find(START, at + 1)
        if at < 0:
            return None
        text = data[at : at + LONGEST].decode("ascii", "replace")
        found = _parsed(html.unescape(text) if suffix in ESCAPED else text)
        if found is not None:
            return found
    return None


def _parsed(text: str) -> Provenance | None:
    """Return the description with which a text begins; None if it is damaged."""
    try:
        values, _ = json.JSONDecoder().raw_decode(text, len(MARK))
        return Provenance.from_dict(values)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _in_json(data: bytes) -> Provenance | None:
    try:
        values: Any = json.loads(data)
        return Provenance.from_dict(values["provenance"])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _in_gif(data: bytes) -> Provenance | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["GIF"]) as picture:
            text = bytes(picture.info.get("comment", b"")).decode("ascii", "replace")
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
        return None
    return _parsed(text) if text.startswith(MARK) else None


def _in_guitar_pro(data: bytes) -> Provenance | None:
    import guitarpro

    try:
        song = guitarpro.parse(io.BytesIO(data))
        text = "".join(str(line) for line in song.notice)
    except Exception:  # PyGuitarPro raises many kinds for a damaged file
        return None
    return _parsed(text) if text.startswith(MARK) else None


def _largest_member(data: bytes) -> bytes:
    """Return the score inside compressed MusicXML; empty if it cannot be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                name
                for name in archive.namelist()
                if not name.startswith("META-INF")
                and PurePosixPath(name).suffix in (".xml", ".musicxml")
            ]
            for name in names[:1]:
                with archive.open(name) as file:
                    return file.read(MAX_BYTES)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, KeyError, EOFError):
        return b""
    return b""
