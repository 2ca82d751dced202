"""Contradictions are found before sampling, and name the constraints that conflict."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generate.constrained import compose_within, header, tokenizer_of

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene
from partimento.generate.constraints.timetable import (
    check_possible,
    filled,
    finish,
    kind_of,
    scene_of,
)
from partimento.generate.limits import Limits


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (
            [pt.InKey("d minor"), pt.Range("E2", "F2"), pt.ChordSize(3, 3)],
            r"contradict each other: Range\(.*\) and ChordSize\(.*\); no note fits at bar 1",
        ),
        (
            [pt.ChordProgression("Dm | Gm"), pt.MaxVoices(2), pt.InScale("E", "major")],
            r"contradict each other: ChordProgression\(.*\) and InScale\(",
        ),
        ([pt.MaxVoices(1), pt.ChordSize(2, 3)], r"MaxVoices\(.*\) and ChordSize\("),
        (
            [pt.End("half"), pt.ChordProgression("Gm"), pt.Range("C2", "C6")],
            r"contradict each other: End\(.*\) and ChordProgression\(.*\); no rhythm fits at bar",
        ),
        (
            [pt.FixedNotes([(0, 2, "A4", 0)]), pt.Durations([1])],
            r"contradict each other: Durations\(.*\) and FixedNotes\(",
        ),
        ([pt.Rhythm([5]), pt.InMeter()], r"Rhythm\(.*\) and InMeter\(.*no rhythm fits at bar"),
    ],
)
def test_contradictions_name_the_rules(constraints: list[Constraint], message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        compose_within("notes", constraints)


def test_a_rhythm_that_cannot_be_completed_never_begins() -> None:
    """After three quarters of 4/4, only the value that fills the bar is left."""
    tokenizer = tokenizer_of("notes")
    scene = Scene(grid=24, total=96, bar=96, header=(96, 0))
    tables, dead = finish(filled([pt.Durations([1, 3])], tokenizer, scene), scene)
    assert dead is None
    steps = np.unique(_steps(tokenizer)[tables.duration[0]])
    assert set(steps.tolist()) <= {12, 24, 72, 6, 3, 9, 4, 8, 2, 16, 18, 21, 36, 42, 48, 60}
    alone = filled([pt.Rhythm([1, 3])], tokenizer, scene)
    tables, _ = finish(alone, scene)
    assert np.unique(_steps(tokenizer)[tables.duration[0]]).tolist() == [24]
    assert np.unique(_steps(tokenizer)[tables.duration[24]]).tolist() == [72]


def _steps(tokenizer: object) -> np.ndarray:
    from partimento.generate.constraints.timetable import steps_of

    return steps_of(tokenizer)  # type: ignore[arg-type]


def test_the_scene_of_a_prompt() -> None:
    tokenizer = tokenizer_of("voices")
    prompt = header(tokenizer)
    scene = scene_of(tokenizer, prompt, Limits(10, 2**30, may_end=False))
    assert (scene.start, scene.total, scene.header) == (0, -10, (16, 0))
    assert kind_of(tokenizer) == "voices"


def test_a_piece_that_is_too_long_is_refused() -> None:
    with pytest.raises(PartimentoError, match="too long for constraints"):
        check_possible([pt.MaxVoices(2)], tokenizer_of("notes"), Scene(grid=24, total=3_000_000))
