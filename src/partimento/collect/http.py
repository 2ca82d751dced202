"""A polite client of one host.

It obeys robots.txt, sends one request at a time, waits in between, and states its name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import partimento
from partimento.collect.errors import RefusedError, StatusError, UnreachableError
from partimento.collect.reach import check_reachable
from partimento.errors import PartimentoError

if TYPE_CHECKING:
    import httpx

NAME = "partimento"
TRIES = 5
TIMEOUT_S = 60.0  # without a byte
WHOLE_S = 600.0  # for a whole answer: a server that drips does not hold us without end
LONGEST_WAIT_S = 600.0
MAX_HOPS = 5
MAX_ROBOTS = 512 * 2**10  # RFC 9309 asks for 500 KiB


class Clock:
    """The time, and waiting; tests have one of their own."""

    def now_s(self) -> float:
        """Return the seconds since some start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def utc(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Site:
    """The one host that is visited.

    Parameters
    ----------
    base_url : str
        Where the archive is reached: its own address, or a mirror's.
    home : str
        The archive's own address; links that bear it are followed at `base_url`.

    Examples
    --------
    >>> site = Site("http://127.0.0.1:8000", home="https://www.example.org")
    >>> site.resolve("https://www.example.org/ftp/a.mid")
    'http://127.0.0.1:8000/ftp/a.mid'
    >>> site.resolve("https://elsewhere.org/ftp/a.mid")
    Traceback (most recent call last):
    ...
    partimento.collect.errors.RefusedError: it leads to another host, elsewhere.org
    """

    base_url: str
    home: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            good = (
                parts.scheme in ("http", "https")
                and parts.hostname
                and (parts.port is None or parts.port > 0)
            )
        except ValueError:
            good = False
        if not good or "@" in parts.netloc or parts.query or parts.fragment:
            raise PartimentoError(
                f"a base URL is like https://www.example.org, not {self.base_url!r}"
            )

    def resolve(self, link: str, page: str = "") -> str:
        """Return the address to request for a `link` on the page at `page`.

        Raises
        ------
        RefusedError
            If it leads to another host, or is not HTTP.
        """
        try:
            wanted = urlsplit(urljoin(page or self.base_url, link.strip()))
            origin = _origin(wanted.scheme, wanted.hostname, wanted.port)
        except ValueError as error:
            raise RefusedError(f"it is no address: {link[:80]!r}") from error
        base, home = urlsplit(self.base_url), urlsplit(self.home)
        if wanted.scheme not in ("http", "https") or "@" in wanted.netloc:
            raise RefusedError(f"it is no plain web address: {link[:80]!r}")
        path = wanted.path or "/"
        if wanted.hostname in (
            home.hostname,
            (home.hostname or "").removeprefix("www."),
        ) and wanted.port in (None, 80, 443):
            return urlunsplit(
                (base.scheme, base.netloc, base.path.rstrip("/") + path, wanted.query, "")
            )
        upgraded = (
            ("https", base.hostname, 443) if (base.scheme, base.port) == ("http", None) else None
        )
        if origin not in (_origin(base.scheme, base.hostname, base.port), upgraded):
            raise RefusedError(f"it leads to another host, {wanted.netloc}")
        return urlunsplit((wanted.scheme, wanted.netloc, path, wanted.query, ""))


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str | None, int]:
    return scheme, host, port or (443 if scheme == "https" else 80)


@dataclass(frozen=True)
class Answer:
    """The answer to a request: status 200 with a body, or 304 (unchanged) without."""

    status: int
    body: bytes = b""
    etag: str = ""
    modified: str = ""


class _Passing(Exception):  # noqa: N818 - never leaves this file
    """A failure that may pass."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__(reason)


class PoliteClient:
    """Ask one host for one thing at a time.

    Parameters
    ----------
    site : Site
    delay_s : float
        From the end of one request to the start of the next; what robots.txt asks for, if that is
        more.
    contact : str
        An address at which the archive's keepers reach who collects; it stands in the User-Agent.
    clock : Clock
    tell : callable
        Hears of each wait before a further try.
    """

    def __init__(
        self,
        site: Site,
        *,
        delay_s: float,
        contact: str = "",
        clock: Clock | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        if re.search(r"[^\x20-\x7e]", contact):
            raise PartimentoError("a contact is plain ASCII text, such as a mail address")
        import httpx

        self.site, self.delay_s, self.requests = site, delay_s, 0
        self.agent = (
            f"{NAME}/{partimento.__version__} (collects scores, one request at a"
            f" time{contact and '; '}{contact})"
        )
        self._clock, self._tell = clock or Clock(), tell or (lambda text: None)
        self._ended_at = float("-inf")
        self._robots: Any = None
        self._http = httpx.Client(
            headers={"User-Agent": self.agent, "Accept-Encoding": "identity"},
            timeout=TIMEOUT_S,
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=1, max_keepalive_connections=0
            ),  # kept for ten seconds, servers close them anyway
        )

    def __enter__(self) -> PoliteClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def obey(self, robots: str) -> None:
        """Take robots.txt to heart: what it forbids and how long it makes one wait."""
        from protego import Protego

        self._robots = Protego.parse(robots)
        delay = self._robots.crawl_delay(NAME) or 0.0
        rate = self._robots.request_rate(NAME)
        self.delay_s = max(
            self.delay_s,
            float(delay),
            rate.seconds / rate.requests if rate and rate.requests else 0.0,
        )

    def read_robots(self) -> str:
        """Request robots.txt and obey it.

        A host without one forbids nothing. A host that will not show it is left alone.

        Raises
        ------
        PartimentoError
            If it cannot be read.
        """
        try:
            text = self.get(
                self.site.resolve("/robots.txt", self.site.base_url), limit=MAX_ROBOTS
            ).body.decode(errors="replace")
        except StatusError as error:
            if error.status in (401, 403, 429):
                raise
            text = ""
        except RefusedError as error:
            raise PartimentoError(
                f"robots.txt of {self.site.base_url} cannot be had: {error}"
            ) from error
        self.obey(text)
        return text

    def get(
        self,
        url: str,
        *,
        limit: int,
        etag: str = "",
        modified: str = "",
        cut: Callable[[bytes], str] = lambda body: "",
    ) -> Answer:
        """Request `url`; repeat after growing waits if the failure may pass.

        Parameters
        ----------
        url : str
        limit : int
            Most bytes that are accepted.
        etag, modified : str
            Those of the copy we have; the answer may then be 304.
        cut : callable
            Returns why a body is incomplete, or an empty string. An incomplete body is a failure
            that may pass.

        Raises
        ------
        RefusedError
            If robots.txt forbids it, it is too large, or leads elsewhere.
        StatusError
            For a status 4xx.
        UnreachableError
            If it failed each time.
        PartimentoError
            If the host cannot be reached at all.
        """
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in headers.items() if value}
        for number in range(1, TRIES + 1):
            try:
                answer = self._follow(url, headers, limit)
                if reason := cut(answer.body):
                    raise _Passing(reason)
                return answer
            except _Passing as failure:
                wait_s = max(failure.wait_s, max(self.delay_s, 1.0) * 2 ** (number - 1))
                if number == TRIES or failure.wait_s > LONGEST_WAIT_S:
                    raise UnreachableError(
                        f"{url}: {failure} (asked {number} time{'s' * (number > 1)})"
                    ) from failure
                self._tell(f"{failure}; again in {wait_s:.0f} s")
                self._clock.sleep(wait_s)
        raise AssertionError

    def _follow(self, url: str, headers: dict[str, str], limit: int) -> Answer:
        for _ in range(MAX_HOPS + 1):
            if self._robots is not None and not self._robots.can_fetch(url, NAME):
                raise RefusedError("robots.txt forbids it")
            found = self._ask(url, headers, limit)
            if isinstance(found, Answer):
                return found
            try:
                url = self.site.resolve(found, url)
            except RefusedError as error:
                raise RefusedError(f"a redirect: {error}") from error
        raise RefusedError(f"more than {MAX_HOPS} redirects")

    def _ask(self, url: str, headers: dict[str, str], limit: int) -> Answer | str:
        """Send one request; return its answer, or the address it is redirected to."""
        import httpx

        if not self.requests:
            check_reachable(self.site.base_url)
        self._clock.sleep(max(0.0, self._ended_at + self.delay_s - self._clock.now_s()))
        self.requests += 1
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                _check_status(response, url, conditional=bool(headers))
                if response.has_redirect_location:
                    return response.headers["Location"]
                body = b"" if response.status_code == 304 else self._body(response, limit)
                return Answer(
                    response.status_code,
                    body,
                    response.headers.get("ETag", ""),
                    response.headers.get("Last-Modified", ""),
                )
        except httpx.TransportError as error:  # time-outs, lost connections, wrong lengths
            raise _Passing(str(error) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise RefusedError(f"it is no address: {url[:80]!r}") from error
        finally:
            self._ended_at = self._clock.now_s()

    def _body(self, response: httpx.Response, limit: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError(
                "it came compressed though that was not asked for"
            )  # a bomb unpacks while it is read
        late, body = self._clock.now_s() + WHOLE_S, bytearray()
        for block in response.iter_raw():
            body += block
            if len(body) > limit:
                raise RefusedError(f"larger than {limit / 2**20:g} MiB")
            if self._clock.now_s() > late:
                raise _Passing(f"not whole after {WHOLE_S:.0f} s")
        return bytes(body)


def _check_status(response: httpx.Response, url: str, *, conditional: bool) -> None:
    status = response.status_code
    after = response.headers.get("Retry-After", "")
    if status >= 500 or status == 408:  # 408: the server's own time-out
        raise _Passing(f"the archive answers {status}", float(after) if after.isdecimal() else 0.0)
    if status >= 400:
        later = f", try again in {after} s" if status == 429 and after.isdecimal() else ""
        raise StatusError(
            status, f"{url}: the archive answers {status} {response.reason_phrase}{later}"
        )
    if not (status == 200 or (status == 304 and conditional) or response.has_redirect_location):
        raise RefusedError(f"the archive answers {status}")
