"""Check quickly whether a host can be reached, before the first request."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from partimento.errors import PartimentoError

REACH_S = 10.0  # time limit for looking up the name and connecting, together


def check_reachable(url: str, *, timeout_s: float = REACH_S) -> None:
    """Check that the host of `url`, or its proxy, accepts a connection.

    A thread does this, because looking up a name cannot be given a time limit.

    Raises
    ------
    PartimentoError
        If there is no connection within `timeout_s` seconds.
    """
    host, port = _address(url)
    failure: list[str] = []
    connected = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout_s).close()
        except (OSError, UnicodeError) as error:
            failure.append(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        connected.set()

    threading.Thread(target=connect, daemon=True).start()
    answered = connected.wait(timeout_s)
    if answered and not failure:
        return
    reason = failure[0].lower() if failure else f"no answer in {timeout_s:g} s"
    raise PartimentoError(
        f"{host} cannot be reached ({reason}): check the network, then run the same command again"
    )


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(parts.hostname or ""):
        parts = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
