"""MusicXML documents made of short strings, and how they are read."""

import xml.etree.ElementTree as ET
from fractions import Fraction

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.piece import Piece

F = Fraction


def note(name="C4", duration=4, *, voice=1, staff="", kind="", head="", tail="", attributes=""):
    """A note; `name` may be ``r`` for a rest."""
    pitch = (
        "<rest/>"
        if name == "r"
        else f"<pitch><step>{name[0]}</step><octave>{name[-1]}</octave></pitch>"
    )
    if len(name) > 2:
        pitch = pitch.replace("<octave>", f"<alter>{name[1:-1]}</alter><octave>")
    length = "" if duration is None else f"<duration>{duration}</duration>"
    staff = f"<staff>{staff}</staff>" if staff else ""
    kind = f"<type>{kind}</type>" if kind else ""
    return (
        f"<note {attributes}>{head}{pitch}{length}{tail}<voice>{voice}</voice>{kind}{staff}</note>"
    )


def tie(*kinds):
    return "".join(f'<tie type="{kind}"/>' for kind in kinds)


def back(duration):
    return f"<backup><duration>{duration}</duration></backup>"


def forward(duration):
    return f"<forward><duration>{duration}</duration></forward>"


def time_(beats, beat_type=4):
    return f"<time><beats>{beats}</beats><beat-type>{beat_type}</beat-type></time>"


def attributes(*inside, divisions=4):
    return f"<attributes><divisions>{divisions}</divisions>{''.join(inside)}</attributes>"


START = attributes(time_(4))
CHORD, GRACE = "<chord/>", "<grace/>"


def score(*parts, listed="", head="", bar_attributes=None):
    """Each part is a list of the contents of its bars."""
    listed = listed or "".join(
        f'<score-part id="P{i}"><part-name>{i}</part-name></score-part>' for i in range(len(parts))
    )
    words = (bar_attributes or {}).get
    bodies = "".join(
        f'<part id="P{i}">'
        + "".join(
            f'<measure number="{n}" {words(n, "")}>{bar}</measure>' for n, bar in enumerate(bars)
        )
        + "</part>"
        for i, bars in enumerate(parts)
    )
    return f"<score-partwise>{head}<part-list>{listed}</part-list>{bodies}</score-partwise>"


def read(*parts, unfold=False, **more):
    return piece_from_musicxml(score(*parts, **more).encode(), unfold=unfold)


def barline(*inside):
    return f"<barline>{''.join(inside)}</barline>"


FORWARD, BACKWARD = '<repeat direction="forward"/>', '<repeat direction="backward"/>'


def ending(number, kind):
    return f'<ending number="{number}" type="{kind}"/>'


def sound(**what):
    return "<sound " + " ".join(f'{name}="{value}"' for name, value in what.items()) + "/>"


REPEAT, ONE, TWO = barline(BACKWARD), barline(ending("1", "start")), barline(ending("2", "start"))
END_ONE, END_TWO = barline(ending("1", "stop"), BACKWARD), barline(ending("2", "discontinue"))


def transpose(**what):
    return (
        "<transpose>"
        + "".join(
            f"<{tag.replace('_', '-')}>{value}</{tag.replace('_', '-')}>"
            for tag, value in what.items()
        )
        + "</transpose>"
    )


def root_of(piece: Piece, **options) -> ET.Element:
    return ET.fromstring(to_musicxml(piece, **options))
