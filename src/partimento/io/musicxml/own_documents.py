"""Recognize documents that this program wrote from the notes of a piece.

They say nothing that a piece does not hold, and can be written anew. Faults of an earlier version
of the program, such as drums with pitches, are then gone.
"""

from __future__ import annotations

from typing import Any

Element = Any
SOFTWARE = "Partimento"  # as `write` states
# All elements that `write` has ever written, without those inside of chord symbols.
TAGS = frozenset(
    (
        *("score-partwise", "work", "work-title", "identification", "creator", "encoding"),
        *("software", "source", "part-list", "score-part", "part-name", "score-instrument"),
        *("instrument-name", "midi-instrument", "midi-channel", "midi-program", "midi-unpitched"),
        *("part", "measure", "attributes", "divisions", "key", "fifths", "mode", "time", "beats"),
        *("beat-type", "staves", "clef", "sign", "line", "clef-octave-change", "direction"),
        *("direction-type", "metronome", "beat-unit", "beat-unit-dot", "per-minute", "sound"),
        *("note", "grace", "chord", "pitch", "step", "alter", "octave", "unpitched"),
        *("display-step", "display-octave", "rest", "duration", "tie", "instrument", "voice"),
        *("type", "dot", "accidental", "time-modification", "actual-notes", "normal-notes"),
        *("stem", "notehead", "staff", "beam", "notations", "tied", "tuplet", "technical"),
        *("string", "fret", "backup", "forward", "barline", "bar-style", "harmony"),
        *("part-group", "group-symbol", "group-barline", "miscellaneous", "miscellaneous-field"),
        *("staff-details", "staff-type", "staff-lines", "staff-tuning", "tuning-step"),
        *("tuning-alter", "tuning-octave", "capo"),
    )
)


def says_only_notes(root: Element) -> bool:
    """Return whether a document is one of ours to which nobody added anything.

    Parameters
    ----------
    root : Element
        The root of a parsed document. Documents that state any other software are not ours.
    """
    software = [(e.text or "").strip() for e in root.iterfind("identification/encoding/software")]
    if software != [SOFTWARE]:
        return False
    return all(
        element.tag in TAGS or any(True for _ in element.iterancestors("harmony"))
        for element in root.iter()
    )
