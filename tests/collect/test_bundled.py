"""What is there without a download."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from partimento.collect import chorales, resolve
from partimento.collect.bundled import PREFIX, collections, license_note
from partimento.corpus import read_piece
from partimento.errors import PartimentoError


def test_the_chorales_are_for_four_voices():
    paths = chorales()
    assert len(paths) == 364
    assert len(chorales(with_instruments=True)) == 407
    assert [path.stem for path in paths[:3]] == ["bwv2.6", "bwv3.6", "bwv4.8"]
    piece = read_piece(next(path for path in paths if path.stem == "bwv269"))
    assert [part.name for part in piece.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert piece.pickup == 1
    assert piece.meters[0].numerator == 3
    assert piece.keys[0].name == "G major"


def test_names_are_resolved_and_paths_are_left_alone():
    assert resolve("bundled:chorales") == chorales()
    assert resolve("bundled:chorales-all") == chorales(with_instruments=True)
    assert resolve("songs/a.mid") == [Path("songs/a.mid")]
    with pytest.raises(
        PartimentoError, match="no bundled collection 'bundled:x': there is bundled:chorales"
    ):
        resolve("bundled:x")
    with pytest.raises(PartimentoError, match="did you mean bundled:essenFolksong"):
        resolve("bundled:essenfolk")
    for hostile in ("", ".", "..", "../corpus/bach", "bach/..", "__pycache__", "_metadataCache"):
        with pytest.raises(PartimentoError, match="no bundled collection"):
            resolve(f"bundled:{hostile}")


def test_any_part_of_the_bundled_corpus_is_found_by_name():
    assert len(resolve("bundled:bach")) == 413
    assert {path.suffix for path in resolve("bundled:essenFolksong")} == {".abc"}
    assert [path.name for path in resolve("bundled:josquin")][:1] == ["adieuMesAmours.abc"]
    known = collections()
    assert len(known) == 37
    for name in known:
        assert resolve(PREFIX + name), name
        assert "music21" in license_note(name)
    assert "Non-commercial" in license_note("essenFolksong")


def test_a_missing_library_is_reported(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PartimentoError, match="music21 is not installed"):
        chorales()


def test_finding_bundled_scores_does_not_import_music21():
    code = (
        "import sys; from partimento.collect import chorales; chorales(); print('music21' in"
        " sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )
