"""Convert scores that music21 has read to pieces, to compare our readers with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from partimento.errors import InvalidScoreError
from partimento.music.limits import check_bars, check_density, check_size
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

GRACE_QL = Fraction(1, 16)  # the duration of a grace note in quarters
# The number after a note of ABC: its duration, if it has three or more digits.
ABC_LENGTH = re.compile(r"[A-Ga-gxz\]][,']*0*([1-9][0-9]{2,})")
# Meters and the unit of length of ABC.
FRACTION = re.compile(r"(?:^|\[|\t)(M:|L:)([^\n\]\t]*)", re.MULTILINE)
MOST_BEATS = 128  # the greatest number in a meter
MOST_UNITS = 256  # the longest note of ABC, in units of length
# The warnings of music21 in which it reports a note that it ignores.
DROPPED = re.compile(
    r"(?:parsing event \('|pitch information from note: )(.*?)(?:'\) at line|, assuming C)"
)
T = TypeVar("T")
MINOR_LIKE = ("minor", "aeolian", "dorian", "phrygian", "locrian")


def _checked(constructor: Callable[..., T], *values: Any, **more: Any) -> T:
    """Call one of our constructors, and report its message if it rejects the values."""
    try:
        return constructor(*values, **more)
    except (ValueError, ArithmeticError) as error:
        raise InvalidScoreError(str(error)) from error


def _staves(score: Any) -> list[Any]:
    """Return the parts of a score at sounding pitch."""
    from music21 import instrument

    if any(player.transposition for player in score[instrument.Instrument]):
        score.toSoundingPitch(inPlace=True)
    return list(score.parts) or [score]


def _to_piece(score: Any, staves: list[Any]) -> Piece:
    from music21 import metadata

    notes: list[Note] = []
    marks = _Marks()
    numbers = _part_numbers(staves)
    for staff, number in zip(staves, numbers, strict=True):
        notes += _notes(staff, number)
        marks.collect(staff)
    length = max([*(_time(staff.highestTime) for staff in staves), *(note.end for note in notes)])
    check_size(len(notes), int(length))
    about = score.metadata or metadata.Metadata()
    meters, pickup = _meters(staves[0], marks.meters)
    check_bars(meters, length)
    columns = _checked(Notes, notes)
    check_density(columns.onset, columns.end, len(meters) + int(length))
    return _checked(
        Piece,
        columns,
        meters=tuple(meter for meter in meters if meter.onset <= length),
        keys=tuple(key for key in marks.keys.values() if key.onset <= length),
        tempos=tuple(tempo for tempo in marks.tempos.values() if tempo.onset <= length)
        or (Tempo(),),
        pickup=pickup,
        length=length,
        parts=tuple(_part(staves[numbers.index(number)]) for number in range(numbers[-1] + 1)),
        title=_title(about),
        composer=(about.composer or "").strip(),
    )


def _part_numbers(staves: list[Any]) -> list[int]:
    """Return the part number of each staff; the two staves of a keyboard are one part."""
    from music21 import stream

    numbers: list[int] = []
    for i, staff in enumerate(staves):
        # music21 names the staves of part P1 "P1-Staff1" and "P1-Staff2".
        names = [str(other.id).rpartition("-Staff")[0] for other in staves[max(i - 1, 0) : i + 1]]
        same_part = i > 0 and isinstance(staff, stream.PartStaff) and names[0] == names[1] != ""
        numbers.append(numbers[-1] + (not same_part) if numbers else 0)
    return numbers


def _title(metadata: Any) -> str:
    title = (metadata.bestTitle or "").strip()
    for suffix in (".mxl", ".xml", ".musicxml"):  # some programs use the file's name as its title
        title = title.removesuffix(suffix)
    return str(title)


def _walk(container: Any, start: Fraction = Fraction(0)) -> Iterator[tuple[Fraction, Any]]:
    """Yield all elements of measures and voices with their onsets.

    This is faster than music21's `recurse`, which searches for the onset of every element.
    """
    for element in container.elements:
        onset = start + _time(container.elementOffset(element))
        if element.isStream:
            yield from _walk(element, onset)
        else:
            yield onset, element


def _time(value: Any) -> Fraction:
    """Convert a time of music21 to a fraction.

    music21's times are floats if these are exact, else Fractions with denominators up to 65535.
    """
    return Fraction(value).limit_denominator(65535)


def _notes(staff: Any, part: int) -> list[Note]:
    from music21 import harmony, note

    notes: list[Note] = []
    tied: dict[int, int] = {}  # pitch → index in `notes` of the note whose tie is open
    graces: list[tuple[Fraction, list[Note]]] = []
    elements = [
        (onset, element) for onset, element in _walk(staff) if isinstance(element, note.NotRest)
    ]
    for onset, element in sorted(elements, key=lambda item: item[0]):
        if isinstance(element, harmony.ChordSymbol):
            continue
        if element.duration.isGrace:
            graces.append(
                (
                    onset,
                    [
                        _note(single, onset, GRACE_QL, part, grace=True)
                        for single in _chord_notes(element)
                    ],
                )
            )
            continue
        duration = _time(element.duration.quarterLength)
        if duration <= 0:
            raise InvalidScoreError(f"a note has no duration, {onset} quarter notes in")
        for single in _chord_notes(element):
            new = _note(single, onset, duration, part)
            # Every note's own tie counts: `element.tie` of a chord is that of its first tied note.
            kind = single.tie.type if single.tie else ""
            before = tied.pop(new.pitch, None) if kind in ("stop", "continue") else None
            if before is not None and notes[before].end == onset:
                old = notes[before]
                notes[before] = Note(
                    old.onset,
                    old.duration + duration,
                    old.pitch,
                    old.velocity,
                    part,
                    old.string,
                    old.fret,
                )
            else:
                before = len(notes)
                notes.append(new)
            if kind in ("start", "continue"):
                tied[new.pitch] = before
    return notes + _place_graces(graces)


def _chord_notes(element: Any) -> list[Any]:
    return list(element.notes) if hasattr(element, "notes") else [element]


def _note(
    single: Any, onset: Fraction, duration: Fraction, part: int, *, grace: bool = False
) -> Note:
    if hasattr(single, "pitch"):
        pitch = single.pitch.midi
        if not 0 <= single.pitch.ps <= 127:  # music21 would move it by octaves into the range
            raise InvalidScoreError(f"a pitch is outside 0 to 127: {single.pitch.nameWithOctave}")
    else:  # unpitched percussion: its General MIDI pitch, else its position on the staff
        pitch = getattr(single.storedInstrument, "percMapPitch", None) or single.displayPitch().midi
    velocity = single.volume.velocity if single.hasVolumeInformation() else None
    marks = {type(mark).__name__: getattr(mark, "number", None) for mark in single.articulations}
    string, fret = marks.get("StringIndication"), marks.get("FretIndication")
    return Note(
        onset,
        duration,
        pitch,
        min(max(int(velocity), 1), 127) if velocity is not None else 80,
        part,
        None if string is None else int(string),
        None if fret is None else int(fret),
        grace,
    )


def _place_graces(graces: list[tuple[Fraction, list[Note]]]) -> list[Note]:
    """Place grace notes one after another before the onset of their main note.

    At the beginning of the piece, where there is no time before it, they begin together with it.
    """
    by_onset: dict[Fraction, list[list[Note]]] = {}
    for onset, chord in graces:
        by_onset.setdefault(onset, []).append(chord)
    notes = []
    for main_onset, chords in by_onset.items():
        for back, chord in zip(range(len(chords), 0, -1), chords, strict=True):
            onset = max(main_onset - back * GRACE_QL, Fraction(0))
            notes += [
                Note(onset, GRACE_QL, n.pitch, n.velocity, n.part, n.string, n.fret, True)
                for n in chord
            ]
    return notes


class _Marks:
    """The meters, keys and tempos of a score; if staves differ, the first one counts."""

    def __init__(self) -> None:
        self.meters: dict[Fraction, Meter] = {}
        self.keys: dict[Fraction, Key] = {}
        self.tempos: dict[Fraction, Tempo] = {}

    def collect(self, staff: Any) -> None:
        from music21 import key, meter, tempo

        for onset, mark in _walk(staff):
            if isinstance(mark, meter.TimeSignature):
                self.meters.setdefault(
                    onset, _checked(Meter, mark.numerator, mark.denominator, onset)
                )
            elif isinstance(mark, key.KeySignature):
                if mark.sharps is not None and -7 <= mark.sharps <= 7:
                    minor = getattr(mark, "mode", None) in MINOR_LIKE
                    self.keys.setdefault(
                        onset, Key(mark.sharps, "minor" if minor else "major", onset)
                    )
            elif isinstance(mark, tempo.MetronomeMark):
                bpm = mark.getQuarterBPM()
                if bpm:
                    self.tempos.setdefault(onset, _checked(Tempo.from_bpm, bpm, onset=onset))


def _meters(staff: Any, marks: dict[Fraction, Meter]) -> tuple[tuple[Meter, ...], Fraction]:
    """Return the meters and the pickup.

    After a bar whose length differs from its meter, the meter is repeated.
    """
    from music21 import stream

    onsets = [
        _time(staff.elementOffset(measure)) for measure in staff.getElementsByClass(stream.Measure)
    ]
    if not marks or min(marks) > 0:
        marks = {Fraction(0): Meter(), **marks}
    first = marks[Fraction(0)]
    pickup = onsets[1] if len(onsets) > 1 and onsets[1] < first.bar_ql else Fraction(0)
    meters, meter = dict(marks), first
    for begin, after in pairwise(onsets):
        meter = marks.get(begin, meter)
        if after - begin not in (meter.bar_ql, 0) and (begin or not pickup):
            meters.setdefault(after, Meter(meter.numerator, meter.denominator, after))
    return tuple(sorted(meters.values(), key=lambda meter: meter.onset)), pickup


def _part(staff: Any) -> Part:
    from music21 import instrument

    player = staff[instrument.Instrument].first()
    drum = isinstance(player, instrument.UnpitchedPercussion) or (
        player is not None and player.midiChannel == 9
    )
    name = staff.partName or (player.partName if player else "") or ""
    return Part(str(name).strip(), player.midiProgram if player else None, bool(drum))
