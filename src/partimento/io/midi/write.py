"""Write standard MIDI files in exact time.

They are of type 1: a conductor track (title, meters, keys, tempos), then a track per part.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.text import check_names
from partimento.music.timelines import Key, Part

if TYPE_CHECKING:
    import mido

FINEST = 32767  # ticks a quarter that a MIDI header can state
USUAL = (480, 384)
LONGEST = 2**28 - 1  # ticks between two events, and what readers accept as a time
DRUM_CHANNEL = 9
PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


def to_midi(piece: Piece) -> bytes:
    """Return a piece as a standard MIDI file.

    Notes, meters, keys, tempos, programs, part names, title and length survive. Tablature and grace
    flags do not: MIDI cannot hold them.

    Raises
    ------
    PartimentoError
        If a time fits no resolution that MIDI can state, or a name cannot be encoded.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> to_midi(Piece([Note(Fraction(0), Fraction(1), 60)]))[:4]
    b'MThd'
    """
    import mido

    check_names(piece)
    resolution = resolution_for(piece)
    end = _ticks(piece.length, resolution)
    if end > LONGEST:
        raise PartimentoError(
            f"the piece is too long for MIDI: {float(piece.length):,.0f} quarter notes"
        )
    file = mido.MidiFile(type=1, ticks_per_beat=resolution, charset="utf-8")
    file.tracks.append(_track(_conductor(piece, resolution), end))
    for number, ((port, channel), part) in enumerate(
        zip(channels_for(piece.parts), piece.parts, strict=True)
    ):
        head = _part_head(part, port, channel)
        file.tracks.append(_track([*head, *_notes(piece, number, channel, resolution)], end))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def resolution_for(piece: Piece) -> int:
    """Return the ticks per quarter that carry every time exactly.

    They are 480 or 384 if possible, else the least multiple of 480, 384 or 1.

    Raises
    ------
    PartimentoError
        Naming the duration (or time) that does not fit.
    """
    needed = math.lcm(piece.notes.divisions, *(time.denominator for time in _other_times(piece)))
    for base in USUAL:
        if base % needed == 0:
            return base
    for base in (*USUAL, 1):
        if (common := math.lcm(base, needed)) <= FINEST:
            return common
    raise PartimentoError(_why_not(piece))


def _other_times(piece: Piece) -> Iterator[Fraction]:
    yield piece.length
    for line in (piece.meters, piece.keys, piece.tempos):
        yield from (mark.onset for mark in line)


def _why_not(piece: Piece) -> str:
    """Name the first duration, else the first time, that does not fit."""
    common = 1
    for what, times in (
        ("duration", (note.duration for note in piece.notes)),
        ("time", (note.onset for note in piece.notes)),
        ("time", _other_times(piece)),
    ):
        for time in times:
            grown = math.lcm(common, time.denominator)
            if grown > FINEST:
                beside = (
                    f" beside the others, which need {common:,}"
                    if common > 1 and time.denominator <= FINEST
                    else ""
                )
                return (
                    f"MIDI cannot carry the {what} of {time} quarter notes exactly{beside} (at most"
                    f" {FINEST:,} ticks a quarter note)"
                )
            common = grown
    raise AssertionError("every time fits")


def channels_for(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Return port and channel of each part.

    Drums are on channel 10 (9 from zero). Every other part has a channel of its own, up to 15. With
    more parts, those of one program share a channel. Beyond 15 programs, further ones use the next
    MIDI port.
    """
    pitched = [i for i, part in enumerate(parts) if not part.is_drum]
    slots: list[Any] = (
        list(pitched)
        if len(pitched) <= len(PITCHED_CHANNELS)
        else [("program", parts[i].program) for i in pitched]
    )
    order = list(dict.fromkeys(slots))
    place = {
        i: divmod(order.index(slot), len(PITCHED_CHANNELS))
        for i, slot in zip(pitched, slots, strict=True)
    }
    return [
        (0, DRUM_CHANNEL) if part.is_drum else (place[i][0], PITCHED_CHANNELS[place[i][1]])
        for i, part in enumerate(parts)
    ]


def _ticks(time: Fraction, resolution: int) -> int:
    return int(time * resolution)


def _conductor(piece: Piece, resolution: int) -> Iterator[tuple[int, mido.MetaMessage]]:
    from mido import MetaMessage

    if piece.title:
        yield 0, MetaMessage("track_name", name=piece.title)
    if piece.composer:
        yield 0, MetaMessage("text", text=f"composer: {piece.composer}")
    for meter in piece.meters:
        clocks = 36 if meter.numerator % 3 == 0 and meter.denominator == 8 else 24
        yield (
            _ticks(meter.onset, resolution),
            MetaMessage(
                "time_signature",
                numerator=meter.numerator,
                denominator=meter.denominator,
                clocks_per_click=clocks,
            ),
        )
    for key in piece.keys:
        yield _ticks(key.onset, resolution), MetaMessage("key_signature", key=_key_name(key))
    for tempo in piece.tempos:
        yield _ticks(tempo.onset, resolution), MetaMessage("set_tempo", tempo=tempo.us_per_quarter)


def _key_name(key: Key) -> str:
    """Return the name of a key as mido writes it: ``Bb``, ``F#m``."""
    tonic = key.code.split()[0].replace("-", "b")
    return tonic[0].upper() + tonic[1:] + ("m" if key.mode == "minor" else "")


def _part_head(part: Part, port: int, channel: int) -> Iterator[tuple[int, Any]]:
    from mido import Message, MetaMessage

    if part.name:
        yield 0, MetaMessage("track_name", name=part.name)
    if port:
        yield 0, MetaMessage("midi_port", port=port)
    if part.program is not None:
        yield 0, Message("program_change", program=part.program, channel=channel)


def _notes(
    piece: Piece, part: int, channel: int, resolution: int
) -> Iterator[tuple[int, mido.Message]]:
    """Yield strikes and releases.

    At one tick releases come first, so that a repeated pitch is not cut off.
    """
    from mido import Message

    notes = piece.notes
    scale = resolution // notes.divisions
    mine = notes.part == part
    rows: list[tuple[int, int, int, int]] = []
    columns = (
        notes.onset[mine] * scale,
        notes.end[mine] * scale,
        notes.pitch[mine],
        notes.velocity[mine],
    )
    for onset, end, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True):
        rows += [(onset, 1, pitch, velocity), (end, 0, pitch, 0)]
    for tick, struck, pitch, velocity in sorted(rows):
        yield (
            tick,
            Message(
                "note_on" if struck else "note_off", note=pitch, velocity=velocity, channel=channel
            ),
        )


def _track(events: Iterable[tuple[int, Any]], end: int) -> mido.MidiTrack:
    """Return events at absolute ticks as a track that ends with the piece."""
    from mido import MetaMessage, MidiTrack

    track, now = MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track", time=max(0, end - now)))
    return track
