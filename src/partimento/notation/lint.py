"""Check whether a written score keeps the rules of notation.

The rules are those of engravers, and those that other programs need to read a document. Each has an
id and a severity:

- ``error``: other programs read something else, or nothing.
- ``warning``: a musician would object.
- ``music``: the notes themselves are unusual, however they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from partimento.notation import lint_layout, lint_pitch, lint_rhythm
from partimento.notation.lint_place import Place
from partimento.notation.written import WrittenScore

Severity = Literal["error", "warning", "music"]


class Rule(NamedTuple):
    """A rule of notation.

    Attributes
    ----------
    id : str
    severity : {"error", "warning", "music"}
    text : str
        The requirement, as a sentence.
    check : callable
        Yields the places that break it, and what is wrong there.
    """

    id: str
    severity: Severity
    text: str
    check: Callable[[WrittenScore], Iterator[tuple[Place, str]]]


class Finding(NamedTuple):
    """A place where a score breaks a rule.

    Attributes
    ----------
    rule : str
        The id of the rule.
    severity : {"error", "warning", "music"}
    part : int
        Index of the part in the score, from 0.
    bar : str
        The number of the bar, as printed; ``""`` for the whole part.
    voice : str
        The voice, as the document numbers it; ``""`` for the whole bar.
    text : str
        A description of the fault.
    """

    rule: str
    severity: Severity
    part: int
    bar: str
    voice: str
    text: str

    def __str__(self) -> str:
        where = f"part {self.part + 1}"
        where += f", bar {self.bar}" if self.bar else ""
        where += f", voice {self.voice}" if self.voice else ""
        return f"{where}: {self.severity} {self.rule}: {self.text}"


RULES: tuple[Rule, ...] = (
    Rule(
        "bar-length",
        "error",
        "A bar is as long as its meter says, but pickups and last bars may be shorter.",
        lint_rhythm.bar_length,
    ),
    Rule(
        "voice-gap",
        "warning",
        "Every voice fills its bar with notes and rests.",
        lint_rhythm.voice_gap,
    ),
    Rule(
        "voice-overlap",
        "error",
        "Notes of one voice do not overlap.",
        lint_rhythm.voice_overlap,
    ),
    Rule(
        "value",
        "warning",
        "A note is written with the value that it lasts.",
        lint_rhythm.value,
    ),
    Rule(
        "short-value",
        "warning",
        "No value is shorter than a 64th.",
        lint_rhythm.short_value,
    ),
    Rule(
        "tuplet",
        "error",
        "A tuplet is complete.",
        lint_rhythm.tuplet,
    ),
    Rule(
        "tuplet-ratio",
        "warning",
        "A tuplet has a usual ratio, such as 3:2 or 5:4.",
        lint_rhythm.tuplet_ratio,
    ),
    Rule(
        "tuplet-tie",
        "music",  # the writer ties there only where a note begins off the grid of its tuplet
        "No tie joins two notes of one tuplet that one value can write.",
        lint_rhythm.tuplet_tie,
    ),
    Rule(
        "needless-tie",
        "warning",
        "No tie joins two notes that one value can write.",
        lint_rhythm.needless_tie,
    ),
    Rule(
        "hidden-beat",
        "warning",
        "No note value hides the middle of the bar or a beat.",
        lint_rhythm.hidden_beat,
    ),
    Rule(
        "rest-beat",
        "warning",
        "No rest crosses the groups of beats.",
        lint_rhythm.rest_beat,
    ),
    Rule(
        "beam-group",
        "warning",
        "No beam crosses the groups of beats.",
        lint_rhythm.beam_group,
    ),
    Rule(
        "beam",
        "error",
        "Every beam begins and ends, and has all levels of its notes.",
        lint_rhythm.beam,
    ),
    Rule(
        "accidental",
        "error",
        "A note has the accidental that key signature and bar ask for.",
        lint_pitch.accidental,
    ),
    Rule(
        "tie",
        "error",
        "A tie leads from a note to the next one of the same pitch.",
        lint_pitch.tie,
    ),
    Rule(
        "slur",
        "error",
        "Every slur begins and ends.",
        lint_layout.slur,
    ),
    Rule(
        "voice-count",
        "warning",
        "A staff has at most four voices.",
        lint_layout.voice_count,
    ),
    Rule(
        "empty-staff",
        "warning",
        "Every staff has notes somewhere.",
        lint_layout.empty_staff,
    ),
    Rule(
        "final-bar-line",
        "warning",
        "A piece ends with a final bar line.",
        lint_layout.final_bar_line,
    ),
    Rule(
        "ledger-lines",
        "music",
        "No bar has all of its notes on more than three ledger lines.",
        lint_pitch.ledger_lines,
    ),
    Rule(
        "range",
        "music",
        "Every note is in the range of its instrument.",
        lint_pitch.instrument_range,
    ),
    Rule(
        "key-signature",
        "music",
        "The key signature suits the notes.",
        lint_pitch.key_signature,
    ),
)


def check_score(score: WrittenScore, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Return the places where a written score breaks rules.

    Parameters
    ----------
    score : WrittenScore
        See `io.lint`, which makes one of a piece or a file.
    rules : iterable of Rule

    Returns
    -------
    list of Finding
        In the order of parts and bars.
    """
    findings = []
    for rule in rules:
        for place, text in rule.check(score):
            finding = Finding(rule.id, rule.severity, place.part, place.number, place.voice, text)
            findings.append((place.part, place.bar, place.voice, finding))
    return [finding for *_, finding in sorted(findings, key=lambda row: row[:3])]
