"""The catalogue, and fetching from it; the program's own commands in this process."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from hashlib import sha256

import pytest
from tests.collect.archive import midi, status, zipped
from typer.testing import CliRunner

from partimento.cli.collect import collect_app
from partimento.collect import CATALOG, fetch, read_manifest
from partimento.collect.catalog import Download
from partimento.errors import PartimentoError

FILES = {
    "jsb": "jsb/jsb-chorales-quarter.json",
    "jsb16": "jsb/Jsb16thSeparated.json",
    "nottingham": "nottingham/Nottingham.mat",
}


def run(*words):
    return CliRunner().invoke(collect_app, [str(word) for word in words])


def test_every_set_states_size_license_and_source():
    assert {
        "mutopia",
        "music21",
        "jsb",
        "nottingham",
        "maestro",
        "lakh",
        "pop909",
        "gigamidi",
        "million-song",
        "fma",
    } <= set(CATALOG)
    for name, each in CATALOG.items():
        assert all((each.title, each.content, each.size, each.license, each.citation, each.way)), (
            name
        )
        assert re.match(r"https?://", each.home)
        assert ("collect fetch" in each.way) == (each.download is not None), name
    assert "audio alone" in CATALOG["fma"].lacks
    assert "neither scores nor MIDI" in CATALOG["million-song"].lacks
    assert {name for name, each in CATALOG.items() if each.download} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_the_hashes_are_those_of_the_files(name, data_folder):
    data = (data_folder / FILES[name]).read_bytes()
    want = CATALOG[name].download
    assert (want.sha256, want.bytes, want.file) == (
        sha256(data).hexdigest(),
        len(data),
        FILES[name].rpartition("/")[2],
    )
    assert re.search(r"/[0-9a-f]{40}/", want.url)  # a commit, not a branch


@pytest.fixture
def at_home(archive, monkeypatch):
    """The set ``jsb`` as a small file of an archive on the loopback."""
    body = b'{"train": []}'
    archive.files["/jsb.json"] = body
    download = Download(f"{archive.url}/jsb.json", sha256(body).hexdigest(), len(body))
    monkeypatch.setitem(CATALOG, "jsb", dataclasses.replace(CATALOG["jsb"], download=download))
    return archive


def test_a_set_is_fetched_once_and_noted(at_home, tmp_path):
    path = fetch("jsb", tmp_path / "out")
    assert path.read_bytes() == at_home.files["/jsb.json"]
    (row,) = read_manifest(tmp_path / "out")
    assert (row["path"], row["sha256"], row["source_url"]) == (
        "jsb.json",
        sha256(path.read_bytes()).hexdigest(),
        f"{at_home.url}/jsb.json",
    )
    assert fetch("jsb", tmp_path / "out") == path
    assert len(at_home.log) == 1
    assert at_home.log[0]["agent"].startswith("partimento/")


def test_a_download_with_another_hash_is_not_kept(at_home, tmp_path):
    for body, message in (
        (b'{"train": 12}', "another SHA-256"),
        (bytes(10_000), "larger than the expected 13 bytes"),
    ):
        at_home.files["/jsb.json"] = body
        with pytest.raises(PartimentoError, match=message):
            fetch("jsb", tmp_path / "out")
    at_home.faults["/jsb.json"] = [status(404)]
    with pytest.raises(PartimentoError, match="404"):
        fetch("jsb", tmp_path / "out")
    assert not list(tmp_path.rglob("*.*"))
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "jsb.json").write_text("mine")
    with pytest.raises(PartimentoError, match="already exists, and is something else"):
        fetch("jsb", tmp_path / "out")
    assert (tmp_path / "out" / "jsb.json").read_text() == "mine"


def test_failed_downloads_are_reported(tmp_path):
    with pytest.raises(
        PartimentoError,
        match="maestro cannot be fetched: download it from its home page",
    ):
        fetch("maestro", tmp_path)
    with pytest.raises(PartimentoError, match="did you mean lakh"):
        fetch("lahk", tmp_path)


def test_fetch_and_list_commands_work(at_home, tmp_path):
    shown = run("list")
    assert shown.exit_code == 0
    assert all(name in shown.output for name in CATALOG)
    told = json.loads(run("list", "--json").output)
    assert [each["name"] for each in told if each["can_fetch"]] == list(FILES)
    bundled = json.loads(run("list", "--bundled", "--json").output)
    assert {"bundled:chorales", "bundled:bach", "bundled:essenFolksong"} <= {
        each["name"] for each in bundled
    }
    assert "essenFolksong" in run("list", "--bundled").output
    assert "cite:" in run("fetch", "jsb", "-o", tmp_path).output
    assert json.loads(run("fetch", "jsb", "-o", tmp_path, "--json").stdout)["written"].endswith(
        "jsb.json"
    )


def test_the_collect_command_works(archive, tmp_path):
    for number in range(3):
        archive.add(
            f"/ftp/SorF/{number}.mid",
            midi(number),
            title=f"[/nope] \x1b[2J\u202e[bold]Study {number}",
        )
    archive.add(
        "/ftp/SorF/suite-mids.zip",
        zipped({"../x.mid": midi(4), "[/b]\x1b.mid": midi(5)}),
        title="Suite",
    )
    words = (
        "mutopia",
        "--instrument",
        "Guitar",
        "--base-url",
        archive.url,
        "--delay",
        0,
        "-o",
        tmp_path / "out",
    )
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0
    assert "4 pieces, about 0 minutes" in dry.stdout
    assert "[/nope] [2J[bold]Study 1" in " ".join(dry.stdout.split())
    assert not (tmp_path / "out").exists()
    shown = run(*words, "--limit", 2)
    assert "2 new" in shown.stdout
    assert "run the same command again to continue" in shown.stdout
    shown = run(*words)
    assert "\x1b" not in dry.output + shown.output
    assert "1 new, 2 had before the stop" in shown.stdout
    assert "leaves its folder" in shown.stderr
    told = json.loads(run(*words, "--json").stdout)
    assert (told["unchanged"], told["complete"], told["skipped"][0]["member"]) == (
        3,
        True,
        "../x.mid",
    )
    assert isinstance(run("mutopia", "-o", tmp_path / "none").exception, PartimentoError)


@pytest.mark.parametrize("code", ["import partimento.collect", "import partimento.cli.collect"])
def test_importing_loads_no_network(code):
    heavy = ("httpx", "bs4", "protego", "pooch", "requests", "music21", "sqlite3")
    script = f"{code}\nimport sys\nprint([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )
