"""The crawler against an archive on the loopback: what it takes, what it says of it, and its
manners.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter

import pytest
from tests.collect.archive import HOME, OUT, fill, midi, page

from partimento.collect import MutopiaQuery, collect_mutopia, read_manifest
from partimento.errors import PartimentoError


def test_files_come_with_their_manifest(archive, collect, tmp_path):
    fill(archive, 12)
    result = collect()
    assert (result.listed, result.fetched, result.skipped, result.complete) == (12, 12, (), True)
    rows = read_manifest(tmp_path / OUT)
    assert len(rows) == 12
    assert rows[0] == {
        "path": "SorF/O6/sor-0/sor-0.mid",
        "mutopia_id": "Mutopia-2008/01/02-1",
        "title": "Study 0",
        "composer": "Fernando Sor",
        "composer_years": "1778-1839",
        "composer_folder": "SorF",
        "opus": "Op. 6 No. 1",
        "instrument": "Guitar",
        "style": "Romantic",
        "license": "CC-BY",
        "license_version": "3.0",
        "movement": "",
        "movements": "1",
        "year": "1815",
        "edition": "Simrock",
        "contributor": "Arr: Nobody",
        "published": "2008/01/02",
        "source_dir": "ftp/SorF/O6/sor-0",
        "source_midi": "sor-0.mid",
        "site_zip": "no",
        "source_url": f"{HOME}/ftp/SorF/O6/sor-0/sor-0.mid",
        "bytes": "34",
        "sha256": hashlib.sha256(midi(0)).hexdigest(),
        "fetched": rows[0]["fetched"],
    }
    for row in rows:
        assert (
            hashlib.sha256((tmp_path / OUT / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        )
    assert not list((tmp_path / OUT).rglob("*.part"))
    assert archive.asked()[0] == "/robots.txt"
    assert [path for path in archive.asked() if "cgi" in path][-1].startswith(
        "/cgibin/make-table.cgi?startat=20&"
    )
    assert not archive.twice()


def test_empty_listings_and_error_pages_are_reported(archive, collect):
    with pytest.raises(PartimentoError, match="lists nothing for Guitar by Nobody"):
        collect(composer="Nobody")
    fill(archive, 3)
    archive.listing = lambda query: page(archive.entries)
    with pytest.raises(PartimentoError, match="the listing repeats itself"):
        collect()
    archive.listing = lambda query: b"<html>under maintenance</html>"
    with pytest.raises(PartimentoError, match="not a page of the listing"):
        collect(composer="SorF")


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"instrument": ""}, "an instrument or a composer"),
        ({"delay_s": -1.0}, "between 0 and 3600"),
        ({"delay_s": 0.5, "base_url": HOME}, "at least 1 second"),
        ({"delay_s": float("nan")}, "between 0 and 3600"),
        ({"limit": -1}, "at least 1"),
        ({"base_url": "example.org"}, "a base URL"),
        ({"base_url": "file:///tmp"}, "a base URL"),
        ({"base_url": "http://a:b@example.org"}, "a base URL"),
        ({"base_url": "http://example.org:99999"}, "a base URL"),
        ({"contact": "me\r\nCookie: x"}, "plain ASCII"),
    ],
)
def test_impossible_queries_are_refused(collect, archive, wishes, message):
    with pytest.raises(PartimentoError, match=message):
        collect(**wishes)
    assert archive.log == []


def test_one_composer_is_collected_from_the_real_listing(mutopia, tmp_path, clock):
    """The first pages of what Mutopia's own program answers."""
    result = collect_mutopia(
        MutopiaQuery("Guitar", "GiulianiM", base_url=mutopia.url, limit=12), tmp_path, clock=clock
    )
    assert result.fetched >= 12
    rows = read_manifest(tmp_path)
    assert {row["composer_folder"] for row in rows} == {"GiulianiM"}
    assert {row["composer"] for row in rows} <= {"Mauro Giuliani", "M. Giuliani"}
    assert mutopia.busiest == 1


def unaccented(text: str) -> str:
    return "".join(
        char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)
    )


def surname(name: str) -> str:
    return unaccented(name.split()[-1])


@pytest.mark.slow
def test_the_whole_listing_agrees_with_the_shared_manifest(mutopia, data_folder, tmp_path):
    result = collect_mutopia(MutopiaQuery("Guitar", base_url=mutopia.url, delay_s=0.0), tmp_path)
    assert (result.listed, result.skipped, result.complete) == (333, (), True)
    assert not mutopia.twice()
    assert len(mutopia.log) == 1 + 35 + 333
    mine = {(row["source_dir"], row["source_midi"]): row for row in read_manifest(tmp_path)}
    shared = {
        (row["source_dir"], row["source_midi"]): row
        for row in read_manifest(data_folder / "mutopia-guitar")
    }
    numbers = {piece.rpartition("-")[2] for piece in (row["mutopia_id"] for row in mine.values())}
    unlisted = [
        row for row in shared.values() if row["mutopia_id"].rpartition("-")[2] not in numbers
    ]
    assert (len(mine), len(unlisted), len(shared)) == (
        389,
        26,
        415,
    )  # 12 pieces say "guitar" or "Guitare", which this listing has not
    assert set(mine) == set(shared) - {(row["source_dir"], row["source_midi"]) for row in unlisted}
    other = Counter()
    for place, row in mine.items():
        its = shared[place]
        assert hashlib.sha256((tmp_path / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        assert (tmp_path / row["path"]).read_bytes() == (
            data_folder / "mutopia-guitar" / its["path"]
        ).read_bytes()
        same = (
            "mutopia_id",
            "composer_folder",
            "opus",
            "instrument",
            "style",
            "movement",
            "movements",
            "site_zip",
            "title",
            "composer",
        )
        other.update(name for name in same if row[name] != its[name])
        if row["license"]:
            assert (row["license"], row["license_version"]) == (
                its["license"],
                its["license_version"],
            )
        assert surname(its["composer"]) in unaccented(row["composer"])
    assert sum(not row["license"] for row in mine.values()) == result.without_license
    # The shared manifest spells every composer in full ("D. Aguado" in the listing) and one title
    # without a space before its stop.
    assert other == {"composer": 181, "title": 1}
    assert result.without_license == 203
    seen = len(mutopia.log)
    again = collect_mutopia(MutopiaQuery("Guitar", base_url=mutopia.url, delay_s=0.0), tmp_path)
    assert (again.fetched, again.updated, again.unchanged) == (0, 0, 389)
    assert Counter(each["status"] for each in mutopia.log[seen:]) == {200: 1, 304: 35 + 333}
