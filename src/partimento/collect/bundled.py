"""Find the scores that are bundled with music21, and need no download."""

from __future__ import annotations

import difflib
import importlib.util
import re
import zipfile
from pathlib import Path

from partimento.errors import PartimentoError

LICENSE = (
    "J. S. Bach's chorales are in the public domain. The encodings (after Margaret Greentree's"
    " edition) come with music21, which distributes them with their encoders' permission; its"
    " corpus/license.txt says the terms."
)
GENERAL_LICENSE = (
    "Distributed with music21 with the encoders' permission; to its makers' knowledge out of"
    " copyright in the United States or licensed for use, some for non-commercial use only: see"
    " corpus/license.txt in music21 and the notes in the files."
)
LICENSES = {
    "chorales": LICENSE,
    "chorales-all": LICENSE,
    "essenFolksong": (
        "Non-commercial use: its legal status is unclear, as many people entered it; Ewa"
        " Dahlig-Turek permits non-commercial distribution and use in music21, and the ABC files"
        " are Seymour Shlien's: see corpus/essenFolksong/license.txt in music21."
    ),
}
PREFIX = "bundled:"
NAMES = {
    "chorales": "the chorales of J. S. Bach for soprano, alto, tenor and bass alone",
    "chorales-all": "the same, and those with further instruments",
}
SUFFIXES = (".mid", ".midi", ".musicxml", ".mxl", ".xml", ".abc", ".krn")


def chorales(*, with_instruments: bool = False) -> list[Path]:
    """Return the chorales of J. S. Bach in the music21 package (MusicXML), by number.

    Parameters
    ----------
    with_instruments : bool
        Include the chorales (43 of 407 in music21 10.5) with additional instrumental parts.

    Raises
    ------
    PartimentoError
        If music21 is not installed, or has no corpus.
    """
    scores = [path for folder in _corpora() for path in (folder / "bach").glob("bwv*.mxl")]
    # At least four parts: one of the 408 scores is not a chorale but a prelude (BWV 846).
    paths = [path for path in scores if 4 <= _parts(path) <= (99 if with_instruments else 4)]
    if not paths:
        raise PartimentoError(
            "no bundled chorales: music21 is not installed, or without its corpus"
        )
    return sorted(paths, key=_by_number)


def collections() -> dict[str, str]:
    """Return the bundled collections: a description of the contents by name.

    They are the chorales, and every folder of music21's corpus that contains scores.

    Examples
    --------
    >>> collections()["bach"]
    '413 files: krn, mxl, xml'
    """
    contents = dict(NAMES)
    for corpus in _corpora():
        for folder in sorted(corpus.iterdir(), key=lambda folder: folder.name.casefold()):
            if folder.is_dir() and (scores := _scores(folder)):
                kinds = sorted({path.suffix.lstrip(".").lower() for path in scores})
                contents[folder.name] = (
                    f"{len(scores)} file{'s' * (len(scores) > 1)}: {', '.join(kinds)}"
                )
    return contents


def license_note(name: str) -> str:
    """Return the terms of use of a bundled collection."""
    return LICENSES.get(name, GENERAL_LICENSE)


def resolve(source: str) -> list[Path]:
    """Return the paths for a source of pieces, as given on the command line.

    Parameters
    ----------
    source : str
        A bundled collection (``bundled:chorales``, ``bundled:essenFolksong``) or a path.

    Raises
    ------
    PartimentoError
        If there is no bundled collection of that name.
    """
    if not source.startswith(PREFIX):
        return [Path(source)]
    name = source.removeprefix(PREFIX)
    if name in NAMES:
        return chorales(with_instruments=name == "chorales-all")
    folders = {
        folder.name: folder
        for corpus in _corpora()
        for folder in corpus.iterdir()
        if folder.is_dir()
    }
    scores = _scores(folders[name]) if name in folders else []
    if not scores:
        known = list(collections())
        near = difflib.get_close_matches(
            name.casefold(), [other.casefold() for other in known], n=1
        )
        suggestions = [PREFIX + other for other in known if other.casefold() in near]
        hint = (
            f"did you mean {suggestions[0]}?"
            if suggestions
            else f"there is {', '.join(PREFIX + other for other in known)}"
        )
        raise PartimentoError(f"no bundled collection {source!r}: {hint}")
    return scores


def _corpora() -> list[Path]:
    """Return the corpus folder inside the music21 package, if there is one."""
    # find_spec does not import music21, which would take seconds.
    spec = importlib.util.find_spec("music21")
    folders = (
        [Path(place) / "corpus" for place in spec.submodule_search_locations or []] if spec else []
    )
    return [folder for folder in folders if folder.is_dir()]


def _scores(folder: Path) -> list[Path]:
    return sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()),
        key=_by_number,
    )


def _parts(path: Path) -> int:
    """Count the parts of a compressed score without parsing the music.

    This reads the list of parts, which precedes the music.
    """
    with zipfile.ZipFile(path) as archive:
        name = next(
            name
            for name in archive.namelist()
            if name.endswith("xml") and not name.startswith("META-INF")
        )
        with archive.open(name) as file:
            head = file.read(2**16).partition(b"</part-list>")[0]
    return len(re.findall(rb"<score-part\b", head))


def _by_number(path: Path) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"\d+", path.stem)], path.stem
