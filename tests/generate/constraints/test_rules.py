"""Rules about single events."""

from __future__ import annotations

import numpy as np

from partimento.generate.constraints.rules import LeapRule, ParallelsRule, Rule, ValueRule, View


def view(**changes: object) -> View:
    silent = np.zeros((1, 128), bool)
    pitches = np.arange(128)[None]
    durations = np.ones((1, 3), bool)
    none = np.array([128])
    seen = View(
        np.array([0]), silent, silent, pitches, silent, pitches, none, none, np.array([1, 2, 4]),
        durations,
    )  # fmt: skip
    return seen._replace(**changes)  # type: ignore[arg-type]


def test_a_rule_says_nothing_by_default() -> None:
    rule, seen = Rule(), view()
    assert rule.strike((), (), seen) is None
    assert rule.hold((), (), seen) is None
    assert rule.closes((), (), seen) is None
    assert rule.budget((), (), seen) is None


def test_a_short_note_must_go_on() -> None:
    rule = ValueRule([1, 4], np.array([1, 2, 4]), 100, must_go_on=True)
    before = np.zeros((1, 128), bool)
    before[0, 60] = True
    age = np.zeros((1, 128), np.int32)
    age[0, 60] = 2
    must = rule.must_hold((age,), rule.parameters, view(before=before))
    assert np.flatnonzero(must[0]).tolist() == [60]
    sounds = view(sounds=before, before=before)
    # After 2 steps, 1 or 2 more are left; 4 would be too long.
    assert rule.closes((age,), rule.parameters, sounds).tolist() == [[True, True, False]]


def test_a_leap_is_measured_from_the_last_top() -> None:
    rule = LeapRule(2, "melody", 0)
    fits = rule.top(rule.parameters, view(top=np.array([60])), np.arange(128))
    assert np.flatnonzero(fits[0]).tolist() == [58, 59, 60, 61, 62]
    assert rule.bass(rule.parameters, view(), None, None) is None


def test_outer_voices_do_not_move_in_fifths() -> None:
    rule = ParallelsRule("outer", 0)
    seen = view(top=np.array([67]), bass=np.array([60]))
    fits = rule.bass((), seen, np.array([[69]]), np.arange(128))
    assert not fits[0, 62]
    assert not fits[0, 50]
    assert fits[0, [60, 61, 63, 57]].all()
