"""What must hold of whatever comes of a file: of a piece, that it is music; of a reason, that a
person can read it.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import numpy as np
from tests.fuzz.sources import SECRET

from partimento.corpus import analyze_key
from partimento.errors import PartimentoError
from partimento.io.midi.read import midi_from_bytes
from partimento.io.midi.write import to_midi, written_meters
from partimento.music.events import merge_held
from partimento.music.limits import MAX_NOTES, MAX_QUARTERS
from partimento.music.notes import MAX_GRID, Notes
from partimento.music.performed import pickup_of
from partimento.music.piece import Piece
from partimento.music.timelines import Meter

MOST_BARS = 110_000
LONGEST_BAR = 4 * 255
SLOW_NOTES = 3000  # beyond, only what is quick is checked
LONGEST_REASON = 300

# All that a reader says; a message that stands nowhere here comes from a library, and nobody
# thought of who reads it.
REASONS = (
    r"it is empty",
    r"it has no notes( with a duration)?( \(.*\))?",
    r"\d+ notes: more than \d+ are not read",
    r"truncated: .*",
    r"not a MIDI file, despite its suffix",
    r"damaged: .*",
    r"no such (meter|unit of length): .*",
    r"no such key: .*",
    r"no such tempo: .*",
    r"\d+ of its \d+ notes have no duration",
    r"a (note|mark) lies at tick 2³¹ or beyond",
    r"its last note ends .+ quarter notes in: more than \d+ are not read",
    r"damaged XML: .*",
    r"XML, but not (MusicXML|MEI)",
    r"it declares XML entities, which no score needs",
    r"the archive contains no score",
    r"damaged: not a complete archive .*",
    r"larger than \d+ MiB( when unpacked)?",
    r"a quarter note cannot have \S+ divisions",
    r"its times have no common grid: .*",
    r".* is not a (whole )?number: .*",
    r"not the name of a note: .*",
    r"no such accidental: \S+ semitones",
    r"a duration is negative, in bar \d+",
    r"a note has no duration, .*",
    r"a pitch is outside 0 to 127: .*",
    r"a note has no pitch, in bar \d+",
    r"more than \d+ transpositions in bar \d+",
    r"its endings leave no bar to play",
    r"with its repeats it is longer than \d+ bars",
    r"not (kern|ABC|a Guitar Pro file), despite its suffix",
    r"a file of Guitar Pro [v0-9.]*, which is not read: save it as \.gp5 there",
    r"it has the tunes .*",
    r"it contains \d+ (tunes|pieces): split it, one piece per file",
    r"it is nested too deeply",
    r"\d+ bars: more than \d+ are not read",
    r"\d+ meters, keys or tempos: more than \d+ of a kind are not read",
    r"up to \d+ of its \d+ notes sound at once, which is too many",
    r"up to \d+ of its notes begin together: more than is read",
    r"\d+ parts of \d+ bars, which is too many",
    r"no such transposition: it is larger than \d+",
    r"a velocity is outside 1 to 127",
    r"a note ends later than any score does",
)
KNOWN = re.compile("|".join(f"(?:{reason})" for reason in REASONS))
CONTAINED = re.compile(
    r"the parser crashed|reading it took longer than .*|reading it takes more than .* of memory|the"
    r" parser gave .*"
)
LIBRARY_WORDS = re.compile(
    r"0x[0-9a-f]{6,}|object at |<class |Traceback|numpy|ndarray|NoneType|__\w+__|\bint\(\)|str,"
    r" bytes|\.py\b",
    re.IGNORECASE,
)


def fault_of_reason(reason: str) -> str:
    """What is wrong with a reason; empty: nothing."""
    if reason.startswith("the parser failed"):
        return f"an exception that nobody caught: {reason}"
    if CONTAINED.fullmatch(reason):
        return reason
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in reason):
        return f"a reason with a line break or a control character: {reason!r}"
    if len(reason) > LONGEST_REASON:
        return f"a reason of {len(reason)} characters: {reason[:LONGEST_REASON]}"
    if found := LIBRARY_WORDS.search(reason):
        return f"a reason that speaks of the program, not of the music ({found[0]}): {reason}"
    return "" if KNOWN.fullmatch(reason) else f"a reason that nobody wrote: {reason}"


def reason_class(reason: str) -> str:
    """Reasons that differ in numbers and names only are of one class."""
    plain = re.sub(r"\(.*\)", "(…)", reason) if reason.startswith("damaged: not") else reason
    plain = re.sub(r"(?<!\w)(['\"]).*?\1(?!\w)", "'…'", plain)
    plain = re.sub(
        r"(tag mismatch|end of Start Tag|value for attribute|end of data in tag).*", r"\1 …", plain
    )
    plain = re.sub(r"(understood by music21): .*|(outside 0 to 127): .*", r"\1\2: …", plain)
    return re.sub(r"(?<![\w⁰-⁹])-?\d[\d.e+]*", "N", plain)[:90]


def check_piece(piece: Piece, *, one_view: bool = False) -> None:
    """Assert that a piece is one; `one_view`: it is music21's view, which need not be checked in
    every respect again.
    """
    _check_notes(piece.notes)
    _check_marks(piece)
    _check_events(piece)
    assert Piece.from_json(piece.to_json()) == piece, "it is another one after JSON"
    key, correlation = analyze_key(piece)
    assert -1.000001 <= correlation <= 1.000001, f"its key {key} has the correlation {correlation}"
    if len(piece.notes) <= SLOW_NOTES and not one_view:
        _check_midi(piece)


def _check_notes(notes: Notes) -> None:
    assert 0 < len(notes) <= MAX_NOTES, f"{len(notes)} notes"
    assert 0 < notes.divisions <= MAX_GRID, "its grid is none"
    assert notes.onset.min() >= 0, "a note begins before the piece"
    assert notes.duration.min() > 0, "a note lasts no time"
    assert notes.pitch.min() >= 0, "a pitch is negative"
    assert notes.pitch.max() <= 127, "a pitch lies above 127"
    assert notes.velocity.min() >= 1, "a velocity is 0"
    assert notes.velocity.max() <= 127, "a velocity lies above 127"
    assert notes.string.min() >= -1, "a string is negative"
    assert notes.fret.min() >= -1, "a fret is negative"
    assert set(np.unique(notes.grace).tolist()) <= {0, 1}, "a grace flag is neither"
    order = np.lexsort((notes.part, notes.pitch, notes.onset))
    assert (order == np.arange(len(notes))).all(), "its notes are not sorted"
    # Grace notes take no time: they are a line of their own.
    line = np.stack([notes.pitch, notes.part, notes.voice, notes.grace])
    by_voice = np.lexsort((notes.onset, *line))
    one, after = by_voice[:-1], by_voice[1:]
    same = (line[:, one] == line[:, after]).all(0)
    assert (notes.end[one] <= notes.onset[after])[same].all(), (
        "two notes of one part, voice and pitch overlap"
    )


def _check_marks(piece: Piece) -> None:
    assert int(piece.notes.part.max()) < len(piece.parts), "a note is in no part"
    assert piece.notes.end.max() <= piece.length * piece.notes.divisions, (
        "a note ends after the piece"
    )
    assert piece.length <= MAX_QUARTERS + LONGEST_BAR, (
        f"it lasts {float(piece.length)} quarter notes"
    )
    assert all(part.program is None or 0 <= part.program < 128 for part in piece.parts), (
        "a program is none"
    )
    for name in ("meters", "keys", "tempos"):
        onsets = [mark.onset for mark in getattr(piece, name)]
        assert all(a < b for a, b in pairwise(onsets)), f"its {name} are not sorted"
        assert not onsets or onsets[0] >= 0, f"one of its {name} begins before the piece"
    texts = (piece.title, piece.composer, *(part.name for part in piece.parts))
    assert not any(SECRET in text or "root:" in text for text in texts), (
        "it tells what stands in another file"
    )
    bars = piece.bars()
    assert len(bars) <= MOST_BARS + len(piece.meters), f"it has {len(bars)} bars"
    assert bars[0].onset == 0, "its first bar begins later"
    assert all(a.onset + a.duration == b.onset and a.duration > 0 for a, b in pairwise(bars)), (
        "its bars do not follow each other"
    )
    assert bars[-1].onset + bars[-1].duration >= piece.length, "its bars end before it does"


def _check_events(piece: Piece) -> None:
    events = piece.events
    assert sum(event.duration for event in events) == piece.length, (
        "its events do not add up to its length"
    )
    assert all(event.duration > 0 for event in events), "an event lasts no time"
    before: tuple[int, ...] = ()
    for event in events:
        assert list(event.chord) == sorted(set(event.chord)), (
            f"a chord is not sorted: {event.chord}"
        )
        assert set(event.held) <= set(event.chord) & set(before), (
            f"an event holds what did not sound: {event}"
        )
        before = event.chord
    if len(events) <= SLOW_NOTES:
        assert Piece.from_events(events).events == tuple(merge_held(events)), (
            "its events are those of no piece"
        )


def _has_unison_graces(notes: Notes) -> bool:
    """Whether a grace note sounds together with a note of its pitch, which MIDI cannot carry."""
    order = np.lexsort((notes.onset, notes.pitch, notes.part))
    one, after = order[:-1], order[1:]
    same = (notes.part[one] == notes.part[after]) & (notes.pitch[one] == notes.pitch[after])
    return bool((notes.end[one] > notes.onset[after])[same].any())


def _check_midi(piece: Piece) -> None:
    """Where MIDI can carry it, MIDI brings it back."""
    if _has_unison_graces(piece.notes):
        return
    try:
        data, why = to_midi(piece), ""
    except PartimentoError as error:
        data, why = b"", str(error)
    assert "\n" not in why, f"a message of several lines: {why}"
    if why:
        return
    back = midi_from_bytes(data).to_piece()
    notes, ours = back.notes, piece.notes
    assert notes.divisions == ours.divisions, "its grid is another after MIDI"
    heard, numbers = np.unique(ours.part, return_inverse=True)
    for name in ("onset", "duration", "pitch", "velocity"):
        assert np.array_equal(getattr(notes, name), getattr(ours, name)), (
            f"after MIDI its notes have another {name}"
        )
    assert np.array_equal(notes.part, numbers), "after MIDI its notes are in other parts"
    assert [(p.program, p.is_drum) for p in back.parts] == [
        (piece.parts[i].program, piece.parts[i].is_drum) for i in heard
    ]
    assert back.length == piece.length, "after MIDI it has another length"
    # A pickup is a short first meter, and a short first meter is read as a pickup.
    meters = written_meters(piece)
    assert back.meters in (piece.meters or (Meter(),), meters, pickup_of(meters)[0]), (
        "after MIDI it has other meters"
    )
    assert back.keys == piece.keys, "after MIDI it has other keys"
    assert back.tempos == piece.tempos, "after MIDI it has other tempos"
