"""Names, zips and MIDI files from elsewhere: made safe, or refused with a reason."""

from __future__ import annotations

import os
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.collect.archive import midi, zipped

from partimento.collect.errors import RefusedError
from partimento.collect.safe import (
    DEVICES,
    add_hash,
    check_midi,
    inside,
    midi_defect,
    safe_path,
    unpack_midis,
    zip_defect,
)

WORDS = st.text(
    st.sampled_from("ab./\\:*~ -_%\0\n\u202eé音") | st.characters(), max_size=40
) | st.sampled_from(sorted(DEVICES))


@given(st.lists(WORDS, min_size=1, max_size=5).map("/".join))
def test_any_path_stays_inside_or_is_refused(raw):
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


@example(b"", 184, 0)  # a member without a name
@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_any_zip_is_read_or_refused(noise, at, byte):
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


def test_real_files_are_whole_and_cut_ones_are_recognized(data_folder):
    for path in sorted((data_folder / "mutopia-guitar").rglob("*.mid")):
        data = path.read_bytes()
        assert midi_defect(data) == "", path
        for size in (5, 13, 17, 25, len(data) // 3, len(data) - 1):
            assert midi_defect(data[:size]), (path, size)


def test_bad_members_of_a_zip_are_left_out_and_reported(archive, collect, tmp_path):
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
        "../out.mid": "the path '../out.mid' leaves its folder",
        "/etc/abs.mid": "the path '/etc/abs.mid' is absolute",
        "a\\..\\b.mid": "the path 'a\\\\..\\\\b.mid' has a backslash or a control character",
        "C:/d.mid": "the path 'C:/d.mid' is absolute",
        "link.mid": "a link",
        "read.me": "it is not a MIDI file",
        "cut.mid": "a MIDI file that ends before the end of its 1 track",
        "no.mid": "it is not a MIDI file",
        "deep/nested.zip": "it is not a MIDI file",
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


def test_only_incomplete_files_have_a_reason():
    whole = midi(3)
    assert midi_defect(whole) == midi_defect(b"<html>") == midi_defect(whole + b"tail") == ""
    assert midi_defect(whole[:-1]) == "a MIDI file that ends before the end of its 1 track"
    packed = zipped({"a.mid": whole})
    assert zip_defect(packed) == zip_defect(b"<html>") == ""
    assert zip_defect(packed[:-10]) == "a zip that ends too early"
    check_midi(whole)
    for data in (b"", b"MThd", b"RIFF" + whole):
        with pytest.raises(RefusedError, match="not a MIDI file"):
            check_midi(data)


def test_a_hashed_name_keeps_its_suffix_within_the_longest_name():
    path = add_hash(PurePosixPath("a", "é" * 100 + ".mid"), "other")
    assert path.suffix == ".mid"
    assert len(path.name.encode()) <= 120
    assert path.parent.name == "a"
    assert add_hash(path, "one") != add_hash(path, "two")


def test_paths_that_leave_their_folder_are_refused(tmp_path):
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    assert inside(folder, PurePosixPath("deep/a.mid")) == folder / "deep" / "a.mid"
    (folder / "away").symlink_to(tmp_path)
    (folder / "deep" / "a.mid").symlink_to(tmp_path / "b.mid")
    for path in ("away/a.mid", "deep/a.mid", "../a.mid"):
        with pytest.raises(RefusedError, match="is a symbolic link"):
            inside(folder, PurePosixPath(path))
