"""Tokens of kern."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento.io.kern.tokens import duration_of, read_token

F = Fraction


@pytest.mark.parametrize(
    ("token", "duration", "pitches"),
    [
        ("4c", 1, [60]),
        ("4.cc#L", F(3, 2), [73]),
        ("(2..BB-/", F(7, 2), [46]),
        ("12dd--J)", F(1, 3), [72]),
        ("3%2CC", F(8, 3), [36]),
        ("0b##", 8, [73]),
        ("00r", 16, []),
        ("000c", 32, [60]),
        ("{8enX;}", F(1, 2), [64]),
        ("4rgg", 1, []),
        ("4c 4e- g", 1, [60, 63, 67]),
        ("4r 4e", 1, [64]),
        ("2c@16@", 2, [60]),
        ("8ddP", F(1, 2), [74]),
        ("8ccp", F(1, 2), [72]),
        ("4cyy", 1, [60]),
        ("4R", 1, [71]),
        ("4Re", 1, [64]),
    ],
)
def test_durations_and_pitches(token: str, duration: Fraction, pitches: list[int]) -> None:
    content = read_token(token)
    assert (content.duration, [pitch for pitch, _ in content.notes]) == (duration, pitches)
    assert not content.is_grace
    assert content.fault == ""


def test_each_note_of_a_chord_has_its_own_tie() -> None:
    assert read_token("[4c 4e_ 4g] 4b").notes == ((60, 2), (64, 3), (67, 1), (71, 0))


@pytest.mark.parametrize("token", ["8ddq", "ddqq", "16ddqq 16ffqq"])
def test_grace_notes_have_no_duration(token: str) -> None:
    content = read_token(token)
    assert content.is_grace
    assert content.duration == 0
    assert content.notes[0] == (74, 0)


@pytest.mark.parametrize(
    ("token", "fault", "duration"),
    [
        ("4zz", "no such note: '4zz'", 1),
        ("c", "a note has no duration: 'c'", 0),
        ("4ccccccccc", "a pitch is outside 0 to 127: '4ccccccccc'", 1),
        ("1%99999c", "a note is too long: '1%99999c'", 0),
        ("0%0c", "a note has no duration: '0%0c'", 0),
    ],
)
def test_bad_tokens_have_a_reason_and_keep_their_time(
    token: str, fault: str, duration: int
) -> None:
    content = read_token(token)
    assert (content.fault, content.duration, content.notes) == (fault, duration, ())


def test_the_good_notes_of_a_bad_chord_are_kept() -> None:
    assert read_token("4c 4zz 4e").notes == ((60, 0), (64, 0))


def test_durations_of_recip_spines() -> None:
    assert [duration_of(text) for text in ("4", "8.", "3%2", "8q", "=1", "x")] == [
        1,
        F(3, 4),
        F(8, 3),
        0,
        4,
        0,
    ]
