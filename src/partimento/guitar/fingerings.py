"""Give every note of a guitar part a string and a fret that a hand can play."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from partimento.analysis.guitar_octave import guitar_parts, octave_notated, to_sounding
from partimento.analysis.players import players_of
from partimento.errors import PartimentoError
from partimento.guitar.holds import LET_GO
from partimento.guitar.path import Path, easiest_path
from partimento.guitar.strikes import strikes_of
from partimento.guitar.tunings import Tuning, tuning_named, tuning_of
from partimento.io.musicxml.add_tablature import positions_text
from partimento.music.instruments import instruments_of_text
from partimento.music.names import pitch_name
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference
from partimento.music.timelines import Part
from partimento.short_repr import short_repr

MOST_LISTED = 8  # bars in a warning
GUITAR, BASS_GUITAR = 24, 33  # General MIDI programs
LOWEST_GUITAR_STRING = 55  # MIDI pitch; the highest string of a bass guitar is lower


@short_repr
@dataclass(frozen=True, slots=True)
class FingeredPart:
    """The fingering of one part.

    Attributes
    ----------
    part : int
        Index into the parts of the fingered piece.
    tuning : Tuning
    positions : tuple of (Fraction, int)
        The position of the hand at each onset, in quarters. It is the fret of the index finger,
        counted from the capo.
    unplayable : tuple of Fraction
        The onsets of notes that no hand can hold together. They have strings and frets, too.
    without_place : tuple of int
        Indices of the notes without string and fret: they are out of range, or more than strings.
    cut : int
        The number of notes that cannot ring to their written end.
    cost : float
        The sum of all costs.
    """

    part: int
    tuning: Tuning
    positions: tuple[tuple[Fraction, int], ...]
    unplayable: tuple[Fraction, ...]
    without_place: tuple[int, ...]
    cut: int
    cost: float


@short_repr
@dataclass(frozen=True, slots=True)
class Fingering:
    """A piece whose guitars have strings and frets, with the fingering of each.

    Attributes
    ----------
    piece : Piece
    parts : tuple of FingeredPart
    """

    piece: Piece
    parts: tuple[FingeredPart, ...]


def fingering(
    piece: Piece,
    *,
    tuning: Tuning | str | None = None,
    capo: int = 0,
    part: str | int | None = None,
    keep: bool = True,
) -> Piece:
    """Return a piece with a string and a fret for each note of its guitars.

    The fingering is the easiest one by a written cost model of the left hand. Tracks of one player
    become one part. Guitars that a file has an octave above their sound are lowered. The parts
    remember their tuning, and are saved with a tablature under the notation.

    Parameters
    ----------
    piece : Piece
    tuning : Tuning or str, optional
        A name of `guitar.TUNINGS`, or strings from the lowest (``"D2 A2 D3 G3 B3 E4"``). By default
        that of the part, or one that has the lowest note.
    capo : int
        The fret of the capo; frets count from it.
    part : str or int, optional
        The name or the index of the part; by default all guitars, or the only part.
    keep : bool
        Whether notes keep the strings that the piece states.

    Returns
    -------
    Piece
        Its warnings list the bars that no hand can play as written, and notes without a place.

    Raises
    ------
    PartimentoError
        If there is no such tuning or part, or no part is a guitar.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> from partimento.music.timelines import Part
    >>> chord = [Note(0, 1, pitch) for pitch in (48, 52, 55, 60, 64)]
    >>> piece = fingering(Piece(chord, parts=(Part("Guitar", 24),)))
    >>> [(note.string, note.fret) for note in piece.notes]
    [(5, 3), (4, 2), (3, 0), (2, 1), (1, 0)]
    """
    return find_fingering(piece, tuning=tuning, capo=capo, part=part, keep=keep).piece


def find_fingering(
    piece: Piece,
    *,
    tuning: Tuning | str | None = None,
    capo: int = 0,
    part: str | int | None = None,
    keep: bool = True,
) -> Fingering:
    """Return the piece of `fingering` with its hand positions and faults.

    Parameters and errors are those of `fingering`.
    """
    groups = _players(piece, part)
    warnings: list[str] = []
    # A part that is fingered is a guitar, even if the piece states no instrument.
    instrument = "" if guitar_parts(piece) else "guitar"
    if octave_notated(piece, instrument=instrument):
        piece = _lowered(piece, instrument)
        warnings.append("the guitar is notated an octave above its sound, and was lowered")
    before = piece
    piece, numbers = _with_joined_parts(piece, groups)
    found = []
    for number in numbers:
        chosen = _tuning(piece, number, tuning, capo)
        piece, fingered = _finger(piece, number, chosen, keep=keep)
        found.append(fingered)
        warnings += _warnings(piece, fingered, is_alone=len(piece.parts) == 1)
    score = _score_with_tablature(before, piece, numbers)
    if before.score is not None and score is None:
        warnings.append("only the notes are kept, without slurs, text and other marks")
    piece = piece.replace(warnings=(*piece.warnings, *warnings), score=score)
    return Fingering(piece, tuple(found))


def _lowered(piece: Piece, instrument: str) -> Piece:
    """Return a piece with its guitars an octave lower, and its score if it can."""
    if piece.score is None or len(guitar_parts(piece)) < len(piece.parts):
        return to_sounding(piece, instrument=instrument)
    return piece.transpose(-12).with_clef("treble-8")


def _score_with_tablature(
    before: Piece, after: Piece, numbers: Sequence[int]
) -> ScoreReference | None:
    """Return the score file of a piece with a tablature, if it can have one."""
    if before.score is None or after.score is not None:
        return after.score  # no score, or nothing changed
    if len(before.parts) != len(after.parts):
        return None
    own = np.isin(before.notes.part, numbers)
    stated = own & (before.notes.fret >= 0)
    if 2 * stated.sum() > own.sum() or any(before.parts[i].strings for i in numbers):
        # It has a tablature already: nothing is to be added if it stands.
        return before.score if after.notes == before.notes else None
    notes, score = after.notes, before.score
    for number in numbers:
        own = notes.part == number
        places = positions_text(
            np.where(own, notes.string, -1).tolist(), np.where(own, notes.fret, -1).tolist()
        )
        strings = " ".join(str(pitch) for pitch in after.parts[number].strings)
        score = score.edited("tablature", number, strings, after.parts[number].capo, places)
    return score


def with_all_frets(piece: Piece) -> Piece:
    """Return a piece in which all parts but drums have strings and frets.

    Parts that have them are kept. Other guitars are fingered, and so are other instruments, as if
    they were guitars.
    """
    for number, part in enumerate(piece.parts):
        own = piece.notes.part == number
        is_missing = bool((piece.notes.fret[own] < 0).any())
        if is_missing and not part.is_drum:
            piece = fingering(piece, part=number)
    return piece


def _players(piece: Piece, part: str | int | None) -> list[tuple[int, ...]]:
    """Return the parts of each guitarist."""
    if part is not None:
        piece.part(part)  # raises an error if there is no such part
        known_names = [one.name.casefold() for one in piece.parts]
        is_name = isinstance(part, str)
        index = known_names.index(str(part).casefold()) if is_name else int(part) % len(known_names)
        if piece.parts[index].is_drum:
            raise PartimentoError("a part of drums has no strings and frets")
        return [(index,)]
    guitars = set(guitar_parts(piece))
    found = players_of(piece)
    players = [player.parts for player in found.players]
    if any(part.is_drum for part in piece.parts):
        players = [p for p in players if not any(piece.parts[i].is_drum for i in p)]
    elif not guitars and (found.solo or found.could_be_only("guitar")):
        return players
    groups = [tuple(i for i in parts if i in guitars) for parts in players]
    # Tracks that no player has, such as a second notation of another track, are played, too.
    known = {i for parts in players for i in parts}
    sounding = set(piece.notes.part.tolist())
    groups += [(i,) for i in sorted((guitars & sounding) - known)]
    if not any(groups):
        names = ", ".join(repr(one.name) for one in piece.parts if not one.is_drum)
        hint = f": choose one of the parts {names}" if names else ", and drums have no strings"
        raise PartimentoError(f"no part is a guitar{hint}")
    return [parts for parts in groups if parts]


def _with_joined_parts(piece: Piece, groups: Sequence[tuple[int, ...]]) -> tuple[Piece, list[int]]:
    """Join the parts of each player, and return the piece and the joined parts."""
    home = {i: parts[0] for parts in groups for i in parts}
    if all(i == to for i, to in home.items()):
        return piece, sorted(home)
    kept = [i for i in range(len(piece.parts)) if home.get(i, i) == i]
    place = np.array([kept.index(home.get(i, i)) for i in range(len(piece.parts))])
    notes = piece.notes
    voice = notes.voice.copy()
    for parts in groups:
        used = 0
        for i in parts if len(parts) > 1 else ():
            own = notes.part == i
            voice[own] += used
            used = int(voice[own].max(initial=used - 1)) + 1
    notes = notes.replace(part=place[notes.part], voice=voice)
    joined = piece.replace(notes=notes, parts=tuple(piece.parts[i] for i in kept))
    return joined, sorted({int(place[i]) for i in home})


def _tuning(piece: Piece, number: int, tuning: Tuning | str | None, capo: int) -> Tuning:
    if isinstance(tuning, Tuning):
        return tuning
    if tuning is not None:
        return tuning_named(tuning, capo=capo)
    part = piece.parts[number]
    if part.strings:
        names = " ".join(pitch_name(pitch) for pitch in reversed(part.strings))
        return tuning_named(names, capo=capo or part.capo)
    return tuning_of(piece.part(number), capo=capo)


def _finger(piece: Piece, number: int, tuning: Tuning, *, keep: bool) -> tuple[Piece, FingeredPart]:
    """Return the piece with the fingering of one part."""
    notes = piece.notes
    low, high = tuning.range
    own = np.flatnonzero(notes.part == number)
    in_range = (notes.pitch[own] >= low) & (notes.pitch[own] <= high)
    strikes, same = strikes_of(piece, own[in_range], tuning, keep=keep)
    path = easiest_path(strikes, tuning)
    placed = path.strings | {note: path.strings[first] for note, first in same.items()}
    string, fret = notes.string.copy(), notes.fret.copy()
    string[own] = fret[own] = -1
    opens = tuning.open_pitches
    for note, place in placed.items():
        if place != LET_GO:
            string[note], fret[note] = place + 1, int(notes.pitch[note]) - opens[place]
    without = tuple(own[string[own] < 0].tolist())
    parts = list(piece.parts)
    parts[number] = _as_guitar(parts[number], tuning)
    fingered = piece.replace(notes=notes.replace(string=string, fret=fret), parts=tuple(parts))
    return fingered, _summary(piece, number, tuning, path, [s.notes[0] for s in strikes], without)


def _as_guitar(part: Part, tuning: Tuning) -> Part:
    """Return a part with its strings, as a guitar if it states no instrument."""
    program = part.program
    if not program and not instruments_of_text(part.name):
        program = BASS_GUITAR if max(tuning.strings) < LOWEST_GUITAR_STRING else GUITAR
    return replace(part, program=program, strings=tuning.strings, capo=tuning.capo)


def _summary(
    piece: Piece,
    number: int,
    tuning: Tuning,
    path: Path,
    first_notes: Sequence[int],
    without: tuple[int, ...],
) -> FingeredPart:
    onset, divisions = piece.notes.onset, piece.notes.divisions
    times = [Fraction(int(onset[note]), divisions) for note in first_notes]
    return FingeredPart(
        number,
        tuning,
        tuple(zip(times, path.positions, strict=True)),
        tuple(times[i] for i in path.unholdable),
        without,
        len(path.cut),
        path.cost,
    )


def _warnings(piece: Piece, fingered: FingeredPart, *, is_alone: bool) -> list[str]:
    name = piece.parts[fingered.part].name or f"part {fingered.part + 1}"
    where = "" if is_alone else f"{name}: "
    lines = []
    if fingered.unplayable:
        lines.append(f"{where}no hand can hold the notes in {_bars(piece, fingered.unplayable)}")
    if fingered.without_place:
        onsets = [
            Fraction(int(piece.notes.onset[note]), piece.notes.divisions)
            for note in fingered.without_place
        ]
        count = len(onsets)
        notes = "1 note has" if count == 1 else f"{count} notes have"
        lines.append(f"{where}{notes} no place on the strings, in {_bars(piece, onsets)}")
    return lines


def _bars(piece: Piece, onsets: Sequence[Fraction]) -> str:
    """Return the bars of some onsets as text."""
    bars = piece.bars()
    starts = [bar.onset for bar in bars]
    numbers = list(dict.fromkeys(bars[bisect_right(starts, t) - 1].number for t in onsets))
    shown = ", ".join(str(number) for number in numbers[:MOST_LISTED])
    more = f" and {len(numbers) - MOST_LISTED} more" if len(numbers) > MOST_LISTED else ""
    return f"bar {shown}" if len(numbers) == 1 else f"bars {shown}{more}"
