"""The facts of a score file."""

from __future__ import annotations

from pathlib import Path

import partimento as pt
from partimento import Piece
from partimento.io.score_info import score_info

RICH = Path(__file__).parents[1] / "cases" / "w-rich.musicxml"


def test_a_musicxml_file() -> None:
    facts = score_info(pt.read(RICH))
    expected = {
        "format": "MusicXML", "title": "Rich", "key": "A major", "meter": "3/4", "bars": 2,
        "notes": 7, "grace_notes": 1, "chord_symbols": 1, "pickup_quarters": "0", "seconds": 3.0,
    }  # fmt: skip
    assert {name: facts[name] for name in expected} == expected
    assert facts["marks"] == {
        "slurs": 1, "ties": 0, "articulations": 1, "ornaments": 0, "fingerings": 1, "dynamics": 1,
        "hairpins": 0, "lyrics": 1, "texts": 0, "fermatas": 1, "chord_symbols": 1, "repeats": 1,
        "endings": 0,
    }  # fmt: skip
    part = facts["parts"][0]
    assert (part["program"], part["lowest"], part["highest"]) == (24, 45, 71)


def test_a_midi_file(pieces: list[Piece], tmp_path: Path) -> None:
    path = pieces[0].save(tmp_path / "a.mid")[0]
    facts = score_info(pt.read(path))
    assert (facts["format"], facts["marks"]) == ("MIDI", None)
    assert facts["notes"] == len(pieces[0].notes)
