"""Read and write the words of MIDI files, as lyric events or in a karaoke file.

Lyric events follow RP-017 of the MIDI Manufacturers Association, with one event per syllable. A
space stands at the end of a word, and a line feed at the end of a line. Karaoke files (``.kar``)
have the words as texts of a track, in which ``/`` and ``\\`` begin a line. They are read as the
same syllables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from partimento.io.midi.smf import META, DamagedError, events_of, split_tracks
from partimento.io.text_encoding import decode_texts
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

TEXT, LYRIC = 1, 5  # types of meta events
HEADERS = (b"@K", b"@T", b"@L", b"@I", b"@V", b"@W")  # of a karaoke file
MOST = 20_000  # syllables


@short_repr
class _Event(NamedTuple):
    tick: int
    track: int
    text: bytes


def lyrics_of_midi(data: bytes, piece: Piece, *, encoding: str = "") -> tuple[Syllable, ...]:
    """Return the words of a MIDI file.

    Parameters
    ----------
    data : bytes
    piece : Piece
        The notes of the file; they decide which part sings.
    encoding : str
        The encoding of the text; empty to detect it.
    """
    if b"\xff\x05" not in data and not any(b"\xff\x01" in data and h in data for h in HEADERS):
        return ()
    try:
        tracks = split_tracks(data)
        events = _events(tracks)
    except (DamagedError, IndexError, ValueError):
        return ()  # a damaged file is repaired for its notes only
    if not events:
        return ()
    divisions = int.from_bytes(data[12:14], "big")
    texts = decode_texts([event.text for event in events], encoding).texts
    # Decoding strips texts, but spaces divide words.
    plain = [_with_spaces(event.text, text) for event, text in zip(events, texts, strict=True)]
    times = [Fraction(event.tick, divisions) for event in events]
    parts = _singing_parts(piece, events, times)
    syllables = [
        Syllable(text, time, parts[event.track])
        for text, time, event in zip(_with_lines(plain), times, events, strict=True)
        if text and time <= piece.length
    ]
    return tuple(sorted(syllables, key=lambda syllable: (syllable.onset, syllable.part)))


def _events(tracks: Sequence[bytes]) -> list[_Event]:
    """Return the lyric events or, without any, the texts of a karaoke file."""
    lyrics: list[_Event] = []
    texts: list[_Event] = []
    is_karaoke = False
    for number, track in enumerate(tracks):
        for tick, status, body, _ in events_of(track):
            if status != META or not body or body[0] not in (TEXT, LYRIC):
                continue
            text = body[1:]
            if body[0] == LYRIC:
                lyrics.append(_Event(tick, number, text))
            elif text.startswith(b"@"):
                is_karaoke |= text[:2] in HEADERS
            else:
                texts.append(_Event(tick, number, text))
    if lyrics or not is_karaoke:
        return lyrics[:MOST]
    counts: dict[int, int] = defaultdict(int)
    for event in texts:
        counts[event.track] += 1
    most = max(counts, key=lambda track: counts[track], default=-1)
    return [event for event in texts if event.track == most][:MOST]


def _with_spaces(raw: bytes, text: str) -> str:
    before = " " if raw[:1] == b" " else ""
    after = raw[len(raw.rstrip(b" \r\n")) :].decode("ascii", "ignore").replace("\r", "\n")
    return f"{before}{text.strip()}{after}" if text.strip() else "\n" if "\n" in after else ""


def _with_lines(texts: Sequence[str]) -> list[str]:
    r"""Put the ends of words and lines at the ends of syllables.

    >>> _with_lines(["\\Lo", "bet", " den", "/Herrn"])
    ['Lo', 'bet ', 'den\n', 'Herrn']
    """
    result: list[str] = []
    for text in texts:
        begins_line = text.lstrip(" ")[:1] in ("/", "\\")
        begins_word = text.startswith(" ")
        if result and (begins_line or begins_word) and result[-1] and result[-1][-1] not in " \n":
            result[-1] += "\n" if begins_line else " "
        plain = text.strip(" ").lstrip("/\\")
        if plain == "\n" and result:  # the end of a line as an event of its own
            result[-1] = result[-1].rstrip(" \n") + "\n"
            plain = ""
        result.append(f"{plain} " if plain and text.endswith(" ") else plain)
    return result


def _singing_parts(
    piece: Piece, events: Sequence[_Event], times: Sequence[Fraction]
) -> dict[int, int]:
    """Return for each track of words the part whose notes begin with most of them."""
    notes = piece.notes
    onsets: list[set[Fraction]] = [set() for _ in piece.parts]
    for onset, part in zip(notes.onset.tolist(), notes.part.tolist(), strict=True):
        onsets[part].add(Fraction(onset, notes.divisions))
    of_track: dict[int, list[Fraction]] = defaultdict(list)
    for event, time in zip(events, times, strict=True):
        of_track[event.track].append(time)

    def agreement(part: int, own: Sequence[Fraction]) -> tuple[int, int, int]:
        shared = sum(time in onsets[part] for time in own)
        # Of several parts, the one with the fewest other notes sings.
        return shared, -len(onsets[part]), -part

    return {
        track: max(range(len(piece.parts)), key=lambda part: agreement(part, own))
        for track, own in of_track.items()
    }
