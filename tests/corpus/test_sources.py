"""Scores found in folders, zips and manifests."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from tests.corpus.stores import build

from partimento.corpus.reading import read_pieces
from partimento.corpus.sources import check_source, find_files, find_scores, provenance
from partimento.corpus.store.build import build_store
from partimento.errors import PartimentoError


def test_folders_are_walked_in_order(write, tmp_path):
    for name in (
        "b/2.mid",
        "b/1.MID",
        "b/.hidden.mid",
        ".git/x.mid",
        "a.xml",
        "c.midi",
        "notes.txt",
        "b/deep/er/3.krn",
    ):
        write(name, "x")
    (tmp_path / "b" / "deep" / "loop").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "b" / "self.mid").symlink_to(tmp_path / "b" / "self.mid")
    (tmp_path / "linked.mid").symlink_to(tmp_path / "c.midi")
    files, faults = find_files([tmp_path])
    names = [path.relative_to(tmp_path).as_posix() for path in files]
    assert names == [
        "a.xml",
        "c.midi",
        "linked.mid",
        "b/1.MID",
        "b/2.mid",
        "b/self.mid",
        "b/deep/er/3.krn",
    ]
    assert faults == []


def test_a_tree_too_deep_for_recursion(tmp_path):
    here, depth = Path.cwd(), 0
    os.chdir(tmp_path)  # step by step: the whole path is longer than the system takes
    try:
        while depth < 1200:
            Path("d").mkdir()
            os.chdir("d")
            depth += 1
        files, faults = find_files([tmp_path])
        assert files == []
        assert len(faults) <= 1
    finally:
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(here)


def test_two_files_of_one_name_are_refused(scores, tmp_path):
    other = tmp_path / "x" / "tunes"
    shutil.copytree(scores, other)
    with pytest.raises(PartimentoError, match=r"would have the same name tunes/0\.mid"):
        build(scores, other)
    assert build(scores, scores / ".." / "tunes").read == 6  # the same folder twice is no fault


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bomb.mid", "zip bomb"),
        ("../up.mid", "not a plain path"),
        ("/abs.mid", "not a plain path"),
        ("good.mid", ""),
        ("a\x01b.mid", "not a plain path"),
    ],
)
def test_hostile_members_of_zips_are_rejects(midi, tmp_path, name, reason):
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fine.mid", midi.file(midi.track(midi.notes(60, 62))))
        archive.writestr(
            name, bytes(5 * 2**20) if "bomb" in name else midi.file(midi.track(midi.notes(64, 65)))
        )
        archive.writestr("__MACOSX/._fine.mid", b"not music")
        archive.writestr("readme.txt", b"words")
    built = build_store([tmp_path / "z.zip"], tmp_path / "s.parquet")
    assert len(built.store) == (1 if reason else 2)
    assert [reject.reason for reject in built.rejects if reason not in reject.reason] == []
    assert len(built.rejects) == bool(reason)


def test_a_broken_zip_is_a_reject(scores, tmp_path):
    (scores / "z.zip").write_bytes(b"PK\3\4 nothing")
    assert "cannot be read as a zip" in build(scores).rejects[0].reason


def test_names_that_are_no_text_are_escaped(scores):
    for name in (b"caf\xe9.mid", b"caf\xe8.mid"):
        shutil.copy(scores / "0.mid", os.fsencode(scores) + b"/" + name)
    assert "tunes/caf\\xe9.mid" in [row["path"] for row in build(scores).store.rows]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("name", ["manifest.csv", "b.mid"])
def test_damage_in_a_zip_affects_only_the_damaged_file(scores, midi, method, name):
    path = scores.parent / "bad.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.mid", midi.file(midi.track(midi.notes(*range(40, 70)))))
        archive.writestr(
            name,
            (
                b"path,title\na.mid,A\n" * 99
                if name.endswith("csv")
                else midi.file(midi.track(midi.notes(60, 61, 62) * 9))
            ),
        )
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(name).header_offset + 30 + len(name)
    data = bytearray(path.read_bytes())
    data[at + 6 : at + 20] = bytes(byte ^ 0x5A for byte in data[at + 6 : at + 20])
    path.write_bytes(data)
    for force in (False, True):
        built = build(scores, path, force=force)
        assert len(built.store) == 7
        assert [Path(reject.path).name for reject in built.rejects] == [name]


def test_an_unreadable_manifest_is_reported(scores):
    (scores / "manifest.csv").write_bytes("path,title\n0.mid,Étude\n".encode("latin-1"))
    assert "it is ignored" in build(scores).rejects[0].reason


def test_a_zip_in_a_zip_is_reported(midi, tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.mid", midi.file(midi.track(midi.notes(60, 62))))
        archive.writestr("inner.zip", b"PK")
    assert (
        "zip inside a zip"
        in build_store([tmp_path / "z.zip"], tmp_path / "s.parquet").rejects[0].reason
    )


def test_scores_have_names_that_are_the_same_on_every_machine(scores):
    found, faults = find_scores([scores, scores.parent / "more.zip"])
    assert faults == []
    assert [score.name for score in found] == [
        "tunes/0.mid",
        "tunes/2.mid",
        "tunes/4.mid",
        "tunes/deep/1.mid",
        "tunes/deep/3.mid",
        "tunes/deep/5.mid",
        "more.zip/inside/6.mid",
        "more.zip/inside/7.mid",
    ]
    assert found[0].known["title"] == "Étude"
    assert (found[-1].suffix, found[-1].path.endswith("more.zip/inside/7.mid")) == (".mid", True)


def test_a_file_reached_in_two_ways_keeps_its_longer_name(scores):
    for sources in ([scores / "0.mid", scores], [scores, scores / "0.mid"]):
        names = [score.name for score in find_scores(sources)[0]]
        assert names.count("tunes/0.mid") == 1
        assert "0.mid" not in names


def test_a_source_is_bundled_or_exists(tmp_path):
    check_source("bundled:anything")
    check_source(str(tmp_path))
    with pytest.raises(PartimentoError, match="does not exist"):
        check_source(str(tmp_path / "no"))


def test_a_manifest_counts_more_than_the_file():
    measured = {"title_in_file": "untitled", "composer_in_file": "F. Sor"}
    known = {
        "title": "Étude",
        "licence": "CC-BY",
        "license_version": "4.0",
        "guitar_alone": "no",
        "maintainer": "N. N.",
    }
    found = provenance("a/b.mid", known, measured)
    assert (found["title"], found["composer"]) == ("Étude", "F. Sor")
    assert (found["license"], found["contributor"]) == ("CC-BY 4.0", "N. N.")
    assert found["solo_said"] is False
    assert provenance("a.mid", {}, measured)["solo_said"] is None
    assert provenance("a.mid", {}, measured)["title"] == "untitled"


def test_other_kinds_are_told_in_folders_zips_and_by_name(scores, midi, tmp_path):
    for name in ("a.mscz", "deep/b.MP3", "c.mid.bak", ".hidden.pdf", "notes.txt", "x.csv"):
        path = scores / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("fine.mid", midi.file(midi.track(midi.notes(60, 62))))
        archive.writestr("in/d.pdf", b"%PDF")
        archive.writestr("__MACOSX/d.pdf", b"x")
        archive.writestr("readme.md", b"x")
    (tmp_path / "e.sib").write_bytes(b"x")
    found, faults = find_scores([scores, tmp_path / "z.zip", tmp_path / "e.sib"])
    assert {score.suffix for score in found} == {".mid"}
    assert "z.zip/fine.mid" in {score.name for score in found}
    kinds = {Path(path).name: reason for path, reason in faults}
    assert sorted(kinds) == ["a.mscz", "b.MP3", "c.mid.bak", "d.pdf", "e.sib"]
    assert kinds["a.mscz"] == "a MuseScore score: export it as MusicXML (File, Export)"
    assert kinds["d.pdf"].startswith("pictures of notes")


def test_a_file_of_another_kind_alone_is_told(tmp_path):
    (tmp_path / "e.sib").write_bytes(b"x")
    with pytest.raises(PartimentoError, match=r"e\.sib: a Sibelius score"):
        read_pieces(tmp_path / "e.sib")


def test_tunes_of_bundled_files_are_scores_of_their_own():
    found, faults = find_scores(["bundled:oneills1850"])
    assert faults == []
    assert len(found) > 100
    assert len({score.name for score in found}) == len(found)
