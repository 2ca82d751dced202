"""Read the information fields of ABC: meter, length, tempo, key, clef and voice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from partimento.errors import InvalidScoreError
from partimento.music.timelines import Key, Meter, Mode, Tempo

LETTERS = "CDEFGAB"
SHARPS = "FCGDAEB"  # in the order of key signatures
NATURAL_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
# Fifths of the key signature below that of the major key on the same tonic.
MODES = {
    "maj": 0,
    "ion": 0,
    "mix": 1,
    "dor": 2,
    "min": 3,
    "aeo": 3,
    "m": 3,
    "phr": 4,
    "loc": 5,
    "lyd": -1,
}
MINOR_LIKE = ("min", "aeo", "m", "dor", "phr", "loc")
TONIC = re.compile(
    r"\s*([A-G])([#b♯♭]?)\s*(?:(maj|ion|mix|dor|min|aeo|phr|loc|lyd)[a-z]*|(m)(?![a-z]))?(?![a-z=])",
    re.IGNORECASE,
)
ACCIDENTAL = re.compile(r"(?<![\w^_=])(\^\^|\^|__|_|=)([A-Ga-g])(?![\w=])")
CLEF = re.compile(
    r"(?:clef=|(?<![\w=]))(treble|bass|alto|tenor|perc|none|[GFCP])?[1-5]?([-+^_](?:8|15))(?![\w])"
)
NUMBER = re.compile(r"(octave|transpose|t)=([-+]?\d{1,3})(?!\w)")
NAME = re.compile(r'(?<!\w)(?:name|nm)=(?:"([^"]*)"|(\S+))')
FRACTION = re.compile(r"(\d{1,4})\s*/\s*(\d{1,4})")
ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
MOST_SEMITONES = 60


@dataclass(frozen=True)
class AbcKey:
    """A key signature of ABC.

    Attributes
    ----------
    alters : dict
        Letter → semitones, for letters that are altered.
    key : Key or None
        None if there is no key, or its signature is not a usual one.
    """

    alters: dict[str, int] = field(default_factory=dict)
    key: Key | None = None


@dataclass(frozen=True)
class Shift:
    """By how much the pitches of a voice sound above the written ones."""

    clef: int = 0
    octave: int = 0
    transpose: int = 0
    midi: int = 0

    @property
    def semitones(self) -> int:
        return self.clef + self.octave + self.transpose + self.midi


def parse_meter(text: str) -> Meter | None:
    """Read a meter; None for free meter.

    Raises
    ------
    InvalidScoreError, ValueError
        If there is no such meter.

    Examples
    --------
    >>> [(m.numerator, m.denominator) for m in map(parse_meter, ("C|", "2+3/8"))]
    [(2, 2), (5, 8)]
    """
    text = text.strip()
    if text == "C":
        return Meter(4, 4)
    if text == "C|":
        return Meter(2, 2)
    match = re.match(r"\(?([\d\s+]+)\)?\s*/\s*(\d+)", text)
    if not match or text.lower().startswith("none"):
        if text and not text.lower().startswith("none"):
            raise InvalidScoreError(f"no such meter: {text[:20]}")
        return None
    beats = [int(number[:4]) for number in match[1].replace("+", " ").split()]
    return Meter(sum(beats), int(match[2][:4]))


def parse_length(text: str) -> Fraction:
    """Read a unit of length, in whole notes: ``1/8``.

    Raises
    ------
    InvalidScoreError
        If it is no fraction of a whole note.
    """
    match = FRACTION.match(text.strip())
    if match and int(match[1]) and int(match[2]):
        return Fraction(int(match[1]), int(match[2]))
    if text.strip() == "1":
        return Fraction(1)
    raise InvalidScoreError(f"no such unit of length: {text.strip()[:20]}")


def default_length(meter: Meter | None) -> Fraction:
    """Return the unit of length where none is stated: a sixteenth in short meters."""
    return Fraction(1, 16 if meter and meter.bar_ql < 3 else 8)


def parse_tempo(text: str, unit: Fraction) -> Tempo | None:
    """Read a tempo; None if it is in words only.

    Parameters
    ----------
    text : str
    unit : Fraction
        The unit of length, which a number alone counts.

    Raises
    ------
    ValueError
        If the tempo is impossible.

    Examples
    --------
    >>> [parse_tempo(text, Fraction(1, 8)).bpm for text in ('"Slow" 1/2=50', "3/8=80", "120")]
    [100.0, 120.0, 60.0]
    """
    plain = re.sub(r'"[^"]*"', " ", text)
    beats, equals, speed = plain.rpartition("=")
    number = re.match(r"\s*(\d{1,5}(?:\.\d{1,6})?)", speed)
    if number is None:
        return None
    beat = unit
    if equals:
        parts = [Fraction(int(a), int(b) or 1) for a, b in FRACTION.findall(beats)]
        named = re.match(r"\s*C\s*(\d{0,2})(?:/(\d{1,2}))?", beats)
        if parts:
            beat = sum(parts, Fraction(0))
        elif named:
            beat = unit * Fraction(int(named[1] or 1), int(named[2] or 1) or 1)
    quarters = float(Fraction(number[1]) * beat * 4)
    return Tempo.from_bpm(quarters) if quarters else None


def parse_key(text: str) -> AbcKey:
    """Read a key, with its mode and further accidentals.

    >>> key = parse_key("D exp _b _e ^f")
    >>> sorted(key.alters.items()), parse_key("Ador").key.name
    ([('B', -1), ('E', -1), ('F', 1)], 'E minor')
    """
    text = text.split("%")[0].strip()
    if text[:2] in ("HP", "Hp"):
        return AbcKey({"F": 1, "C": 1}, Key(2))
    match = TONIC.match(text)
    is_none = text.lower().startswith("none") or match is None
    fifths, mode, key = 0, "", None
    explicit = bool(re.search(r"(?<!\w)exp(?!\w)", text))
    if match and not is_none:
        mode = (match[3] or match[4] or "").lower()[:3]
        accidental = {"#": 7, "♯": 7, "b": -7, "♭": -7}.get(match[2], 0)
        fifths = NATURAL_FIFTHS[match[1].upper()] + accidental - MODES.get(mode, 0)
        kind: Mode = "minor" if mode in MINOR_LIKE else "major"
        key = Key(fifths, kind) if -7 <= fifths <= 7 and not explicit else None
    alters = {} if explicit else signature(max(min(fifths, 14), -14))
    for sign, letter in ACCIDENTAL.findall(text[match.end() if match and not is_none else 0 :]):
        alters[letter.upper()] = ALTERS[sign]
    if explicit:
        alters = {letter: alter for letter, alter in alters.items() if alter}
        usual = [n for n in range(-7, 8) if signature(n) == alters]
        key = Key(usual[0], "minor" if mode in MINOR_LIKE else "major") if usual else None
    return AbcKey(alters, key)


def signature(fifths: int) -> dict[str, int]:
    """Return the altered letters of a key signature.

    >>> signature(2), signature(-1)
    ({'F': 1, 'C': 1}, {'B': -1})
    """
    alters: dict[str, int] = {}
    for i in range(abs(fifths)):
        letter = SHARPS[i % 7] if fifths > 0 else SHARPS[-1 - i % 7]
        alters[letter] = alters.get(letter, 0) + (1 if fifths > 0 else -1)
    return alters


def has_key(text: str) -> bool:
    """Return whether a key field states a key, and not only a clef."""
    text = text.strip()
    return text[:2] in ("HP", "Hp") or text.lower().startswith("none") or bool(TONIC.match(text))


def parse_shift(text: str, before: Shift) -> Shift:
    """Read clef, octave and transposition of a key or voice field.

    A clef alone moves nothing; ``-8`` and ``+8`` after it move the sound by an octave.

    >>> parse_shift("clef=treble-8 transpose=-2", Shift()).semitones
    -14
    """
    plain = re.sub(r'"[^"]*"', "", text)
    shift = before
    if clef := CLEF.search(plain):
        size = 24 if clef[2].endswith("15") else 12
        shift = replace(shift, clef=-size if clef[2][0] in "-_" else size)
    elif re.search(r"(?:clef=|(?<![\w=]))(?:treble|bass|alto|tenor)", plain):
        shift = replace(shift, clef=0)
    for name, number in NUMBER.findall(plain):
        value = max(min(int(number), MOST_SEMITONES), -MOST_SEMITONES)
        if name == "octave":
            shift = replace(shift, octave=max(min(value, 5), -5) * 12)
        else:
            shift = replace(shift, transpose=value)
    return shift


def parse_name(text: str) -> str | None:
    """Return the name that a voice field states, or None.

    >>> parse_name('1 name="Violin" clef=treble'), parse_name("2 nm=Cello"), parse_name("3")
    ('Violin', 'Cello', None)
    """
    match = NAME.search(text)
    if match is None:
        return None
    return (match[1] if match[1] is not None else match[2]).strip()
