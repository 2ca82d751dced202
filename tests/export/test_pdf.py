"""PDF of pages."""

import re

import pytest
from tests.pieces import LONG

from partimento.export.pdf import to_pdf
from partimento.export.write import write


def test_pdf_is_vector_with_a_page_each(tmp_path):
    data = write(LONG, tmp_path / "a.pdf")[0].read_bytes()
    pages = len(write(LONG, tmp_path / "a.svg"))
    assert b"/Count %d" % pages in data
    assert b"/Subtype /Image" not in data
    assert b"/Subtype/Image" not in data
    assert b"STIXGeneral" in data


PAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="0 0 9 9"/>'


def test_each_page_has_its_own_size():
    data = to_pdf([PAGE.format(100, 50), PAGE.format(50, 100)])
    assert data.startswith(b"%PDF-")
    sizes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", data)
    points = [(round(float(w) * 25.4 / 72), round(float(h) * 25.4 / 72)) for w, h in sizes]
    assert sorted(points) == [(50, 100), (100, 50)]
    assert data == to_pdf([PAGE.format(100, 50), PAGE.format(50, 100)])


def test_titles_may_hold_quotes_and_backslashes():
    title = 'A "B" \\ #pagebreak()\n'
    data = to_pdf([PAGE.format(10, 10)], title=title, author='"')
    assert data.count(b"/Type /Page\n") + data.count(b"/Type/Page/") <= 1
    assert b"/Count 1" in data


def test_a_page_without_a_size_is_refused():
    with pytest.raises(ValueError, match="size in millimeters"):
        to_pdf(["<svg/>"])
