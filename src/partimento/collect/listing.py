"""The pages of Mutopia's own listing program, as pieces."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from partimento.collect.errors import RefusedError

PAGE = 10  # pieces a page


@dataclass(frozen=True)
class ListedPiece:
    """A piece as the listing has it; what it does not say is empty.

    Parameters
    ----------
    number : str
        The archive's own number of the piece.
    title, composer, composer_years, opus, contributor, instrument, year, style, edition : str
        `contributor` is who wrote the words or arranged the music; `year` and `edition` are those
        of the source.
    license, license_version : str
        ``PD``, ``CC-BY`` or ``CC-BY-SA`` and the version; another license in the listing's words.
    published : str
        When it was published in the archive, ``2015/12/27``.
    links : tuple of str
        The MIDI file, or the zip of several.
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
    """Return the pieces of a page, and what on it could not be understood.

    Raises
    ------
    RefusedError
        If the page is no listing, so that an error page is not taken for the end.
    """
    from bs4 import BeautifulSoup, Tag

    soup = BeautifulSoup(html, "html.parser")
    if soup.find("table", class_="outer-table") is None:
        raise RefusedError("it is no page of the listing")
    pieces, problems = [], []
    for table in soup.find_all("table", class_="result-table"):
        assert isinstance(table, Tag)
        rows = [
            [_plain(cell.get_text(" ")) for cell in row.find_all("td")]
            for row in table.find_all("tr")
        ]
        addresses = [str(link.get("href") or "") for link in table.find_all("a")]
        if len(rows) < 3 or any(len(row) < 4 for row in rows[:3]):
            problems.append(f"an entry with another form: {_plain(table.get_text(' '))[:80]!r}")
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
            found[1]
            for address in addresses
            if (found := re.search(r"piece-info\.cgi\?id=(\d+)", address))
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
        unmark(title),
        composer,
        years,
        unmark(opus),
        unmark(contributor),
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
    """Name and years; what LilyPond's markup left of a name is not one.

    >>> parse_composer("by Joseph Küffner (1776-1856)")
    ('Joseph Küffner', '1776-1856')
    >>> parse_composer("Traditional")
    ('Traditional', '')
    >>> parse_composer(r"by \\markup{\\column \\right-align")
    ('', '')
    """
    name = unmark(text.removeprefix("by "))
    found = re.search(r"\s*\(([^()]*\d{3}[^()]*)\)", name)
    return (name.replace(found[0], "").strip(), found[1]) if found else (name, "")


def parse_license(text: str) -> tuple[str, str]:
    """Return a short name and a version.

    >>> parse_license("Creative Commons Attribution-ShareAlike 4.0")
    ('CC-BY-SA', '4.0')
    >>> parse_license("Public Domain")
    ('PD', '')
    >>> parse_license("MIT")
    ('MIT', '')
    """
    if text.casefold() == "public domain":
        return "PD", ""
    found = re.fullmatch(
        r"(?:Creative Commons|CC) (?P<words>[A-Za-z -]+?)\s*(?P<version>\d[\d.]*)?", text
    )
    short = {
        "attribution": "BY",
        "sharealike": "SA",
        "noncommercial": "NC",
        "noderivs": "ND",
        "noderivatives": "ND",
    }
    words = re.split(r"[ -]+", found["words"].casefold()) if found else []
    if found and words and all(word in short for word in words):
        return "-".join(["CC", *(short[word] for word in words)]), found["version"] or ""
    return text, ""


def unmark(text: str) -> str:
    r"""Take LilyPond's markup off a text: its quoted words stay.

    >>> unmark(r'\markup{\column {\line {"J.S. Bach "}')
    'J.S. Bach'
    """
    if "\\" not in text:
        return text
    quoted = re.findall(r'"([^"]*)"', text)
    bare = re.sub(r"\\[A-Za-z-]+|#\S+|[{}\"]", " ", text)
    return _plain(" ".join(quoted)) if quoted else _plain(bare)


def _plain(text: str) -> str:
    """Return one line without control characters or changes of writing direction."""
    return "".join(
        char
        for char in " ".join(text.split())
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs")
    )
