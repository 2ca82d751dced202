"""Read one tune of an ABC file as a piece, by the rules of the ABC standard 2.1.

- Every voice is a part. Overlays (``&``) belong to the part of their voice.
- Accidentals are valid to the bar line, in all octaves unless ``propagate-accidentals`` states
  otherwise. Tied notes keep their accidental.
- Repeats are read once, unless they are to be unfolded.
- Signs that cannot be read are left out, with a warning; the rest is read.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

from partimento.errors import InvalidScoreError
from partimento.io.abc.order import order_of_tune
from partimento.io.abc.tune_reader import TuneReader
from partimento.io.abc.tunes import decode_tune, split_tunes
from partimento.io.abc.voice import Row, Voice
from partimento.io.formats import ReadOptions, tune_names
from partimento.io.written import (
    WrittenNote,
    WrittenScore,
    common_grid,
    order_of_bars,
    piece_of_written,
)
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part

FIELD_OF_KEY = re.compile(r"(?:^|[\r\n])[ \t]*K:")


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read an ABC file as a piece; errors as for `piece_from_abc`."""
    return piece_from_abc(data, unfold=options.unfold, encoding=options.encoding)


def piece_from_abc(data: bytes, *, unfold: bool = False, encoding: str = "") -> Piece:
    """Read an ABC file that contains one tune.

    Parameters
    ----------
    data : bytes
    unfold : bool
        Whether repeats and parts are written out as they are played.
    encoding : str
        The encoding of the text; empty to detect it.

    Raises
    ------
    InvalidScoreError, ValueError
        If the content is not one tune with notes; the message gives the reason.
    """
    if not data.strip():
        raise InvalidScoreError("it is empty")
    tunes = split_tunes(data)
    if len(tunes) > 1:
        raise InvalidScoreError(
            f"{tune_names(tunes)}: add the name of one to the path, such as /{tunes[0].name}"
        )
    decoded = decode_tune(tunes[0].data, encoding)
    text = decoded.texts[0]
    if "\0" in text or not FIELD_OF_KEY.search(text):
        raise InvalidScoreError("not ABC, despite its suffix")
    reader = TuneReader()
    reader.read(text)
    score = _score_of(reader)
    if decoded.warning:
        score.warn(decoded.warning)
    order = None
    first = reader.heard[0] if reader.heard else None
    if unfold and first:
        bars = [_steps(bar, score.grid) for bar in first.bars]
        played = order_of_tune(first.turns, len(bars), reader.parts_order, reader.part_bars)
        order = order_of_bars(bars, score.length, played)
    elif first:
        score.bars = _joined_bars(first, score)
    piece = piece_of_written(score, order)
    if not reader.lyrics or order is not None:
        return piece
    return piece.replace(lyrics=_lyrics(reader, piece))


def _lyrics(reader: TuneReader, piece: Piece) -> tuple[Syllable, ...]:
    """Return the words of all voices that are heard."""
    parts = dict(zip(map(id, reader.heard), _part_numbers(reader), strict=True))
    syllables = [
        Syllable(text, row.onset, parts[id(voice)])
        for voice, row, text in reader.lyrics
        if id(voice) in parts and row.onset <= piece.length
    ]
    return tuple(sorted(syllables, key=lambda syllable: (syllable.onset, syllable.part)))


def _score_of(reader: TuneReader) -> WrittenScore:
    """Convert the voices of a tune to a written score."""
    voices = reader.heard
    denominators: Counter[int] = Counter()
    for voice in voices:
        for row in voice.rows:
            denominators[row.onset.denominator] += 1
            denominators[row.duration.denominator] += 1
    for line in (reader.meters, reader.keys, reader.tempos, reader.chord_symbols):
        denominators.update(time.denominator for time in line)
    grid = common_grid({Fraction(1, size): count for size, count in denominators.items()})
    score = WrittenScore(grid=grid, title=reader.title, composer=reader.composer)
    score.warnings = reader.warnings()
    numbers = _part_numbers(reader)
    seen: Counter[int] = Counter()
    for number, voice in zip(numbers, voices, strict=True):
        if not seen[number]:
            score.parts.append(Part(voice.name, voice.program, voice.is_drum))
        score.breaks |= {_steps(time, grid) for time in voice.breaks}
        notes = [note for row in voice.rows if (note := _written(row, number, grid))]
        layer = seen[number]  # further voices of a part follow the layers of the first ones
        score.notes += [note._replace(voice=note.voice + layer) for note in notes]
        seen[number] += 1 + max((row.layer for row in voice.rows), default=0)
    score.length = max((_steps(voice.now, grid) for voice in voices), default=0)
    if voices:
        score.bars = [_steps(bar, grid) for bar in voices[0].bars]
    score.meters = {_steps(time, grid): mark for time, mark in reader.meters.items()}
    score.keys = {_steps(time, grid): mark for time, mark in reader.keys.items()}
    score.tempos = {_steps(time, grid): mark for time, mark in reader.tempos.items()}
    score.chord_symbols = {_steps(time, grid): mark for time, mark in reader.chord_symbols.items()}
    return score


def _part_numbers(reader: TuneReader) -> list[int]:
    """Return the index of the part of each voice that is heard.

    Every voice is a part of its own, unless the file says otherwise in our own directive.
    """
    stated = reader.part_numbers
    if len(stated) != len(reader.voices):
        return list(range(len(reader.heard)))
    heard = [n for n, voice in zip(stated, reader.voices.values(), strict=True) if voice.rows]
    index = {number: i for i, number in enumerate(dict.fromkeys(heard))}
    return [index[number] for number in heard]


def _written(row: Row, part: int, grid: int) -> WrittenNote | None:
    """Convert a note to steps; None if it is too short for the grid."""
    onset, end = _steps(row.onset, grid), _steps(row.onset + row.duration, grid)
    if row.duration and end == onset:
        return None
    note = WrittenNote(onset, end - onset, row.pitch, part, row.layer, row.ties)
    return note._replace(mark=row.mark) if row.mark else note


def _steps(time: Fraction, grid: int) -> int:
    # Rounded to the nearest step, with integers alone: this is the inner loop.
    numerator, denominator = time.numerator, time.denominator
    return (2 * numerator * grid + denominator) // (2 * denominator)


def _joined_bars(voice: Voice, score: WrittenScore) -> list[int]:
    """Return the beginnings of bars, without repeat signs within a bar.

    Where a repeat sign splits a bar in two, the parts together are as long as the meter states.
    """
    starts = [_steps(bar, score.grid) for bar in voice.bars]
    ends = [*starts[1:], score.length]
    kept: list[int] = []
    meter = Meter()
    changes = sorted(score.meters)
    was_split = False
    for i, start in enumerate(starts):
        while changes and changes[0] <= start:
            meter = score.meters[changes.pop(0)]
        whole = meter.bar_ql * score.grid
        split = (
            i > 1
            and not was_split
            and start not in score.meters
            and ends[i] - kept[-1] == whole
            and _is_repeat(voice, i)
        )
        was_split = split
        if not split:
            kept.append(start)
    return kept


def _is_repeat(voice: Voice, bar: int) -> bool:
    """Return whether a repeat sign or an ending stands at the beginning of a bar."""
    before, here = voice.turns.get(bar - 1), voice.turns.get(bar)
    return bool((before and before.times) or (here and (here.forward or here.endings)))
