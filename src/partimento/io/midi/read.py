"""Read MIDI files as columns of integers, through symusic.

A file without faults is read by symusic. One with faults, such as a truncated track, notes without
duration or a meter of 0/4, is repaired first (see `repair`). The piece lists in its warnings what
was left out. A file is rejected if it has no notes, or is larger than any
score. If several marks of one kind have the same time, the last one counts. Marks after the end of
the piece are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import symusic

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.midi.lyrics import lyrics_of_midi
from partimento.io.midi.repair import repair
from partimento.io.midi.smf import (
    UNRELEASED,
    DamagedError,
    TrackScan,
    check_marks_exist,
    check_pitches,
    scan_track,
    sets_program,
    split_tracks,
    with_releases,
    without_escapes,
)
from partimento.io.text_encoding import decode_texts
from partimento.music.limits import MAX_QUARTERS, check_marks, check_size
from partimento.music.performed import M, Midi
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

# Bytes that may be a change to program 0. It may follow another program change without a status
# byte of its own (running status).
PROGRAM_0 = re.compile(rb"[\xc0-\xcf](?:[\x00-\x7f][\x80-\xff]{0,3}[\x00-\x7f])*?\x00")


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read the content of a MIDI file as a piece; errors as for `midi_from_bytes`."""
    midi = midi_from_bytes(data, encoding=options.encoding)
    if options.quantize is None:
        piece = midi.to_piece()
        lyrics = lyrics_of_midi(data, piece, encoding=options.encoding)
        return piece.replace(lyrics=lyrics) if lyrics else piece
    from partimento.analysis.music21_grid import music21_view

    return music21_view(midi).replace(warnings=midi.warnings)


def midi_from_bytes(data: bytes, *, encoding: str = "") -> Midi:
    """Read the content of a MIDI file.

    Parameters
    ----------
    data : bytes
    encoding : str
        The encoding of its text; empty to detect it.

    Raises
    ------
    InvalidScoreError
        If nothing in it can be read, or it is larger than any score.
    """
    try:
        return _read(data, encoding)
    except DamagedError:
        clean, warnings = repair(data)
    try:
        midi = _read(clean, encoding, is_clean=True)
    except InvalidScoreError as error:
        if warnings and not isinstance(error, DamagedError):
            more = f"; and {len(warnings) - 2} more" if len(warnings) > 2 else ""
            raise InvalidScoreError(f"{error} ({'; '.join(warnings[:2])}{more})") from error
        raise
    return replace(midi, warnings=(*warnings, *midi.warnings))


def _read(data: bytes, encoding: str, *, is_clean: bool = False) -> Midi:
    """Read a file without faults; raise DamagedError for faults that can be repaired.

    With `is_clean`, the file comes from `repair`. Bytes that look like faults are then text.
    """
    chunks = split_tracks(data)
    if not is_clean:
        check_marks_exist(data)
        check_pitches(chunks)
    plain = without_escapes(data, chunks)
    if not is_clean:
        plain = with_releases(plain, chunks if plain is data else split_tracks(plain))
    score = _parse(plain)
    tracks = [track for track in score.tracks if len(track.notes)]
    check_size(sum(len(track.notes) for track in tracks), 0)
    tables = [track.notes.numpy() for track in tracks]
    onset, duration, pitch, velocity = (
        np.concatenate([table[name] for table in tables]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    )
    divisions = score.ticks_per_quarter
    _check_times(onset, duration, divisions, is_clean=is_clean)
    check_marks(max(len(score.time_signatures), len(score.key_signatures), len(score.tempos)))
    if velocity.min() < 0:
        raise DamagedError("a note has no velocity")
    first = scan_track(chunks[0], until_note=True) if chunks else None
    end = first.end if first else 0
    names, has_program = _names_and_programs(tracks, chunks, stated=bool(encoding))
    title, warning = _decode(first, names, chunks, encoding)
    return Midi(
        divisions,
        onset,
        duration,
        pitch,
        velocity,
        np.repeat(np.arange(len(tables)), [len(table["time"]) for table in tables]),
        tuple(
            Part(name, track.program if known else None, track.is_drum)
            for name, track, known in zip(names, tracks, has_program, strict=True)
        ),
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
        (warning,) if warning else (),
    )


def _parse(data: bytes) -> Any:
    try:
        return symusic.Score.from_midi(data)
    except Exception as error:  # symusic raises RuntimeError, but does not document it
        raise DamagedError(f"damaged: {_plain_reason(error)}") from error


def _check_times(
    onset: np.ndarray, duration: np.ndarray, divisions: int, *, is_clean: bool
) -> None:
    if onset.min() < 0 or duration.min() < 0:
        raise DamagedError("a note lies at tick 2³¹ or beyond")
    if duration.min() == 0:
        raise DamagedError("a note has no duration")
    if duration.max() >= UNRELEASED and not is_clean:
        raise DamagedError("a note is never released")
    if (onset + duration).max() > MAX_QUARTERS * divisions:
        raise DamagedError("a note ends later than any score does")


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
        raise DamagedError(str(error)) from error
    if any(onset < 0 for onset in last):
        raise DamagedError("a mark lies at tick 2³¹ or beyond")
    return tuple(last[onset] for onset in sorted(last))


def _names_and_programs(
    tracks: list[Any], chunks: list[bytes], *, stated: bool
) -> tuple[list[Any], list[bool]]:
    """Return the name of each track, and whether it sets its program.

    These are details that symusic loses: it decodes names only as UTF-8, and reports program 0 also
    if no program is set. Names that it cannot decode, or all if the encoding is `stated`, are
    returned as bytes.
    """
    names, has_program = [track.name for track in tracks], [track.program != 0 for track in tracks]
    garbled = stated or any("\ufffd" in name or "\0" in name for name in names)
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
        scans = [scan_track(chunk) for chunk in chunks]
        # symusic gives the voices of a track in the order of programs, then channels.
        voices = [
            (scan.name, scan.voices[key]) for scan in scans if scan for key in sorted(scan.voices)
        ]
        if [voice.notes for _, voice in voices] == [len(track.notes) for track in tracks]:
            return [name for name, _ in voices], [voice.has_program for _, voice in voices]
        # The notes do not match: take symusic's programs as they are.
        has_program = [True] * len(tracks)
    if any(track.program > 127 for track in tracks):
        raise DamagedError("a program is above 127")
    return names, has_program


def _decode(
    first: TrackScan | None, names: list[Any], chunks: list[bytes], encoding: str
) -> tuple[str, str]:
    """Return the title and a warning if its encoding was guessed; decode `names`.

    A first track without notes has the title as its name, or in the text of a karaoke file. All
    text of the file together decides the encoding.
    """
    title = (first.name or _karaoke_title(first)) if first else b""
    coded = [i for i, name in enumerate(names) if isinstance(name, bytes)]
    if not coded and title.isascii() and b"\0" not in title:  # most files: nothing is in doubt
        names[:] = [name.strip() for name in names]
        return title.decode().strip(), ""
    texts = [title, *(names[i] for i in coded)]
    if not encoding and not all(_is_utf8(text) for text in texts):
        texts += [text for chunk in chunks if (scan := scan_track(chunk)) for text in scan.texts]
    decoded = decode_texts(texts, encoding)
    for i, name in zip(coded, decoded.texts[1:], strict=False):
        names[i] = name
    for i, name in enumerate(names):
        names[i] = name.replace("\0", "").strip()
    return decoded.texts[0], decoded.warning


def _karaoke_title(scan: TrackScan) -> bytes:
    """Return the title of a karaoke file: its first text that begins with @T."""
    return next((text[2:] for text in scan.texts if text.startswith(b"@T")), b"")


def _is_utf8(text: bytes) -> bool:
    try:
        return b"\0" not in text and text.decode() is not None
    except UnicodeDecodeError:
        return False


def _plain_reason(error: Exception) -> str:
    return (
        str(error)
        .replace("MiniMidi: ", "")
        .replace(": iostream error", "")
        .rstrip("!")
        .split("! ")[0]
        or type(error).__name__
    )
