"""The language of docstrings, comments and names: what can be counted of DESIGN's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.language import faults

SOURCE = Path(__file__).parents[1] / "src" / "partimento"
ROOMS = sorted(path for path in SOURCE.iterdir() if path.is_dir() and any(path.rglob("*.py")))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_is_written_in_plain_english(room):
    lines = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for file in sorted(room.rglob("*.py"))
        for path, line, text in faults(file)
    ]
    assert lines == []


def test_files_outside_the_rooms_are_written_in_plain_english():
    assert [fault for file in sorted(SOURCE.glob("*.py")) for fault in faults(file)] == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('def f():\n    """What it is."""', "imperative"),
        ('def f():\n    """Return a thing that is told."""', "says 'told'"),
        ('def f():\n    """Return a thing. Of these one is kept."""', "begins with Of"),
        (f'def f():\n    """Return {"long " * 20}."""', "first line"),
        ('def f():\n    """Return it.\n\n    ' + "One " + "more " * 26 + 'word.\n    """', "words"),
        ("def f(said):\n    pass", "the name 'said'"),
        ("metre = 1", "British"),
        ("x = 1  # nats an event", "a comment"),
    ],
)
def test_faults_are_found(source, fault, tmp_path):
    path = tmp_path / "file.py"
    path.write_text(source + "\n")
    assert any(fault in text for _, _, text in faults(path))
