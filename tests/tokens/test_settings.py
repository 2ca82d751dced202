"""Settings of tokens: what goes together, and what they imply."""

from __future__ import annotations

import pytest

from partimento.errors import PartimentoError
from partimento.tokens.settings import TokenSettings


def test_the_range_has_a_lowest_pitch_below_its_highest() -> None:
    assert TokenSettings(low=40, high=83).high == 83
    assert TokenSettings(low=40).high == 0  # the highest of the training pieces
    for low in (83, 84):
        with pytest.raises(PartimentoError, match=r"tokens\.low .* must be below tokens\.high"):
            TokenSettings(low=low, high=83)


@pytest.mark.parametrize("frame", ["", "1", "1/4", "99", "3/16"])
def test_frames_are_fractions_of_a_quarter(frame: str) -> None:
    assert TokenSettings(frame=frame).frame == frame


@pytest.mark.parametrize("frame", ["0", "1/0", "-1", "0.25", "1/100", "one"])
def test_other_frames_are_refused(frame: str) -> None:
    with pytest.raises(PartimentoError, match=r"tokens\.frame must be like"):
        TokenSettings(frame=frame)


def test_voices_replace_notes_and_nothing_else() -> None:
    assert TokenSettings(voices=True).tokenizer_name("notes") == "voices"
    assert TokenSettings(voices=True).tokenizer_name("chords") == "chords"
    assert TokenSettings().tokenizer_name("notes") == "notes"


@pytest.mark.parametrize(
    ("transpose", "common"), [("none", False), ("key", True), ("key-octave", True), ("all", False)]
)
def test_two_transpositions_lead_to_a_common_key(transpose: str, common: bool) -> None:
    assert TokenSettings(transpose=transpose).to_common_key == common
