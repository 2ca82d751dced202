"""Files that are taken: never over others, never outside the folder, each refusal noted."""

from __future__ import annotations

import re

import pytest
from tests.collect.archive import (
    HOME,
    OUT,
    cut_without_length,
    entry,
    fill,
    midi,
    page,
    skipped,
    status,
    wrong_length,
    zipped,
)

from partimento.collect import read_manifest
from partimento.collect.downloader import describe, identify, spell_folder
from partimento.collect.listing import parse_listing
from partimento.collect.manifest import COLUMNS
from partimento.errors import PartimentoError

HOSTILE = [
    "https://evil.example/ftp/SorF/a.mid",
    "http://user:secret@127.0.0.1/ftp/a.mid",
    "ftp://www.mutopiaproject.org/ftp/a.mid",
    f"{HOME}.evil.example/ftp/a.mid",
    f"{HOME}:8443/ftp/a.mid",
    "file:///etc/a.mid",
    "javascript:a.mid",
    "https://[::1/ftp/a.mid",
    f"{HOME}/ftp/../../../etc/cron.d/a.mid",
    f"{HOME}/ftp/%2e%2e/%2e%2e/a.mid",
    f"{HOME}/ftp/%2fetc/a.mid",
    f"{HOME}/elsewhere/a.mid",
    f"{HOME}/ftp/a%5c..%5cb.mid",
    f"{HOME}/ftp/C%3a/a.mid",
    f"{HOME}/ftp/a%00b.mid",
    f"{HOME}/ftp/a%0ab.mid",
    f"{HOME}/ftp//a.mid",
    f"{HOME}/ftp/" + "a/" * 20 + "a.mid",
]


def test_hostile_links_are_refused_each_with_a_reason(archive, collect, tmp_path):
    fill(archive, 1)
    for link in HOSTILE:
        archive.add(link, None)
    result = collect()
    assert result.fetched == 1
    assert len(result.skipped) == len(HOSTILE)
    assert len(skipped(tmp_path / OUT)) == len(HOSTILE)
    assert all(skip.reason for skip in result.skipped)
    assert not [path for path in archive.asked() if path.endswith("a.mid")]
    found = [
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    ]
    known = (
        ".collect.jsonl",
        ".collect.lock",
        "SorF/O6/sor-0/sor-0.mid",
        "manifest.csv",
        "skipped.csv",
    )
    assert sorted(found) == sorted(f"out/{name}" for name in known)


def test_awkward_names_are_made_safe_and_stay_distinct(archive, collect, tmp_path):
    names = [
        "aux.mid",
        "a:b.mid",
        "a*b.mid",
        ".hidden.mid",
        "-rf.mid",
        "é.mid",
        "x" * 300 + ".mid",
        "Twin.mid",
        "twin.mid",
        "con .x.mid",
    ]
    for number, name in enumerate(names):
        path = (
            f"/ftp/SorF/{name}".replace(" ", "%20")
            .replace("*", "%2A")
            .replace(":", "%3A")
            .replace("é", "%C3%A9")
        )
        archive.add(path, midi(number))
    result = collect()
    assert (result.fetched, result.skipped) == (len(names), ())
    paths = [row["path"] for row in read_manifest(tmp_path / OUT)]
    assert len({path.casefold() for path in paths}) == len(names)
    for path in paths:
        assert re.fullmatch(r"SorF/[^./\\:*-][^/\\:*]{0,120}\.mid", path)
        assert len(path) < 130
        assert path.rpartition("/")[2].partition(".")[0].casefold() not in ("aux", "con", "con ")
    before = sorted(paths)
    collect()
    assert sorted(row["path"] for row in read_manifest(tmp_path / OUT)) == before


def test_links_in_the_folder_do_not_lead_out_of_it(archive, collect, tmp_path):
    fill(archive, 2)
    archive.add("/ftp/BachJS/b.mid", midi(5))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / OUT / "SorF").mkdir(parents=True)
    (tmp_path / OUT / "SorF" / "O6").symlink_to(tmp_path / "elsewhere")
    result = collect()
    assert result.fetched == 1
    assert len(result.skipped) == 2
    assert "is a symbolic link" in result.skipped[0].reason
    assert not any((tmp_path / "elsewhere").iterdir())


def test_existing_files_are_not_overwritten(archive, collect, tmp_path):
    fill(archive, 3)
    (tmp_path / OUT / "SorF/O6/sor-0").mkdir(parents=True)
    mine = tmp_path / OUT / "SorF/O6/sor-0/sor-0.mid"
    mine.write_text("mine")
    (tmp_path / OUT / "SorF/O6/sor-1").write_text("a file where a folder should be")
    result = collect()
    assert mine.read_text() == "mine"
    assert result.fetched == 1
    assert [skip.reason[:28] for skip in result.skipped] == [
        "another file already exists ",
        "a file has the name of a fol",
    ]
    (tmp_path / OUT / "SorF/O6/sor-2/sor-2.mid").write_text("edited")
    seen = len(archive.log)
    assert "was changed here" in " ".join(skip.reason for skip in collect().skipped)
    assert not any("sor-2.mid" in path for path in archive.asked(since=seen))
    assert (tmp_path / OUT / "SorF/O6/sor-2/sor-2.mid").read_text() == "edited"


def test_files_that_are_no_midi_are_refused(archive, collect):
    archive.add("/ftp/SorF/a.mid", b"<html>not today</html>")
    archive.add("/ftp/SorF/b-mids.zip", b"<html>not today</html>")
    reasons = [skip.reason for skip in collect().skipped]
    assert reasons[0] == "it is not a MIDI file"
    assert reasons[1].startswith("a zip that cannot be read")


def test_movements_in_a_zip_keep_their_order(archive, collect, tmp_path):
    names = ["suite-10.mid", "suite.mid", "suite-2.mid", "suite-1.mid"]
    archive.add(
        "/ftp/BachJS/suite/suite-mids.zip",
        zipped({name: midi(number) for number, name in enumerate(names)}),
    )
    assert collect().fetched == 4
    rows = {row["source_midi"]: row for row in read_manifest(tmp_path / OUT)}
    order = {row["movement"]: name for name, row in rows.items()}
    assert order == {"1": "suite.mid", "2": "suite-1.mid", "3": "suite-2.mid", "4": "suite-10.mid"}
    assert {(row["movements"], row["site_zip"]) for row in rows.values()} == {("4", "yes")}
    assert rows["suite-2.mid"]["path"] == "BachJS/suite/suite-2.mid"
    assert rows["suite-2.mid"]["source_dir"] == "ftp/BachJS/suite"


@pytest.mark.parametrize("fault", [cut_without_length, wrong_length(-9)])
def test_a_cut_file_is_retried_even_if_http_is_content(archive, collect, tmp_path, fault):
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


def test_a_failing_file_is_reported_and_tried_again_next_time(archive, collect, tmp_path):
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


def test_repeated_failures_stop_the_collection(archive, collect):
    fill(archive, 9)
    archive.faults = {
        f"/ftp/SorF/O6/sor-{number}/sor-{number}.mid": [status(500)] * 99 for number in range(2, 9)
    }
    with pytest.raises(PartimentoError, match="3 files in a row failed"):
        collect()
    assert not any("sor-5" in path for path in archive.asked())


def test_a_missing_file_stops_the_collection_only_once(archive, collect, tmp_path):
    fill(archive, 4)
    del archive.files["/ftp/SorF/O6/sor-1/sor-1.mid"]
    with pytest.raises(
        PartimentoError, match=r"sor-1\.mid: the archive answers 404.*continue with the next file"
    ):
        collect()
    assert len(read_manifest(tmp_path / OUT)) == 1
    seen = len(archive.log)
    result = collect()
    assert [path[-9:] for path in archive.asked(since=seen)] == ["sor-2.mid", "sor-3.mid"]
    assert result.complete
    assert [skip.reason for skip in result.skipped] == ["the archive answers 404"]


def test_a_piece_is_named_and_described_as_the_listing_has_it():
    (piece,), _ = parse_listing(page([entry("/ftp/SorF/a.mid", number=7)]).decode())
    assert identify(piece) == "Mutopia-2008/01/02-7"
    row = describe(piece)
    assert set(row) <= set(COLUMNS)
    assert (row["mutopia_id"], row["license"], row["year"]) == (identify(piece), "CC-BY", "1815")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("SorF", "F. Sor"), ("Traditional", "Traditional"), ("ABC", "ABC"), ("", "")],
)
def test_a_folder_spells_its_composer(folder, name):
    assert spell_folder(folder) == name
