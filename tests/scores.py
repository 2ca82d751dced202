"""What music21, as a reader that is not ours, finds in a MusicXML document."""

import warnings
import xml.etree.ElementTree as ET
from fractions import Fraction

Sounding = list[tuple[int, Fraction, Fraction, int]]


def parse(text: str):
    from music21.musicxml.xmlToM21 import MusicXMLImporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # music21's own deprecations
        importer = MusicXMLImporter()
        importer.xmlRootToScore(ET.fromstring(text), importer.stream)
    return importer.stream


def sounding_notes(score) -> Sounding:
    """(part, onset, duration, pitch) of every sounding note, ties merged; the staves of one part
    are one part again.
    """
    heads = []
    number = -1
    for part in score.parts:
        number += not str(part.id).endswith("-Staff2")
        heads += [(number, start, *head) for start, found in _walk(part) for head in _heads(found)]
    done: list[list] = []
    open_ties: dict[tuple[int, int], list] = {}
    for part, onset, pitch, duration, tie in sorted(heads, key=lambda head: head[:4]):
        before = open_ties.pop((part, pitch), None)
        if before and tie in ("stop", "continue") and before[1] + before[2] == onset:
            before[2] += duration
        else:
            before = [part, onset, duration, pitch]
            done.append(before)
        if tie in ("start", "continue"):
            open_ties[part, pitch] = before
    return sorted(tuple(note) for note in done)


def _walk(container, start=Fraction(0)):
    for element in container.elements:
        onset = start + exact(container.elementOffset(element))
        if element.isStream:
            yield from _walk(element, onset)
        elif "NotRest" in element.classes and not element.duration.isGrace:
            yield onset, element


def _heads(element):
    for note in getattr(element, "notes", [element]):
        yield (
            note.pitch.midi,
            exact(element.duration.quarterLength),
            note.tie.type if note.tie else "",
        )


def exact(value) -> Fraction:
    return Fraction(value).limit_denominator(65535)
