"""An archive on the loopback that speaks as Mutopia does, notes what it is asked, and fails when
told to.
"""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from partimento.collect.http import Clock

HOME = "https://www.mutopiaproject.org"
OPEN = "User-agent: *\nDisallow:\n"
OUT = "out"
Fault = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: Archive

    def do_GET(self) -> None:
        archive = self.archive
        self.answering = True
        with archive.lock:
            archive.busy += 1
            archive.busiest = max(archive.busiest, archive.busy)
        entry = {
            "path": self.path,
            "agent": self.headers["User-Agent"],
            "tag": self.headers["If-None-Match"],
            "status": 0,
        }
        archive.log.append(entry)
        self.entry = entry
        try:
            faults = archive.faults.get(self.path, [])
            if faults:
                faults.pop(0)(self)
            else:
                body = archive.body(self.path)
                self.answer(404, b"no such thing") if body is None else self.answer(200, body)
        except (BrokenPipeError, ConnectionResetError):
            entry["status"] = -1
        finally:
            self.answered()

    def answered(self) -> None:
        """From here on the client may ask again: this thread's own end may come after that."""
        with self.archive.lock:
            self.archive.busy -= self.answering
            self.answering = False

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        if status == 200 and self.headers["If-None-Match"] == tag and self.archive.tags:
            status, body = 304, b""
        self.send_response(status)
        if self.archive.tags:
            self.send_header("ETag", tag)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.entry["status"] = status
        self.answered()
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Archive:
    """`pages` are listings by query, `files` by path; `faults[path]` are used up one a request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"/robots.txt": OPEN.encode()}
        self.entries: list[str] = []
        self.listing: Callable[[dict[str, str]], bytes] = self.small_listing
        self.faults: dict[str, list[Fault]] = {}
        self.log: list[dict[str, Any]] = []
        self.tags = True
        self.lock, self.busy, self.busiest = threading.Lock(), 0, 0
        handler = type("Bound", (Handler,), {"archive": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is no error here
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def body(self, path: str) -> bytes | None:
        if path.startswith("/cgibin/make-table.cgi?"):
            return self.listing(
                {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
            )
        return self.files.get(path)

    def small_listing(self, query: dict[str, str]) -> bytes:
        start = int(query["startat"])
        return page(self.entries[start : start + 10])

    def add(
        self,
        link: str,
        body: bytes | None = None,
        *,
        title: str = "Study",
        number: int | None = None,
    ) -> None:
        """Add a piece with one file; `link` is a path or a whole address."""
        self.entries.append(
            entry(
                link if "://" in link else HOME + link,
                title=title,
                number=number or len(self.entries) + 1,
            )
        )
        if body is not None:
            self.files[link] = body

    def asked(self, *, since: int = 0) -> list[str]:
        return [each["path"] for each in self.log[since:]]

    def twice(self) -> dict[str, int]:
        """What was answered whole more than once."""
        whole = Counter(each["path"] for each in self.log if each["status"] == 200)
        return {path: count for path, count in whole.items() if count > 1}


def entry(
    link: str, *, title: str = "Study", number: int = 1, by: str = "by Fernando Sor (1778-1839)"
) -> str:
    return f"""<tr><td><table class="table-bordered result-table">
<tr><td>{title}</td><td>{by}</td><td>Op. 6 No. {number}</td><td>Arr: Nobody</td></tr>
<tr><td>for Guitar</td><td>1815</td><td>Romantic</td><td></td></tr>
<tr><td>Simrock</td><td><a href="../legal.html#cc">Creative Commons Attribution 3.0</a></td>
<td><a href="piece-info.cgi?id={number}">More</a></td><td>2008/01/02</td></tr>
<tr><td>Download: <a href="{link.rpartition("/")[0]}/x.ly">.ly</a></td><td><a href="{link}">.mid file</a></td></tr>
</table></td></tr>"""  # noqa: E501


def page(entries: list[str]) -> bytes:
    nothing = "" if entries else "<div>Sorry, no matches were found for your search criteria.</div>"
    return f'<html><body><table class="outer-table">{nothing}{"".join(entries)}</table></body></html>'.encode()  # noqa: E501


def midi(number: int = 0) -> bytes:
    """The smallest file that is whole; different numbers give different files."""
    track = bytes(
        [0, 0x90, 60 + number % 60, 64, 96, 0x80, 60 + number % 60, number // 60, 0, 0xFF, 0x2F, 0]
    )
    return (
        b"MThd"
        + bytes([0, 0, 0, 6, 0, 0, 0, 1, 1, 128])
        + b"MTrk"
        + len(track).to_bytes(4, "big")
        + track
    )


def zipped(
    members: dict[str, bytes] | list[tuple[zipfile.ZipInfo, bytes]], how: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data, how)
    return out.getvalue()


def shared_archive(data: Path) -> Archive:
    """The guitar music of Mutopia as its own listing program and its own folders have it."""
    archive, members = Archive(), {}
    archive.files["/robots.txt"] = (data / "mutopia-site" / "robots.txt").read_bytes()
    with (data / "mutopia-guitar" / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            body = (data / "mutopia-guitar" / row["path"]).read_bytes()
            if row["site_zip"] == "no":
                archive.files[f"/{row['source_dir']}/{row['source_midi']}"] = body
            members.setdefault(row["source_dir"], {})[row["source_midi"]] = body

    def listing(query: dict[str, str]) -> bytes:
        names = {("", "Guitar"): "guitar", ("GiulianiM", "Guitar"): "guitar-giuliani"}
        folder = data / "mutopia-site" / names[query.get("Composer", ""), query["Instrument"]]
        return (folder / f"{query['startat']}.html").read_bytes()

    body_of = archive.body

    def body(path: str) -> bytes | None:
        folder = path.rpartition("/")[0].lstrip("/")
        if path.endswith("-mids.zip") and folder in members:
            archive.files.setdefault(path, zipped(members[folder]))
        return body_of(path)

    archive.listing, archive.body = listing, body  # type: ignore[method-assign]
    return archive


class FakeClock(Clock):
    """Time that passes only by sleeping; `sleeps` are those that were asked for."""

    def __init__(self) -> None:
        self.time, self.sleeps = 0.0, []

    def now_s(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        if seconds > 0:
            self.sleeps.append(seconds)

    def utc(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)


def status(code: int, **headers: str) -> Fault:
    return lambda handler: handler.answer(code, b"trouble", **headers)


def cut_connection(handler: Handler) -> None:
    """Half of the body, then nothing."""
    body = handler.archive.body(handler.path) or b""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def cut_without_length(handler: Handler) -> None:
    """The same, so that HTTP cannot tell."""
    body = handler.archive.body(handler.path) or b""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def wrong_length(by: int) -> Fault:
    def fault(handler: Handler) -> None:
        body = handler.archive.body(handler.path) or b""
        handler.answer(200, body, Content_Length=str(len(body) + by))
        handler.close_connection = True

    return fault


def redirect(to: str) -> Fault:
    return lambda handler: handler.answer(302, b"", Location=to)


def fill(archive: Archive, count: int) -> None:
    for number in range(count):
        archive.add(
            f"/ftp/SorF/O6/sor-{number}/sor-{number}.mid", midi(number), title=f"Study {number}"
        )


def skipped(folder: Path) -> list[str]:
    path = folder / "skipped.csv"
    return path.read_text().splitlines()[1:] if path.exists() else []
