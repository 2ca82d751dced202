"""Read the chord symbols of Humdrum spines."""

from __future__ import annotations

import re

# Spines that may contain chord symbols. Roman numerals are no chord symbols.
CHORD_SPINES = ("**mxhm", "**harm", "**harte", "**chord", "**cdata-harm", "**jazz")
# The kinds of chords in MusicXML (**mxhm) and in Harte's notation (**harte) → usual symbols.
KINDS = {
    "major": "",
    "maj": "",
    "minor": "m",
    "min": "m",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "dominant-seventh": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "min7": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug7",
    "half-diminished": "m7b5",
    "hdim7": "m7b5",
    "major-minor": "m(maj7)",
    "minmaj7": "m(maj7)",
    "major-sixth": "6",
    "maj6": "6",
    "minor-sixth": "m6",
    "min6": "m6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "m9",
    "min9": "m9",
    "dominant-11th": "11",
    "dominant-13th": "13",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
}
ROOT = r"[A-G](?:#{1,2}|b{1,2}|-{1,2}|♯|♭)?"
KIND = (
    r"(?:maj|min|m|M|dim|aug|sus|add|alt|o|ø|Δ|no|omit|hdim|minmaj|[0-9()#b+,♯♭°^-])*"
    r"(?:/[A-G](?:#|b|-|♯|♭)?)?"
)
SYMBOL = re.compile(rf"({ROOT})({KIND})")
NAMED = re.compile(rf"({ROOT})[ :]([a-z][a-z0-9-]*)(?:/({ROOT}))?")
NONE = ("N.C.", "NC", "N", "none")


def chord_symbol(token: str) -> str:
    """Return a token as a chord symbol; an empty string if it is none.

    >>> [chord_symbol(text) for text in ("D minor-seventh", "B-:maj7", "G7/B", "ii6", "V")]
    ['Dm7', 'Bbmaj7', 'G7/B', '', '']
    """
    token = " ".join(token.split())
    if token in NONE:
        return "N.C."
    if match := NAMED.fullmatch(token):
        root, kind, bass = match.groups()
        slash = f"/{_name(bass)}" if bass else ""
        return f"{_name(root)}{KINDS.get(kind, kind)}{slash}"
    if match := SYMBOL.fullmatch(token):
        kind, slash, bass = match[2].partition("/")
        return _name(match[1]) + kind + slash + _name(bass)
    return ""


def _name(root: str) -> str:
    return root.replace("-", "b").replace("♯", "#").replace("♭", "b")
