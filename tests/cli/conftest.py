"""Scores and trained models that the tests of several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.commands import SMALL, run

from partimento import Piece
from partimento.export.write import write


@pytest.fixture(scope="session")
def folder(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight small pieces, and two files that cannot be read."""
    folder = tmp_path_factory.mktemp("scores")
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    (folder / "broken.mid").write_bytes((folder / "0.mid").read_bytes()[:60])
    (folder / "text.mid").write_text("not music")
    return folder


@pytest.fixture(scope="session")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a small LSTM, trained on `folder`."""
    out = tmp_path_factory.mktemp("runs") / "one"
    assert run("train", folder, "--model", "lstm", *SMALL, "-o", out) == 0
    return out


@pytest.fixture(scope="session")
def latent(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small VAE, its pictures made as it was trained."""
    out = tmp_path_factory.mktemp("runs") / "vae"
    small = [
        "tokens.window=8",
        "model.units=8",
        "model.latent=3",
        "model.embed_size=4",
        "train.epochs=3",
        "train.batch_size=8",
    ]
    assert (
        run(
            "train",
            folder,
            "--recipe",
            "vae",
            *(word for each in small for word in ("--set", each)),
            "-o",
            out,
            "--watch",
        )
        == 0
    )
    return out


@pytest.fixture
def refused(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Sequence[str], str], None]:
    """Check that a command is refused in one clear line, and writes nothing.

    Its words may contain ``{run}``, ``{folder}``, ``{empty}`` and ``{new}``.
    """
    places = {
        "run": trained,
        "folder": folder,
        "new": tmp_path / "new",
        "empty": tmp_path / "empty",
    }
    (tmp_path / "empty").mkdir()

    def files() -> list[Path]:
        return sorted(path for top in (trained, folder, tmp_path) for path in top.rglob("*"))

    def check(words: Sequence[str], message: str) -> None:
        before = files()
        assert run(*(word.format(**places) for word in words)) == 2
        shown = capsys.readouterr().err
        assert message.lower() in shown.lower()
        assert "Traceback" not in shown
        assert files() == before

    return check
