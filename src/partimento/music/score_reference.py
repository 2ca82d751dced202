"""Refer to the score file of a piece, which says more than its notes.

A `Piece` carries what composing needs. Slurs, fingerings, dynamics, lyrics and layout stay in the
file, and the reference states where it is and how the piece was edited since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from partimento.short_repr import short_repr

Edit = tuple[str | int, ...]  # the name of an edit, and its values
# Fields of a piece that a score file does not need to follow.
INDEPENDENT = ("source", "warnings", "score", "cuts", "provenance", "lyrics")
TEXTS = ("title", "composer")  # changes of these fields are edits


@short_repr
@dataclass(frozen=True, slots=True)
class ScoreReference:
    """A MusicXML file, and the edits that lead from it to a piece.

    A MIDI file is referred to only if some of its bars were composed anew.

    Attributes
    ----------
    path : str
        The file, or the zip that contains it.
    member : str
        The name of the file inside a zip; otherwise empty.
    sha256 : str
        The hash of the file when it was read.
    edits : tuple of tuple
        ``("transpose", semitones)``, ``("cut", start, end)`` with times in quarters as text,
        ``("program", number)``, ``("clef", name)``, ``("title", text)`` and ``("composer", text)``.
        ``("tablature", part, strings, capo, positions)`` as for `add_tablature.add_tablature`,
        ``("chords", text)`` as for `add_chords.add_chords`, and
        ``("parts", kept, place, text)`` as for `add_parts.add_parts`. ``("fill", text)`` comes
        before all others; see `music.change.Change`.
    """

    path: str
    member: str = ""
    sha256: str = ""
    edits: tuple[Edit, ...] = ()

    def edited(self, name: str, *values: str | int) -> ScoreReference:
        """Return the reference with one more edit.

        Transpositions in a row become one, so that moving up and down again changes nothing.

        >>> reference = ScoreReference("prelude.musicxml").edited("transpose", 2)
        >>> reference.edits, reference.edited("transpose", -2).edits
        ((('transpose', 2),), ())
        """
        edits = self.edits
        if name == "transpose" and edits and edits[-1][0] == name:
            interval = int(edits[-1][1]) + int(values[0])
            edits = (*edits[:-1], (name, interval)) if interval else edits[:-1]
        else:
            edits = (*edits, (name, *values))
        return replace(self, edits=edits)

    def to_dict(self) -> dict[str, Any]:
        """Return the reference as JSON values."""
        return {
            "path": self.path,
            "member": self.member,
            "sha256": self.sha256,
            "edits": [list(edit) for edit in self.edits],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ScoreReference:
        """Build a reference from the result of `to_dict`."""
        edits = tuple(tuple(edit) for edit in values["edits"])
        return cls(str(values["path"]), str(values["member"]), str(values["sha256"]), edits)


def reference_after(
    score: ScoreReference | None, before: Mapping[str, Any], changes: Mapping[str, Any]
) -> ScoreReference | None:
    """Return the reference of a piece after fields were replaced.

    Changes of the music drop the reference, because the file no longer shows this music.

    Parameters
    ----------
    score : ScoreReference or None
    before, changes : mapping
        The old and the new values of the replaced fields.
    """
    if score is None:
        return None
    for name, value in changes.items():
        if name in INDEPENDENT or value is before[name] or value == before[name]:
            continue
        if name not in TEXTS:
            return None
        score = score.edited(name, value)
    return score
