"""Our style of plots: files, titles, positions and axes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from partimento.errors import PartimentoError
from partimento.plots.corpus import (
    vocabulary_growth,
)
from partimento.plots.style import spread, write_plot


def test_a_picture_is_not_written_over_another(tmp_path: Path) -> None:
    figure = vocabulary_growth({})
    path = write_plot(figure, tmp_path / "deep" / "growth.png")
    with pytest.raises(PartimentoError, match="already exists"):
        write_plot(figure, path)
    write_plot(figure, path, force=True)
    with pytest.raises(PartimentoError, match=r"\.png, \.svg or \.pdf"):
        write_plot(figure, tmp_path / "growth.gif")


def test_matplotlib_is_left_as_it_was() -> None:
    """In a fresh process: nothing is loaded before it is used, pyplot never, and no setting stays
    changed.
    """
    code = (
        "import sys, partimento.plots.corpus, partimento.plots.piano_roll\nassert 'matplotlib' not"
        " in sys.modules\nimport matplotlib\nsettings = lambda: {name: matplotlib.rcParams[name]"
        " for name in matplotlib.rcParams if name != 'backend'}\nbefore ="
        " settings()\npartimento.plots.corpus.key_histogram({'C major': 1})\nassert settings() =="
        " before\nassert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_are_spread_no_farther_than_needed() -> None:
    assert spread([0, 10, 20], [1, 1, 1]) == [0, 10, 20]
    assert spread([5, 5, 5], [2, 2, 2]) == [3, 5, 7]
    assert spread([0, 0, 9], [2, 4, 2]) == [-1.5, 1.5, 9]
    assert spread([], []) == []
