"""Find out who plays a piece, on what, and whether it is a single player.

A track is not yet a player. The voices of one guitarist or the hands of a pianist may each have a
track. The same is true of movements of a suite and of a tablature's staff. One staff may hold two
singers. Programs and track names give the instruments, if anything does. `players_of` has the rules
by which tracks become players; benchmarks/players.py measures them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from partimento.music.events import distinct, sweep
from partimento.music.instruments import (
    FAMILY,
    LINE,
    LOW,
    MAX_TRACKS,
    PLACE,
    PLACES,
    PROGRAMS,
    REGISTER,
    instruments_of_text,
    plain_words,
)
from partimento.music.piece import Piece
from partimento.music.timelines import Part

UNKNOWN = "unknown"
KINDS = (
    "none",
    "solo",
    "duo",
    "trio",
    "quartet",
    "quintet",
    "ensemble",
)  # six players or more are an ensemble
MEETING = (
    0.0075  # share of notes: the hands of one player hardly ever take the same key at the same time
)
CROSSING = 0.05  # share of time: the voices of one player keep above one another
TENTH, REACHED = (
    16,
    0.95,
)  # semitones that a hand spans on a keyboard, and the share of chords that two such hands reach
MAX_VOICES = 3  # tracks of one player where nothing says what plays: four are a choir or a quartet
RANGES = {
    "guitar": (38, 88),
    "violin": (55, 103),
    "flute": (59, 98),
    "voice": (36, 88),
    "piano": (21, 108),
}  # MIDI pitches that sound
WRITTEN_HIGH = ("guitar", "voice")  # files often give it an octave higher than it sounds


@dataclass(frozen=True, slots=True)
class Player:
    """One player, as far as the sounds tell.

    Parameters
    ----------
    instrument : str
        Plain and in lower case: ``guitar``, ``flute``, ``voice`` …, or ``unknown``.
    is_declared : bool
        Whether a program or a name says so; not so where it is the piano that files name who name
        nothing (program 0 throughout).
    parts : tuple of int
        Indices into `Piece.parts`.
    lowest, highest : int
        MIDI pitches.
    """

    instrument: str
    is_declared: bool
    parts: tuple[int, ...]
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Players:
    """The players of a piece, in the order of the score.

    Attributes
    ----------
    kind : str
        One of `KINDS`, by the number of players.
    solo : bool
        One player.
    single_instrument : bool
        One kind of instrument, be it one player or several.
    instruments : tuple of str
        One a player.
    """

    players: tuple[Player, ...]

    @property
    def kind(self) -> str:
        return KINDS[min(len(self.players), len(KINDS) - 1)]

    @property
    def solo(self) -> bool:
        return len(self.players) == 1

    @property
    def single_instrument(self) -> bool:
        return len(set(self.instruments)) == 1

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(player.instrument for player in self.players)

    def could_be_only(self, instrument: str) -> bool:
        """Return whether the piece may be for one or several of this instrument alone.

        A player without a known instrument may play any whose range fits. The ranges of guitar,
        violin, flute, voice and piano are known.
        """
        return bool(self.players) and all(_may_play(player, instrument) for player in self.players)

    def named(self, instruments: Sequence[str]) -> Players:
        """Return the same players, the unnamed ones named after a catalog.

        `instruments` are what `instruments_of_text` finds in the catalog's description. It must
        name one kind of instrument, or as many players as there are.
        """
        if len(set(instruments)) == 1:
            names = [instruments[0]] * len(self.players)
        elif len(instruments) == len(self.players):
            names = list(instruments)
        else:
            return self
        pairs = zip(self.players, names, strict=True)
        return Players(
            tuple(
                player if player.is_declared else replace(player, instrument=name)
                for player, name in pairs
            )
        )


def _may_play(player: Player, instrument: str) -> bool:
    if player.is_declared or instrument not in RANGES:
        return player.instrument == instrument or not player.is_declared
    bottom, top = RANGES[instrument]
    octaves = (0, 12) if instrument in WRITTEN_HIGH else (0,)
    return any(
        bottom <= player.lowest - octave and player.highest - octave <= top for octave in octaves
    )


class TrackEvidence(NamedTuple):
    """The evidence for who plays a track.

    Attributes
    ----------
    instrument : str
    is_declared : bool
        Whether the file names the instrument.
    group : str
        The instrument of the player to whom the track may belong.
    name : str
        The track's name, without hand or staff, if it names an instrument.
    own_name : bool
        Whether the track has a name of its own that is no mere place in the score (upper, left,
        voice 2).
    """

    instrument: str
    is_declared: bool
    group: str
    name: str
    own_name: bool


class Track(NamedTuple):
    """The notes of one part, or of several that sound in turns, in steps.

    They are sorted by onset, then pitch.
    """

    parts: tuple[int, ...]
    evidence: TrackEvidence
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray


def players_of(piece: Piece) -> Players:
    """Return who plays a piece, by its notes, programs and track names alone.

    The rules, and why:

    - The program is the instrument. A track's name decides in three cases. The program is none or
      0, which files write that name no instrument. All tracks are named after instruments. Or the
      name is within the program's family (a violin among strings). A name common to tracks of
      several programs is the piece's own.
    - A track that doubles another note by note, at the unison or in octaves, is a second writing of
      it (a tablature). It must be of the same instrument or have chords: people who play in unison
      are not given chords.
    - Tracks of one instrument that sound in turns belong to one player: movements one after
      another.
    - Voices and wind instruments sound one note at a time. A track of theirs with two notes on
      average is two players.
    - Two tracks of a keyboard are two hands unless they meet on one key. Three or more belong to
      one player if two hands reach their chords.
    - Tracks without a known instrument, or undeclared beside one guitar or piano, are the voices of
      one player. Exceptions are tracks with names of their own, more than `MAX_VOICES` of them, and
      tracks that cross.
    - Every other track is a player: violins, winds, voices, and guitars that each have a program.

    Returns
    -------
    Players
        Without players if nothing sounds.
    """
    tracks = _tracks(piece)
    if len(tracks) <= MAX_TRACKS:
        doubles = _doubles(tracks)
        tracks = [track for i, track in enumerate(tracks) if i not in doubles]
    groups: dict[str, list[Track]] = {}
    for track in tracks:
        groups.setdefault(track.evidence.group, []).append(track)
    players = [player for group in groups.values() for player in _players(group)]
    return Players(tuple(sorted(players, key=lambda player: player.parts)))


def _tracks(piece: Piece) -> list[Track]:
    """Return the parts that sound."""
    notes = piece.notes
    part, onset, end, pitch = notes.part, notes.onset, notes.end, notes.pitch
    if len(piece.parts) > 1:
        order = np.argsort(part, kind="stable")
        part, onset, end, pitch = part[order], onset[order], end[order], pitch[order]
    edges = [*np.flatnonzero(np.diff(part, prepend=-1)).tolist(), len(part)]
    sounding = part[edges[:-1]].tolist()
    evidence = _evidence(tuple(piece.parts[i] for i in sounding))
    spans = zip(sounding, evidence, pairwise(edges), strict=True)
    return [Track((i,), one, onset[a:b], end[a:b], pitch[a:b]) for i, one, (a, b) in spans]


@lru_cache(4096)
def _evidence(parts: tuple[Part, ...]) -> tuple[TrackEvidence, ...]:
    names = [
        plain_words(part.name.partition(":")[0]) for part in parts
    ]  # LilyPond writes staff:voice
    words = _words(parts, names)
    chosen = any(part.program or part.is_drum for part in parts)
    by_name = len(parts) > 1 and all(words)
    rows = []
    for part, word in zip(parts, words, strict=True):
        played = UNKNOWN if part.program is None else PROGRAMS[part.program]
        if part.is_drum:
            rows.append(("drums", True))
        elif word and (
            by_name or not part.program or FAMILY.get(word) == FAMILY.get(played, "") != "hands"
        ):
            rows.append((word, True))
        else:
            rows.append((played, bool(part.program) or (part.program == 0 and chosen)))
    declared = {instrument for instrument, sure in rows if sure}
    host = (
        declared.pop() if len(declared) == 1 else UNKNOWN
    )  # whose further voices the unsaid tracks may be
    host = host if FAMILY.get(host) in ("hands", "plucked") else UNKNOWN
    evidence, alike = [], len(set(names)) == 1
    for (instrument, sure), name, word in zip(rows, names, words, strict=True):
        own_name = not alike and not PLACES.fullmatch(name)
        group = host if instrument == UNKNOWN and not own_name else instrument
        evidence.append(
            TrackEvidence(
                instrument, sure, group, word and (PLACE.sub("", name).strip() or name), own_name
            )
        )
    return tuple(evidence)


def _words(parts: Sequence[Part], names: Sequence[str]) -> list[str]:
    """Return the instrument in each name, or an empty string."""
    programs: dict[str, set[int]] = {}
    for part, name in zip(parts, names, strict=True):
        programs.setdefault(name, set()).add(part.program or 0)
    words = [
        ""
        if len(programs[name]) > 1 or _is_line(name)
        else next(iter(instruments_of_text(name)), "")
        for name in names
    ]
    choir = any(REGISTER.search(name) for name in names)
    return [
        "voice" if choir and LOW.fullmatch(name) else word
        for name, word in zip(names, words, strict=True)
    ]


def _is_line(name: str) -> bool:
    """Return whether "voice" in a track's name means a line of music, not a singer."""
    return bool(LINE.search(name)) and not LINE.fullmatch(name)


def _doubles(tracks: Sequence[Track]) -> set[int]:
    """Return the tracks that write another one a second time."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, track in enumerate(tracks):
        alike.setdefault(
            (len(track.onset), int(track.onset[-1]), int(track.onset.sum())), []
        ).append(i)
    doubles: set[int] = set()
    for i, j in (pair for members in alike.values() for pair in combinations(members, 2)):
        a, b = tracks[i], tracks[j]
        interval = b.pitch[0] - a.pitch[0]
        if (
            interval % 12
            or not np.array_equal(a.onset, b.onset)
            or not np.array_equal(a.pitch + interval, b.pitch)
        ):
            continue
        has_chords = bool((a.onset[1:] == a.onset[:-1]).any())
        if has_chords or (a.evidence.group, a.evidence.name) == (b.evidence.group, b.evidence.name):
            doubles.add(max(i, j, key=lambda k: _second_hand(tracks[k], k)))
    return doubles


def _second_hand(track: Track, place: int) -> tuple[bool, bool, int, int]:
    """Return a sort key: the greater of two writings is the second one.

    Undeclared tracks, synthesizers that stand for a staff and higher tracks are greater (guitars
    are written high).
    """
    return (
        not track.evidence.is_declared,
        track.evidence.instrument not in FAMILY,
        int(track.pitch[0]),
        place,
    )


def _players(tracks: Sequence[Track]) -> list[Player]:
    """Return the players of one instrument."""
    lanes = _in_turns(tracks) if 1 < len(tracks) <= MAX_TRACKS else tracks
    if len(lanes) > 1 and _one_player(lanes):
        lanes = [_joined(lanes)]
    players = []
    for lane in lanes:
        player = Player(
            lane.evidence.instrument,
            lane.evidence.is_declared,
            lane.parts,
            int(lane.pitch.min()),
            int(lane.pitch.max()),
        )
        players += [player] * (_voices(lane) if FAMILY.get(player.instrument) == "single" else 1)
    return players


def _in_turns(tracks: Sequence[Track]) -> list[Track]:
    """Join tracks that begin after the last note of another, the nearest in pitch.

    Tracks named after two instruments are not joined.
    """
    if max(int(track.onset[0]) for track in tracks) <= min(
        int(track.onset[-1]) for track in tracks
    ):
        return list(tracks)  # all sound together at some time
    lanes: list[list[Track]] = []
    for track in sorted(tracks, key=lambda track: (track.onset[0], -track.pitch.mean())):
        before = (
            lane
            for lane in lanes
            if lane[-1].onset[-1] < track.onset[0] and lane[-1].evidence.name == track.evidence.name
        )
        nearest = min(
            before, key=lambda lane: abs(lane[-1].pitch.mean() - track.pitch.mean()), default=None
        )
        if nearest is None:
            lanes.append([track])
        else:
            nearest.append(track)
    return [_joined(lane) for lane in lanes]


def _joined(tracks: Sequence[Track]) -> Track:
    if len(tracks) == 1:
        return tracks[0]
    onset, end, pitch = (
        np.concatenate([getattr(track, name) for track in tracks])
        for name in ("onset", "end", "pitch")
    )
    order = np.lexsort((pitch, onset))
    parts = tuple(sorted(part for track in tracks for part in track.parts))
    best = max((track.evidence for track in tracks), key=lambda evidence: evidence.is_declared)
    return Track(parts, best, onset[order], end[order], pitch[order])


def _one_player(lanes: Sequence[Track]) -> bool:
    """Return whether tracks that sound together belong to one player."""
    evidence = [lane.evidence for lane in lanes]
    unsaid = [one for one in evidence if not one.is_declared]
    group = evidence[0].group
    if group == "drums":
        return True
    if len({one.name for one in evidence}) > 1 or (
        unsaid and (len(lanes) > MAX_VOICES or any(one.own_name for one in unsaid))
    ):
        return False
    if FAMILY.get(group) == "hands":
        if len(lanes) == 2:
            return _meeting(*lanes) <= MEETING
        return (group == "organ" and len(lanes) == 3) or _reached(
            _joined(lanes)
        ) >= REACHED  # an organist's feet are a third hand
    return len(evidence) - len(unsaid) <= 1 and _crossing(lanes) <= CROSSING


def _voices(track: Track) -> int:
    """Return the mean number of notes at once while any sounds, rounded, at least 1."""
    if (track.onset[1:] >= track.end[:-1]).all():
        return 1
    until = np.maximum.accumulate(track.end)
    since = np.maximum(track.onset[1:], until[:-1])
    sounding = track.end[0] - track.onset[0] + np.maximum(track.end[1:] - since, 0).sum()
    return max(int((track.end - track.onset).sum() / sounding + 0.5), 1)


def _meeting(a: Track, b: Track) -> float:
    """Return the share of notes that sound while the other track has the same pitch.

    It is that of the track with fewer notes.
    """
    a, b = sorted((a, b), key=lambda track: len(track.onset))
    late = int(max(a.end.max(), b.end.max())) + 1
    order = np.argsort(b.pitch * late + b.onset)
    # The last note of that pitch in b to begin before the note of a ends: pitches do not overlap
    # within a part.
    last = np.searchsorted((b.pitch * late + b.onset)[order], a.pitch * late + a.end) - 1
    found = order[last]
    meets = (last >= 0) & (b.pitch[found] == a.pitch) & (b.end[found] > a.onset)
    return float(meets.mean())


def _reached(track: Track) -> float:
    """Return the share of chords (notes struck together) that two hands reach."""
    first = np.flatnonzero(np.diff(track.onset, prepend=-1))
    sizes = np.diff(first, append=len(track.onset))
    lowest, highest = track.pitch[first], track.pitch[first + sizes - 1]
    beyond = (track.pitch > np.repeat(lowest, sizes) + TENTH) & (
        track.pitch < np.repeat(highest, sizes) - TENTH
    )
    return 1 - float(np.logical_or.reduceat(beyond, first).mean())


def _crossing(lanes: Sequence[Track]) -> float:
    """Return the largest share of time in which neighboring tracks cross.

    They cross where the lower one has a note above one of the upper.
    """
    lanes = sorted(lanes, key=lambda lane: -lane.pitch.mean())
    times = distinct(np.concatenate([edge for lane in lanes for edge in (lane.onset, lane.end)]))
    lengths = np.diff(times)
    lowest, highest = np.full((2, len(lanes), len(lengths)), -1)
    for i, lane in enumerate(lanes):
        cut = sweep(lane.onset, lane.end, lane.pitch, times)
        sounds = np.diff(cut.first) > 0
        lowest[i, sounds] = cut.pitch[cut.first[:-1][sounds]]
        highest[i, sounds] = cut.pitch[cut.first[1:][sounds] - 1]
    together = (lowest[:-1] >= 0) & (lowest[1:] >= 0)
    crossed = together & (lowest[:-1] < highest[1:])
    return float(
        ((crossed * lengths).sum(axis=1) / np.maximum((together * lengths).sum(axis=1), 1)).max()
    )
