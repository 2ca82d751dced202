"""Installed packages add models, tokenizers and writers; a broken one does not stop the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import small_piece

import partimento
from partimento.errors import PartimentoError
from partimento.plugins import Registry

CODE = '''
"""A package that adds a model, a tokenizer and a writer."""

from typing import Literal

from pydantic import Field

from partimento.models.markov import Config as MarkovConfig
from partimento.models.markov import Markov
from partimento.tokens.chords import ChordTokenizer


class Config(MarkovConfig):
    """Settings of `Echo`."""

    name: Literal["echo"] = Field(default="echo", description="The model.")


class Echo(Markov):
    """Repeat what often followed."""

    config_type = Config
    tokenizer_kind = "parlando"


class Parlando(ChordTokenizer):
    """Write chords as the program does, under another name."""

    name = "parlando"


def write_list(chain, suffix):
    """Write a line per note."""
    return ["".join(f"{note.onset} {note.pitch}\\n" for note in chain.piece.notes)]
'''
ENTRY_POINTS = {
    "partimento.models": {"echo": "echo:Echo"},
    "partimento.tokenizers": {"parlando": "echo:Parlando"},
    "partimento.writers": {"list": "echo:write_list"},
}


def install(site: Path, name: str, code: str, points: dict[str, dict[str, str]]) -> None:
    """Install a distribution as pip leaves it: a module and its metadata."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (site / f"{name}.py").write_text(code)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = (
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in own.items())
        for group, own in points.items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))
    files = [f"{name}.py", *(f"{info.name}/{each.name}" for each in info.iterdir())]
    (info / "RECORD").write_text("".join(f"{each},,\n" for each in [*files, f"{info.name}/RECORD"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    install(site, "echo", CODE, ENTRY_POINTS)
    install(
        site,
        "broken",
        "raise RuntimeError('this package\\nis out of order')",
        {
            "partimento.models": {"silent": "broken:Model", "lstm": "broken:Model"},
            "partimento.writers": {"odd": "not a target"},
        },
    )
    return site


def run(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that finds the packages of `site`."""
    source = str(Path(partimento.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "partimento", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), source])},
    )


@pytest.mark.slow
def test_a_model_a_tokenizer_and_a_writer_from_another_package(site: Path, tmp_path: Path) -> None:
    """The model has no recipe: it trains with its defaults."""
    scores, out = tmp_path / "scores", tmp_path / "run"
    scores.mkdir()
    for number in range(6):
        small_piece(number).save(scores / f"{number}.mid")
    done = run(site, "train", scores, "--set", "model.name=echo", "-o", out)
    assert done.returncode == 0, done.stderr
    assert '"tokenizer":"parlando"' in (out / "vocabulary.json").read_text()
    done = run(site, "compose", out, "--bars", "4", "--seed", "1", "-o", tmp_path / "piece.list")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "piece.list").read_text().splitlines()
    assert len(lines) > 4
    assert all(len(line.split()) == 2 for line in lines)


def test_a_broken_plugin_is_one_line_and_stops_nothing(site: Path) -> None:
    done = run(site, "settings", "--schema")
    assert done.returncode == 0, done.stderr
    assert '"echo"' in done.stdout
    assert '"silent"' not in done.stdout
    assert sorted(done.stderr.splitlines()) == [
        "the model lstm of broken cannot be used: the name is taken; it is skipped",
        "the model silent of broken cannot be used: this package is out of order; it is skipped",
    ]


def test_a_broken_plugin_that_is_asked_for_is_an_error(site: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"")
    done = run(site, "train", tmp_path, "--set", "model.name=silent", "-o", tmp_path / "run")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert "the model silent of broken cannot be used: this package is out of order" in last
    done = run(site, "compose", "-o", tmp_path / "piece.odd")
    assert done.returncode == 2
    assert "the writer .odd of broken cannot be used: 'not a target' is not module" in done.stderr
    assert "cannot write .odd; choose from .mid" in " ".join(done.stderr.split())


def test_the_program_s_own_need_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start-up does not read the metadata of every package that is installed."""
    registry = Registry("partimento.models", "model", {"pi": "math:pi"}, needs=("real",))
    monkeypatch.setattr("partimento.plugins.entry_points", lambda **_: pytest.fail("a search"))
    assert registry.load("pi") > 3
    assert "pi" in registry


def test_a_registry_takes_more_at_run_time() -> None:
    registry = Registry("partimento.nothing", "number", {"pi": "math:pi"})
    registry["tau"] = "math:tau"
    assert list(registry) == ["pi", "tau"]
    assert registry.load("tau") == 2 * registry.load("pi")
    with pytest.raises(PartimentoError, match="there is no number tua; did you mean tau"):
        registry.load("tua")
    del registry["tau"]
    assert len(registry) == 1
