"""Options that commands share: declared once, and true to what they stand for."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, get_args

import pytest
import typer
from typer.testing import CliRunner

from partimento.cli.options import OptionGroup, SelectionOptions, ViewOptions, expand, select, view
from partimento.corpus.select import Selection
from partimento.corpus.settings import AS_WRITTEN, DataSettings


def test_the_options_select_by_all_that_a_selection_has() -> None:
    """But for the split, which only a store has."""
    names = [each.name for each in fields(Selection)]
    assert [*inspect.signature(select).parameters, "split"] == names


def test_the_options_of_a_view_are_the_settings_of_data() -> None:
    assert list(inspect.signature(view).parameters) == list(DataSettings.model_fields)
    assert view() == {}
    assert DataSettings().replace(**view(grace_notes="keep")) == DataSettings(grace_notes="keep")


@pytest.mark.parametrize("name", DataSettings.model_fields)
def test_help_tells_every_word_and_the_defaults(name: str) -> None:
    (group,) = ViewOptions.__metadata__
    (option,) = group.parameters[name].annotation.__metadata__
    text = option.help.casefold()
    assert all(word in text for word in get_args(DataSettings.model_fields[name].annotation))
    default = f"[default: {getattr(DataSettings(), name)}"
    if getattr(AS_WRITTEN, name) != getattr(DataSettings(), name):
        default += f"; for stats, {getattr(AS_WRITTEN, name)}"
    assert f"{default}]" in text


def test_a_command_gets_what_its_options_make() -> None:
    got: list[Any] = []
    app = typer.Typer()

    @app.command()
    @expand
    def command(*, word: str, selection: SelectionOptions, view: ViewOptions, n: int = 3) -> None:
        """Do something."""
        got.append((word, selection, view, n))

    words = ["x", "--composer", "Bach", "--solo", "--grace-notes", "keep", "--n", "4"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert got == [("x", Selection(composer="Bach", solo=True), {"grace_notes": "keep"}, 4)]
    assert isinstance(SelectionOptions.__metadata__[0], OptionGroup)
    assert command.__doc__ == "Do something."
