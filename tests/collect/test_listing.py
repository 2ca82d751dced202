"""Pages of the listing, as pieces."""

from __future__ import annotations

import pytest
from tests.collect.archive import HOME, entry, fill, page

from partimento.collect.errors import RefusedError
from partimento.collect.listing import parse_license, parse_listing


def test_the_shared_listing_is_understood(data_folder):
    pieces = []
    for path in sorted((data_folder / "mutopia-site" / "guitar").glob("*.html")):
        found, problems = parse_listing(path.read_text(encoding="utf-8"))
        assert problems == []
        pieces += found
    assert len(pieces) == len({piece.number for piece in pieces}) == 333
    assert all(
        len(piece.links) == 1 and piece.title and piece.instrument and piece.style
        for piece in pieces
    )
    assert {piece.license for piece in pieces} == {"", "PD", "CC-BY-SA"}
    assert sum(bool(piece.license) for piece in pieces) == 141
    assert not any("\\" in piece.composer or "{" in piece.title for piece in pieces)
    assert {piece.composer for piece in pieces if "ffner" in piece.composer} == {"Joseph Küffner"}


def test_titles_are_text_and_not_markup():
    (piece,), _ = parse_listing(
        page([entry("https://x/a.mid", title="A &amp; B &lt;i&gt;<b>c</b>\n d")]).decode()
    )
    assert piece.title == "A & B <i> c d"


def test_odd_entries_are_reported(archive, collect):
    fill(archive, 1)
    archive.entries.append(
        '<tr><td><table class="result-table"><tr><td>Odd one</td></tr></table></td></tr>'
    )
    archive.entries.append(entry(f"{HOME}/ftp/only.pdf", title="No MIDI", number=77))
    result = collect()
    assert result.fetched == 1
    assert [skip.reason for skip in result.skipped] == [
        "an entry of unknown form: 'Odd one'",
        "the listing has no MIDI file of it",
    ]
    assert result.complete


def test_a_piece_has_the_fields_of_its_entry():
    (piece,), problems = parse_listing(page([entry("/ftp/SorF/a.MID", number=7)]).decode())
    assert problems == []
    assert (piece.number, piece.opus, piece.contributor) == ("7", "Op. 6 No. 7", "Arr: Nobody")
    assert (piece.composer, piece.composer_years) == ("Fernando Sor", "1778-1839")
    assert (piece.instrument, piece.style, piece.published) == ("Guitar", "Romantic", "2008/01/02")
    assert (piece.license, piece.license_version) == ("CC-BY", "3.0")
    assert piece.links == ("/ftp/SorF/a.MID",)  # neither the sources nor the page of the piece


def test_an_empty_page_ends_the_listing_but_an_error_page_does_not():
    assert parse_listing(page([]).decode()) == ([], [])
    with pytest.raises(RefusedError, match="not a page of the listing"):
        parse_listing("<html>under maintenance</html>")


@pytest.mark.parametrize(
    ("words", "license"),
    [
        ("Creative Commons Attribution-NonCommercial-NoDerivs 3.0", ("CC-BY-NC-ND", "3.0")),
        ("Creative Commons Attribution", ("CC-BY", "")),
        ("PUBLIC DOMAIN", ("PD", "")),
        ("Creative Commons Anything 4.0", ("Creative Commons Anything 4.0", "")),
        ("", ("", "")),
    ],
)
def test_known_licenses_are_shortened(words, license):
    assert parse_license(words) == license


def test_control_characters_are_removed():
    (piece,), _ = parse_listing(
        page([entry("/ftp/a.mid", title="A\u202e title\u0007 of\n two lines")]).decode()
    )
    assert piece.title == "A title of two lines"
