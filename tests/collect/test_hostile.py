"""An archive that means harm: links, names, sizes, zips."""

from __future__ import annotations

import os
import re
import zipfile

from tests.collect.archive import HOME, OUT, fill, midi, skipped, zipped

from partimento.collect import read_manifest

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


def test_awkward_names_are_made_safe_and_never_meet(archive, collect, tmp_path):
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
    assert "a link lies at" in result.skipped[0].reason
    assert not any((tmp_path / "elsewhere").iterdir())


def test_what_lies_there_is_not_overwritten(archive, collect, tmp_path):
    fill(archive, 3)
    (tmp_path / OUT / "SorF/O6/sor-0").mkdir(parents=True)
    mine = tmp_path / OUT / "SorF/O6/sor-0/sor-0.mid"
    mine.write_text("mine")
    (tmp_path / OUT / "SorF/O6/sor-1").write_text("a file where a folder should be")
    result = collect()
    assert mine.read_text() == "mine"
    assert result.fetched == 1
    assert [skip.reason[:28] for skip in result.skipped] == [
        "something else is at SorF/O6",
        "a file has the name of a fol",
    ]
    (tmp_path / OUT / "SorF/O6/sor-2/sor-2.mid").write_text("edited")
    seen = len(archive.log)
    assert "was changed here since" in " ".join(skip.reason for skip in collect().skipped)
    assert not any("sor-2.mid" in path for path in archive.asked(since=seen))
    assert (tmp_path / OUT / "SorF/O6/sor-2/sor-2.mid").read_text() == "edited"


def test_sizes_are_bounded_while_it_streams(archive, collect, monkeypatch):
    monkeypatch.setattr("partimento.collect.taking.MAX_MIDI", 1000)
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
    assert [reason[:12] for reason in reasons] == ["larger than ", "larger than ", "it came comp"]


def test_what_is_no_midi_is_not_taken(archive, collect):
    archive.add("/ftp/SorF/a.mid", b"<html>not today</html>")
    archive.add("/ftp/SorF/b-mids.zip", b"<html>not today</html>")
    reasons = [skip.reason for skip in collect().skipped]
    assert reasons[0] == "it is no MIDI file"
    assert reasons[1].startswith("a zip that cannot be read")


def test_movements_come_out_of_their_zip_in_order(archive, collect, tmp_path):
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


def test_what_is_bad_in_a_zip_is_left_out_and_told(archive, collect, tmp_path):
    link = zipfile.ZipInfo("link.mid")
    link.external_attr = 0o120777 << 16
    members = [
        (zipfile.ZipInfo("good.mid"), midi(1)),
        (zipfile.ZipInfo("../out.mid"), midi(2)),
        (zipfile.ZipInfo("/etc/abs.mid"), midi(3)),
        (zipfile.ZipInfo("a\\..\\b.mid"), midi(4)),
        (zipfile.ZipInfo("C:/d.mid"), midi(5)),
        (link, b"/etc/passwd"),
        (zipfile.ZipInfo("read.me"), b"text"),
        (zipfile.ZipInfo("cut.mid"), midi(6)[:-3]),
        (zipfile.ZipInfo("no.mid"), b"no midi"),
        (zipfile.ZipInfo("deep/nested.zip"), zipped({"x.mid": midi(7)})),
        (zipfile.ZipInfo("folder/"), b""),
    ]
    archive.add("/ftp/BachJS/suite/suite-mids.zip", zipped(members))
    result = collect()
    assert result.fetched == 1
    assert {skip.member: skip.reason for skip in result.skipped} == {
        "../out.mid": "the path '../out.mid' would climb out of its folder",
        "/etc/abs.mid": "the path '/etc/abs.mid' is absolute",
        "a\\..\\b.mid": "the path 'a\\\\..\\\\b.mid' has a backslash or a control character",
        "C:/d.mid": "the path 'C:/d.mid' is absolute",
        "link.mid": "a link",
        "read.me": "it is no MIDI file",
        "cut.mid": "a MIDI file of 1 track that ends before them",
        "no.mid": "it is no MIDI file",
        "deep/nested.zip": "it is no MIDI file",
    }
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.mid")]
    assert files == ["out/BachJS/suite/good.mid"]
    assert {skip.member for skip in collect().skipped} == {skip.member for skip in result.skipped}


def test_zip_bombs_are_refused_whole(archive, collect, monkeypatch):
    monkeypatch.setattr("partimento.collect.safe.MAX_UNPACKED", 8 * 2**20)
    archive.add("/ftp/a/ratio-mids.zip", zipped({"a.mid": midi() + bytes(4 * 2**20)}))
    archive.add(
        "/ftp/a/total-mids.zip", zipped({f"{n}.mid": midi() + os.urandom(2**20) for n in range(9)})
    )
    archive.add("/ftp/a/count-mids.zip", zipped({f"{n}.mid": midi() for n in range(501)}))
    archive.add(
        "/ftp/a/broken-mids.zip", b"PK\x03\x04" + bytes(100) + zipped({"a.mid": midi()})[-22:]
    )
    lying = bytearray(zipped({"a.mid": midi() + bytes(4 * 2**20)}))
    for place in (lying.find(b"PK\x03\x04") + 22, lying.find(b"PK\x01\x02") + 24):
        lying[place : place + 4] = (100).to_bytes(
            4, "little"
        )  # it says that it unpacks to 100 bytes
    archive.add("/ftp/a/lying-mids.zip", bytes(lying))
    result = collect()
    assert result.fetched == 0
    reasons = [skip.reason for skip in result.skipped]
    assert [reason[:24] for reason in reasons] == [
        "a zip that unpacks to mo",
        "a zip that unpacks to mo",
        "a zip of more than 500 m",
        "a zip that cannot be rea",
        "a zip that cannot be rea",
    ]
