"""Read MIDI files as columns of integers, through symusic.

A file is read completely or rejected. It is rejected for damage (see `smf`), notes without
duration, invalid marks (a meter of 0/4), or a size beyond that of any score. If several marks of
one kind have the same time, the last one counts. Marks after the end of the piece, and notes that
are never released, are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import symusic

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.midi.smf import (
    check_meters,
    check_pitches,
    scan_track,
    sets_program,
    split_tracks,
    without_escapes,
)
from partimento.music.limits import MAX_QUARTERS, check_marks, check_size
from partimento.music.performed import M, Midi
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

# Bytes that may be a change to program 0. It may follow another program change without a status
# byte of its own (running status).
PROGRAM_0 = re.compile(rb"[\xc0-\xcf](?:[\x00-\x7f][\x80-\xff]{0,3}[\x00-\x7f])*?\x00")


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read the content of a MIDI file as a piece; errors as for `midi_from_bytes`."""
    midi = midi_from_bytes(data)
    if options.quantize is None:
        return midi.to_piece()
    from partimento.analysis.music21_grid import music21_view

    return music21_view(midi)


def midi_from_bytes(data: bytes) -> Midi:
    """Read the content of a MIDI file.

    Raises
    ------
    InvalidScoreError
        If any part of it cannot be read; the message gives the reason.
    """
    chunks = split_tracks(data)
    check_meters(data)
    check_pitches(chunks)
    try:
        score = symusic.Score.from_midi(without_escapes(data, chunks))
    except Exception as error:  # symusic raises RuntimeError, but does not document it
        raise InvalidScoreError(f"damaged: {_plain_reason(error)}") from error
    tracks = [track for track in score.tracks if len(track.notes)]
    check_size(sum(len(track.notes) for track in tracks), 0)
    tables = [track.notes.numpy() for track in tracks]
    onset, duration, pitch, velocity = (
        np.concatenate([table[name] for table in tables]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    )
    divisions = score.ticks_per_quarter
    _check_times(onset, duration, divisions)
    check_marks(max(len(score.time_signatures), len(score.key_signatures), len(score.tempos)))
    if velocity.min() < 0:
        raise InvalidScoreError("damaged: a note has no velocity")
    title, end = _title_and_end(chunks[0]) if chunks else ("", 0)
    return Midi(
        divisions,
        onset,
        duration,
        pitch,
        velocity,
        np.repeat(np.arange(len(tables)), [len(table["time"]) for table in tables]),
        _parts(tracks, chunks),
        _timeline(
            Meter(n, d, Fraction(t, divisions))
            for t, n, d in _rows(score.time_signatures, "numerator", "denominator")
        ),
        _timeline(
            Key(fifths, "minor" if minor else "major", Fraction(t, divisions))
            for t, fifths, minor in _rows(score.key_signatures, "key", "tonality")
        ),
        _timeline(Tempo(us, Fraction(t, divisions)) for t, us in _rows(score.tempos, "mspq")),
        title,
        end if end <= MAX_QUARTERS * divisions else 0,
    )


def _check_times(onset: np.ndarray, duration: np.ndarray, divisions: int) -> None:
    if onset.min() < 0 or duration.min() < 0:
        raise InvalidScoreError("a note lies at tick 2³¹ or beyond")
    if duration.min() == 0:
        raise InvalidScoreError(
            f"{np.count_nonzero(duration == 0)} of its {len(duration)} notes have no duration"
        )
    check_size(len(onset), int((onset + duration).max()) / divisions)


def _rows(marks: Any, *names: str) -> Iterator[tuple[int, ...]]:
    table = marks.numpy() if len(marks) else {}
    columns = [table[name].tolist() for name in ("time", *names)] if table else []
    return zip(*columns, strict=True)


def _timeline(marks: Iterable[M]) -> tuple[M, ...]:
    """Sort marks by time; the last one of several at the same time counts.

    Many files repeat the time signature in every track.
    """
    try:
        last = {mark.onset: mark for mark in marks}
    except ValueError as error:
        raise InvalidScoreError(str(error)) from error
    if any(onset < 0 for onset in last):
        raise InvalidScoreError("a mark lies at tick 2³¹ or beyond")
    return tuple(last[onset] for onset in sorted(last))


def _title_and_end(chunk: bytes) -> tuple[str, int]:
    """Return the title and the end of the piece from a first track without notes.

    Such a track has the title. It ends where the piece ends, which may be after the last note.
    """
    scan = scan_track(chunk, until_note=True)
    return (scan.name, scan.end) if scan else ("", 0)


def _parts(tracks: list[Any], chunks: list[bytes]) -> tuple[Part, ...]:
    """Return the parts, with details that symusic loses taken from the file's bytes.

    symusic decodes names only as UTF-8, and reports program 0 also if no program is set.
    """
    names, has_program = [track.name for track in tracks], [track.program != 0 for track in tracks]
    garbled = any("\ufffd" in name for name in names)
    unsure = not all(has_program) and any(PROGRAM_0.search(chunk) for chunk in chunks)
    at_first_note = (
        [is_set for chunk in chunks if (is_set := sets_program(chunk)) is not None]
        if unsure and not garbled
        else []
    )
    if len(at_first_note) == len(tracks):  # one voice per track: its first note decides for all
        has_program = [
            known or is_set for known, is_set in zip(has_program, at_first_note, strict=True)
        ]
    elif garbled or unsure:
        scans = [scan for chunk in chunks if (scan := scan_track(chunk))]
        # symusic gives the voices of a track in the order of programs, then channels.
        voices = [(scan.name, scan.voices[key]) for scan in scans for key in sorted(scan.voices)]
        if [voice.notes for _, voice in voices] == [len(track.notes) for track in tracks]:
            names, has_program = (
                [name for name, _ in voices],
                [voice.has_program for _, voice in voices],
            )
        else:
            # Notes without an end prevent the match: take symusic's programs as they are.
            has_program = [True] * len(tracks)
    if any(track.program > 127 for track in tracks):
        raise InvalidScoreError("damaged: a program is above 127")
    return tuple(
        Part(name.replace("\0", "").strip(), track.program if known else None, track.is_drum)
        for name, track, known in zip(names, tracks, has_program, strict=True)
    )


def _plain_reason(error: Exception) -> str:
    return (
        str(error)
        .replace("MiniMidi: ", "")
        .replace(": iostream error", "")
        .rstrip("!")
        .split("! ")[0]
        or type(error).__name__
    )
