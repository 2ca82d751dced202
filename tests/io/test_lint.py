"""Notation is checked: composed pieces, real ones, and files of other programs."""

import random
import warnings
from collections import Counter
from pathlib import Path

import pytest
from tests.pieces import PIECES, chorale

import partimento as pt
from partimento.io.lint import lint

CASES = Path(__file__).parents[1] / "cases"


@pytest.mark.parametrize("name", sorted(PIECES))
def test_tiny_pieces_are_written_by_the_rules(name):
    findings = [f for f in lint(PIECES[name]) if f.severity != "music"]
    # Some lengths no value can write, and 1/36 of a quarter is a short one.
    allowed = {"off any grid": {"value", "short-value"}}
    assert {finding.rule for finding in findings} <= allowed.get(name, set())


def test_files_are_checked_as_they_are_written(tmp_path):
    path = tmp_path / "a.musicxml"
    chorale().save(path)
    text = path.read_text().replace("light-heavy", "light-light")
    path.write_text(text.replace("<software>Partimento", "<software>Other"))
    assert [finding.rule for finding in lint(pt.read(path))] == ["final-bar-line"]


def test_two_voices_of_a_bar_that_is_not_full():
    gap = [f for f in lint(pt.read(CASES / "w-rich.musicxml")) if f.rule == "voice-gap"]
    assert all(finding.severity == "warning" for finding in gap)


def findings_per_bar(pieces):
    """Return the share of bars with findings about notation, and their rules."""
    rules: Counter[str] = Counter()
    bars = 0
    for piece in pieces:
        rules.update(finding.rule for finding in lint(piece) if finding.severity != "music")
        bars += len(piece.parts) * len(piece.bars())
    return rules.total() / bars, rules


@pytest.mark.slow
def test_composed_pieces_break_one_rule_in_a_hundred_bars_at_most():
    model = pt.load_model("guitar")
    # Without a choice among candidates, which would hide what reads badly.
    pieces = model.compose(bars=8, n=200, seed=0, candidates=1)
    assert len(pieces) == 200
    share, rules = findings_per_bar(pieces)
    assert share <= 0.01, rules


@pytest.mark.slow
def test_real_pieces_are_written_by_the_rules(data_folder):
    files = sorted((data_folder / "mutopia-guitar").rglob("*.mid"))
    chosen = random.Random(0).sample(files, 200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        share, rules = findings_per_bar(map(pt.read, chosen))
    # Ornaments of MIDI files have lengths that no value shows exactly.
    assert share <= 0.03, rules
    assert set(rules) <= {"value", "short-value", "bar-length", "tuplet-tie"}
