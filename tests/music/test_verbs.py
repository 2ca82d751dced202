"""A piece can save, show, play and tabulate itself; importing it loads none of what that takes."""

from __future__ import annotations

import subprocess
import sys
import webbrowser
from fractions import Fraction
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from partimento import Note, Piece
from partimento.errors import PartimentoError

TRIPLETS = [Note(Fraction(n, 3), Fraction(1, 3), 60 + n) for n in range(3)]


@pytest.fixture
def piece() -> Piece:
    return Piece(TRIPLETS, title="Three notes")


def test_save_writes_by_suffix_and_replaces_only_with_force(piece, tmp_path):
    path = tmp_path / "a.mid"
    assert piece.save(path) == [path]
    with pytest.raises(PartimentoError, match="force=True") as raised:
        piece.save(path)
    assert "--force" not in str(raised.value)  # Python has no flags
    assert piece.save(path, force=True) == [path]


def test_show_opens_a_page_that_holds_score_and_sound(piece, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    piece.show()
    (address,) = opened
    page = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    assert "<svg" in page
    assert "data:audio/" in page
    assert "Three notes" in page


def test_dataframe_has_exact_steps_beside_quarters(piece):
    frame = piece.to_dataframe()
    assert frame["pitch"].tolist() == [60, 61, 62]
    assert frame["onset_steps"].tolist() == [0, 1, 2]
    assert frame.attrs["divisions"] == 3
    assert frame["duration"].tolist() == pytest.approx([1 / 3] * 3)


def test_a_notebook_shows_the_score_and_the_player():
    code = (
        "from partimento import Note, Piece\n"
        "piece = Piece([Note(0, 1, 60), Note(1, 1, 64)], title='Two notes')\n"
    )
    cells = [
        nbformat.v4.new_code_cell(text) for text in (f"{code}piece", "piece.show()", "piece.play()")
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120).execute()
    score, shown, played = (
        next(output.data["text/html"] for output in cell.outputs if "data" in output)
        for cell in notebook.cells
    )
    assert "<svg" in score
    assert "iframe" in shown
    assert "Two notes" in shown
    assert "<audio" in played


def test_importing_a_piece_loads_no_engraver_and_no_synthesizer():
    code = (
        "import sys, partimento; partimento.Piece([]);"
        "print([name for name in ('verovio', 'midirenderer', 'music21', 'keras', 'jax', 'pandas',"
        " 'IPython', 'matplotlib') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
