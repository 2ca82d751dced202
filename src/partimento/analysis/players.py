"""Determine the players of a piece and their instruments from its tracks.

A track is not the same as a player. The voices of one guitarist or the hands of a pianist may have
a track each. The same is true of the movements of a suite, or the tablature of a part. On the other
hand, one track may contain two singers. Programs and track names give the instruments, if anything
does.
`players_of` states the rules that assign tracks to players; benchmarks/players.py measures them.
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
from partimento.short_repr import short_repr

UNKNOWN = "unknown"
# By number of players; six or more are an ensemble.
KINDS = ("none", "solo", "duo", "trio", "quartet", "quintet", "ensemble")
# Share of notes whose key the other hand holds: the hands of one player hardly ever share a key.
MEETING = 0.0075
CROSSING = 0.05  # share of time: the voices of one player seldom cross
TENTH = 16  # semitones that a hand spans on a keyboard
REACHED = 0.95  # share of a keyboard player's chords that two such hands can play
MAX_VOICES = 3  # tracks of one player if no instrument is known: four are a choir or a quartet
# Sounding ranges, in MIDI pitches.
RANGES = {
    "guitar": (38, 88),
    "violin": (55, 103),
    "flute": (59, 98),
    "voice": (36, 88),
    "piano": (21, 108),
}
WRITTEN_HIGH = ("guitar", "voice")  # in files often an octave higher than they sound


@short_repr
@dataclass(frozen=True, slots=True)
class Player:
    """One player of a piece.

    Parameters
    ----------
    instrument : str
        ``guitar``, ``flute``, ``voice`` …, or ``unknown``.
    is_declared : bool
        Whether a program or a track name states the instrument. Program 0 (piano) throughout a file
        does not count, because many files have it that state no instrument.
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


@short_repr
@dataclass(frozen=True, slots=True)
class Players:
    """The players of a piece, in the order of the score.

    Attributes
    ----------
    players : tuple of Player
    kind : str
        One of `KINDS`, according to the number of players.
    solo : bool
        Whether there is one player.
    single_instrument : bool
        Whether all players have the same kind of instrument.
    instruments : tuple of str
        One for each player.
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
        """Return whether every player may have this instrument.

        A player without a declared instrument may have any one whose range fits. The ranges of
        guitar, violin, flute, voice and piano are checked.
        """
        return bool(self.players) and all(_may_play(player, instrument) for player in self.players)

    def named(self, instruments: Sequence[str]) -> Players:
        """Return the players with undeclared instruments taken from a catalog.

        Parameters
        ----------
        instruments : sequence of str
            From `instruments_of_text` for the catalog's description. They are used if they are all
            the same, or as many as there are players.
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


@short_repr
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
        The track's name without words for a hand or staff; empty if it names no instrument.
    own_name : bool
        Whether the track has a name of its own that is more than a position in the score (upper,
        left, voice 2).
    """

    instrument: str
    is_declared: bool
    group: str
    name: str
    own_name: bool


@short_repr
class Track(NamedTuple):
    """The notes of one part, or of several that were joined.

    Notes are sorted by onset, then pitch. Times are in steps.
    """

    parts: tuple[int, ...]
    evidence: TrackEvidence
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray


def players_of(piece: Piece) -> Players:
    """Determine the players of a piece from its notes, programs and track names.

    The rules are:

    - The program gives the instrument. The track's name does so in three cases. The program is
      missing or 0, which also stands in files that state no instrument. All tracks are named after
      instruments. Or the name belongs to the program's family (a violin among strings). A name that
      tracks of several programs share is the title of the piece, not an instrument.
    - A track that doubles another one note by note, in unison or octaves, is a second notation of
      it (a tablature). It must have the same instrument, or chords: two people who play in unison
      play single notes.
    - Tracks of one instrument that follow each other belong to one player: they are movements.
    - Voices and wind instruments sound one note at a time. If such a track has two notes at once on
      average, it has two players.
    - Two tracks of a keyboard are two hands unless they use the same key at the same time. Three or
      more belong to one player if two hands can play their chords.
    - Tracks without a known instrument are the voices of one player, and so are undeclared tracks
      beside one guitar or piano. Exceptions are tracks with names of their own, more than
      `MAX_VOICES` of them, and tracks that cross.
    - Every other track is a player: violins, winds, voices, and guitars that each have a program.

    Returns
    -------
    Players
        Empty if the piece has no notes.
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
    """Return the parts that have notes."""
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
    # LilyPond names tracks staff:voice.
    names = [plain_words(part.name.partition(":")[0]) for part in parts]
    words = _words(parts, names)
    has_programs = any(part.program or part.is_drum for part in parts)
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
            rows.append((played, bool(part.program) or (part.program == 0 and has_programs)))
    declared = {instrument for instrument, is_declared in rows if is_declared}
    # Undeclared tracks may be further voices of the only declared instrument, if it plays chords.
    only = declared.pop() if len(declared) == 1 else UNKNOWN
    only = only if FAMILY.get(only) in ("hands", "plucked") else UNKNOWN
    evidence, same_names = [], len(set(names)) == 1
    for (instrument, is_declared), name, word in zip(rows, names, words, strict=True):
        own_name = not same_names and not PLACES.fullmatch(name)
        group = only if instrument == UNKNOWN and not own_name else instrument
        instrument_name = word and (PLACE.sub("", name).strip() or name)
        evidence.append(TrackEvidence(instrument, is_declared, group, instrument_name, own_name))
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
    """Return the indices of tracks that are a second notation of another one."""
    # Only tracks with equal keys can double each other: this avoids comparing all pairs.
    by_key: dict[tuple[int, ...], list[int]] = {}
    for i, track in enumerate(tracks):
        by_key.setdefault(
            (len(track.onset), int(track.onset[-1]), int(track.onset.sum())), []
        ).append(i)
    doubles: set[int] = set()
    for i, j in (pair for members in by_key.values() for pair in combinations(members, 2)):
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
            doubles.add(max(i, j, key=lambda k: _doubling_order(tracks[k], k)))
    return doubles


def _doubling_order(track: Track, place: int) -> tuple[bool, bool, int, int]:
    """Return a sort key for tracks that double each other: the greatest is dropped.

    Undeclared tracks are greater, then synthesizers (a stand-in for a staff), then higher tracks
    (guitars are written an octave too high).
    """
    return (
        not track.evidence.is_declared,
        track.evidence.instrument not in FAMILY,
        int(track.pitch[0]),
        place,
    )


def _players(tracks: Sequence[Track]) -> list[Player]:
    """Return the players among the tracks of one instrument."""
    tracks = _join_successive(tracks) if 1 < len(tracks) <= MAX_TRACKS else tracks
    if len(tracks) > 1 and _one_player(tracks):
        tracks = [_joined(tracks)]
    players = []
    for track in tracks:
        player = Player(
            track.evidence.instrument,
            track.evidence.is_declared,
            track.parts,
            int(track.pitch.min()),
            int(track.pitch.max()),
        )
        players += [player] * (_voices(track) if FAMILY.get(player.instrument) == "single" else 1)
    return players


def _join_successive(tracks: Sequence[Track]) -> list[Track]:
    """Join each track to one that ends before it begins, the nearest in pitch.

    Tracks whose names state different instruments are not joined.
    """
    if max(int(track.onset[0]) for track in tracks) <= min(
        int(track.onset[-1]) for track in tracks
    ):
        return list(tracks)  # there is a time at which all of them sound
    chains: list[list[Track]] = []
    for track in sorted(tracks, key=lambda track: (track.onset[0], -track.pitch.mean())):
        earlier = (
            chain
            for chain in chains
            if chain[-1].onset[-1] < track.onset[0]
            and chain[-1].evidence.name == track.evidence.name
        )
        nearest = min(
            earlier,
            key=lambda chain: abs(chain[-1].pitch.mean() - track.pitch.mean()),
            default=None,
        )
        if nearest is None:
            chains.append([track])
        else:
            nearest.append(track)
    return [_joined(chain) for chain in chains]


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


def _one_player(tracks: Sequence[Track]) -> bool:
    """Return whether tracks that sound together belong to one player."""
    evidence = [track.evidence for track in tracks]
    undeclared = [one for one in evidence if not one.is_declared]
    group = evidence[0].group
    if group == "drums":
        return True
    if len({one.name for one in evidence}) > 1 or (
        undeclared and (len(tracks) > MAX_VOICES or any(one.own_name for one in undeclared))
    ):
        return False
    if FAMILY.get(group) == "hands":
        if len(tracks) == 2:
            return _meeting(*tracks) <= MEETING
        if group == "organ" and len(tracks) == 3:  # two hands and the pedal
            return True
        return _reached(_joined(tracks)) >= REACHED
    return len(evidence) - len(undeclared) <= 1 and _crossing(tracks) <= CROSSING


def _voices(track: Track) -> int:
    """Return the mean number of simultaneous notes outside rests, rounded, at least 1."""
    if (track.onset[1:] >= track.end[:-1]).all():
        return 1
    until = np.maximum.accumulate(track.end)
    since = np.maximum(track.onset[1:], until[:-1])
    sounding = track.end[0] - track.onset[0] + np.maximum(track.end[1:] - since, 0).sum()
    return max(int((track.end - track.onset).sum() / sounding + 0.5), 1)


def _meeting(a: Track, b: Track) -> float:
    """Return the share of notes during which the other track sounds the same pitch.

    The share is that of the track with fewer notes.
    """
    a, b = sorted((a, b), key=lambda track: len(track.onset))
    late = int(max(a.end.max(), b.end.max())) + 1
    order = np.argsort(b.pitch * late + b.onset)
    # For each note of a, find the last note of its pitch in b that begins before it ends. Notes of
    # one pitch do not overlap within a track, so that no earlier note can sound at the same time.
    last = np.searchsorted((b.pitch * late + b.onset)[order], a.pitch * late + a.end) - 1
    candidate = order[last]
    meets = (last >= 0) & (b.pitch[candidate] == a.pitch) & (b.end[candidate] > a.onset)
    return float(meets.mean())


def _reached(track: Track) -> float:
    """Return the share of chords (notes that begin together) that two hands can play."""
    first = np.flatnonzero(np.diff(track.onset, prepend=-1))
    sizes = np.diff(first, append=len(track.onset))
    lowest, highest = track.pitch[first], track.pitch[first + sizes - 1]
    beyond = (track.pitch > np.repeat(lowest, sizes) + TENTH) & (
        track.pitch < np.repeat(highest, sizes) - TENTH
    )
    return 1 - float(np.logical_or.reduceat(beyond, first).mean())


def _crossing(tracks: Sequence[Track]) -> float:
    """Return the largest share of time in which two neighboring tracks cross.

    Two tracks cross while the lower one has a note above a note of the upper one.
    """
    tracks = sorted(tracks, key=lambda track: -track.pitch.mean())
    times = distinct(np.concatenate([edge for t in tracks for edge in (t.onset, t.end)]))
    lengths = np.diff(times)
    lowest, highest = np.full((2, len(tracks), len(lengths)), -1)
    for i, track in enumerate(tracks):
        cut = sweep(track.onset, track.end, track.pitch, times)
        sounds = np.diff(cut.first) > 0
        lowest[i, sounds] = cut.pitch[cut.first[:-1][sounds]]
        highest[i, sounds] = cut.pitch[cut.first[1:][sounds] - 1]
    together = (lowest[:-1] >= 0) & (lowest[1:] >= 0)
    crossed = together & (lowest[:-1] < highest[1:])
    return float(
        ((crossed * lengths).sum(axis=1) / np.maximum((together * lengths).sum(axis=1), 1)).max()
    )
