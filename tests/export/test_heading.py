"""Titles and composers that need several lines."""

import re
from pathlib import Path

import pytest
from tests.pieces import LONG, melody

from partimento.export.fonts import text_width
from partimento.export.heading import (
    MOST_LINES,
    lay_out_heading,
    needs_lines,
    texts_of,
    with_narrow_names,
    with_placeholders,
    wrapped,
)
from partimento.export.svg import ET, SVG, to_svg
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part

CASE = Path(__file__).parents[1] / "cases" / "eng-e20-longtitle.musicxml"
WIDTH, UNIT = 18_000.0, 9.0


def heading_of(svg):
    """Return the texts of the heading: text, x, y, anchor and size."""
    (group,) = [
        g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class", "").startswith("pgHead")
    ]
    return [
        (e.text, float(e.get("x")), float(e.get("y")), e.get("text-anchor"), e.get("font-size"))
        for e in group.iter(f"{SVG}text")
    ]


def assert_within_page(lines):
    for text, x, _, anchor, size in lines:
        width = text_width(text) * float(size.removesuffix("px"))
        left = x - width * {"middle": 0.5, "end": 1.0}[anchor]
        assert left >= 0
        assert left + width <= WIDTH


def staff_top(svg):
    """Return the y of the topmost staff line."""
    return min(float(y) for y in re.findall(r'<path d="M[\d.]+ ([\d.]+) L', svg))


def test_a_long_title_is_wrapped_and_nothing_is_lost():
    piece = piece_from_musicxml(CASE.read_bytes())
    (page,) = to_svg(to_musicxml(piece))
    lines = heading_of(page)
    assert len(lines) > 2
    assert_within_page(lines)
    assert " ".join(text for text, _, _, anchor, _ in lines if anchor == "middle") == piece.title
    assert " ".join(text for text, _, _, anchor, _ in lines if anchor == "end") == piece.composer
    assert max(y for _, _, y, _, _ in lines) < staff_top(page)


@pytest.mark.parametrize(
    ("title", "composer"),
    [
        ("Word " * 40, "Somebody"),
        ("Short", "Somebody with a name and arranger and editor " * 4),
        ("Word " * 40, "Somebody with a name and arranger and editor " * 4),
        ("", "Somebody"),
        ("平均律クラヴィーア曲集" * 6, "バッハ" * 30),
        ("W" * 200, "x" * 200),
        ("Прелюдия и фуга " * 8, "Чайковский"),
    ],
)
def test_no_heading_leaves_the_page_or_meets_the_music(title, composer):
    piece = Piece(melody(*[1] * 16), title=title.strip(), composer=composer.strip())
    (page,) = to_svg(to_musicxml(piece))
    lines = heading_of(page)
    assert_within_page(lines)
    assert max(y for _, _, y, _, _ in lines) < staff_top(page)
    drawn = "".join(text for text, *_ in lines).replace(" ", "")
    assert drawn == (title + composer).replace(" ", "")


def test_a_short_title_is_left_to_verovio():
    assert not needs_lines("Étude № 1", "F. Sor & M. Giuliani", WIDTH, UNIT)
    assert not needs_lines("", "", WIDTH, UNIT)
    assert needs_lines("", "Somebody", WIDTH, UNIT)
    assert needs_lines("Word " * 30, "", WIDTH, UNIT)


def test_further_pages_have_their_number_and_no_title():
    pages = to_svg(to_musicxml(LONG.replace(title="Word " * 30)))
    assert len(pages) > 1
    assert [text for text, *_ in heading_of(pages[1])] == ["– 2 –"]


def test_the_longest_titles_end_with_an_ellipsis():
    heading = lay_out_heading("Word " * 2000, "", WIDTH, UNIT)
    assert len(heading.title) == MOST_LINES
    assert heading.title[-1].text.endswith("…")
    assert heading.placeholders > lay_out_heading("Word " * 30, "", WIDTH, UNIT).placeholders


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("Aria with thirty variations", 8, ["Aria with thirty", "variations"]),
        ("one line", 20, ["one line"]),
        ("", 20, [""]),
        ("日本語の題", 3, ["日本語", "の題"]),
        ("「日本」語", 4, ["「日", "本」語"]),  # brackets stay with what they enclose
        ("MMMM", 2, ["MM", "MM"]),
    ],
)
def test_lines_break_between_words_and_between_east_asian_characters(text, room, lines):
    assert wrapped(text, room) == lines


def test_long_names_of_parts_take_several_lines_and_leave_room_for_the_music():
    names = ("A name that never ends & goes on", "Word " * 40, "Flute")
    parts = tuple(Part(name.strip()) for name in names)
    notes = [Note(n.onset, n.duration, n.pitch, part=i) for i in range(3) for n in melody(1, 1)]
    document = to_musicxml(Piece(notes, parts=parts))
    narrow = with_narrow_names(document)
    first, second, third = re.findall(r"<part-name>([^<]*)</part-name>", narrow)
    assert first.split() == names[0].replace("&", "&amp;").split()
    assert "\n" in first
    assert (second.count("\n"), second[-1], third) == (2, "…", "Flute")
    (page,) = to_svg(document)
    starts = [float(x) for x in re.findall(r'<path d="M([\d.]+) [\d.]+ L', page)]
    assert max(starts) < WIDTH / 2


def test_texts_come_from_the_document():
    document = to_musicxml(Piece(melody(1), title="A & <B>", composer='"C"'))
    assert texts_of(document) == ("A & <B>", '"C"')
    assert texts_of("<movement-title>\n M\n</movement-title>") == ("M", "")
    assert with_placeholders(document, 3).count("<credit ") == 3
    assert with_placeholders(with_placeholders(document, 3), 2).count("<credit ") == 2
