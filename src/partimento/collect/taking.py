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
    midi_is_cut,
    safe_path,
    unpack_midis,
    zip_is_cut,
)
from partimento.files import write_atomically
from partimento.tables import csv_table

MOST_FAILURES = 3  # so many files in a row: the archive is in trouble, and is left alone
GONE = (404, 410)


@dataclass(frozen=True)
class Skip:
    """A file that was not accepted, and why.

    Parameters
    ----------
    address : str
        The link, or the page; empty for a piece without a link.
    member : str
        The name inside a zip.
    mutopia_id, title, reason : str
    again : bool
        Whether the next start tries it again.
    """

    address: str
    member: str
    mutopia_id: str
    title: str
    reason: str
    again: bool = False


class Downloader:
    """Takes files, one after another; `fetched`, `updated` and `unchanged` count them.

    Parameters
    ----------
    folder : path
    journal : Journal
    client : PoliteClient
    clock : Clock
    write : bool
        Without it only `has` is of use.
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
        self._seen: set[tuple[str, str]] = set()  # what was found to be whole on disk: hashed once
        noted = [row for record in journal.records() for row in record.get("rows", [])]
        self._rows = {
            row["path"]: row
            for row in merge_rows(
                read_manifest(folder), (row for row in noted if self._intact(row))
            )
        }
        self._owner = {
            path.casefold(): row.get("source_url", "") for path, row in self._rows.items()
        }

    def has(self, piece: ListedPiece) -> bool:
        """Return whether every file of the piece is downloaded or settled.

        A piece without a MIDI file is recorded as skipped.
        """
        if not piece.links:
            self._skip(
                Skip("", "", identify(piece), piece.title, "the listing has no MIDI file of it")
            )
        done = [self._has(piece, link) for link in piece.links]
        return all(done)

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
                        f"{row['path']} was changed here since; move it to have it again",
                    )
                )
                return True
        if not self._journal.settled(link):
            return False
        for skip in record.get("skips", []):
            self._skip(Skip(**skip))
        return all(self._intact(row) for row in record.get("rows", []))

    def take(self, piece: ListedPiece) -> None:
        """Fetch what is not there yet of a piece.

        Raises
        ------
        StatusError
            For a status 4xx. A file that is gone (404, 410) is noted, and the next start goes on
            behind it.
        UnreachableError
            If file after file fails.
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
                    f"{error} (noted in {SKIPPED}: started again, the collection goes on"
                    " behind it)",
                ) from error
            except UnreachableError as error:
                self._refuse(piece, link, str(error), again=True)
                self._failures += 1
                if self._failures >= MOST_FAILURES:
                    raise UnreachableError(
                        f"{self._failures} files in a row failed, the last: {error}; start again"
                        " later to go on"
                    ) from error

    def skips(self) -> list[Skip]:
        return list(self._skips.values())

    def note_problems(self, page: str, problems: list[str]) -> None:
        """Note what could not be understood on a page of the listing."""
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
            cut=zip_is_cut if zipped else midi_is_cut,
            **tags,
        )
        if answer.status == 304:
            self.unchanged += len(rows)
            rows = [row | describe(piece) for row in rows]
            same = Answer(
                304, etag=answer.etag or tags["etag"], modified=answer.modified or tags["modified"]
            )
            self._settle(piece, link, rows, record.get("skips", []), same)
            return
        if zipped:
            members, refused = unpack_midis(answer.body)
            files = [(source.parent / path, data) for path, data in members]
        else:
            check_midi(answer.body)
            files, refused = [(source, answer.body)], []
        skips = [
            asdict(Skip(link, member, identify(piece), piece.title, reason))
            for member, reason in refused
        ]
        taken = []
        for number, (path, data) in enumerate(files, 1):
            try:
                where = {
                    "movement": str(number) if len(files) > 1 else "",
                    "movements": str(len(files)),
                    "site_zip": "yes" if zipped else "no",
                }
                taken.append(self._keep(path, data, describe(piece) | where, link))
            except RefusedError as error:
                skips.append(
                    asdict(Skip(link, str(path), identify(piece), piece.title, str(error)))
                )
        self._settle(piece, link, taken, skips, answer)

    def _keep(self, path: PurePosixPath, data: bytes, row: Row, link: str) -> Row:
        """Write one file and return its row.

        A file that is not its older self is never replaced.
        """
        source = path
        if self._owner.get(path.as_posix().casefold(), link) != link:
            path = add_hash(path, link)
        target, name = inside(self.folder, path), path.as_posix()
        there, old = target.is_file() and sha256_of(target.read_bytes()), self._rows.get(name)
        mine = there == sha256_of(data) or (old is not None and self._intact(old))
        if target.exists() and not mine:
            raise RefusedError(f"something else is at {name} already")
        if any(parent.is_file() for parent in target.parents):
            raise RefusedError(f"a file has the name of a folder of {name}")
        write_atomically(target, data)
        self._seen.add((name, sha256_of(data)))
        self.fetched += there is False
        self.unchanged += there == sha256_of(data)
        self.updated += there not in (False, sha256_of(data))
        self._owner[name.casefold()] = link
        return row | {
            "path": name,
            "source_dir": f"ftp/{source.parent}",
            "source_midi": source.name,
            "source_url": link,
            "bytes": str(len(data)),
            "sha256": sha256_of(data),
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
        """Write the files, then the manifest, then the journal.

        A kill in between only means that one file is requested again.
        """
        for row in rows:
            if row["composer"] in (
                "",
                "Anonymous",
            ):  # so the listing says where a piece's own header has no plain name
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
        record = self._journal.known(link)
        kept = {
            name: record[name] for name in ("rows", "etag", "modified") if name in record
        }  # what it gave before stays ours
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
        """Write ``skipped.csv``, if there ever was anything to write."""
        if self._skips or (self.folder / SKIPPED).exists():
            columns = ("address", "member", "mutopia_id", "title", "reason", "again")
            rows = [
                {**asdict(each), "again": "yes" if each.again else "no"}
                for each in self._skips.values()
            ]
            write_atomically(self.folder / SKIPPED, csv_table(columns, rows))

    def _intact(self, row: Row) -> bool:
        path, known = self.folder / row["path"], (row["path"], row.get("sha256", ""))
        if known not in self._seen and path.is_file() and sha256_of(path.read_bytes()) == known[1]:
            self._seen.add(known)
        return known in self._seen

    def _changed(self, row: Row) -> bool:
        return (self.folder / row["path"]).exists() and not self._intact(row)


def _archive_path(link: str) -> PurePosixPath:
    raw = unquote(urlsplit(link).path, errors="replace")
    if not raw.startswith("/ftp/"):
        raise RefusedError(f"it lies outside the archive's files: {raw[:80]!r}")
    path = safe_path(raw.removeprefix("/ftp/"))
    if path.as_posix() in (MANIFEST, SKIPPED):
        raise RefusedError(f"it would take the place of {path}")
    return path


def identify(piece: ListedPiece) -> str:
    """Return the archive's name of a piece: ``Mutopia-2015/12/27-2091``."""
    return f"Mutopia-{piece.published}-{piece.number}"


def describe(piece: ListedPiece) -> Row:
    """Return the listing's facts about a piece as columns of the manifest."""
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
    """Return a composer's name from the archive's folder, if the listing lost it.

    >>> spell_folder("HoretzkyF"), spell_folder("BachJS"), spell_folder("Anonymous")
    ('F. Horetzky', 'J. S. Bach', 'Anonymous')
    """
    name = folder.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return " ".join([*(f"{letter}." for letter in folder[len(name) :]), name]) if name else folder
