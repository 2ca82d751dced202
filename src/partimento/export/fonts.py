"""Find fonts for text in pictures, and replace characters that no font has.

Pictures use the fonts bundled with matplotlib, so that they are the same on every machine. Only
characters that these lack, as those of Chinese and Japanese, are drawn with fonts of the system.
"""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

SUBSTITUTE = "□"
NAMES = ("STIXGeneral", "DejaVuSerif", "DejaVuSans")
SYSTEM_FOLDERS = (
    "{XDG_DATA_HOME}/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "{WINDIR}/Fonts",
    "{LOCALAPPDATA}/Microsoft/Windows/Fonts",
)
FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
OUTLINES = {"glyf", "CFF ", "CFF2"}  # tables of fonts that are not made of bitmaps
# Words in file names: fonts that suit the text of scores, and fonts that do not.
SUITABLE = ("regular", "serif", "mincho", "song", "naskh")
UNSUITABLE = ("bold", "black", "light", "thin", "medium", "italic", "oblique", "mono", "condensed")
# The first words of the Unicode names of characters for which East Asian fonts are needed.
EAST_ASIAN = {
    *("CJK", "HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH"),
    *("IDEOGRAPHIC", "HANGUL", "BOPOMOFO"),
}
EAST_ASIAN_NAME, EAST_ASIAN_PACKAGE = "Chinese, Japanese or Korean", "fonts-noto-cjk"
LETTERS_PACKAGE, SYMBOLS_PACKAGE = "fonts-noto-core", "fonts-symbola"
WIDE = ("W", "F")  # East Asian widths of characters as wide as high


class MissingFontWarning(UserWarning):
    """Warn that a text contains characters that no font has."""


def font_folders() -> list[Path]:
    """Return the folders of matplotlib's fonts, without importing matplotlib."""
    spec = find_spec("matplotlib")
    return [
        Path(folder, "mpl-data", "fonts", "ttf")
        for folder in (spec.submodule_search_locations if spec else None) or ()
    ]


def font_files() -> list[Path]:
    """Return the files of the text fonts bundled with matplotlib.

    Plain ones come first: for a line of several scripts, the first font that has all of it is used.
    """
    files = {
        path for folder in font_folders() for name in NAMES for path in folder.glob(f"{name}*.ttf")
    }
    return sorted(
        files,
        key=lambda path: (NAMES.index(path.stem) if path.stem in NAMES else len(NAMES), path),
    )


def extra_fonts(text: str) -> list[Path]:
    """Return fonts of the system for the characters that the bundled fonts lack.

    Parameters
    ----------
    text : str
        Any text, such as a page as SVG.

    Returns
    -------
    list of Path
        As few files as possible; usually none.
    """
    missing = frozenset(_missing(text, ()))
    return list(_fonts_for(missing, tuple(_existing_folders()))) if missing else []


def drawable(text: str, extra: Sequence[Path] = ()) -> str:
    """Replace characters that no font has by boxes.

    Otherwise they would be missing in pictures without any sign.

    Parameters
    ----------
    text : str
    extra : sequence of Path
        Fonts beside the bundled ones, from `extra_fonts`.

    Examples
    --------
    >>> drawable("Ünï 日本")
    'Ünï □□'
    """
    missing = _missing(text, extra)
    missing |= {c for c in text if not c.isascii() and _is_invisible(c)} if missing else set()
    return (
        text.translate({ord(c): "" if _is_invisible(c) else SUBSTITUTE for c in missing})
        if missing
        else text
    )


def with_families(svg: str, extra: Sequence[Path] = ()) -> str:
    """Name the font of all characters of a page that its main font lacks.

    Otherwise one such character changes the font of its whole line, often to a bold one.

    Parameters
    ----------
    svg : str
        A page, after `drawable`.
    extra : sequence of Path
        Fonts beside the bundled ones, from `extra_fonts`.

    Examples
    --------
    >>> with_families("<text>Ünï שלום</text>")
    '<text>Ünï <tspan font-family="DejaVu Sans" font-style="normal">שלום</tspan></text>'
    """
    if svg.isascii():
        return svg
    files = [*(file for name in NAMES for file in font_files() if file.stem == name), *extra]
    return re.sub(
        r"(?<=>)[^<>]*[^\x00-\x7f][^<>]*(?=</t(?:ext|span)>)",
        lambda match: _in_families(match[0], files),
        svg,
    )


def _in_families(text: str, files: Sequence[Path]) -> str:
    """Return a text with a ``tspan`` for each run that the first font lacks."""
    runs: list[tuple[Path, str]] = []
    for character in text:
        has_it = [file for file in files if ord(character) in _glyphs(file)]
        first = has_it[0] if has_it else files[0]
        # Keep the words of one script together, and accents with their letters.
        if runs and (
            character == " "
            or unicodedata.combining(character)
            or (first != files[0] and runs[-1][0] in has_it)
        ):
            first = runs[-1][0]
        if runs and runs[-1][0] == first:
            runs[-1] = (first, runs[-1][1] + character)
        else:
            runs.append((first, character))
    return "".join(
        run
        if file == files[0]
        else f'<tspan font-family="{_family(file)}" font-style="normal">{run}</tspan>'
        for file, run in runs
    )


@cache
def _family(file: Path) -> str:
    with _opened(file) as font:
        return escape(str(font["name"].getBestFamilyName()), {'"': "&quot;"})


def warn_of_boxes(text: str, extra: Sequence[Path]) -> None:
    """Warn, in one line, if `drawable` would replace characters of a text."""
    missing = {c for c in _missing(text, extra) if not _is_invisible(c)}
    if missing:
        warnings.warn(missing_line(missing), MissingFontWarning, stacklevel=3)


def missing_line(characters: Iterable[str]) -> str:
    """Return a line that says which package has a font for some characters.

    Examples
    --------
    >>> missing_line("曲").split("(")[1]
    'Debian and Ubuntu: apt install fonts-noto-cjk)'
    """
    kinds = sorted({_script(character) for character in characters})
    names = ", ".join(dict.fromkeys(name for name, _ in kinds))
    packages = " ".join(dict.fromkeys(package for _, package in kinds))
    return (
        f"no font has the {names} characters, which are drawn as {SUBSTITUTE}:"
        f" install one (Debian and Ubuntu: apt install {packages})"
    )


def _script(character: str) -> tuple[str, str]:
    name = unicodedata.name(character, "")
    word = name.split(" ")[0].split("-")[0]
    if word in EAST_ASIAN:
        return EAST_ASIAN_NAME, EAST_ASIAN_PACKAGE
    if unicodedata.category(character)[0] in "LM" and word:
        return word.capitalize(), LETTERS_PACKAGE
    return "symbol", SYMBOLS_PACKAGE


def text_width(text: str) -> float:
    """Return the width of a line of text, in units of the font size."""
    return sum(_width(character) for character in text)


def _missing(text: str, extra: Sequence[Path]) -> set[str]:
    """Return the characters that neither the bundled nor the extra fonts have."""
    odd = {c for c in set(text) if not c.isascii()}
    if not odd:
        return set()
    return {
        c
        for c in odd
        if ord(c) not in _covered() and not any(ord(c) in _glyphs(file) for file in extra)
    }


def _is_invisible(character: str) -> bool:
    """Return True for characters without a glyph: joiners and variation selectors."""
    return unicodedata.category(character) == "Cf" or unicodedata.name(character, "").startswith(
        "VARIATION SELECTOR"
    )


def _existing_folders() -> Iterator[Path]:
    for pattern in SYSTEM_FOLDERS:
        name = pattern[1 : pattern.index("}")] if pattern.startswith("{") else ""
        if name and not os.environ.get(name):
            continue
        folder = Path(pattern.replace(f"{{{name}}}", os.environ.get(name, ""))).expanduser()
        if folder.is_dir():
            yield folder


@cache
def _fonts_for(missing: frozenset[str], folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return fonts in some folders that have the missing characters."""
    files = {file for folder in folders for file in folder.rglob("*") if _is_font(file)}
    wanted = {ord(c) for c in missing if not _is_invisible(c)}
    chosen: list[Path] = []
    while wanted:
        found = [(len(wanted & _glyphs(file)), _suitability(file), file) for file in sorted(files)]
        count, _, best = max(found, key=lambda row: row[:2], default=(0, 0, None))
        if not count or best is None:
            break
        chosen.append(best)
        wanted -= _glyphs(best)
    return tuple(chosen)


def _is_font(file: Path) -> bool:
    return file.suffix.lower() in FONT_SUFFIXES and file.is_file()


def _suitability(file: Path) -> int:
    name = file.name.lower()
    return sum(word in name for word in SUITABLE) - 2 * sum(word in name for word in UNSUITABLE)


@cache
def _covered() -> frozenset[int]:
    return frozenset().union(*(_glyphs(file) for file in font_files()))


@cache
def _glyphs(file: Path) -> frozenset[int]:
    """Return the characters of a font that has outlines; none of a damaged file."""
    try:
        with _opened(file) as font:
            if not OUTLINES.intersection(font.keys()):
                return frozenset()
            return frozenset(font.getBestCmap() or ())
    except Exception:  # any fault of a font that somebody installed: it is not used
        return frozenset()


@contextmanager
def _opened(file: Path) -> Iterator[TTFont]:
    from fontTools.ttLib import TTFont  # matplotlib depends on it

    with file.open("rb") as stream:  # otherwise a damaged file stays open
        yield TTFont(stream, lazy=True, fontNumber=0)


@cache
def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in WIDE:
        return 1.0
    if unicodedata.combining(character) or _is_invisible(character):
        return 0.0
    return next((w for font in _widths() if (w := font.get(ord(character)))), 0.7)


@cache
def _widths() -> tuple[dict[int, float], ...]:
    """Return the widths of the characters in each font of `NAMES`."""
    tables = []
    for file in font_files():
        if file.stem in NAMES:
            with _opened(file) as font:
                units, advance = font["head"].unitsPerEm, font["hmtx"].metrics
                cmap = font.getBestCmap() or {}
                widths = {code: advance[name][0] / units for code, name in cmap.items()}
            tables.append((NAMES.index(file.stem), widths))
    return tuple(widths for _, widths in sorted(tables, key=lambda table: table[0]))
