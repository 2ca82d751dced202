"""A host that cannot be reached is told at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from partimento.collect.catalog import fetch
from partimento.collect.reach import check_reachable
from partimento.errors import PartimentoError


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a host that neither answers nor refuses: its queue of connections is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for each in waiting:
            each.close()


@pytest.fixture
def closed() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_host_that_listens_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"http://127.0.0.1:{server.getsockname()[1]}/page")


def test_a_silent_host_is_given_up(silent: str) -> None:
    with pytest.raises(PartimentoError, match=r"^127\.0\.0\.1 cannot be reached \(") as caught:
        check_reachable(silent, timeout_s=0.5)
    assert "\n" not in str(caught.value)


def test_closed_ports_and_unknown_hosts_are_reported(closed: str) -> None:
    with pytest.raises(PartimentoError, match=r"cannot be reached \(connection refused\)"):
        check_reachable(closed)
    with pytest.raises(PartimentoError, match=r"no-such-host\.invalid cannot be reached"):
        check_reachable("https://no-such-host.invalid", timeout_s=5)


def test_behind_a_proxy_the_proxy_must_be_reachable(
    closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", closed)
    with pytest.raises(PartimentoError, match=r"^127\.0\.0\.1 cannot be reached"):
        check_reachable("https://www.example.org")


def test_fetching_without_a_network_fails_in_one_line(
    closed: str, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", closed)  # nothing beyond this machine is reached
    with pytest.raises(PartimentoError, match="cannot be reached") as caught:
        fetch("jsb", tmp_path)
    assert "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())
