"""Documents that were written from notes are written anew."""

from pathlib import Path

import pytest
from tests.pieces import PIECES

from partimento.export.write import Chain
from partimento.io.musicxml.own_documents import says_only_notes
from partimento.io.musicxml.read import parse
from partimento.io.musicxml.write import to_musicxml
from partimento.io.read import read_piece
from partimento.music.timelines import ChordSymbol

CASES = Path(__file__).parents[2] / "cases"


@pytest.mark.parametrize("name", [name for name in PIECES if len(PIECES[name].notes)])
def test_what_we_write_says_only_notes(name):
    piece = PIECES[name].replace(chord_symbols=(ChordSymbol("Dm7/A"),))
    assert says_only_notes(parse(to_musicxml(piece).encode()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<software>Partimento</software>", "<software>MuseScore 3.6</software>"),
        ("</encoding>", "<software>Finale</software></encoding>"),
        ("<software>Partimento</software>", ""),
        ("</note>", "<lyric><text>la</text></lyric></note>"),
        ("<notations>", '<notations><slur type="start"/>'),
    ],
)
def test_what_others_wrote_or_added_is_kept(old, new):
    text = to_musicxml(PIECES["tied over bars"])
    assert old in text
    assert not says_only_notes(parse(text.replace(old, new, 1).encode()))


def test_drums_that_we_once_wrote_with_pitches_are_unpitched_when_written_again():
    chain = Chain(read_piece(CASES / "eng-e14-drums.musicxml"))
    assert "<unpitched>" in chain.musicxml
    assert "<unpitched>" in chain.picture
    bracket = Chain(read_piece(CASES / "eng-e01-triplet-rests-1780.musicxml")).picture
    assert 'bracket="yes"' in bracket
    assert Chain(read_piece(CASES / "w-theme-dminor.musicxml")).document is not None
