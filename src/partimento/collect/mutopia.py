"""Collect scores from the Mutopia archive, slowly and politely."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from partimento.collect.downloader import Downloader, Skip
from partimento.collect.errors import RefusedError
from partimento.collect.http import Clock, PoliteClient, Site
from partimento.collect.journal import Journal, lock_folder, remove_partial_files
from partimento.collect.listing import PAGE, ListedPiece, parse_listing
from partimento.errors import PartimentoError
from partimento.progress import NotedProgress, silent
from partimento.short_repr import short_repr

HOME = "https://www.mutopiaproject.org"
LISTING = "/cgibin/make-table.cgi"
MAX_PAGE = 4 * 2**20  # bytes
MAX_PAGES = 2000  # the whole archive has a few hundred
ROBOTS_HOURS = 24  # RFC 9309: a copy of robots.txt should not be used for longer


@short_repr
@dataclass(frozen=True)
class MutopiaQuery:
    """Which pieces to collect from Mutopia, and how.

    Parameters
    ----------
    instrument : str
        In the archive's spelling: ``Guitar``.
    composer : str
        In the spelling of the archive's addresses: ``GiulianiM``.
    base_url : str
        The address of the archive, or of a mirror.
    delay_s : float
        Seconds between two requests; robots.txt may demand more.
    limit : int
        Maximum number of pieces to collect this time; 0 means all.
    contact : str
        The user's mail address, sent with every request for the archive's maintainers.
    """

    instrument: str = ""
    composer: str = ""
    base_url: str = HOME
    delay_s: float = 10.0
    limit: int = 0
    contact: str = ""

    def __post_init__(self) -> None:
        if not (self.instrument or self.composer):
            raise PartimentoError(
                "give an instrument or a composer: --instrument Guitar, --composer GiulianiM"
            )
        if not 0 <= self.delay_s <= 3600:
            raise PartimentoError("the delay must be between 0 and 3600 seconds")
        if self.delay_s < 1 and self.base_url.rstrip("/") == HOME:
            raise PartimentoError(
                "the delay must be at least 1 second (10 are usual): the archive is run by"
                " volunteers"
            )
        if self.limit < 0:
            raise PartimentoError("the limit must be at least 1 (0 means no limit)")

    def page(self, startat: int) -> str:
        """Return the address of a page of the listing, on the archive's own host.

        Parameters
        ----------
        startat : int
            The number of pieces before the page.
        """
        words = {"startat": str(startat), "Composer": self.composer, "Instrument": self.instrument}
        return (
            f"{HOME}{LISTING}?{urlencode({name: value for name, value in words.items() if value})}"
        )


@short_repr
@dataclass(frozen=True)
class Collected:
    """The result of a collection.

    Parameters
    ----------
    folder : path
    listed : int
        Number of pieces in the listing, as far as it was read.
    waiting : tuple of ListedPiece
        Pieces that are not downloaded yet: after a dry run those that would be, else those that
        `limit` or failures left.
    fetched, updated, unchanged, settled : int
        Numbers of files that are new, have changed, have not changed according to the archive, or
        were downloaded by an earlier start of this run.
    without_license : int
        Number of files whose license the listing does not state.
    skipped : tuple of Skip
    requests : int
        Number of requests sent.
    delay_s : float
        Seconds between requests.
    resumed : bool
        Whether a stopped run was resumed.
    complete : bool
        Whether nothing is left to download.
    """

    folder: Path
    listed: int
    waiting: tuple[ListedPiece, ...]
    fetched: int
    updated: int
    unchanged: int
    settled: int
    without_license: int
    skipped: tuple[Skip, ...]
    requests: int
    delay_s: float
    resumed: bool
    complete: bool


def collect_mutopia(
    query: MutopiaQuery,
    out: Path | str,
    *,
    dry_run: bool = False,
    progress: NotedProgress = silent,
    clock: Clock | None = None,
) -> Collected:
    """Download the MIDI files of a listing, with a ``manifest.csv`` beside them.

    If a collection was stopped, the same call resumes it. If it is complete, the same call
    downloads only what has changed since. ``skipped.csv`` lists rejected files with the reasons.

    Parameters
    ----------
    query : MutopiaQuery
    out : path
        The folder for the files; created if missing.
    dry_run : bool
        Read only robots.txt and the listing, and write nothing.
    progress : NotedProgress, optional
        Called before each request, with a note on the page or piece.
    clock : Clock

    Returns
    -------
    Collected

    Raises
    ------
    PartimentoError
        If robots.txt forbids the listing, the listing is empty, or the archive refuses a request or
        fails repeatedly. Downloaded files are kept.
    """
    out, clock, site = Path(out), clock or Clock(), Site(query.base_url, HOME)
    if out.exists() and not out.is_dir():
        raise PartimentoError(f"{out} is not a folder")
    with ExitStack() as stack:
        if not dry_run:
            stack.enter_context(lock_folder(out))
            remove_partial_files(out)
        journal_query = {
            "archive": "mutopia",
            "instrument": query.instrument,
            "composer": query.composer,
            "base_url": query.base_url,
        }
        journal = Journal(out, journal_query, now=clock.utc(), write=not dry_run)
        stack.callback(journal.close)
        crawl = _Crawl(query, journal, progress)
        client = PoliteClient(
            site, delay_s=query.delay_s, contact=query.contact, clock=clock, notify=crawl.report
        )
        stack.enter_context(client)
        downloader = Downloader(out, journal, client, clock=clock, write=not dry_run)
        return crawl.run(client, downloader, clock)


class _Crawl:
    """The work of one start of the program: robots.txt, the listing, then the files."""

    def __init__(self, query: MutopiaQuery, journal: Journal, progress: NotedProgress) -> None:
        self._query, self._journal, self._progress = query, journal, progress
        self._at: tuple[str, int, int] = ("robots.txt", 0, 1)

    def report(self, note: str) -> None:
        """Report a note at the current state of the progress."""
        self._progress(*self._at, note)

    def run(self, client: PoliteClient, downloader: Downloader, clock: Clock) -> Collected:
        query, journal = self._query, self._journal
        self._obey_robots(client, clock.utc())
        pieces, whole = self._listing(client, downloader)
        waiting = [piece for piece in pieces if not downloader.has(piece)]
        settled = sum(
            len(journal.known(link).get("rows", []))
            for piece in pieces
            for link in piece.links
            if journal.settled(link)
        )
        if downloader.write:
            self._download(downloader, waiting[: query.limit or None])
            waiting = [piece for piece in waiting if not downloader.has(piece)]
            downloader.write_skips()
            if whole and not waiting:
                journal.finish()
        else:
            waiting = waiting[: query.limit or None]
        rows = [
            row
            for piece in pieces
            for link in piece.links
            for row in journal.known(link).get("rows", [])
        ]
        return Collected(
            downloader.folder,
            len(pieces),
            tuple(waiting),
            downloader.fetched,
            downloader.updated,
            downloader.unchanged,
            settled,
            sum(not row["license"] for row in rows),
            tuple(downloader.skips()),
            client.requests,
            client.delay_s,
            journal.resumed,
            whole and not waiting,
        )

    def _obey_robots(self, client: PoliteClient, now: datetime) -> None:
        key = f"{self._query.base_url.rstrip('/')}/robots.txt"
        known = self._journal.known(key)
        self.report("")
        if self._journal.settled(key) and now - datetime.fromisoformat(known["time"]) < timedelta(
            hours=ROBOTS_HOURS
        ):
            client.obey(known["text"])
        else:
            self._journal.add(key, text=client.read_robots(), time=now.isoformat())
        self._at = ("robots.txt", 1, 1)
        self.report("")

    def _listing(
        self, client: PoliteClient, downloader: Downloader
    ) -> tuple[list[ListedPiece], bool]:
        """Return the listed pieces, and whether the listing was read to its end.

        Reading stops at an empty page, or when the limit of pieces is reached.
        """
        pieces: dict[str, ListedPiece] = {}
        waiting = 0
        for number in range(MAX_PAGES):
            self._at = ("pages of the listing", number, number + 1)
            self.report(f"{len(pieces)} pieces" if pieces else "")
            page = self._page(client, downloader, number * PAGE)
            if not page and number == 0:
                instrument = self._query.instrument or "any instrument"
                composer = self._query.composer and f" by {self._query.composer}"
                raise PartimentoError(
                    f"the archive lists nothing for {instrument}{composer}"
                    " (composers are as in its addresses: GiulianiM)"
                )
            if not page:
                self._listed(number + 1, len(pieces))
                return list(pieces.values()), True
            new = {
                name: piece for piece in page if (name := piece.number or piece.title) not in pieces
            }
            if not new:
                raise PartimentoError(
                    f"{self._query.page(number * PAGE)}: the listing repeats itself"
                )
            pieces |= new
            waiting += sum(not downloader.has(piece) for piece in new.values())
            if 0 < self._query.limit <= waiting:
                self._listed(number + 1, len(pieces))
                return list(pieces.values()), False
        raise PartimentoError(f"the listing has more than {MAX_PAGES} pages")

    def _listed(self, pages: int, pieces: int) -> None:
        self._at = ("pages of the listing", pages, pages)
        self.report(f"{pieces} pieces")

    def _page(
        self, client: PoliteClient, downloader: Downloader, startat: int
    ) -> list[ListedPiece]:
        key = self._query.page(startat)
        record = self._journal.known(key)
        if not self._journal.settled(key):
            record = self._request_page(client, key, record)
        downloader.note_problems(key, record["problems"])
        return [
            ListedPiece(**{**piece, "links": tuple(piece["links"])}) for piece in record["pieces"]
        ]

    def _request_page(
        self, client: PoliteClient, key: str, record: dict[str, Any]
    ) -> dict[str, Any]:
        tags = {name: record.get(name, "") for name in ("etag", "modified")}
        try:
            answer = client.get(
                client.site.resolve(key), limit=MAX_PAGE, defect=_page_defect, **tags
            )
            if answer.status == 304:
                tags = {
                    "etag": answer.etag or tags["etag"],
                    "modified": answer.modified or tags["modified"],
                }
                self._journal.add(key, pieces=record["pieces"], problems=record["problems"], **tags)
            else:
                pieces, problems = parse_listing(answer.body.decode(errors="replace"))
                plain = [dataclasses.asdict(piece) for piece in pieces]
                self._journal.add(
                    key, pieces=plain, problems=problems, etag=answer.etag, modified=answer.modified
                )
        except RefusedError as error:
            raise PartimentoError(f"{client.site.resolve(key)}: {error}") from error
        return self._journal.known(key)

    def _download(self, downloader: Downloader, pieces: list[ListedPiece]) -> None:
        for number, piece in enumerate(pieces):
            self._at = ("pieces", number, len(pieces))
            self.report(piece.title[:40])
            downloader.download(piece)
        if pieces:
            self._at = ("pieces", len(pieces), len(pieces))
            self.report("")


def _page_defect(body: bytes) -> str:
    """Return why a page is incomplete, or an empty string."""
    return "a page that ends too early" if body and b"</html>" not in body.lower() else ""
