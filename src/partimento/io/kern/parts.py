"""Group the staves of a Humdrum file into parts, with names and instruments."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partimento.io.kern.instruments import DRUMS, KEYBOARDS, VOICE, name_of, program_of
from partimento.io.kern.spines import Column
from partimento.io.written import WrittenNote
from partimento.music.timelines import Part

MOST_STAVES = 3  # of one keyboard part
NUMBER = re.compile(r"\*I#(\d{1,3})")
NAME = re.compile(r'\*I(?:"|:)\[?(.*?)\]?')
CODE = re.compile(r"\*I([a-z][A-Za-z_]*)\d*")
CLASS = re.compile(r"\*IC([a-z]+)")
PART = re.compile(r"\*part(\d+)")
# Beside a soprano, a bass is a voice and no string instrument.
SINGER = re.compile(r"(?i)(sopran|cant|alt|tenor)\w*")
BASS_VOICE = re.compile(r"(?i)bass(o|us|e)?")
STAFF = re.compile(r"\*staff(\d+)")


def read_name(token: str, column: Column) -> None:
    """Read an interpretation with the name, instrument, part or staff of a column."""
    for key, pattern in (
        ("number", NUMBER),
        ("name", NAME),
        ("code", CODE),
        ("class", CLASS),
        ("part", PART),
        ("staff", STAFF),
    ):
        if match := pattern.fullmatch(token):
            column.names.setdefault(key, " ".join(match[1].split()))
    if token.startswith("*clefX"):
        column.names["drums"] = "yes"


class Staves:
    """Group the kern columns into parts."""

    def parts(
        self, columns: Sequence[Column], notes: Sequence[WrittenNote]
    ) -> tuple[list[WrittenNote], list[Part]]:
        """Return the notes with the numbers of their parts and voices, and the parts.

        Parameters
        ----------
        columns : sequence of Column
            From left to right.
        notes : sequence of WrittenNote
            Their part is the number of their column, and their voice that of the subspine.
        """
        groups = self._groups(list(columns)[::-1])
        part_by_column = {column.number: i for i, group in enumerate(groups) for column in group}
        order = {column.number: i for group in groups for i, column in enumerate(group)}
        # Within a part, the subspines of all its staves are numbered from the top.
        used = sorted({(part_by_column[n.part], order[n.part], n.voice, n.part) for n in notes})
        voices: dict[tuple[int, int], int] = {}
        count: dict[int, int] = {}
        for part, _, voice, column in used:
            voices[column, voice] = count.get(part, 0)
            count[part] = voices[column, voice] + 1
        placed = [
            note._replace(part=part_by_column[note.part], voice=voices[note.part, note.voice])
            for note in notes
        ]
        with_voices = any(SINGER.fullmatch(column.names.get("name", "")) for column in columns)
        return placed, [_part(group, with_voices=with_voices) for group in groups]

    def _groups(self, columns: list[Column]) -> list[list[Column]]:
        """Group columns from top to bottom into parts."""
        groups: list[list[Column]] = []
        by_part: dict[str, list[Column]] = {}
        for column in columns:
            number = column.names.get("part")
            if number is not None and number in by_part:
                by_part[number].append(column)
                continue
            if groups and number is None and _one_keyboard(groups[-1], column):
                groups[-1].append(column)
                continue
            groups.append([column])
            if number is not None:
                by_part[number] = groups[-1]
        return groups


def _one_keyboard(group: Sequence[Column], column: Column) -> bool:
    code = column.names.get("code")
    return (
        code in KEYBOARDS
        and len(group) < MOST_STAVES
        and group[-1].names.get("code") == code
        and group[-1].names.get("part") is None
        and group[-1].names.get("name") == column.names.get("name")
    )


def _part(group: Sequence[Column], *, with_voices: bool) -> Part:
    names: dict[str, str] = {}
    for column in group:
        for key, value in column.names.items():
            names.setdefault(key, value)
    code, name = names.get("code", ""), names.get("name", "")
    number = names.get("number")
    program = program_of(code, name, int(number) if number else None)
    if program is None:
        program = program_of(names.get("class", ""), "", None)
    if with_voices and not code and BASS_VOICE.fullmatch(name):
        program = VOICE
    is_drum = "drums" in names or code in DRUMS
    program = None if is_drum else program
    return Part(name or name_of(code), program, is_drum, staves=len(group))
