"""Describe how a composed piece was made, so that it can be made again.

The description is one line of ASCII. Writers put it where a format keeps remarks, such as a text
event of a MIDI file. Readers find it there by its first word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from partimento.short_repr import short_repr

if TYPE_CHECKING:
    from partimento.music.piece import Piece

MARK = "partimento: "  # begins the line
FIELD = "partimento"  # the name of the field in formats whose remarks have names
# Characters that are read. The line of a piece has about 1,000; each fixed note adds about 20.
LONGEST = 1_000_000


@short_repr
@dataclass(frozen=True)
class Provenance:
    """Hold everything that decided how a piece was composed.

    Attributes
    ----------
    verb : str
        How it was made: ``compose``, or another key of `generate.provenance.VERBS`.
    model : str
        The name of a bundled model, or the run folder.
    model_fingerprint : str
        SHA-256 of the model; empty if it was not saved.
    corpus_fingerprint : str
        SHA-256 of the music from which it learned.
    seed : int
    options : dict
        The other arguments, as JSON values.
    version : str
        The version of Partimento.
    music : str
        Fingerprint of the composed notes (`music_fingerprint`).
    writing : dict
        Options of the file instead of the piece, such as humanized timing, as JSON values.
    """

    verb: str
    model: str
    model_fingerprint: str
    corpus_fingerprint: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    music: str = ""
    writing: Mapping[str, Any] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return the line that files carry.

        >>> text = Provenance("compose", "guitar", "ab", "cd", 7).to_text()
        >>> text[:50]
        'partimento: {"verb":"compose","model":"guitar","mo'
        >>> Provenance.from_text(text).seed
        7
        """
        return MARK + json.dumps(self.to_dict(), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Provenance:
        """Read the result of `to_text`.

        Raises
        ------
        ValueError
            For any other text.
        """
        if not text.startswith(MARK) or len(text) > LONGEST:
            raise ValueError("no description of a composed piece")
        try:
            return cls.from_dict(json.loads(text.removeprefix(MARK)))
        except (TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ValueError(f"a damaged description of a composed piece: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the description as JSON values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", {})}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Provenance:
        """Build a description from the result of `to_dict`.

        Raises
        ------
        ValueError, TypeError, AttributeError, KeyError
            For other values.
        """
        known = {each.name for each in fields(cls)}
        texts = {name: values.get(name, "") for name in known - {"seed", "options", "writing"}}
        if not all(isinstance(text, str) for text in texts.values()):
            raise ValueError("a value is no text")
        seed = values["seed"]
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ValueError("the seed is no integer")
        options, writing = (dict(values.get(name, {})) for name in ("options", "writing"))
        return cls(seed=seed, options=options, writing=writing, **texts)


def music_fingerprint(piece: Piece) -> str:
    """Return SHA-256 of the notes of a piece: parts, onsets, durations and pitches.

    Voices, velocities and all else that some formats lose do not count.
    """
    notes = piece.notes
    columns = (notes.part, notes.onset, notes.duration, notes.pitch)
    rows = sorted(zip(*(column.tolist() for column in columns), strict=True))
    divisions = notes.divisions
    text = "".join(
        f"{part} {Fraction(onset, divisions)} {Fraction(duration, divisions)} {pitch}\n"
        for part, onset, duration, pitch in rows
    )
    return hashlib.sha256(text.encode()).hexdigest()
