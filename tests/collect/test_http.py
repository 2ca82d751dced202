"""The polite client of one host: what it follows, how long it waits, when it stops."""

from __future__ import annotations

import re

import pytest
from tests.collect.archive import (
    HOME,
    OUT,
    Archive,
    cut_connection,
    fill,
    midi,
    redirect,
    skipped,
    status,
    wrong_length,
)

from partimento.collect import MutopiaQuery, collect_mutopia
from partimento.collect.errors import RefusedError
from partimento.collect.http import PoliteClient, Site
from partimento.errors import PartimentoError


@pytest.mark.parametrize(
    ("base", "link", "address"),
    [
        (
            "https://www.example.org",
            "https://www.example.org/ftp/a.mid#x",
            "https://www.example.org/ftp/a.mid",
        ),
        (
            "https://www.example.org",
            "http://example.org/ftp/a.mid",
            "https://www.example.org/ftp/a.mid",
        ),
        ("https://www.example.org", "/ftp/a.mid", "https://www.example.org/ftp/a.mid"),
        (
            "http://mirror.net/m/",
            "https://www.example.org/ftp/a.mid",
            "http://mirror.net/m/ftp/a.mid",
        ),
        ("http://mirror.net/m/", "https://mirror.net/x?y=1", "https://mirror.net/x?y=1"),
        ("https://mirror.net", "http://mirror.net/x", None),
        ("https://mirror.net", "https://mirror.net:444/x", None),
        ("https://mirror.net", "//evil.net/x", None),
        ("https://mirror.net", "https://mirror.net@evil.net/x", None),
        ("https://mirror.net", "https://mirror.net.evil.net/x", None),
        ("https://mirror.net", "data:audio/midi,x", None),
    ],
)
def test_one_host_only(base, link, address):
    site = Site(base, "https://www.example.org")
    if address is None:
        with pytest.raises(RefusedError):
            site.resolve(link)
    else:
        assert site.resolve(link) == address


def test_sizes_are_bounded_while_it_streams(archive, collect, monkeypatch):
    monkeypatch.setattr("partimento.collect.downloader.MAX_MIDI", 1000)
    archive.add("/ftp/SorF/large.mid", midi(0) + bytes(2**20))
    archive.add("/ftp/SorF/endless.mid", midi(1))

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while True:  # the client hangs up
            handler.wfile.write(bytes(2**16))

    def compressed(handler):
        handler.answer(200, midi(2), Content_Encoding="gzip")

    archive.faults["/ftp/SorF/endless.mid"] = [endless]
    archive.add("/ftp/SorF/zipped.mid", midi(2))
    archive.faults["/ftp/SorF/zipped.mid"] = [compressed]
    reasons = [skip.reason for skip in collect().skipped]
    assert [reason[:12] for reason in reasons] == ["larger than ", "larger than ", "it is compre"]


def test_passing_failures_are_retried_after_growing_waits(archive, collect, clock):
    fill(archive, 1)
    path = "/ftp/SorF/O6/sor-0/sor-0.mid"
    archive.faults[path] = [status(500), status(502), cut_connection, wrong_length(7)]
    assert collect(delay_s=1.0).fetched == 1
    assert archive.asked().count(path) == 5
    assert [wait for wait in clock.sleeps if wait > 1] == [2.0, 4.0, 8.0]


def test_the_archive_may_say_how_long_to_wait(archive, collect, clock):
    fill(archive, 1)
    archive.faults["/ftp/SorF/O6/sor-0/sor-0.mid"] = [
        status(503, Retry_After="77"),
        status(503, Retry_After="100000"),
    ]
    result = collect()
    assert 77.0 in clock.sleeps
    assert "tried 2 times" in result.skipped[0].reason
    assert not result.complete
    assert collect().fetched == 1


@pytest.mark.parametrize("code", [400, 401, 403, 429, 451])
def test_a_refusal_by_the_archive_stops_the_collection(archive, collect, code):
    fill(archive, 2)
    archive.faults["/ftp/SorF/O6/sor-0/sor-0.mid"] = [status(code, Retry_After="60")]
    with pytest.raises(PartimentoError, match=f"the archive answers {code}"):
        collect()
    assert archive.asked()[-1].endswith("sor-0.mid")
    assert collect().fetched == 2
    archive.faults["/cgibin/make-table.cgi?startat=0&Composer=X&Instrument=Guitar"] = [status(code)]
    with pytest.raises(PartimentoError, match=f"the archive answers {code}"):
        collect(composer="X")


def test_redirects_are_followed_on_the_same_host_only(archive, collect):
    other = Archive()
    other.files["/ftp/x.mid"] = midi(7)
    for number in range(5):
        archive.add(f"/ftp/SorF/{number}.mid", midi(number))
    archive.faults = {
        "/ftp/SorF/0.mid": [redirect("/ftp/moved.mid")],
        "/ftp/SorF/1.mid": [redirect(f"{HOME}/ftp/moved.mid")],
        "/ftp/SorF/2.mid": [redirect(f"{other.url}/ftp/x.mid")],
        "/ftp/SorF/3.mid": [redirect("/ftp/SorF/3.mid")] * 9,
        "/ftp/SorF/4.mid": [redirect("file:///etc/passwd")],
    }
    archive.files["/ftp/moved.mid"] = midi(8)
    result = collect()
    assert result.fetched == 2
    assert other.log == []
    other.close()
    reasons = [skip.reason for skip in result.skipped]
    assert re.fullmatch(r"a redirect: it leads to another host, 127\.0\.0\.1:\d+", reasons[0])
    assert reasons[1:] == [
        "more than 5 redirects",
        "a redirect: it is not a plain web address: 'file:///etc/passwd'",
    ]


def test_a_redirect_to_a_forbidden_page_is_not_followed(archive, collect):
    archive.add("/ftp/SorF/0.mid", midi(0))
    archive.files |= {
        "/robots.txt": b"User-agent: *\nDisallow: /ftp/secret/\n",
        "/ftp/secret/0.mid": midi(0),
    }
    archive.faults["/ftp/SorF/0.mid"] = [redirect("/ftp/secret/0.mid")]
    assert collect().skipped[0].reason == "robots.txt forbids it"
    assert "/ftp/secret/0.mid" not in archive.asked()


def test_a_very_slow_answer_is_given_up(archive, collect, clock, monkeypatch):
    """Every block takes 200 seconds by the fake clock."""
    fill(archive, 1)
    monkeypatch.setattr(
        clock, "now_s", lambda: setattr(clock, "time", clock.time + 200) or clock.time
    )
    archive.files["/ftp/SorF/O6/sor-0/sor-0.mid"] = midi(0) + bytes(2**20)
    assert "incomplete after 600 s" in collect().skipped[0].reason


def test_an_unreachable_host_is_reported_in_one_line(tmp_path, clock):
    with pytest.raises(PartimentoError, match=r"^127\.0\.0\.1 cannot be reached \(.*refused"):
        collect_mutopia(
            MutopiaQuery("Guitar", base_url="http://127.0.0.1:9"), tmp_path, clock=clock
        )


def test_requests_are_sequential_named_and_ten_seconds_apart(archive, collect, clock):
    fill(archive, 3)
    collect(contact="me@example.org")
    assert archive.busiest == 1
    assert {each["agent"] for each in archive.log} == {archive.log[0]["agent"]}
    assert re.fullmatch(
        r"partimento/\S+ \(collects scores, one request at a time; me@example\.org\)",
        archive.log[0]["agent"],
    )
    assert clock.sleeps == [10.0] * (len(archive.log) - 1)


@pytest.mark.parametrize(
    ("robots", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 30\n", 30.0),
        ("User-agent: *\nRequest-rate: 1/20\n", 20.0),
        ("User-agent: *\nCrawl-delay: 2\n", 10.0),
        ("User-agent: other\nCrawl-delay: 30\n", 10.0),
    ],
)
def test_robots_txt_may_ask_for_longer_waits(archive, collect, clock, robots, delay):
    fill(archive, 2)
    archive.files["/robots.txt"] = robots.encode()
    assert collect().delay_s == delay
    assert clock.sleeps == [delay] * (len(archive.log) - 1)


@pytest.mark.parametrize("agent", ["*", "partimento"])
def test_robots_txt_that_forbids_everything_is_obeyed(archive, collect, agent):
    fill(archive, 2)
    archive.files["/robots.txt"] = f"User-agent: {agent}\nDisallow: /\n".encode()
    with pytest.raises(PartimentoError, match=r"make-table.*robots\.txt forbids it"):
        collect()
    assert archive.asked() == ["/robots.txt"]


def test_robots_txt_that_forbids_a_folder_is_obeyed_and_reported(archive, collect, tmp_path):
    fill(archive, 3)
    archive.add("/ftp/BachJS/suite.mid", midi(9))
    archive.files["/robots.txt"] = b"User-agent: *\nDisallow: /ftp/BachJS/\n"
    result = collect()
    assert result.fetched == 3
    assert [(skip.address, skip.reason) for skip in result.skipped] == [
        (f"{HOME}/ftp/BachJS/suite.mid", "robots.txt forbids it")
    ]
    assert "/ftp/BachJS/suite.mid" not in archive.asked()
    assert "robots.txt forbids it" in skipped(tmp_path / OUT)[0]
    assert result.complete


def test_a_missing_robots_txt_forbids_nothing_but_a_hidden_one_does(archive, collect):
    fill(archive, 1)
    del archive.files["/robots.txt"]
    assert collect().fetched == 1
    archive.faults["/robots.txt"] = [status(403)]
    with pytest.raises(PartimentoError, match="403"):
        collect(composer="SorF")
    archive.faults["/robots.txt"] = [status(503)] * 5
    with pytest.raises(PartimentoError, match=r"503 \(tried 5 times\)"):
        collect(composer="SorF")


@pytest.mark.parametrize(
    "base",
    [
        "www.example.org",
        "ftp://www.example.org",
        "https://",
        "https://user@www.example.org",
        "https://www.example.org?q=1",
        "https://www.example.org:port",
        "https://www.example.org#top",
    ],
)
def test_invalid_base_urls_are_refused(base):
    with pytest.raises(PartimentoError, match=r"a base URL is like https://www\.example\.org"):
        Site(base, HOME)


def test_a_contact_that_headers_cannot_hold_is_refused(archive):
    site = Site(archive.url, HOME)
    for contact in ("Jürgen", "a@b.org\r\nX: y"):
        with pytest.raises(PartimentoError, match="plain ASCII"):
            PoliteClient(site, delay_s=0.0, contact=contact)
    with PoliteClient(site, delay_s=0.0, contact="a@b.org") as client:
        assert client.agent.endswith("; a@b.org)")


def test_unchanged_files_come_without_a_body(archive, clock):
    archive.files["/ftp/a.mid"] = midi(1)
    with PoliteClient(Site(archive.url, HOME), delay_s=0.0, clock=clock) as client:
        first = client.get(f"{archive.url}/ftp/a.mid", limit=1000)
        assert (first.status, first.body) == (200, midi(1))
        again = client.get(f"{archive.url}/ftp/a.mid", limit=1000, etag=first.etag)
        assert (again.status, again.body, client.requests) == (304, b"", 2)
