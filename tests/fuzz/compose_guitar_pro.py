"""Guitar Pro files of all versions, made by chance from a number."""

from __future__ import annotations

import re
from random import Random

from guitarpro import models
from tests.fuzz.spoil import NUMBERS
from tests.io.guitar_pro.songs import (
    VERSIONS,
    add_beat,
    add_track,
    binary,
    compressed,
    file_system,
    fretted,
    gpif,
    song,
    value,
    zipped,
)

TIE = '<Tie origin="false" destination="true"/>'
GRACE = "<GraceNotes>BeforeBeat</GraceNotes>#"


def binary_file(number: int) -> bytes:
    """A song of two tracks, as Guitar Pro 3, 4 or 5."""
    rng = Random(number)
    made = song(4, rng.choice([(4, 4), (3, 4), (6, 8)]), title=f"Song {number}", music="Nobody")
    add_track(made, "Drums", channel=9, strings=(0,) * 6, isPercussionTrack=True)
    made.measureHeaders[0].isRepeatOpen = True
    made.measureHeaders[2].repeatClose = 1
    for bar in range(4):
        for _ in range(rng.randrange(5)):
            tones = [(string, rng.randrange(15)) for string in rng.sample(range(1, 7), 2)]
            kind = rng.choice(["normal", "normal", "tie", "dead"])
            beat = add_beat(made, bar, *tones, value=rng.choice([2, 4, 8]), kind=kind)
            if rng.random() < 0.3:
                beat.notes[0].effect.grace = models.GraceEffect(fret=rng.randrange(9))
            if rng.random() < 0.2:
                beat.effect.mixTableChange = models.MixTableChange(tempo=models.MixTableItem(90))
        add_beat(made, bar, (6, rng.choice([35, 38, 42])), value=1, track=1)
    return binary(made, rng.choice(list(VERSIONS)))


def xml_document(number: int) -> bytes:
    """A song of one guitar, as the XML of Guitar Pro 6 to 8."""
    rng = Random(number)
    bars = []
    for _ in range(4):
        beats = []
        for _ in range(rng.randrange(5)):
            notes = [
                fretted(string, rng.randrange(15), rng.choice(["", "", TIE]))
                for string in rng.sample(range(6), rng.randrange(3))
            ]
            kind = rng.choice(["Half", "Quarter", "Eighth", "16th"])
            beats.append("|".join([rng.choice(["", "", GRACE]) + value(kind), *notes]))
        bars.append(beats)
    repeat = '<Repeat start="true" end="true" count="2"/>'
    key = "<Key><AccidentalCount>2</AccidentalCount><Mode>Minor</Mode></Key>"
    head = "<Score><Title>Song</Title></Score>"
    return gpif(bars, head=head, masters=[key + repeat, "", repeat, ""])


def one_byte(data: bytes, rng: Random) -> bytes:
    """Change one byte after the name of the format."""
    at = rng.randrange(31, len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def one_number(xml: bytes, rng: Random) -> bytes:
    """Replace one number of a document."""
    match = rng.choice(list(re.finditer(rb"-?\d+", xml)))
    number = str(rng.randrange(9)) if rng.random() < 0.5 else rng.choice(NUMBERS)
    return xml[: match.start()] + number.encode() + xml[match.end() :]


def pack(xml: bytes, rng: Random) -> bytes:
    """Pack a document as a version of the program does, now and then with damage."""
    packed = rng.choice([zipped, file_system, lambda xml: compressed(file_system(xml))])(xml)
    if rng.random() < 0.2:
        at = rng.randrange(len(packed))
        packed = packed[:at] + bytes([rng.randrange(256)]) + packed[at + 1 :]
    return packed
