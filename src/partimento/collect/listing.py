"""Parse the pages of Mutopia's listing of pieces."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from partimento.collect.errors import RefusedError
from partimento.short_repr import short_repr

PAGE = 10  # pieces per page


@short_repr
@dataclass(frozen=True)
class ListedPiece:
    """A piece of the listing; a field is empty if the listing does not state it.

    Parameters
    ----------
    number : str
        The archive's number of the piece.
    title, composer, composer_years, opus, contributor, instrument, year, style, edition : str
        `contributor` is the author of the words or the arranger. `year` and `edition` describe the
        printed source.
    license, license_version : str
        ``PD``, ``CC-BY`` or ``CC-BY-SA``, and the version. Any other license is quoted from the
        listing.
    published : str
        The date of publication in the archive, such as ``2015/12/27``.
    links : tuple of str
        Links to the MIDI file, or to a zip of several.
    """

    number: str
    title: str
    composer: str
    composer_years: str
    opus: str
    contributor: str
    instrument: str
    year: str
    style: str
    edition: str
    license: str
    license_version: str
    published: str
    links: tuple[str, ...]


def parse_listing(html: str) -> tuple[list[ListedPiece], list[str]]:
    """Parse a page of the listing.

    Returns
    -------
    pieces : list of ListedPiece
    problems : list of str
        Descriptions of entries that could not be parsed.

    Raises
    ------
    RefusedError
        If the page is not a listing. An error page is thus not mistaken for the empty last page.
    """
    from bs4 import BeautifulSoup, Tag

    soup = BeautifulSoup(html, "html.parser")
    if soup.find("table", class_="outer-table") is None:
        raise RefusedError("it is not a page of the listing")
    pieces, problems = [], []
    for table in soup.find_all("table", class_="result-table"):
        assert isinstance(table, Tag)
        rows = [
            [_plain(cell.get_text(" ")) for cell in row.find_all("td")]
            for row in table.find_all("tr")
        ]
        addresses = [str(link.get("href") or "") for link in table.find_all("a")]
        if len(rows) < 3 or any(len(row) < 4 for row in rows[:3]):
            problems.append(f"an entry of unknown form: {_plain(table.get_text(' '))[:80]!r}")
        else:
            pieces.append(_piece(rows, addresses))
    return pieces, problems


def _piece(rows: list[list[str]], addresses: list[str]) -> ListedPiece:
    (
        (title, by, opus, contributor),
        (instrument, year, style, *_),
        (edition, terms, _, published),
    ) = (row[:4] for row in rows[:3])
    number = next(
        (
            match[1]
            for address in addresses
            if (match := re.search(r"piece-info\.cgi\?id=(\d+)", address))
        ),
        "",
    )
    links = tuple(
        dict.fromkeys(
            address
            for address in addresses
            if re.search(r"(\.midi?|-mids\.zip)$", address, re.IGNORECASE)
        )
    )
    composer, years = parse_composer(by)
    license, version = parse_license(terms)
    instrument = instrument.removeprefix("for ")
    return ListedPiece(
        number,
        strip_markup(title),
        composer,
        years,
        strip_markup(opus),
        strip_markup(contributor),
        instrument,
        year,
        style,
        edition,
        license,
        version,
        published,
        links,
    )


def parse_composer(text: str) -> tuple[str, str]:
    """Return the name and the years of a composer.

    A remainder of LilyPond markup gives an empty name.

    >>> parse_composer("by Joseph Küffner (1776-1856)")
    ('Joseph Küffner', '1776-1856')
    >>> parse_composer("Traditional")
    ('Traditional', '')
    >>> parse_composer(r"by \\markup{\\column \\right-align")
    ('', '')
    """
    name = strip_markup(text.removeprefix("by "))
    years = re.search(r"\s*\(([^()]*\d{3}[^()]*)\)", name)
    return (name.replace(years[0], "").strip(), years[1]) if years else (name, "")


def parse_license(text: str) -> tuple[str, str]:
    """Return the short name and the version of a license.

    >>> parse_license("Creative Commons Attribution-ShareAlike 4.0")
    ('CC-BY-SA', '4.0')
    >>> parse_license("Public Domain")
    ('PD', '')
    >>> parse_license("MIT")
    ('MIT', '')
    """
    if text.casefold() == "public domain":
        return "PD", ""
    match = re.fullmatch(
        r"(?:Creative Commons|CC) (?P<words>[A-Za-z -]+?)\s*(?P<version>\d[\d.]*)?", text
    )
    short = {
        "attribution": "BY",
        "sharealike": "SA",
        "noncommercial": "NC",
        "noderivs": "ND",
        "noderivatives": "ND",
    }
    words = re.split(r"[ -]+", match["words"].casefold()) if match else []
    if match and words and all(word in short for word in words):
        return "-".join(["CC", *(short[word] for word in words)]), match["version"] or ""
    return text, ""


def strip_markup(text: str) -> str:
    r"""Remove LilyPond markup from a text, except for quoted words.

    >>> strip_markup(r'\markup{\column {\line {"J.S. Bach "}')
    'J.S. Bach'
    """
    if "\\" not in text:
        return text
    quoted = re.findall(r'"([^"]*)"', text)
    bare = re.sub(r"\\[A-Za-z-]+|#\S+|[{}\"]", " ", text)
    return _plain(" ".join(quoted)) if quoted else _plain(bare)


def _plain(text: str) -> str:
    """Return a text as one line, without control and formatting characters."""
    return "".join(
        char
        for char in " ".join(text.split())
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
