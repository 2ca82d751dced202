"""The Python of the first pages runs as it stands there, with the quickest model."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from partimento import Piece

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/index.md", "docs/getting-started.md", "docs/guides/compose.md")
# A page trains for minutes. Here it counts instead, which takes a second.
FULL, QUICK = 'recipe="notewise"', 'recipe="markov"'


def python_blocks(page: str) -> list[str]:
    """Return the Python examples of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def in_minor(piece: Piece) -> Piece:
    """Return the piece with its third, sixth and seventh degree lowered."""
    tonic = int(piece.notes.pitch.min())
    return piece.replace(
        notes=[
            replace(note, pitch=note.pitch - ((note.pitch - tonic) % 12 in (4, 9, 11)))
            for note in piece.notes
        ]
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_one_after_another(
    page: str, pieces: list[Piece], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, piece in enumerate([*pieces, *map(in_minor, pieces)]):
        piece.save(tmp_path / "scores" / f"{number}.mid")
    for name in ("prelude", "theme"):
        pieces[0].save(tmp_path / f"{name}.mid")
    blocks = python_blocks(page)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block.replace(FULL, QUICK), names)
    assert isinstance(names["piece"], Piece)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 80


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_the_files_that_a_page_includes_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "8 < --" not in text  # a formatter takes the sign for Python
    for name in re.findall(r"^--8<--\n(.+)\n--8<--", text, re.MULTILINE):
        assert (ROOT / name).is_file()
