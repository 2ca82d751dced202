"""An engraver that crashes or hangs costs a warning, and never the program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import partimento as pt
from partimento import PartimentoError
from partimento.export import engraver
from partimento.export.engraver import engrave_apart
from partimento.export.svg import to_svg
from partimento.export.write import Chain

RICH = Path(__file__).parents[1] / "cases" / "w-rich.musicxml"


def test_pages_are_those_of_this_process() -> None:
    picture = Chain(pt.read(RICH)).picture
    assert engrave_apart(picture, crop=True) == to_svg(picture, crop=True)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "cannot read"),
        ("import time; time.sleep(60)", "longer than 0.5 seconds"),
    ],
)
def test_crashes_and_hangs(code: str, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        engrave_apart("<x/>", timeout_s=0.5, command=(sys.executable, "-c", code))


def test_the_notes_are_drawn_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise PartimentoError("the engraver cannot read this score")

    monkeypatch.setattr(engraver, "engrave_apart", crash)
    with pytest.warns(UserWarning, match="only the notes are drawn"):
        pages = Chain(pt.read(RICH)).pages
    assert 'id="n0"' in pages[0]


def test_a_file_that_is_no_score() -> None:
    with pytest.raises(PartimentoError, match="cannot read"):
        engrave_apart("<html/>")
