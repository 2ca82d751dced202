"""Pictures of pages."""

import io

from tests.pieces import chorale

from partimento.export.marker import SVG_MARK
from partimento.export.png import to_png


def test_text_is_in_the_picture():
    """Fonts are passed along: without them the title would vanish, and both pictures would be
    equal.
    """
    from partimento.export.svg import to_svg
    from partimento.io.musicxml.write import to_musicxml

    titled = to_png(to_svg(to_musicxml(chorale()))[0], width=600)
    other = to_png(to_svg(to_musicxml(chorale().replace(title="Another")))[0], width=600)
    assert titled != other


SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20mm" height="10mm" viewBox="0 0 20 10">{}'
    '<rect width="10" height="10" fill="black"/></svg>'
)


def test_a_picture_is_as_wide_as_asked_on_white_or_on_nothing():
    from PIL import Image

    with Image.open(io.BytesIO(to_png(SQUARE.format(""), width=40))) as picture:
        assert picture.size == (40, 20)
        assert picture.convert("RGB").getpixel((5, 5)) == (0, 0, 0)
        assert picture.convert("RGB").getpixel((35, 5)) == (255, 255, 255)
    clear = to_png(SQUARE.format(""), width=40, background=None)
    with Image.open(io.BytesIO(clear)) as picture:
        assert picture.convert("RGBA").getpixel((35, 5))[3] == 0


def test_the_mark_of_a_page_is_kept():
    marked = SQUARE.format(f"<metadata>{SVG_MARK.format(3)}</metadata>")
    assert b"page 3" in to_png(marked, width=40)
    assert b"Partimento" not in to_png(SQUARE.format(""), width=40)
