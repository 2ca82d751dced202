"""The page of a run, and the files of animations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.plots.pages import opened

from partimento.errors import PartimentoError
from partimento.plots import write_animation, write_learning_page


def test_files_have_the_suffix_of_what_they_hold(tmp_path: Path) -> None:
    assert write_animation(b"GIF89a", tmp_path / "a.gif").read_bytes() == b"GIF89a"
    assert write_animation("<p>é", tmp_path / "a.html").read_text(encoding="utf-8") == "<p>é"
    with pytest.raises(PartimentoError, match=r"a \.gif file"):
        write_animation(b"GIF89a", tmp_path / "b.html")
    with pytest.raises(PartimentoError, match="already exists"):
        write_animation("<p>", tmp_path / "a.html")
    write_animation("<p>", tmp_path / "a.html", force=True)
    assert (tmp_path / "a.html").read_text() == "<p>"


def test_the_index_shows_what_was_made(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "loss a.png")
    for name in ("latent.html", "history.csv"):
        (tmp_path / name).write_text("x")
    sections = {
        "Losses & more": [("loss a.png", 'Loss, "best" in epoch 3'), ("history.csv", "numbers")],
        "Latent": [("latent.html", "play it")],
    }
    page = write_learning_page(tmp_path, "vae <1>", sections).read_text(encoding="utf-8")
    assert (
        '<img src="loss%20a.png" alt="Loss, &quot;best&quot; in epoch 3" width="30" height="20"'
        in page
    )
    assert "<h2" in page
    assert "Losses &amp; more</h2>" in page
    assert page.index("loss%20a.png") < page.index("history.csv") < page.index("latent.html")
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {
        "data:,",
        "loss%20a.png",
        "history.csv",
        "latent.html",
    }
    assert "<script" not in page
    assert "vae &lt;1&gt;" in page
    with pytest.raises(PartimentoError, match="already exists"):
        write_learning_page(tmp_path, "a", {})
    for missing in ("none.png", "../index.html", str(tmp_path / "loss a.png")):
        with pytest.raises(PartimentoError, match="no such file"):
            write_learning_page(tmp_path, "a", {"b": [(missing, "c")]}, force=True)


@pytest.mark.slow
def test_the_index_shows_its_pictures_from_a_folder(tmp_path: Path, browser: Any) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    tab = opened(browser, write_learning_page(tmp_path, "a", {"b": [("a.png", "c")]}))
    assert tab.evaluate("document.images[0].naturalWidth") == 30
    assert tab.problems == []
