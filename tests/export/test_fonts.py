"""Fonts of pictures, and characters that they lack."""

from tests.pieces import chorale

from partimento.export.fonts import drawable, font_files, font_folders
from partimento.export.write import write


def test_characters_without_a_glyph_are_boxes_in_pictures_alone(tmp_path):
    from partimento.export.pdf import to_pdf
    from partimento.export.png import to_png

    title = "日本語 🎸 Ünï"
    piece = chorale().replace(title=title)
    svg = write(piece, tmp_path / "a.svg")[0].read_text()
    assert title in svg  # a browser has fonts of its own
    boxed, without = (svg.replace(title, other) for other in ("□□□ □ Ünï", "Ünï"))
    assert to_png(svg, width=600) == to_png(boxed, width=600) != to_png(without, width=600)
    assert to_pdf([svg]) == to_pdf([boxed]) != to_pdf([without])
    assert title in write(piece, tmp_path / "a.musicxml")[0].read_text()
    assert title.encode() in write(piece, tmp_path / "a.mid")[0].read_bytes()


def test_only_what_no_font_has_becomes_a_box():
    assert drawable("Ünï ♭ 日本") == "Ünï ♭ □□"
    assert drawable("plain") == "plain"
    assert drawable("a\U000e0101b") == "ab"  # a variation selector has no picture


def test_fonts_are_bundled_with_matplotlib():
    names = {path.name for path in font_files()}
    assert {"STIXGeneral.ttf", "DejaVuSans.ttf", "DejaVuSerif.ttf"} <= names
    assert {path.parent for path in font_files()} == set(font_folders())
