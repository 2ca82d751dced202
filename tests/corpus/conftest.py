"""Files to read, made in code."""

import random
import zipfile

import pytest

from partimento.corpus.store.rows import Origin, row_of
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo


@pytest.fixture
def good(midi):
    return midi.file(midi.track(midi.notes(60, 64, 67)))


@pytest.fixture
def scores(midi, tmp_path):
    """Six tunes in a folder, a manifest that knows two of them, two more in a zip."""
    folder = tmp_path / "tunes"
    (folder / "deep").mkdir(parents=True)
    for number in range(6):
        rng = random.Random(number)
        tune = midi.notes(*(rng.choice((60, 62, 64, 65, 67, 69, 71)) for _ in range(24)))
        (folder / ("deep" if number % 2 else "") / f"{number}.mid").write_bytes(
            midi.file(midi.track(tune))
        )
    (folder / "manifest.csv").write_text(
        "path,title,composer,license,license_version,source_url,guitar_alone\n"
        "0.mid,Étude,Fernando Sor,PD,,http://x/0.mid,yes\n"
        "deep/1.mid,Valse,Dionisio Aguado,CC-BY-SA,4.0,http://x/1.mid,no\n"
    )
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for number in (6, 7):
            archive.writestr(
                f"inside/{number}.mid",
                midi.file(midi.track(midi.notes(*range(50 + number, 70 + number)))),
            )
    return folder


@pytest.fixture
def row():
    events = [Event((60, 64), 1), Event((62,), 2), Event((), 1)]
    piece = Piece.from_events(
        events,
        meters=(Meter(3, 4),),
        keys=(Key(0, "major"),),
        tempos=(Tempo.from_bpm(90),),
        parts=(Part("Lute", 24),),
    )
    return row_of(piece, piece, Origin("ab", 10, ".mid"))
