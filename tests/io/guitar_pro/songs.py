"""Guitar Pro files made in code: the older ones with PyGuitarPro, the newer ones as XML."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import guitarpro
from guitarpro import models

Tone = tuple[int, int]  # string, fret
VERSIONS = {".gp3": (3, 0, 0), ".gp4": (4, 0, 6), ".gp5": (5, 1, 0)}


def song(bars: int = 1, meter: tuple[int, int] = (4, 4), **more: Any) -> Any:
    """Return a song of one guitar with empty bars."""
    made = models.Song(**more)
    made.tracks = []
    made.measureHeaders = [
        models.MeasureHeader(
            number=i + 1,
            timeSignature=models.TimeSignature(meter[0], models.Duration(meter[1])),
        )
        for i in range(bars)
    ]
    add_track(made, "Guitar", channel=0, instrument=24)
    return made


def add_track(
    made: Any,
    name: str,
    *,
    channel: int,
    instrument: int = 0,
    strings: tuple[int, ...] = (64, 59, 55, 50, 45, 40),
    **more: Any,
) -> Any:
    track = models.Track(
        made,
        number=len(made.tracks) + 1,
        name=name,
        channel=models.MidiChannel(channel=channel, effectChannel=channel, instrument=instrument),
        strings=[models.GuitarString(i, value) for i, value in enumerate(strings, 1)],
        **more,
    )
    track.measures = [models.Measure(track, header) for header in made.measureHeaders]
    made.tracks.append(track)
    return track


def add_beat(
    made: Any,
    bar: int,
    *tones: Tone,
    value: int = 4,
    dotted: bool = False,
    tuplet: tuple[int, int] = (1, 1),
    kind: str = "normal",
    voice: int = 0,
    track: int = 0,
) -> Any:
    """Add a beat to a voice: a rest if it has no tones."""
    where = made.tracks[track].measures[bar].voices[voice]
    beat = models.Beat(
        where,
        duration=models.Duration(value, dotted, models.Tuplet(*tuplet)),
        status=models.BeatStatus.normal if tones else models.BeatStatus.rest,
    )
    for string, fret in tones:
        beat.notes.append(
            models.Note(beat, fret, string=string, type=models.NoteType[kind], velocity=79)
        )
    where.beats.append(beat)
    return beat


def binary(made: Any, suffix: str = ".gp5", encoding: str = "cp1252") -> bytes:
    stream = io.BytesIO()
    guitarpro.write(made, stream, version=VERSIONS[suffix], encoding=encoding)
    return stream.getvalue()


def gpif(
    bars: list[list[str]], *, head: str = "", track: str = "", masters: list[str] | None = None
) -> bytes:
    """Return the XML of one guitar.

    Parameters
    ----------
    bars : list of list of str
        For each bar its beats. A beat is ``rhythm notes``, in which `rhythm` is the content of a
        ``Rhythm`` and `notes` the content of each ``Note``, separated by ``|``.
    head, track : str
        Further elements of the document and of the track.
    masters : list of str
        Further elements of each ``MasterBar``.
    """
    lists: dict[str, list[str]] = {name: [] for name in ("Rhythm", "Note", "Beat", "Voice", "Bar")}

    def add(kind: str, content: str) -> str:
        number = str(len(lists[kind]))
        lists[kind].append(f'<{kind} id="{number}">{content}</{kind}>')
        return number

    master = ""
    for i, beats in enumerate(bars):
        ids = []
        for beat in beats:
            rhythm, *notes = beat.split("|")
            extra, _, rhythm = rhythm.rpartition("#")
            rhythm_id = add("Rhythm", rhythm)
            note_ids = " ".join(add("Note", note) for note in notes)
            inside = f"<Notes>{note_ids}</Notes>" if notes else ""
            ids.append(add("Beat", f'<Rhythm ref="{rhythm_id}"/>{inside}{extra}'))
        voice = add("Voice", f"<Beats>{' '.join(ids)}</Beats>")
        bar = add("Bar", f"<Voices>{voice} -1 -1 -1</Voices>" if beats else "<Voices>-1</Voices>")
        more = masters[i] if masters else ""
        if "<Time>" not in more:
            more += "<Time>4/4</Time>"
        master += f"<MasterBar>{more}<Bars>{bar}</Bars></MasterBar>"
    tuning = (
        '<Staves><Staff><Properties><Property name="Tuning">'
        "<Pitches>40 45 50 55 59 64</Pitches></Property></Properties></Staff></Staves>"
    )
    parts = "".join(
        f"<{name}s>{''.join(items)}</{name}s>" for name, items in reversed(lists.items())
    )
    return (
        f"<GPIF>{head}<Tracks><Track id='0'><Name>Guitar</Name>{track or tuning}</Track></Tracks>"
        f"<MasterBars>{master}</MasterBars>{parts}</GPIF>"
    ).encode()


def fretted(string: int, fret: int, more: str = "") -> str:
    """Return the content of a note; string 0 is the lowest."""
    return (
        f"{more}<Properties><Property name='String'><String>{string}</String></Property>"
        f"<Property name='Fret'><Fret>{fret}</Fret></Property></Properties>"
    )


def value(name: str, more: str = "") -> str:
    return f"<NoteValue>{name}</NoteValue>{more}"


def zipped(xml: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("VERSION", "7.0")
        archive.writestr("Content/score.gpif", xml)
    return stream.getvalue()


def file_system(xml: bytes) -> bytes:
    """Return a BCFS file system with the document in its third sector and those after it."""
    head = bytearray(4096)
    head[0:4] = (2).to_bytes(4, "little")
    head[4:14] = b"score.gpif"
    head[0x8C:0x90] = len(xml).to_bytes(4, "little")
    count = -(-len(xml) // 4096)
    for i in range(count):
        head[0x94 + 4 * i : 0x98 + 4 * i] = (2 + i).to_bytes(4, "little")
    return b"BCFS" + bytes(4096) + bytes(head) + xml.ljust(4096 * count, b"\0")


def compressed(data: bytes) -> bytes:
    """Compress data as Guitar Pro 6 does: a run of one byte becomes repetitions."""
    bits: list[int] = []

    def write(number: int, count: int, *, last_first: bool = False) -> None:
        places = range(count) if last_first else range(count - 1, -1, -1)
        bits.extend(number >> place & 1 for place in places)

    at = 0
    while at < len(data):
        run = 1
        while (
            run < 255
            and at
            and data[at : at + run] == data[at - 1 : at] * run
            and (at + run <= len(data))
        ):
            run += 1
        if run > 4:
            copied = run - 1
            while copied and data[at : at + copied] != data[at - copied : at]:
                copied -= 1
            if copied > 2:
                bits.append(1)
                write(8, 4)
                write(copied, 8, last_first=True)
                write(copied, 8, last_first=True)
                at += copied
                continue
        bits.append(0)
        write(1, 2, last_first=True)
        write(data[at], 8)
        at += 1
    bits += [0] * (-len(bits) % 8 + 16)
    packed = bytes(
        sum(bit << (7 - i) for i, bit in enumerate(bits[start : start + 8]))
        for start in range(0, len(bits), 8)
    )
    return b"BCFZ" + len(data).to_bytes(4, "little") + packed
