"""Progress of a stage: reported where it begins and where it ends."""

from __future__ import annotations

import pytest

from partimento.progress import during, silent


def test_a_stage_of_one_step_lasts_as_long_as_its_block() -> None:
    calls: list[tuple[str, int, int]] = []
    with during(lambda *step: calls.append(step), "compile"):
        assert calls == [("compile", 0, 1)]
    assert calls == [("compile", 0, 1), ("compile", 1, 1)]


def test_a_stage_that_fails_is_not_reported_as_done() -> None:
    calls: list[tuple[str, int, int]] = []
    with pytest.raises(KeyboardInterrupt), during(lambda *step: calls.append(step), "compile"):
        raise KeyboardInterrupt
    assert calls == [("compile", 0, 1)]


def test_silence_takes_a_note_too(capsys: pytest.CaptureFixture[str]) -> None:
    silent("read", 1, 2)
    silent("read", 1, 2, "a.mid")
    assert capsys.readouterr() == ("", "")
