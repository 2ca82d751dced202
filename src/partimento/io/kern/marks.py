"""Read the interpretations and reference records of Humdrum."""

from __future__ import annotations

import html
import re
from fractions import Fraction

from partimento.music.timelines import Key, Meter, Tempo

METER = re.compile(r"\*M(\d+(?:\+\d+)*/\d+(?:%\d+)?(?:\+\d+(?:\+\d+)*/\d+(?:%\d+)?)*)")
SIGNATURE = re.compile(r"\*k\[([a-g#n-]*)\]")
DESIGNATION = re.compile(r"\*([A-Ga-g])([#-]?):([a-z]*)")
TEMPO = re.compile(r"\*MM\[?(\d+(?:\.\d+)?)")
TRANSPOSITION = re.compile(r"\*Trd(-?\d{1,2})c(-?\d{1,3})")
PRINTED_TEMPO = re.compile(
    r"\[(whole|half|quarter|eighth|sixteenth)(-dot|\.)?\]?\s*=\s*(?:c\.?\s*)?(\d{1,3}(?:\.\d+)?)"
)
UNITS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "sixteenth": 0.25}
SHARPS = "fcgdaeb"
# Fifths of the major key with this tonic, and how many fewer sharps each mode has.
FIFTHS = {"f": -1, "c": 0, "g": 1, "d": 2, "a": 3, "e": 4, "b": 5}
MODES = {
    "ion": 0,
    "lyd": -1,
    "mix": 1,
    "dor": 2,
    "aeo": 3,
    "min": 3,
    "phr": 4,
    "loc": 5,
    "maj": 0,
}
MINOR_MODES = ("dor", "aeo", "min", "phr", "loc")
TITLES = ("OTL", "OTP", "OPR", "GTL")  # of the work, else a popular one, the parent's, the group's
LARGEST = 1024  # number in a meter
REFERENCE = re.compile(r"!!!([A-Z]{3})(\d*)(?:@@?[A-Za-z]+)?:(.*)")


def meter_of(token: str) -> Meter | None:
    """Read a meter; return None if the token is none, or for music without meter.

    ``*M3+2/8`` has five eighths, ``*M3/8+3/4`` nine. ``*M3/0`` has three breves.

    Raises
    ------
    ValueError
        If there is no such meter.

    >>> meter_of("*M6/8"), meter_of("*M3/8+3/4").numerator, meter_of("*M3/0").bar_ql
    (Meter(numerator=6, denominator=8, onset=Fraction(0, 1)), 9, Fraction(24, 1))
    """
    match = METER.fullmatch(token)
    if match is None:
        if re.fullmatch(r"\*M[\d.-].*", token):
            raise ValueError(f"no such meter: {token[2:22]}")
        return None
    whole_notes = Fraction(0)
    finest = 1
    beats: list[str] = []
    for term in match[1].split("+"):
        beats.append(term.partition("/")[0])
        if "/" not in term:
            continue
        beat = term.partition("/")[2]
        if any(len(number) > 4 or int(number) > LARGEST for number in (*beats, *beat.split("%"))):
            raise ValueError(f"no such meter: {match[1][:20]}")
        number, _, parts = beat.partition("%")
        lower = Fraction(int(number)) if int(number) else Fraction(1, 2 ** min(len(number), 3))
        unit = Fraction(int(parts or 1)) / lower
        whole_notes += sum(map(int, beats)) * unit
        finest = max(finest, unit.denominator)
        beats = []
    if (whole_notes * finest).denominator != 1:
        raise ValueError(f"no such meter: {match[1][:20]}")
    return Meter(int(whole_notes * finest), finest)


def signature_of(token: str) -> int | None:
    """Read a key signature as a number of fifths; None if it is no usual one.

    >>> signature_of("*k[b-e-]"), signature_of("*k[]"), signature_of("*k[f#b-]")
    (-2, 0, None)
    """
    match = SIGNATURE.fullmatch(token)
    if match is None:
        return None
    names = re.findall(r"[a-g](?:#|-|n)?", match[1])
    names = [name for name in names if not name.endswith("n")]
    if set(names) == {f"{letter}#" for letter in SHARPS[: len(names)]}:
        return len(names)
    if set(names) == {f"{letter}-" for letter in SHARPS[::-1][: len(names)]}:
        return -len(names)
    return None


def designation_of(token: str) -> Key | None:
    """Read a key such as ``*d:``, ``*B-:`` or ``*E:phr``; None if the token is none.

    A lower-case letter means minor. Church modes count as minor if their third is minor.

    >>> designation_of("*d:").name, designation_of("*B-:").name, designation_of("*G:dor").fifths
    ('D minor', 'B♭ major', -1)
    """
    match = DESIGNATION.fullmatch(token)
    if match is None:
        return None
    letter, accidental, mode = match.groups()
    mode = mode[:3] or ("min" if letter.islower() else "maj")
    if mode not in MODES:
        return None
    fifths = FIFTHS[letter.lower()] + 7 * accidental.count("#") - 7 * accidental.count("-")
    fifths -= MODES[mode]
    return Key(fifths, "minor" if mode in MINOR_MODES else "major") if abs(fifths) <= 7 else None


def transposed_key(key: Key, fifths: int) -> Key:
    """Return a key moved by a number of fifths, with at most seven accidentals."""
    moved = key.fifths + fifths
    while abs(moved) > 7:
        moved -= 12 if moved > 0 else -12
    return Key(moved, key.mode)


def transposition_of(token: str) -> tuple[int, int] | None:
    """Read a transposition such as ``*Trd1c2``; None if the token is none.

    Returns semitones and fifths from the data to the sound.

    The interpretation states by which interval the data are higher than the sound. Data marked
    ``*ITr`` have sounding pitch.

    >>> transposition_of("*Trd1c2"), transposition_of("*ITrd1c2")
    ((-2, -2), None)
    """
    match = TRANSPOSITION.fullmatch(token)
    if match is None:
        return None
    diatonic, chromatic = int(match[1]), int(match[2])
    fifths = 7 * chromatic - 12 * diatonic
    return -chromatic, -fifths + 12 * round(fifths / 12) * (abs(fifths) > 7)


def tempo_of(token: str) -> Tempo | None:
    """Read ``*MM120``, in quarters per minute; None if the token is no tempo.

    Raises
    ------
    ValueError
        If there is no such tempo.
    """
    match = TEMPO.match(token)
    return _tempo(float(match[1][:12])) if match else None


def printed_tempo(text: str) -> Tempo | None:
    """Read the metronome mark in a text such as ``Allegro [quarter = 96]``.

    Returns None if the text has none.

    >>> round(printed_tempo("Lento [half = 40]").bpm)
    80
    """
    match = PRINTED_TEMPO.search(text)
    if match is None:
        return None
    return _tempo(float(match[3]) * UNITS[match[1]] * (1.5 if match[2] else 1))


def _tempo(bpm: float) -> Tempo:
    try:
        return Tempo.from_bpm(bpm)
    except (ValueError, ArithmeticError):
        raise ValueError(f"no such tempo: {bpm:g} quarter notes per minute") from None


def title_and_composer(records: dict[str, list[str]]) -> tuple[str, str]:
    """Return title and composer from the reference records by their three letters.

    >>> title_and_composer({"OPR": ["Messiah"], "COM": ["Handel, George Frideric"]})
    ('Messiah', 'George Frideric Handel')
    """
    title = next((records[name][0] for name in TITLES if records.get(name)), "")
    composers = records.get("COM", []) or records.get("COA", [])
    return title, ", ".join(dict.fromkeys(person_name(name) for name in composers))


def person_name(name: str) -> str:
    """Return a name with the first name in front.

    >>> person_name("Bach, Johann Sebastian"), person_name("Palestrina, Giovanni Pierluigi da")
    ('Johann Sebastian Bach', 'Giovanni Pierluigi da Palestrina')
    """
    last, comma, first = (part.strip() for part in name.partition(","))
    return f"{first} {last}" if comma and first and last else last or first


def add_record(records: dict[str, list[str]], line: str) -> None:
    """Add a reference record such as ``!!!COM: Bach, Johann Sebastian`` to `records`."""
    match = REFERENCE.match(line)
    if match:
        # Old files write letters with accents as entities of HTML.
        value = " ".join(html.unescape(match[3]).split())
        if value and value not in records.setdefault(match[1], []):
            records[match[1]].append(value)
