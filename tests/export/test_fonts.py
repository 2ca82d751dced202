"""Fonts of pictures, and characters that they lack."""

import warnings

import pytest
from tests.pieces import chorale

from partimento.export import fonts
from partimento.export.fonts import (
    MissingFontWarning,
    drawable,
    extra_fonts,
    font_files,
    font_folders,
    missing_line,
    text_width,
    warn_of_boxes,
    with_families,
)
from partimento.export.pdf import to_pdf
from partimento.export.png import to_png
from partimento.export.write import write


@pytest.fixture(autouse=True)
def no_system_fonts(monkeypatch):
    """Let only the folder of XDG_DATA_HOME count, which most tests do not set."""
    monkeypatch.setattr(fonts, "SYSTEM_FOLDERS", ("{XDG_DATA_HOME}/fonts",))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


@pytest.fixture
def square_font(tmp_path, monkeypatch):
    """Install a font in which one character of Chinese is a filled square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    def square(size):
        pen = TTGlyphPen(None)
        pen.moveTo((0, 0))
        for point in ((0, size), (size, size), (size, 0)):
            pen.lineTo(point)
        pen.closePath()
        return pen.glyph()

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord("曲"): "square"})
    builder.setupGlyf({".notdef": square(1), "square": square(800)})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Square & Round", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    folder = tmp_path / "data" / "fonts" / "deep"
    folder.mkdir(parents=True)
    builder.save(folder / "Square.ttf")
    (folder / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder / "Square.ttf"


def test_characters_without_a_glyph_are_boxes_in_pictures_alone_with_a_warning(tmp_path):
    title = "日本語 🎸 Ünï"
    piece = chorale().replace(title=title)
    svg = write(piece, tmp_path / "a.svg")[0].read_text()
    assert title in svg  # a browser has fonts of its own
    boxed, without = (svg.replace(title, other) for other in ("□□□ □ Ünï", "Ünï"))
    with pytest.warns(MissingFontWarning, match="fonts-noto-cjk fonts-symbola"):
        png = to_png(svg, width=600)
    assert png == to_png(boxed, width=600) != to_png(without, width=600)
    with pytest.warns(MissingFontWarning, match="Chinese, Japanese or Korean, symbol"):
        pdf = to_pdf([svg])
    assert pdf == to_pdf([boxed]) != to_pdf([without])
    assert title in write(piece, tmp_path / "a.musicxml")[0].read_text()
    assert title.encode() in write(piece, tmp_path / "a.mid")[0].read_bytes()


def test_a_font_of_the_system_draws_what_the_bundled_ones_lack(square_font, tmp_path):
    assert extra_fonts("曲") == [square_font]
    assert extra_fonts("Ünï") == []
    svg = write(chorale().replace(title="曲"), tmp_path / "a.svg")[0].read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert to_png(svg, width=600) != to_png(svg.replace("曲", "□"), width=600)
        assert to_pdf([svg]) != to_pdf([svg.replace("曲", "□")])
    with pytest.warns(MissingFontWarning):
        to_png(svg.replace("曲", "曲日"), width=600)


def test_only_what_no_font_has_becomes_a_box(square_font):
    assert drawable("Ünï ♭ 日本") == "Ünï ♭ □□"
    assert drawable("plain") == "plain"
    assert drawable("a\U000e0101b") == "ab"  # a variation selector has no picture
    assert drawable("曲 日", [square_font]) == "曲 □"


@pytest.mark.parametrize(
    "text", ["Прелюдия", "Ελληνικά", "العربية", "עברית", "Tiếng Việt", "Łódź", "♯♭♮"]
)
def test_these_scripts_need_no_font_of_the_system(text):
    assert drawable(text) == text
    warn_of_boxes(text, [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("日", r"Chinese, Japanese or Korean .*apt install fonts-noto-cjk\)$"),
        ("か한", r"the Chinese, Japanese or Korean characters.*apt install fonts-noto-cjk\)$"),
        ("ไ", r"the Thai characters.*apt install fonts-noto-core\)$"),
        ("🎸", r"symbol characters.*apt install fonts-symbola\)$"),
        ("\ue000", r"symbol characters"),
    ],
)
def test_one_line_says_which_package_brings_a_font(text, line):
    with pytest.warns(MissingFontWarning, match=line):
        warn_of_boxes(f"<text>{text}</text>", [])
    assert "\n" not in missing_line(text)


def test_one_character_does_not_change_the_font_of_its_line(square_font):
    page = "<text>plain שלום too 曲</text><g>שלום</g>"
    hebrew = '<tspan font-family="DejaVu Sans" font-style="normal">שלום </tspan>'
    square = '<tspan font-family="Square &amp; Round" font-style="normal">曲</tspan>'
    named = with_families(page, [square_font])
    assert named == f"<text>plain {hebrew}too {square}</text><g>שלום</g>"
    assert with_families("<text>plain</text>") == "<text>plain</text>"


def test_the_width_of_a_text_is_that_of_its_characters():
    assert text_width("") == 0
    assert text_width("ii") == 2 * text_width("i") < text_width("W")
    assert text_width("日本") == 2
    assert text_width("e\u0301") == text_width("e")
    assert 4 < text_width("Hello World") < 6


def test_fonts_are_bundled_with_matplotlib():
    names = {path.name for path in font_files()}
    assert {"STIXGeneral.ttf", "DejaVuSans.ttf", "DejaVuSerif.ttf"} <= names
    assert {path.parent for path in font_files()} == set(font_folders())
