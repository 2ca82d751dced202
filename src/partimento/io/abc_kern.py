"""Read ABC and kern files as pieces, through music21.

MusicXML has a reader of its own (`io.musicxml`). Tied notes become one note, transposing
instruments are read at sounding pitch, and repeats are not unfolded. Grace notes have no written
time. They are kept as short notes before their main note and flagged as grace notes. Chord symbols
are not notes. Where a bar is shorter or longer than its meter, the meter is repeated after it. This
keeps the bar lines where the score has them.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from partimento.errors import UnfitError
from partimento.music.limits import check_bars, check_density, check_size
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

GRACE_QL = Fraction(1, 16)
ABC_LENGTH = re.compile(r"[A-Ga-gxz\]][,']*0*([1-9][0-9]{2,})")
FRACTION = re.compile(
    r"(?:^|\[|\t)(M:|L:|\*M(?!M))([^\n\]\t]*)", re.MULTILINE
)  # meters, and ABC's unit of length
MOST_BEATS = 128
MOST_UNITS = 256  # of an ABC tune's unit length
DROPPED = re.compile(
    r"(?:parsing event \('|pitch information from note: )(.*?)(?:'\) at line|, assuming C)"
)  # in the warnings of music21
T = TypeVar("T")
MINOR_LIKE = ("minor", "aeolian", "dorian", "phrygian", "locrian")


def piece_from_score(data: bytes, suffix: str) -> Piece:
    """Read the bytes of a score; `suffix` says which format.

    Raises
    ------
    UnfitError
        With a reason, if it cannot be read as one piece with notes.
    """
    text = _text(data, suffix)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()) as murmur:
        warnings.simplefilter("ignore")  # music21 warns of many things that the user cannot change
        try:
            score = _parse(text, suffix)
            if dropped := DROPPED.search(murmur.getvalue()):
                raise UnfitError(f"damaged: music21 knows no note {dropped[1].strip()[:20]!r}")
            return _to_piece(score, _staves(score))
        except (UnfitError, MemoryError, RecursionError):
            raise
        except Exception as error:  # any kind: damaged files lead parsers to unforeseen errors
            raise UnfitError(f"damaged, or not understood by music21{_said(error)}") from error


def _said(error: Exception) -> str:
    """Return music21's own message; Python's messages mean nothing to a musician."""
    if not type(error).__module__.startswith("music21"):
        return ""
    return ": " + re.sub(r"<\S[^ ]*(?: object at)? 0x\w+>|0x\w{6,}", "…", str(error))[:200]


def _checked(make: Callable[..., T], *values: Any, **more: Any) -> T:
    """Call one of our constructors, whose messages say what is wrong with its values."""
    try:
        return make(*values, **more)
    except (ValueError, ArithmeticError) as error:
        raise UnfitError(str(error)) from error


def _text(data: bytes, suffix: str) -> str:
    if not data.strip():
        raise UnfitError("it is empty")
    text = data.decode("utf-8-sig", "replace") if _is_utf8(data) else data.decode("latin-1")
    if (
        "\0" in text
        or (suffix == ".krn" and "**kern" not in text)
        or (suffix == ".abc" and "K:" not in text)
    ):
        raise UnfitError(f"not {'kern' if suffix == '.krn' else 'ABC'}, whatever its name says")
    _check_numbers(text, suffix)
    return text


def _check_numbers(text: str, suffix: str) -> None:
    """Refuse absurd meters and note lengths.

    With them music21 counts beats for hours, or until the memory is full.
    """
    for field, value in FRACTION.findall(text):
        if any(len(number) > 3 or int(number) > MOST_BEATS for number in re.findall(r"\d+", value)):
            raise UnfitError(
                f"no such {'unit of length' if field == 'L:' else 'meter'}: {value.strip()[:20]}"
            )
    for line in text.splitlines() if suffix == ".abc" else ():
        if line[1:2] != ":":  # a field, not music
            for length in ABC_LENGTH.findall(re.sub(r'"[^"]*"|![^!]*!|%.*', "", line)):
                if len(length) > 3 or int(length) > MOST_UNITS:
                    raise UnfitError(
                        f"a note lasts {length[:20]} units: more than {MOST_UNITS} are not read"
                    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse(text: str, suffix: str) -> Any:
    from music21 import stream
    from music21.converter import subConverters

    converter = (
        subConverters.ConverterABC() if suffix == ".abc" else subConverters.ConverterHumdrum()
    )
    converter.parseData(text)
    score = converter.stream
    if isinstance(score, stream.Opus):
        scores = list(score.scores)
        if len(scores) != 1:
            raise UnfitError(f"it holds {len(scores)} tunes: a file of one piece is read")
        score = scores[0]
    return score


def _staves(score: Any) -> list[Any]:
    """Return the parts of a score at sounding pitch."""
    from music21 import instrument

    if any(each.transposition for each in score[instrument.Instrument]):
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
    words = score.metadata or metadata.Metadata()
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
        title=_title(words),
        composer=(words.composer or "").strip(),
    )


def _part_numbers(staves: list[Any]) -> list[int]:
    """Return the part of each staff; the two staves of a keyboard are one part."""
    from music21 import stream

    numbers: list[int] = []
    for i, staff in enumerate(staves):
        # music21 calls the staves of part P1 "P1-Staff1" and "P1-Staff2"
        names = [str(each.id).rpartition("-Staff")[0] for each in staves[max(i - 1, 0) : i + 1]]
        same = i > 0 and isinstance(staff, stream.PartStaff) and names[0] == names[1] != ""
        numbers.append(numbers[-1] + (not same) if numbers else 0)
    return numbers


def _title(words: Any) -> str:
    title = (words.bestTitle or "").strip()
    for suffix in (".mxl", ".xml", ".musicxml"):  # engraving programs fill in the name of the file
        title = title.removesuffix(suffix)
    return str(title)


def _walk(container: Any, start: Fraction = Fraction(0)) -> Iterator[tuple[Fraction, Any]]:
    """Yield all elements of measures and voices with their times.

    music21's own `recurse` searches for each time.
    """
    for element in container.elements:
        onset = start + _time(container.elementOffset(element))
        if element.isStream:
            yield from _walk(element, onset)
        else:
            yield onset, element


def _time(value: Any) -> Fraction:
    """Convert a time of music21 to a fraction.

    Its times are floats where these are exact, else Fractions, with denominators up to 65535.
    """
    return Fraction(value).limit_denominator(65535)


def _notes(staff: Any, part: int) -> list[Note]:
    from music21 import harmony, note

    done: list[Note] = []
    tied: dict[int, int] = {}  # pitch → index of the note that sounds on
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
                        for single in _singles(element)
                    ],
                )
            )
            continue
        duration = _time(element.duration.quarterLength)
        if duration <= 0:
            raise UnfitError(f"a note lasts no time, {onset} quarter notes in")
        for single in _singles(element):
            new = _note(single, onset, duration, part)
            kind = (
                single.tie.type if single.tie else ""
            )  # a chord's own `tie` is only that of its first tied note
            before = tied.pop(new.pitch, None) if kind in ("stop", "continue") else None
            if before is not None and done[before].end == onset:
                old = done[before]
                done[before] = Note(
                    old.onset,
                    old.duration + duration,
                    old.pitch,
                    old.velocity,
                    part,
                    old.string,
                    old.fret,
                )
            else:
                before = len(done)
                done.append(new)
            if kind in ("start", "continue"):
                tied[new.pitch] = before
    return done + _before_their_beat(graces)


def _singles(element: Any) -> list[Any]:
    return list(element.notes) if hasattr(element, "notes") else [element]


def _note(
    single: Any, onset: Fraction, duration: Fraction, part: int, *, grace: bool = False
) -> Note:
    if hasattr(single, "pitch"):
        pitch = single.pitch.midi
        if not 0 <= single.pitch.ps <= 127:  # music21 would fold it into the range
            raise UnfitError(f"a pitch is outside 0 to 127: {single.pitch.nameWithOctave}")
    else:  # unpitched percussion: its General MIDI pitch, else its place on the staff
        pitch = getattr(single.storedInstrument, "percMapPitch", None) or single.displayPitch().midi
    velocity = single.volume.velocity if single.hasVolumeInformation() else None
    where = {type(mark).__name__: getattr(mark, "number", None) for mark in single.articulations}
    string, fret = where.get("StringIndication"), where.get("FretIndication")
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


def _before_their_beat(graces: list[tuple[Fraction, list[Note]]]) -> list[Note]:
    """Place grace notes one after another before the beat of their main note.

    At the very beginning of the piece they stand together on the beat.
    """
    at: dict[Fraction, list[list[Note]]] = {}
    for onset, chord in graces:
        at.setdefault(onset, []).append(chord)
    done = []
    for beat, chords in at.items():
        for back, chord in zip(range(len(chords), 0, -1), chords, strict=True):
            onset = max(beat - back * GRACE_QL, Fraction(0))
            done += [
                Note(onset, GRACE_QL, n.pitch, n.velocity, n.part, n.string, n.fret, True)
                for n in chord
            ]
    return done


class _Marks:
    """Meters, keys and tempos by time. Where staves differ, the first one counts."""

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

    A meter is stated again where the bars of a staff leave it.
    """
    from music21 import stream

    onsets = [
        _time(staff.elementOffset(measure)) for measure in staff.getElementsByClass(stream.Measure)
    ]
    if not marks or min(marks) > 0:
        marks = {Fraction(0): Meter(), **marks}
    first = marks[Fraction(0)]
    pickup = onsets[1] if len(onsets) > 1 and onsets[1] < first.bar_ql else Fraction(0)
    meters, now = dict(marks), first
    for begin, after in pairwise(onsets):
        now = marks.get(begin, now)
        if after - begin not in (now.bar_ql, 0) and (begin or not pickup):
            meters.setdefault(after, Meter(now.numerator, now.denominator, after))
    return tuple(sorted(meters.values(), key=lambda meter: meter.onset)), pickup


def _part(staff: Any) -> Part:
    from music21 import instrument

    player = staff[instrument.Instrument].first()
    drum = isinstance(player, instrument.UnpitchedPercussion) or (
        player is not None and player.midiChannel == 9
    )
    name = staff.partName or (player.partName if player else "") or ""
    return Part(str(name).strip(), player.midiProgram if player else None, bool(drum))
