"""Real music: what is written is read back note for note, and can be engraved."""

import random

import pytest
from tests.scores import parse, sounding_notes

from partimento.corpus import read_piece
from partimento.errors import ReadError
from partimento.export.svg import to_svg
from partimento.io.midi.read import midi_from_bytes
from partimento.io.midi.write import to_midi
from partimento.io.musicxml.write import to_musicxml


def files_in(folder):
    files = sorted((folder / "mutopia-guitar").glob("*/*.mid"))
    assert len(files) > 400
    return files


def check(path, *, engrave: bool) -> int:
    try:
        piece = read_piece(path)
    except ReadError:
        return 0
    assert sounding_notes(parse(to_musicxml(piece))) == sorted(
        (n.part, n.onset, n.duration, n.pitch) for n in piece.notes
    ), path.name
    back = midi_from_bytes(to_midi(piece)).to_piece()
    assert (back.notes, back.meters, back.keys, back.tempos, back.title) == (
        piece.notes,
        piece.meters,
        piece.keys,
        piece.tempos,
        piece.title,
    ), path.name
    if engrave:
        pages = "".join(to_svg(to_musicxml(piece, ornaments="grace")))
        assert all(f'id="n{i}"' in pages for i in range(len(piece.notes))), path.name
    return 1


def test_some_guitar_music_survives(data_folder):
    chosen = random.Random(4).sample(files_in(data_folder), 12)
    assert sum(check(path, engrave=True) for path in chosen) > 8


@pytest.mark.slow
def test_all_guitar_music_survives(data_folder):
    files = files_in(data_folder)
    assert sum(check(path, engrave=False) for path in files) >= 0.98 * len(files)


@pytest.mark.parametrize("work", ["bach/bwv66.6", "bach/bwv269"])
def test_chorales_are_read_as_four_lines(work):
    from music21 import corpus

    from partimento.music.piece import Piece
    from partimento.music.timelines import Part

    score = read_piece(corpus.getWork(work))
    one_part = Piece.from_events(
        score.events,
        meters=score.meters,
        keys=score.keys,
        pickup=score.pickup,
        parts=(Part("Organ", 19),),
    )
    text = to_musicxml(one_part)
    assert sounding_notes(parse(text)) == sorted(
        (n.part, n.onset, n.duration, n.pitch) for n in one_part.notes
    )
    assert text.count("<clef ") == 2
    assert all(f"<voice>{voice}</voice>" in text for voice in (1, 2, 5, 6))
    assert "<voice>3</voice>" not in text
