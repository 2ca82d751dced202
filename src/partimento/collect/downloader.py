"""Download the files of listed pieces, with a manifest and a skip list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from partimento.collect.errors import RefusedError, StatusError, UnreachableError
from partimento.collect.http import Answer, Clock, PoliteClient
from partimento.collect.journal import Journal
from partimento.collect.listing import ListedPiece
from partimento.collect.manifest import (
    MANIFEST,
    SKIPPED,
    Row,
    merge_rows,
    read_manifest,
    sha256_of,
    write_manifest,
)
from partimento.collect.safe import (
    MAX_MIDI,
    MAX_ZIP,
    add_hash,
    check_midi,
    inside,
    midi_defect,
    safe_path,
    unpack_midis,
    zip_defect,
)
from partimento.files import write_atomically
from partimento.short_repr import short_repr
from partimento.tables import csv_table

MOST_FAILURES = 3  # after this number of failed files in a row the collection stops
GONE = (404, 410)  # statuses of a file that does not exist


@short_repr
@dataclass(frozen=True)
class Skip:
    """A file that was not downloaded or rejected, and the reason.

    Parameters
    ----------
    address : str
        The link to the file, or the page of the listing; empty for a piece without a link.
    member : str
        The name inside a zip; empty otherwise.
    mutopia_id, title, reason : str
    again : bool
        Whether the next start of the program tries again.
    """

    address: str
    member: str
    mutopia_id: str
    title: str
    reason: str
    again: bool = False


@short_repr
class Downloader:
    """Download files one after another, and keep the manifest and the list of skips.

    Parameters
    ----------
    folder : path
    journal : Journal
    client : PoliteClient
    clock : Clock
    write : bool
        False for a dry run, in which only `has` is used.

    Attributes
    ----------
    fetched, updated, unchanged : int
        Numbers of new, changed and unchanged files.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        client: PoliteClient,
        *,
        clock: Clock,
        write: bool = True,
    ) -> None:
        self.folder, self.write = folder, write
        self.fetched = self.updated = self.unchanged = 0
        self._journal, self._client, self._clock = journal, client, clock
        self._skips: dict[tuple[str, str, str], Skip] = {}
        self._failures = 0
        # (path, hash) of files that are intact on disk, so that each is hashed only once.
        self._verified: set[tuple[str, str]] = set()
        recorded = [row for record in journal.records() for row in record.get("rows", [])]
        self._rows = {
            row["path"]: row
            for row in merge_rows(
                read_manifest(folder), (row for row in recorded if self._intact(row))
            )
        }
        self._owner = {
            path.casefold(): row.get("source_url", "") for path, row in self._rows.items()
        }

    def has(self, piece: ListedPiece) -> bool:
        """Return whether no file of the piece needs to be requested in this run.

        Files are not requested again if they were downloaded or rejected, or changed by the user.
        The reasons are added to the list of skips, also for a piece without a MIDI file.
        """
        if not piece.links:
            self._skip(
                Skip("", "", identify(piece), piece.title, "the listing has no MIDI file of it")
            )
        is_done = [self._has(piece, link) for link in piece.links]  # records the skips of all links
        return all(is_done)

    def _has(self, piece: ListedPiece, link: str) -> bool:
        record = self._journal.known(link)
        for row in record.get("rows", []):
            if self._changed(row):
                self._skip(
                    Skip(
                        link,
                        "",
                        identify(piece),
                        piece.title,
                        f"{row['path']} was changed here; move it to download it again",
                    )
                )
                return True
        if not self._journal.settled(link):
            return False
        for skip in record.get("skips", []):
            self._skip(Skip(**skip))
        return all(self._intact(row) for row in record.get("rows", []))

    def download(self, piece: ListedPiece) -> None:
        """Download the files of a piece that are missing.

        Raises
        ------
        StatusError
            For a status 4xx. A file that does not exist (404, 410) is recorded, so that the next
            start of the program continues after it.
        UnreachableError
            If `MOST_FAILURES` files in a row failed.
        """
        for link in piece.links:
            if self._has(piece, link):
                continue
            try:
                self._fetch(piece, link)
                self._failures = 0
            except RefusedError as error:
                self._refuse(piece, link, str(error))
            except StatusError as error:
                if error.status not in GONE:
                    raise
                self._refuse(piece, link, f"the archive answers {error.status}")
                raise StatusError(
                    error.status,
                    f"{error} (recorded in {SKIPPED}: start again to continue with the next file)",
                ) from error
            except UnreachableError as error:
                self._refuse(piece, link, str(error), again=True)
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    raise UnreachableError(
                        f"{self._failures} files in a row failed, the last one: {error}; start"
                        " again later to continue"
                    ) from error

    def skips(self) -> list[Skip]:
        return list(self._skips.values())

    def note_problems(self, page: str, problems: list[str]) -> None:
        """Add the problems of a page of the listing to the list of skips."""
        for number, problem in enumerate(problems):
            self._skip(Skip(page, str(number), "", "", problem))

    def _fetch(self, piece: ListedPiece, link: str) -> None:
        url, record = self._client.site.resolve(link), self._journal.known(link)
        zipped = link.lower().endswith(".zip")
        source = _archive_path(link)
        rows: list[Row] = record.get("rows", [])
        tags = {"etag": record.get("etag", ""), "modified": record.get("modified", "")}
        if not rows or not all(self._intact(row) for row in rows):
            tags = {"etag": "", "modified": ""}
        answer = self._client.get(
            url,
            limit=MAX_ZIP if zipped else MAX_MIDI,
            defect=zip_defect if zipped else midi_defect,
            **tags,
        )
        if answer.status == 304:
            self.unchanged += len(rows)
            rows = [row | describe(piece) for row in rows]
            unchanged = Answer(
                304, etag=answer.etag or tags["etag"], modified=answer.modified or tags["modified"]
            )
            self._settle(piece, link, rows, record.get("skips", []), unchanged)
            return
        if zipped:
            members, rejected = unpack_midis(answer.body)
            files = [(source.parent / path, data) for path, data in members]
        else:
            check_midi(answer.body)
            files, rejected = [(source, answer.body)], []
        skips = [
            asdict(Skip(link, member, identify(piece), piece.title, reason))
            for member, reason in rejected
        ]
        new_rows = []
        for number, (path, data) in enumerate(files, 1):
            try:
                movement = {
                    "movement": str(number) if len(files) > 1 else "",
                    "movements": str(len(files)),
                    "site_zip": "yes" if zipped else "no",
                }
                new_rows.append(self._save(path, data, describe(piece) | movement, link))
            except RefusedError as error:
                skips.append(
                    asdict(Skip(link, str(path), identify(piece), piece.title, str(error)))
                )
        self._settle(piece, link, new_rows, skips, answer)

    def _save(self, path: PurePosixPath, data: bytes, row: Row, link: str) -> Row:
        """Write one file and return its row of the manifest.

        An existing file is replaced only if it is an unmodified earlier download of the same link.
        """
        source = path
        if self._owner.get(path.as_posix().casefold(), link) != link:
            path = add_hash(path, link)
        target, name = inside(self.folder, path), path.as_posix()
        digest = sha256_of(data)
        existing, old = target.is_file() and sha256_of(target.read_bytes()), self._rows.get(name)
        is_own = existing == digest or (old is not None and self._intact(old))
        if target.exists() and not is_own:
            raise RefusedError(f"another file already exists at {name}")
        if any(parent.is_file() for parent in target.parents):
            raise RefusedError(f"a file has the name of a folder of {name}")
        write_atomically(target, data)
        self._verified.add((name, digest))
        self.fetched += existing is False
        self.unchanged += existing == digest
        self.updated += existing not in (False, digest)
        self._owner[name.casefold()] = link
        return row | {
            "path": name,
            "source_dir": f"ftp/{source.parent}",
            "source_midi": source.name,
            "source_url": link,
            "bytes": str(len(data)),
            "sha256": digest,
            "fetched": self._clock.utc().isoformat(timespec="seconds"),
            "composer_folder": source.parts[0] if len(source.parts) > 1 else "",
        }

    def _settle(
        self,
        piece: ListedPiece,
        link: str,
        rows: list[Row],
        skips: list[dict[str, object]],
        answer: Answer,
    ) -> None:
        """Record the result for a link: in the manifest, then in the journal.

        In this order, a kill in between only means that one file is requested again.
        """
        for row in rows:
            # The listing has no composer if the header of the piece has markup instead of a name.
            if row["composer"] in ("", "Anonymous"):
                row["composer"] = spell_folder(row["composer_folder"])
            self._rows[row["path"]] = row
        write_manifest(self.folder, self._rows.values())
        self._journal.add(link, rows=rows, skips=skips, etag=answer.etag, modified=answer.modified)
        for key in [key for key in self._skips if key[0] == link]:
            del self._skips[key]
        for skip in skips:
            self._skip(Skip(**skip))  # type: ignore[arg-type]

    def _refuse(self, piece: ListedPiece, link: str, reason: str, *, again: bool = False) -> None:
        skip = Skip(link, "", identify(piece), piece.title, reason, again)
        # Keep the record of files that were downloaded from this link before.
        record = self._journal.known(link)
        kept = {name: record[name] for name in ("rows", "etag", "modified") if name in record}
        self._journal.add(link, **kept, skips=[asdict(skip)], again=again)
        self._skip(skip)

    def _skip(self, skip: Skip) -> None:
        key = (skip.address or skip.mutopia_id, skip.member, skip.reason)
        if key in self._skips:
            return
        self._skips[key] = skip
        if self.write:
            self.write_skips()

    def write_skips(self) -> None:
        """Write ``skipped.csv``; create it only if there is a skip."""
        if self._skips or (self.folder / SKIPPED).exists():
            columns = ("address", "member", "mutopia_id", "title", "reason", "again")
            rows = [
                {**asdict(skip), "again": "yes" if skip.again else "no"}
                for skip in self._skips.values()
            ]
            write_atomically(self.folder / SKIPPED, csv_table(columns, rows))

    def _intact(self, row: Row) -> bool:
        """Return whether the file of a row is on disk as it was downloaded."""
        path, digest = self.folder / row["path"], row.get("sha256", "")
        key = (row["path"], digest)
        if key not in self._verified and path.is_file() and sha256_of(path.read_bytes()) == digest:
            self._verified.add(key)
        return key in self._verified

    def _changed(self, row: Row) -> bool:
        return (self.folder / row["path"]).exists() and not self._intact(row)


def _archive_path(link: str) -> PurePosixPath:
    raw = unquote(urlsplit(link).path, errors="replace")
    if not raw.startswith("/ftp/"):
        raise RefusedError(f"it is outside the archive's files: {raw[:80]!r}")
    path = safe_path(raw.removeprefix("/ftp/"))
    if path.as_posix() in (MANIFEST, SKIPPED):
        raise RefusedError(f"it would replace {path}")
    return path


def identify(piece: ListedPiece) -> str:
    """Return the archive's identifier of a piece: ``Mutopia-2015/12/27-2091``."""
    return f"Mutopia-{piece.published}-{piece.number}"


def describe(piece: ListedPiece) -> Row:
    """Return the listing's data about a piece as columns of the manifest."""
    names = (
        "title",
        "composer",
        "composer_years",
        "opus",
        "instrument",
        "style",
        "license",
        "license_version",
        "year",
        "edition",
    )
    return {
        "mutopia_id": identify(piece),
        **{name: str(getattr(piece, name)) for name in (*names, "contributor", "published")},
    }


def spell_folder(folder: str) -> str:
    """Return a composer's name from the name of the archive's folder.

    >>> spell_folder("HoretzkyF"), spell_folder("BachJS"), spell_folder("Anonymous")
    ('F. Horetzky', 'J. S. Bach', 'Anonymous')
    """
    name = folder.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return " ".join([*(f"{letter}." for letter in folder[len(name) :]), name]) if name else folder
