"""The bars of each system."""

import xml.etree.ElementTree as ET

from tests.pieces import Q

from partimento.export.svg import to_svg
from partimento.export.systems import balanced, widths_by_system, with_systems
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece


def scale(bars):
    """Return a piece in eighths, of many bars."""
    return Piece([Note(Q * n / 2, Q / 2, 60 + n % 12) for n in range(8 * bars)])


def counts(musicxml):
    pages = [ET.fromstring(page) for page in to_svg(musicxml)]
    return [len(system) for system in widths_by_system(pages)]


def test_a_nearly_empty_last_system_gets_bars_of_those_before():
    assert balanced([[25.0] * 4, [25.0] * 4, [25.0]]) == [3, 3, 3]
    assert balanced([[30.0] * 3, [30.0] * 3, [30.0]]) == [3, 2, 2]  # the first one is full
    assert balanced([[25.0] * 4, [25.0] * 2]) is None  # half a system is enough
    assert balanced([[90.0], [30.0]]) is None  # nothing can be moved
    assert balanced([[30.0]]) is None
    assert balanced([]) is None
    long = [[25.0] * 4] * 9
    assert balanced([*long, [25.0]]) == [4] * 5 + [4, 4, 3, 3, 3]


def test_bars_without_a_width_stay():
    assert balanced([[0.0] * 4, [0.0]]) is None


def test_system_breaks_replace_those_of_the_document():
    music = '<part id="P1"><measure number="1"><print new-page="yes" page-number="2"/><note/>'
    music += '</measure><measure number="2"><note/></measure></part><part id="P2"></part>'
    assert with_systems(music, [1, 1]) == music.replace(' new-page="yes"', "").replace(
        '<measure number="2">', '<measure number="2"><print new-system="yes"/>'
    )
    assert with_systems(music, [2, 1]) is None
    assert with_systems("<score/>", [1]) is None


def test_an_engraved_score_has_no_nearly_empty_last_system():
    full = counts(to_musicxml(scale(12)))
    assert len(set(full)) == 1
    more = counts(to_musicxml(scale(13)))
    assert sum(more) == 13
    assert len(more) == len(full) + 1
    assert more[-1] > 1
