"""``partimento settings``."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.commands import run

from partimento.models import MODELS
from partimento.recipes import read_recipe
from partimento.training.pretrained import bundled_model
from partimento.training.settings import Settings, json_schema


def test_a_recipe_is_printed_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("settings", "vae-tutorial") == 0
    text = capsys.readouterr().out
    values = tomllib.loads(text)
    assert values == Settings.from_plain(read_recipe("vae-tutorial")).to_plain()
    assert all(len(line) <= 80 for line in text.splitlines())
    (tmp_path / "mine.toml").write_text(text)
    assert run("settings", tmp_path / "mine.toml", "--json") == 0
    assert json.loads(capsys.readouterr().out) == values


def test_without_a_name_it_is_what_train_uses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("settings", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == Settings.from_plain(read_recipe("notewise")).to_plain()
    assert run("settings", "--model", "markov", "--json") == 0
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "markov"


def test_a_run_says_by_what_it_was_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("settings", bundled_model()) == 0
    values = tomllib.loads(capsys.readouterr().out)
    assert values["train"]["ema"] == 0.99
    assert values["sample"]["top_p"] == 0.98


@pytest.mark.parametrize("model", [None, *MODELS])
def test_the_schema(model: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("settings", "--schema", *(["--model", model] if model else [])) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert schema == json_schema(model)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vea"], "there is no recipe vea; did you mean vae?"),
        (["--model", "lsmt"], "did you mean lstm"),
        (["--schema", "--model", "lsmt"], "there is no model lsmt; did you mean lstm?"),
        (["vae", "--schema"], "give either a recipe"),
        (["vae", "--model", "vae"], "give either a recipe"),
        (["{empty}"], "run.json"),
    ],
)
def test_errors_are_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("settings", *(word.format(empty=tmp_path) for word in words)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["--help"], ["corpus", "build", "--help"]])
def test_help_declares_no_settings(words: list[str]) -> None:
    """Printing help stays fast: settings are declared only for a command that needs them."""
    code = (
        f"import sys; sys.argv = ['partimento', *{words}]\n"
        "from partimento.cli.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert not {'keras', 'partimento.config'} & set(sys.modules)\n"
        f"assert {len(words)} > 1 or 'pydantic' not in sys.modules  # Typer uses it for options"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
