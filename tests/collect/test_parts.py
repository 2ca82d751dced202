"""The parts of the crawler alone: names, listings, the journal, manifests."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.collect.archive import entry, midi, page, zipped

from partimento.collect.errors import RefusedError
from partimento.collect.http import Site
from partimento.collect.journal import JOURNAL, Journal, sweep
from partimento.collect.listing import parse_listing
from partimento.collect.manifest import merge_rows, read_manifest, write_manifest
from partimento.collect.safe import DEVICES, midi_is_cut, safe_path, unpack_midis
from partimento.errors import PartimentoError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = st.text(
    st.sampled_from("ab./\\:*~ -_%\0\n\u202eé音") | st.characters(), max_size=40
) | st.sampled_from(sorted(DEVICES))


@given(st.lists(WORDS, min_size=1, max_size=5).map("/".join))
def test_whatever_the_path_it_stays_inside_or_is_refused(raw):
    try:
        path = safe_path(raw)
    except RefusedError:
        return
    assert not path.is_absolute()
    assert not PureWindowsPath(path.as_posix()).drive
    for name in path.parts:
        assert name not in ("", ".", "..")
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert len(name.encode()) <= 120
        assert name == name.strip(" .")
        assert name.partition(".")[0].rstrip().casefold() not in DEVICES


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_whatever_the_zip_it_is_read_or_refused(noise, at, byte):
    good = bytearray(zipped({"a.mid": midi(1), "b/b.mid": midi(2)}))
    good[at % len(good)] = byte
    for data in (noise, b"PK\x03\x04" + noise, bytes(good), bytes(good[:at])):
        try:
            files, _ = unpack_midis(data)
        except RefusedError:
            continue
        for path, body in files:
            assert safe_path(path.as_posix()) == path
            assert body[:4] == b"MThd"


def test_every_file_of_the_collection_is_whole_and_none_is_when_cut(data_folder):
    for path in sorted((data_folder / "mutopia-guitar").rglob("*.mid")):
        data = path.read_bytes()
        assert midi_is_cut(data) == "", path
        for size in (5, 13, 17, 25, len(data) // 3, len(data) - 1):
            assert midi_is_cut(data[:size]), (path, size)


def test_the_shared_listing_is_understood(data_folder):
    pieces = []
    for path in sorted((data_folder / "mutopia-site" / "guitar").glob("*.html")):
        found, problems = parse_listing(path.read_text(encoding="utf-8"))
        assert problems == []
        pieces += found
    assert len(pieces) == len({piece.number for piece in pieces}) == 333
    assert all(
        len(piece.links) == 1 and piece.title and piece.instrument and piece.style
        for piece in pieces
    )
    assert {piece.license for piece in pieces} == {"", "PD", "CC-BY-SA"}
    assert sum(bool(piece.license) for piece in pieces) == 141
    assert not any("\\" in piece.composer or "{" in piece.title for piece in pieces)
    assert {piece.composer for piece in pieces if "ffner" in piece.composer} == {"Joseph Küffner"}


def test_titles_are_text_and_not_markup():
    (piece,), _ = parse_listing(
        page([entry("https://x/a.mid", title="A &amp; B &lt;i&gt;<b>c</b>\n d")]).decode()
    )
    assert piece.title == "A & B <i> c d"


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


def test_a_journal_forgets_nothing_but_a_torn_line(tmp_path):
    first = Journal(tmp_path, {"q": "a"}, now=NOW)
    first.add("x", rows=[1])
    first.add("y", again=True)
    first.close()
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"key":"z","run":1,"ro')
    again = Journal(tmp_path, {"q": "a"}, now=NOW + timedelta(days=29))
    assert (again.run, again.resumed) == (1, True)
    assert (again.settled("x"), again.settled("y"), again.known("z")) == (True, False, {})
    again.finish()
    again.close()
    other = Journal(tmp_path, {"q": "a"}, now=NOW)
    assert (other.run, other.resumed, other.settled("x"), other.known("x")["rows"]) == (
        2,
        False,
        False,
        [1],
    )
    other.close()


def test_a_journal_goes_on_for_the_same_wish_and_not_for_ever(tmp_path):
    for query, days, run in (("a", 0, 1), ("b", 0, 2), ("a", 1, 1), ("b", 1, 2), ("a", 40, 3)):
        journal = Journal(tmp_path, {"q": query}, now=NOW + timedelta(days=days))
        assert journal.run == run
        journal.close()


def test_only_what_was_left_half_written_is_swept_away(tmp_path):
    (tmp_path / "a").mkdir()
    for name in (
        "a/.b.mid.x1y2z3_4.part",
        ".manifest.csv.abcdefgh.part",
        ".mine.part",
        "song.mid.abcdefgh.part",
        "a/.part",
    ):
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        ".mine.part",
        ".part",
        "song.mid.abcdefgh.part",
    ]


def test_manifests_keep_what_is_not_ours(tmp_path):
    rows = [
        {"path": "b.mid", "title": 'a "b", c', "mood": "glad"},
        {"path": "a.mid", "sha256": "0"},
    ]
    write_manifest(tmp_path, rows)
    read = read_manifest(tmp_path)
    assert [row["path"] for row in read] == ["a.mid", "b.mid"]
    assert (read[1]["title"], read[1]["mood"], read[0]["mood"]) == ('a "b", c', "glad", "")
    assert read_manifest(tmp_path / "manifest.csv") == read
    write_manifest(tmp_path, merge_rows(read, [{"path": "b.mid", "title": "new"}]))
    assert read_manifest(tmp_path)[1]["title"] == "new"
    for bad in ("title\nx\n", 'path\n"unclosed', "path\n\xff"):
        (tmp_path / "manifest.csv").write_bytes(bad.encode("latin-1"))
        with pytest.raises(PartimentoError, match="no manifest"):
            read_manifest(tmp_path)


def test_the_shared_manifest_is_read(data_folder):
    rows = read_manifest(data_folder / "mutopia-guitar")
    assert len(rows) == 415
    with tempfile.TemporaryDirectory() as folder:
        write_manifest(folder, rows)
        assert {row["maintainer"] for row in read_manifest(Path(folder))} == {
            row["maintainer"] for row in rows
        }
