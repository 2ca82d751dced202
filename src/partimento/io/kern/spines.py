"""Follow the spines of a Humdrum file as they split, merge, change places and end."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

MOST_SPINES = 1000  # more than any score has
SPLIT, MERGE, EXCHANGE, ADD, END = PATHS = ("*^", "*v", "*x", "*+", "*-")
NULL = "*"
RHYTHMIC = ("**kern", "**recip")


@dataclass
class Column:
    """A spine from its beginning to its end, with all its subspines.

    A kern column is a staff.

    Attributes
    ----------
    kind : str
        Its exclusive interpretation, such as ``**kern``.
    number : int
        The place in the order in which columns began.
    names : dict of str to str
        The name, code, number, part and staff that interpretations state.
    semitones, fifths : int
        Transposition from the data to the sound.
    """

    kind: str
    number: int = 0
    names: dict[str, str] = field(default_factory=dict)
    semitones: int = 0
    fifths: int = 0


class Spine:
    """One subspine.

    Attributes
    ----------
    column : Column
    end : int
        The time at which its last note or rest ends, in steps; -1 before the first one.
    after_grace : bool
        Whether its last token was a grace note.
    muted : bool
        Whether it has another version of the music in the subspine before it.
    """

    __slots__ = ("after_grace", "column", "end", "muted")

    def __init__(self, column: Column, end: int = -1) -> None:
        self.column, self.end, self.muted = column, end, False
        self.after_grace = False

    def copy(self) -> Spine:
        return Spine(self.column, self.end)

    @property
    def is_rhythmic(self) -> bool:
        return self.column.kind in RHYTHMIC

    @property
    def is_kern(self) -> bool:
        return self.column.kind == "**kern"


class Spines:
    """The subspines of the current line, from left to right.

    Attributes
    ----------
    active : list of Spine
    columns : list of Column
        All kern columns of the piece, from left to right. A column that begins later stands right
        of the one that is left of it.
    """

    def __init__(self) -> None:
        self.active: list[Spine] = []
        self.columns: list[Column] = []
        self.count = 0

    def begin(self, tokens: list[str]) -> bool:
        """Read exclusive interpretations; return whether they begin a new piece."""
        is_new = not self.active
        if is_new:
            self.active = [Spine(Column("")) for _ in tokens]
        for i, token in enumerate(tokens):
            if token.startswith("**"):
                self._set_kind(i, token)
        return is_new

    def _set_kind(self, i: int, kind: str) -> None:
        column = Column(kind, self.count)
        self.count += 1
        self.active[i] = Spine(column)
        if kind == "**kern":
            left = [spine.column for spine in self.active[:i] if spine.is_kern]
            known = [column for column in left if column in self.columns]
            at = self.columns.index(known[-1]) + 1 if known else 0
            self.columns.insert(at, column)

    def follow(self, tokens: list[str]) -> list[str]:
        """Change the subspines as one line of interpretations says.

        Returns
        -------
        list of str
            The faults of the line.
        """
        faults: list[str] = []
        new: list[Spine] = []
        i = 0
        exchanged = [k for k, token in enumerate(tokens) if token == EXCHANGE]
        if len(exchanged) == 2:
            a, b = exchanged
            self.active[a], self.active[b] = self.active[b], self.active[a]
        elif exchanged:
            faults.append("*x must stand in two spines")
        while i < len(tokens):
            token, spine = tokens[i], self.active[i]
            i += 1
            if token == SPLIT:
                new += [spine, spine.copy()]
            elif token == ADD:
                new += [spine, Spine(Column(""))]
            elif token == MERGE:
                row = [spine]
                while i < len(tokens) and tokens[i] == MERGE:
                    row.append(self.active[i])
                    i += 1
                if len(row) == 1:
                    faults.append("*v has no spine to merge with")
                new += _merged(row)
            elif token != END:
                new.append(spine)
        if len(new) > MOST_SPINES:
            faults.append(f"more than {MOST_SPINES} spines")
            del new[MOST_SPINES:]
        self.active = new
        return faults

    def fit(self, tokens: list[str]) -> list[str] | None:
        """Return one token per subspine; None if the line has another number of tokens.

        Tabs in a row count as one if the line fits only then.
        """
        if len(tokens) == len(self.active):
            return tokens
        tokens = [token for token in tokens if token]
        return tokens if len(tokens) == len(self.active) else None


def _merged(row: list[Spine]) -> list[Spine]:
    """Merge subspines, column by column if no column has a single one."""
    groups = [list(group) for _, group in groupby(row, key=lambda spine: id(spine.column))]
    if any(len(group) == 1 for group in groups):
        groups = [row]
    for first, *others in groups:
        first.end = max([first.end, *(spine.end for spine in others)])
        first.muted = False
    return [group[0] for group in groups]
