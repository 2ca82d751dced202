"""Commands on a terminal of 80 columns: nothing is wider, and no figure or word is broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.terminal import terminal

from partimento import Piece
from partimento.cli.cli import main
from partimento.export.write import write


def run(*words: object) -> None:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    assert stop.value.code in (0, None)


@pytest.fixture(scope="module")
def folder(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores") / ("a-folder-with-a-rather-long-name" * 3)
    folder.mkdir()
    for number, piece in enumerate(pieces):
        title = f"A study with a title that does not end soon, number {number}"
        write(piece.replace(title=title), folder / f"study-{number}.mid")
    (folder / "broken.mid").write_text("no music")
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> Path:
    store = folder.parent / "scores.parquet"
    run("corpus", "build", folder, "-o", store)
    return store


def shown(monkeypatch: pytest.MonkeyPatch, *words: object) -> list[str]:
    """Run a command; return what it shows, where both streams are terminals."""
    err, out = terminal(monkeypatch, "stderr"), terminal(monkeypatch)
    run(*words)
    lines = [*out.lines(), *err.lines()]
    assert max(map(len, lines)) <= 80
    return lines


def test_the_list_of_data_sets_wraps_at_words(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(" ".join(shown(monkeypatch, "collect", "list")).split())
    assert "features and metadata of a million popular songs" in text


def test_the_list_of_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(
        "bundled:chorales" in line for line in shown(monkeypatch, "collect", "list", "--bundled")
    )


def test_the_list_of_pieces(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, "corpus", "list", store)
    rows = [line for line in lines if re.search(r"study-\d\.mid", line)]
    assert len(rows) == 8  # a line each, whatever is cut
    assert all(re.search(r"(train|valid|test)$", row) for row in rows)
    assert all(row.startswith("…") and "A study" in row for row in rows)


def test_statistics(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, "corpus", "stats", folder)
    assert any(re.match(r"distinct chords +62, 0 of them seen once", line) for line in lines)
    assert any(re.match(r"chords as written +62 ", line) for line in lines)
    assert any("broken.mid" in line for line in lines)


def test_originality(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, "originality", folder / "study-0.mid", "--against", folder)
    assert any(re.search(r"chords +\d+ of \d+", line) for line in lines)


def test_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(re.match(r"keras +\d", line) for line in shown(monkeypatch, "doctor"))
