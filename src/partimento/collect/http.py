"""Send HTTP requests to one host, politely.

The client obeys robots.txt, sends one request at a time, waits in between, and identifies itself.
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
from partimento.short_repr import short_repr

if TYPE_CHECKING:
    import httpx

NAME = "partimento"
TRIES = 5  # of one request
TIMEOUT_S = 60.0  # without receiving a byte
WHOLE_S = 600.0  # for a complete answer, in case the server sends it very slowly
LONGEST_WAIT_S = 600.0  # before a retry; if the server asks for a longer wait, there is none
MAX_HOPS = 5  # redirects
MAX_ROBOTS = 512 * 2**10  # bytes; RFC 9309 requires at least 500 KiB


@short_repr
class Clock:
    """The time, and waiting. Tests replace it by a clock that does not wait."""

    def now_s(self) -> float:
        """Return the seconds since an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def utc(self) -> datetime:
        return datetime.now(UTC)


@short_repr
@dataclass(frozen=True)
class Site:
    """The host that requests are sent to.

    Parameters
    ----------
    base_url : str
        The address that is used: that of the archive, or of a mirror.
    home : str
        The archive's own address. Links to it are followed at `base_url` instead.

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
        """Return the address to request for a link.

        Parameters
        ----------
        link : str
            Absolute or relative.
        page : str
            The address of the page that contains the link; by default `base_url`.

        Raises
        ------
        RefusedError
            If the link leads to another host, or is not HTTP.
        """
        try:
            wanted = urlsplit(urljoin(page or self.base_url, link.strip()))
            origin = _origin(wanted.scheme, wanted.hostname, wanted.port)
        except ValueError as error:
            raise RefusedError(f"it is not an address: {link[:80]!r}") from error
        base, home = urlsplit(self.base_url), urlsplit(self.home)
        if wanted.scheme not in ("http", "https") or "@" in wanted.netloc:
            raise RefusedError(f"it is not a plain web address: {link[:80]!r}")
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


@short_repr
@dataclass(frozen=True)
class Answer:
    """The answer to a request: status 200 with a body, or 304 (unchanged) without.

    `etag` and `modified` are the headers ``ETag`` and ``Last-Modified``.
    """

    status: int
    body: bytes = b""
    etag: str = ""
    modified: str = ""


class _TemporaryError(Exception):
    """A request failed in a way that a later try may not; never leaves this file.

    `wait_s` is the number of seconds that the server asks to wait.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__(reason)


@short_repr
class PoliteClient:
    """A client that sends one request at a time to one host, with pauses.

    Parameters
    ----------
    site : Site
    delay_s : float
        Seconds from the end of one request to the start of the next, or the delay that robots.txt
        demands, whichever is longer.
    contact : str
        The user's address, at which the archive's maintainers can write; sent in the User-Agent.
    clock : Clock
    notify : callable
        Called with a message before each wait for a retry.
    """

    def __init__(
        self,
        site: Site,
        *,
        delay_s: float,
        contact: str = "",
        clock: Clock | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        if re.search(r"[^\x20-\x7e]", contact):
            raise PartimentoError("a contact is plain ASCII text, such as a mail address")
        import httpx

        self.site, self.delay_s, self.requests = site, delay_s, 0
        self.agent = (
            f"{NAME}/{partimento.__version__} (collects scores, one request at a"
            f" time{contact and '; '}{contact})"
        )
        self._clock, self._notify = clock or Clock(), notify or (lambda text: None)
        self._ended_at = float("-inf")
        self._robots: Any = None
        self._http = httpx.Client(
            headers={"User-Agent": self.agent, "Accept-Encoding": "identity"},
            timeout=TIMEOUT_S,
            follow_redirects=False,
            # No keep-alive: servers would close the connection during the pauses.
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
        )

    def __enter__(self) -> PoliteClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def obey(self, robots: str) -> None:
        """Follow the rules of a robots.txt file: forbidden paths, and delays."""
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

        A host without the file allows everything.

        Returns
        -------
        str
            The content of the file.

        Raises
        ------
        PartimentoError
            If the host denies access to the file (401, 403, 429), or it cannot be read.
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
                f"robots.txt of {self.site.base_url} cannot be read: {error}"
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
        defect: Callable[[bytes], str] = lambda body: "",
    ) -> Answer:
        """Request `url`; after temporary errors, retry with growing waits.

        Parameters
        ----------
        url : str
        limit : int
            Maximum size of the body in bytes.
        etag, modified : str
            Those of an existing copy. The answer may then be 304 (unchanged).
        defect : callable
            Returns why a body is incomplete, or an empty string. An incomplete body is a temporary
            error.

        Raises
        ------
        RefusedError
            If robots.txt forbids the request, the body is too large, or a redirect leads to another
            host.
        StatusError
            For a status 4xx.
        UnreachableError
            If all tries failed.
        PartimentoError
            If no connection to the host is possible.
        """
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in headers.items() if value}
        for number in range(1, TRIES + 1):
            try:
                answer = self._follow(url, headers, limit)
                if reason := defect(answer.body):
                    raise _TemporaryError(reason)
                return answer
            except _TemporaryError as failure:
                wait_s = max(failure.wait_s, max(self.delay_s, 1.0) * 2 ** (number - 1))
                if number == TRIES or failure.wait_s > LONGEST_WAIT_S:
                    raise UnreachableError(
                        f"{url}: {failure} (tried {number} time{'s' * (number > 1)})"
                    ) from failure
                self._notify(f"{failure}; retry in {wait_s:.0f} s")
                self._clock.sleep(wait_s)
        raise AssertionError

    def _follow(self, url: str, headers: dict[str, str], limit: int) -> Answer:
        for _ in range(MAX_HOPS + 1):
            if self._robots is not None and not self._robots.can_fetch(url, NAME):
                raise RefusedError("robots.txt forbids it")
            answer = self._ask(url, headers, limit)
            if isinstance(answer, Answer):
                return answer
            try:
                url = self.site.resolve(answer, url)
            except RefusedError as error:
                raise RefusedError(f"a redirect: {error}") from error
        raise RefusedError(f"more than {MAX_HOPS} redirects")

    def _ask(self, url: str, headers: dict[str, str], limit: int) -> Answer | str:
        """Send one request; return the answer, or the address of a redirect."""
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
            raise _TemporaryError(str(error) or type(error).__name__) from error
        except httpx.InvalidURL as error:
            raise RefusedError(f"it is not an address: {url[:80]!r}") from error
        finally:
            self._ended_at = self._clock.now_s()

    def _body(self, response: httpx.Response, limit: int) -> bytes:
        # A compressed body could unpack to any size while it is read.
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise RefusedError("it is compressed, which was not requested")
        deadline, body = self._clock.now_s() + WHOLE_S, bytearray()
        for block in response.iter_raw():
            body += block
            if len(body) > limit:
                raise RefusedError(f"larger than {limit / 2**20:g} MiB")
            if self._clock.now_s() > deadline:
                raise _TemporaryError(f"incomplete after {WHOLE_S:.0f} s")
        return bytes(body)


def _check_status(response: httpx.Response, url: str, *, conditional: bool) -> None:
    status = response.status_code
    wait = response.headers.get("Retry-After", "")
    if status >= 500 or status == 408:  # 408: the server's own time-out
        wait_s = float(wait) if wait.isdecimal() else 0.0
        raise _TemporaryError(f"the archive answers {status}", wait_s)
    if status >= 400:
        later = f", try again in {wait} s" if status == 429 and wait.isdecimal() else ""
        raise StatusError(
            status, f"{url}: the archive answers {status} {response.reason_phrase}{later}"
        )
    if not (status == 200 or (status == 304 and conditional) or response.has_redirect_location):
        raise RefusedError(f"the archive answers {status}")
