"""Marks and words of notes beside new ones, and of notes that stay."""

from __future__ import annotations

import re
from fractions import Fraction

from lxml import etree

from partimento import Note
from partimento.io.musicxml.splice import splice
from partimento.music.change import Change
from partimento.music.notes import Notes

ONE = Fraction(1)
HEAD = (
    '<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Voice</part-name>'
    '</score-part></part-list><part id="P1">'
)
ATTRIBUTES = (
    "<attributes><divisions>2</divisions><key><fifths>0</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
STEPS = "CDEFGABC"


def document(marks: dict[tuple[int, int], str]) -> bytes:
    """Return four bars of quarters, C D E F and G A B C, with marks by bar and beat."""
    bars = []
    for bar in range(1, 5):
        notes = ""
        for beat in range(1, 5):
            place = (bar - 1) % 2 * 4 + beat - 1
            pitch = f"<step>{STEPS[place]}</step><octave>{5 + (place == 7)}</octave>"
            more = marks.get((bar, beat), "")
            notes += f"<note><pitch>{pitch}</pitch><duration>2</duration><voice>1</voice>"
            notes += f"<type>quarter</type>{more}</note>"
        bars.append(f'<measure number="{bar}">{ATTRIBUTES * (bar == 1)}{notes}</measure>')
    return (HEAD + "".join(bars) + "</part></score-partwise>").encode()


def slur(kind: str, number: int = 1) -> str:
    return f'<notations><slur type="{kind}" number="{number}"/></notations>'


def change(bar: int, *rows: tuple[Fraction, Fraction, int]) -> Change:
    """Return the change of one bar; onsets count from its beginning."""
    begin = ONE * 4 * (bar - 1)
    notes = Notes([Note(begin + onset, length, pitch) for onset, length, pitch in rows])
    return Change(begin, begin + 4, (0,), notes, frozenset(), ONE * 16)


def marks_of(data: bytes, name: str) -> dict[tuple[int, Fraction], list[str]]:
    """Return the types, or the texts, of marks by bar and onset in quarters."""
    found: dict[tuple[int, Fraction], list[str]] = {}
    divisions = ONE
    for bar, measure in enumerate(etree.fromstring(data).iter("measure"), 1):
        now = Fraction(0)
        for element in measure:
            divisions = Fraction(element.findtext("divisions") or divisions)
            if element.tag == "note":
                for mark in element.iter(name):
                    found.setdefault((bar, now), []).append(mark.get("type") or mark.text)
                now += Fraction(element.findtext("duration")) / divisions
    return found


NEW = [(ONE * 0, ONE * 2, 72), (ONE * 2, ONE * 2, 71)]  # two half notes


def test_a_slur_into_new_notes_ends_before_them() -> None:
    data = document({(1, 3): slur("start"), (2, 2): slur("stop")})
    new = splice(data, change(2, *NEW))
    assert marks_of(new, "slur") == {(1, 2): ["start"], (1, 3): ["stop"]}


def test_a_slur_out_of_new_notes_begins_after_them() -> None:
    lyric = "<lyric><text>lü</text></lyric>"
    data = document({(2, 2): slur("start"), (3, 3): slur("stop"), (3, 1): lyric})
    new = splice(data, change(2, *NEW))
    assert marks_of(new, "slur") == {(3, 0): ["start"], (3, 2): ["stop"]}
    assert re.search(rb"</notations><lyric>", new)  # in the order of the standard


def test_a_slur_that_leaves_one_note_is_removed() -> None:
    fermata = "<notations><fermata/><slur type='start'></slur></notations>"
    marks = {(1, 4): fermata, (2, 1): slur("stop"), (2, 4): slur("start"), (3, 1): slur("stop")}
    new = splice(document(marks), change(2, *NEW))
    assert marks_of(new, "slur") == {}
    assert b"<fermata/>" in new
    # The slur of the next bars is not joined with what is left.
    more = splice(document({**marks, (4, 1): slur("start"), (4, 2): slur("stop")}), change(2, *NEW))
    assert marks_of(more, "slur") == {(4, 0): ["start"], (4, 1): ["stop"]}


def test_a_slur_over_new_notes_stays() -> None:
    data = document({(1, 1): slur("start", 2), (4, 1): slur("stop", 2)})
    assert len(marks_of(splice(data, change(2, *NEW)), "slur")) == 2


def test_notes_that_stay_keep_their_marks_and_slurs_that_both_ends_have() -> None:
    finger = "<notations><technical><fingering>3</fingering></technical></notations>"
    marks = {(1, 4): slur("start"), (2, 1): slur("stop"), (2, 2): finger, (2, 4): finger}
    marks |= {(2, 3): slur("start"), (3, 1): slur("stop")}
    rows = [(ONE * 0, ONE, 79), (ONE, ONE, 81), (ONE * 2, ONE, 74), (ONE * 3, ONE, 76)]
    new = splice(document(marks), change(2, *rows))
    assert marks_of(new, "slur") == {(1, 3): ["start"], (2, 0): ["stop"]}
    assert marks_of(new, "fingering") == {(2, 1): ["3"]}


def test_words_stay_where_all_notes_begin_as_before() -> None:
    def word(text: str) -> str:
        return f"<lyric><text>{text}</text></lyric>"

    data = document({(2, 1): word("gött"), (2, 3): word("lich")})
    sung = splice(data, change(2, *NEW))
    assert marks_of(sung, "text") == {(2, 0): ["gött"], (2, 2): ["lich"]}
    other = splice(data, change(2, (ONE * 0, ONE * 3, 72), (ONE * 3, ONE, 71)))
    assert marks_of(other, "text") == {}


def test_several_changes_are_made_at_once() -> None:
    data = document({(1, 1): slur("start"), (4, 4): slur("stop")})
    new = splice(data, change(2, *NEW), change(3, (ONE * 0, ONE * 4, 60)))
    pitches = [e.text for e in etree.fromstring(new).iter("step")]
    assert "".join(pitches) == "CDEF" + "CB" + "C" + "GABC"
    assert len(marks_of(new, "slur")) == 2
