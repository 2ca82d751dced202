"""Collect what a MusicXML document prints above its music.

The engraver places credits by coordinates of another page, so that they would cover the music.
"""

from __future__ import annotations

from typing import Any

from partimento.io.musicxml.credits import title_and_composer, title_of, words_of

Element = Any
SEPARATOR = " · "
# Creators besides the composer, and the word before their names.
CREATORS = {
    "lyricist": "words:", "poet": "words:", "librettist": "words:", "translator": "translation:",
    "arranger": "arr.", "transcriber": "transcr.", "editor": "ed.",
}  # fmt: skip


def heading_of(root: Element) -> tuple[str, str]:
    """Return the lines of the heading: the titles, and the names.

    Parameters
    ----------
    root : Element

    Returns
    -------
    titles : str
        The title, the title of the movement and the subtitle.
    names : str
        The composer, other creators, and the rights.
    """
    title, composer = title_and_composer(root)
    number = words_of(root.find("movement-number"))
    movement = title_of(root.find("movement-title"))
    titles = [title, *([f"{number}. {movement}" if number else movement] if movement else [])]
    if movement == title:
        titles.pop()
    titles += _credits(root, "subtitle")
    names = [composer]
    for creator in root.iterfind("identification/creator"):
        prefix = CREATORS.get(creator.get("type", ""))
        name = words_of(creator)
        if prefix and name:
            names.append(name if _is_described(name) else f"{prefix} {name}")
    for kind in ("lyricist", "arranger", "rights"):
        names += _credits(root, kind)
    names += [words_of(rights) for rights in root.iterfind("identification/rights")]
    return _joined(titles), _joined(names)


def _credits(root: Element, kind: str) -> list[str]:
    """Return the printed texts of a stated type."""
    return [
        " ".join(words_of(words) for words in credit.iterchildren("credit-words"))
        for credit in root.iterchildren("credit")
        if kind in [words_of(stated).lower() for stated in credit.iterchildren("credit-type")]
    ]


def _is_described(name: str) -> bool:
    """Return whether a name already says what its bearer did."""
    words = name.casefold().split()
    return len(words) > 1 and (words[0][-1] in ":." or words[1] in ("by", "von", "par"))


def _joined(texts: list[str]) -> str:
    """Join texts, without those that another one contains."""
    kept: list[str] = []
    for text in (" ".join(text.split()) for text in texts):
        if text and not any(text.casefold() in other.casefold() for other in kept):
            kept.append(text)
    return SEPARATOR.join(kept)
