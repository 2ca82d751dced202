"""Read and write ``manifest.csv``: source, license and SHA-256, one row per file."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from partimento.errors import PartimentoError
from partimento.files import write_atomically
from partimento.tables import csv_table

MANIFEST = "manifest.csv"
SKIPPED = "skipped.csv"
COLUMNS = (
    "path",
    "mutopia_id",
    "title",
    "composer",
    "composer_years",
    "composer_folder",
    "opus",
    "instrument",
    "style",
    "license",
    "license_version",
    "movement",
    "movements",
    "year",
    "edition",
    "contributor",
    "published",
    "source_dir",
    "source_midi",
    "site_zip",
    "source_url",
    "bytes",
    "sha256",
    "fetched",
)
Row = dict[str, str]


def read_manifest(place: Path | str) -> list[Row]:
    """Read the rows of a manifest.

    Parameters
    ----------
    place : path
        The manifest (``.csv``), or the folder that contains it. A folder without a manifest has no
        rows.

    Raises
    ------
    PartimentoError
        If the file is not a CSV file with a column ``path``.

    Examples
    --------
    >>> read_manifest("no-such-folder")
    []
    """
    path = Path(place)
    if path.suffix != ".csv":
        path = path / MANIFEST
        if not path.is_file():
            return []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            if "path" not in (reader.fieldnames or ()):
                raise PartimentoError(f"{path} is not a manifest: it has no column 'path'")
            return [
                {name: value for name, value in row.items() if name is not None} for row in reader
            ]
    except (csv.Error, UnicodeDecodeError) as error:
        raise PartimentoError(f"{path} is not a manifest: {error}") from error


def write_manifest(folder: Path | str, rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows, sorted by path, as the manifest of a folder.

    Columns besides `COLUMNS` are kept; they come last.
    """
    ordered = sorted(rows, key=lambda row: row["path"])
    other_columns = dict.fromkeys(name for row in ordered for name in row if name not in COLUMNS)
    table = csv_table((*COLUMNS, *other_columns), ordered)
    return write_atomically(Path(folder) / MANIFEST, table)


def merge_rows(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Merge rows by path; a new row replaces an old one with the same path."""
    return list({row["path"]: row for row in (*old, *new)}.values())


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 hash of bytes, in hexadecimal.

    >>> sha256_of(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()
