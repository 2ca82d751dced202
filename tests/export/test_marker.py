"""Marks by which our own pages are known."""

import io

import pytest
from tests.pieces import LONG, chorale

from partimento.errors import PartimentoError
from partimento.export.marker import SVG_MARK, is_our_page, mark_png, number_in_svg
from partimento.export.write import write


@pytest.mark.parametrize(
    "suffix",
    [".svg", pytest.param(".png", marks=pytest.mark.slow)],  # drawing takes a second per page
)
def test_force_leaves_files_that_only_look_like_further_pages(suffix, tmp_path):
    other = tmp_path / f"t-2{suffix}"
    write(chorale(), tmp_path / f"own{suffix}")
    for content in (
        b"precious",
        (tmp_path / f"own{suffix}").read_bytes(),
    ):  # a first page of ours is another score
        other.write_bytes(content)
        write(chorale(), tmp_path / f"t{suffix}", force=True)
        before = (tmp_path / f"t{suffix}").read_bytes()
        with pytest.raises(PartimentoError, match="move it away"):
            write(LONG, tmp_path / f"t{suffix}", force=True)
        assert other.read_bytes() == content
        assert (tmp_path / f"t{suffix}").read_bytes() == before


SVG_PAGE = f"<svg>\n<metadata>{SVG_MARK.format(7)}</metadata></svg>"


def test_a_page_knows_its_number(tmp_path):
    assert number_in_svg(SVG_PAGE) == 7
    assert number_in_svg("<svg><g/></svg>") is None
    assert number_in_svg("<svg>" + " " * 5000 + SVG_PAGE) is None  # the mark comes first
    path = tmp_path / "a-7.svg"
    path.write_text(SVG_PAGE)
    assert is_our_page(path, 7)
    assert not is_our_page(path, 8)


def test_a_marked_picture_is_a_picture(tmp_path):
    from PIL import Image

    plain = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(plain, "png")
    path = tmp_path / "a-2.png"
    path.write_bytes(mark_png(plain.getvalue(), 2))
    with Image.open(path) as picture:
        picture.load()
        assert picture.size == (3, 2)
        assert picture.text == {"Software": "Partimento", "Description": "page 2"}
    assert is_our_page(path, 2)
    assert not is_our_page(path, 3)
    path.write_bytes(plain.getvalue())
    assert not is_our_page(path, 2)


def test_links_folders_and_missing_files_are_not_ours(tmp_path):
    (tmp_path / "real.svg").write_text(SVG_PAGE)
    (tmp_path / "link.svg").symlink_to("real.svg")
    (tmp_path / "empty.svg").write_text("")
    for name in ("link.svg", "empty.svg", "missing.svg", "."):
        assert not is_our_page(tmp_path / name, 7)
