"""What goes wrong on the way: failures that pass, failures that stay, and a clear no."""

from __future__ import annotations

import re

import pytest
from tests.collect.archive import (
    HOME,
    OUT,
    Archive,
    cut_connection,
    cut_without_length,
    fill,
    midi,
    redirect,
    skipped,
    status,
    wrong_length,
    zipped,
)

from partimento.collect import MutopiaQuery, collect_mutopia, read_manifest
from partimento.errors import PartimentoError


def test_failures_that_pass_are_sat_out_ever_longer(archive, collect, clock):
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
    assert "asked 2 times" in result.skipped[0].reason
    assert not result.complete
    assert collect().fetched == 1


@pytest.mark.parametrize("fault", [cut_without_length, wrong_length(-9)])
def test_a_file_that_http_thinks_whole_is_not_taken_when_cut(archive, collect, tmp_path, fault):
    fill(archive, 1)
    archive.add("/ftp/SorF/two/two-mids.zip", zipped({"two.mid": midi(1), "two-1.mid": midi(2)}))
    archive.faults = {
        "/ftp/SorF/O6/sor-0/sor-0.mid": [fault],
        "/ftp/SorF/two/two-mids.zip": [fault],
        "/cgibin/make-table.cgi?startat=0&Instrument=Guitar": [fault],
    }
    result = collect()
    assert (result.fetched, result.skipped) == (3, ())
    assert (tmp_path / OUT / "SorF/O6/sor-0/sor-0.mid").read_bytes() == midi(0)


def test_a_file_that_fails_for_good_is_told_and_tried_again_next_time(archive, collect, tmp_path):
    fill(archive, 3)
    path = "/ftp/SorF/O6/sor-1/sor-1.mid"
    archive.faults[path] = [status(500)] * 5
    result = collect()
    assert result.fetched == 2
    assert result.skipped[0].again
    assert "answers 500" in result.skipped[0].reason
    assert [piece.title for piece in result.waiting] == ["Study 1"]
    seen = len(archive.log)
    result = collect()
    assert archive.asked(since=seen) == [path]
    assert (result.resumed, result.fetched, result.skipped, result.complete) == (True, 1, (), True)
    assert skipped(tmp_path / OUT) == []
    assert len(read_manifest(tmp_path / OUT)) == 3


def test_an_archive_in_trouble_is_left_alone(archive, collect):
    fill(archive, 9)
    archive.faults = {
        f"/ftp/SorF/O6/sor-{number}/sor-{number}.mid": [status(500)] * 99 for number in range(2, 9)
    }
    with pytest.raises(PartimentoError, match="3 files in a row failed"):
        collect()
    assert not any("sor-5" in path for path in archive.asked())


def test_a_file_that_is_gone_stops_it_once(archive, collect, tmp_path):
    fill(archive, 4)
    del archive.files["/ftp/SorF/O6/sor-1/sor-1.mid"]
    with pytest.raises(
        PartimentoError, match=r"sor-1\.mid: the archive answers 404.*goes on behind it"
    ):
        collect()
    assert len(read_manifest(tmp_path / OUT)) == 1
    seen = len(archive.log)
    result = collect()
    assert [path[-9:] for path in archive.asked(since=seen)] == ["sor-2.mid", "sor-3.mid"]
    assert result.complete
    assert [skip.reason for skip in result.skipped] == ["the archive answers 404"]


@pytest.mark.parametrize("code", [400, 401, 403, 429, 451])
def test_a_clear_no_stops_it(archive, collect, code):
    fill(archive, 2)
    archive.faults["/ftp/SorF/O6/sor-0/sor-0.mid"] = [status(code, Retry_After="60")]
    with pytest.raises(PartimentoError, match=f"the archive answers {code}"):
        collect()
    assert archive.asked()[-1].endswith("sor-0.mid")
    assert collect().fetched == 2
    archive.faults["/cgibin/make-table.cgi?startat=0&Composer=X&Instrument=Guitar"] = [status(code)]
    with pytest.raises(PartimentoError, match=f"the archive answers {code}"):
        collect(composer="X")


def test_redirects_are_followed_at_home_only(archive, collect):
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
        "a redirect: it is no plain web address: 'file:///etc/passwd'",
    ]


def test_a_redirect_into_what_robots_forbid_is_not_followed(archive, collect):
    archive.add("/ftp/SorF/0.mid", midi(0))
    archive.files |= {
        "/robots.txt": b"User-agent: *\nDisallow: /ftp/secret/\n",
        "/ftp/secret/0.mid": midi(0),
    }
    archive.faults["/ftp/SorF/0.mid"] = [redirect("/ftp/secret/0.mid")]
    assert collect().skipped[0].reason == "robots.txt forbids it"
    assert "/ftp/secret/0.mid" not in archive.asked()


def test_a_server_that_drips_is_not_waited_for(archive, collect, clock, monkeypatch):
    """Every block takes 200 seconds by the fake clock."""
    fill(archive, 1)
    monkeypatch.setattr(
        clock, "now_s", lambda: setattr(clock, "time", clock.time + 200) or clock.time
    )
    archive.files["/ftp/SorF/O6/sor-0/sor-0.mid"] = midi(0) + bytes(2**20)
    assert "not whole after 600 s" in collect().skipped[0].reason


def test_no_answer_is_said_in_one_line(tmp_path, clock):
    with pytest.raises(PartimentoError, match=r"^127\.0\.0\.1 cannot be reached \(.*refused"):
        collect_mutopia(
            MutopiaQuery("Guitar", base_url="http://127.0.0.1:9"), tmp_path, clock=clock
        )
