"""New notes in a MusicXML file, all other bytes of which are copied."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from partimento import Note
from partimento.errors import PartimentoError
from partimento.io.musicxml import splice as module
from partimento.io.musicxml.read import parse, piece_of_document
from partimento.io.musicxml.splice import splice
from partimento.music.change import Change
from partimento.music.notes import Notes

ONE = Fraction(1)
HEAD = (
    "<?xml version='1.0' encoding='UTF-8' standalone='no'?>\r\n<!-- mine -->\r\n"
    '<score-partwise version="3.1">\r\n<work><work-title>Lied ü</work-title></work>\r\n'
    '<part-list><score-part id="P1"><part-name>Voice</part-name></score-part>'
    '<score-part id="P2"><part-name>Clarinet</part-name></score-part></part-list>\r\n'
)
TRANSPOSE = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"


def note(step: str, octave: int, more: str = "", chord: str = "", duration: int = 2) -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note >{chord}{pitch}<duration>{duration}</duration><voice>1</voice>{more}</note>\r\n"


def bars(transposes: bool, more: str = "") -> str:
    fifths = 2 if transposes else 0
    shift = TRANSPOSE if transposes else ""
    first = (
        f"<attributes><divisions>2</divisions><key><fifths>{fifths}</fifths></key>"
        f"<time><beats>4</beats><beat-type>4</beat-type></time>{shift}</attributes>\r\n"
    )
    slur = "<notations><slur type='start' number='1'/></notations>"
    finger = "<notations><technical><fingering>3</fingering></technical></notations>"
    words = "<lyric><text>lü</text></lyric>"
    dynamics = "<direction><direction-type><dynamics><p/></dynamics></direction-type></direction>"
    music = [
        first + note("C", 5, slur) + note("D", 5, words) + note("E", 5, finger) + note("F", 5),
        note("G", 5) + dynamics + note("A", 5) + note("B", 5) + note("C", 6),
        note("C", 5, words) + more + note("D", 5) + note("E", 5) + note("F", 5),
        note("C", 5, "<type>whole</type>", duration=8)
        + '<barline location="right"><bar-style>light-heavy</bar-style></barline>',
    ]
    return "".join(
        f'<measure number="{number}">\r\n{content}</measure>\r\n'
        for number, content in enumerate(music, 1)
    )


def document(**options: str) -> bytes:
    parts = (
        f'<part id="P{number}">\r\n{bars(number == 2, **options)}</part>\r\n' for number in (1, 2)
    )
    return (HEAD + "".join(parts) + "</score-partwise>\r\n<!-- end -->").encode()


def measures(data: bytes) -> list[bytes]:
    return re.findall(rb"<measure.*?</measure>", data, re.DOTALL)


def change(*rows: tuple[Fraction, Fraction, int], parts: tuple[int, ...] = (0,)) -> Change:
    notes = Notes(
        [Note(onset, length, pitch, part=part) for part in parts for onset, length, pitch in rows]
    )
    return Change(ONE * 4, ONE * 8, parts, notes, frozenset(), ONE * 16)


def notes_of(data: bytes) -> Notes:
    return piece_of_document(parse(data)).notes


def test_only_the_filled_measures_of_the_composed_parts_differ() -> None:
    data = document()
    one = change((ONE * 4, ONE, 60), (ONE * 5, ONE * 3, 64))
    new = splice(data, one)
    before, after = measures(data), measures(new)
    assert [i for i in range(8) if before[i] != after[i]] == [1]
    # Outside of this measure, not a byte differs.
    begin = data.index(before[1])
    assert new[:begin] == data[:begin]
    assert new[begin + len(after[1]) :] == data[begin + len(before[1]) :]
    assert notes_of(new) == one.applied(piece_of_document(parse(data))).notes


def test_marks_between_notes_stay_at_their_times() -> None:
    (after,) = (measures(splice(document(), change((ONE * 4, ONE * 4, 60))))[1],)
    text = after.decode()
    assert text.index("<forward><duration>2</duration>") < text.index("<dynamics>")
    assert text.index("<dynamics>") < text.index("<backup><duration>2</duration>")


def test_a_transposing_part_is_written_at_its_pitch() -> None:
    data = document()
    one = change((ONE * 4, ONE * 4, 60), parts=(1,))
    new = splice(data, one)
    assert b"<step>D</step><octave>4</octave>" in measures(new)[5]
    assert notes_of(new) == one.applied(piece_of_document(parse(data))).notes


def test_a_finer_rhythm_changes_the_divisions_only_there() -> None:
    data = document()
    third = Fraction(1, 3)
    one = change(*((4 + third * i, third, 60) for i in range(12)))
    new = splice(data, one)
    assert [i for i in range(8) if measures(data)[i] != measures(new)[i]] == [1]
    assert notes_of(new) == one.applied(piece_of_document(parse(data))).notes
    assert measures(new)[1].count(b"<divisions>") == 2


def test_notes_that_are_tied_over_the_bar_line_stay() -> None:
    tied = '<tie type="start"/>'
    data = document().replace(note("C", 6).encode(), note("C", 6, tied).encode(), 1)
    data = data.replace(
        note("C", 5, "<lyric><text>lü</text></lyric>").encode(),
        note("C", 6, '<tie type="stop"/>').encode(),
        1,
    )
    before = piece_of_document(parse(data))
    long = next(n for n in before.notes if n.pitch == 84 and n.part == 0 and n.duration == 2)
    one = change((ONE * 4, ONE * 3, 60))
    one = Change(one.begin, one.end, (0,), one.notes, frozenset([(long.onset, 84, 0)]), one.length)
    new = splice(data, one)
    assert notes_of(new) == one.applied(before).notes
    assert [i for i in range(8) if measures(data)[i] != measures(new)[i]] == [1]


def test_a_continued_piece_has_new_measures_and_its_bar_line_at_the_end() -> None:
    data = document()
    notes = Notes([Note(ONE * 16, ONE * 8, 60), Note(ONE * 20, ONE, 55, part=1)])
    one = Change(ONE * 16, ONE * 24, (0, 1), notes, frozenset(), ONE * 24)
    new = splice(data, one)
    assert notes_of(new) == one.applied(piece_of_document(parse(data))).notes
    own = measures(new)
    assert len(own) == 12
    for part in (0, 1):
        assert own[part * 6 : part * 6 + 3] == measures(data)[part * 4 : part * 4 + 3]
        last = measures(data)[part * 4 + 3]
        assert own[part * 6 + 3] == re.sub(rb"\s*<barline.*</barline>", b"", last)
        assert b'number="6"' in own[part * 6 + 5]
        assert own[part * 6 + 5].count(b"light-heavy") == 1


def test_the_remark_is_in_the_identification() -> None:
    once = splice(document(), change(), remark='partimento: {"a":"<"}')
    assert once.count(b"<identification>") == 1
    assert b'{"a":"&lt;"}</miscellaneous-field>' in once
    twice = splice(once, change(), remark="partimento: {}")
    assert twice.count(b"miscellaneous-field") == 2  # its tags
    assert parse(twice) is not None
    other = document().replace(
        b"<part-list>", b"<identification><encoding/></identification><part-list>"
    )
    assert b"<encoding/><miscellaneous>" in splice(other, change(), remark="partimento: {}")


def test_the_new_file_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_music", lambda *_, **__: [])  # loses all new notes
    with pytest.raises(PartimentoError, match="does not allow to copy it"):
        splice(document(), change((ONE * 4, ONE, 60)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (document().replace(b"score-partwise", b"score-timewise"), "timewise"),
        (document(more="<attributes><divisions>4</divisions></attributes>"), "divisions"),
    ],
)
def test_what_cannot_be_copied_is_refused(data: bytes, message: str) -> None:
    one = change((ONE * 8, ONE, 60))
    with pytest.raises(PartimentoError, match=message):
        splice(data, Change(ONE * 8, ONE * 12, (0,), one.notes, frozenset(), one.length))


def test_new_notes_without_voices_get_voices_beside_those_of_the_file() -> None:
    """A bass note under a melody, in a part of which the file states two voices."""
    second = "<backup><duration>2</duration></backup>" + note("E", 4).replace(
        "<voice>1</voice>", "<voice>2</voice>"
    )
    data = document(more=second)
    assert set(notes_of(data).voice.tolist()) == {0, 1}
    melody = [(ONE * beat, ONE, 72 + beat) for beat in range(4, 8)]
    new = splice(data, change((ONE * 4, ONE * 4, 48), *melody))
    filled = measures(new)[1]
    assert len(set(re.findall(rb"<voice>(\d+)</voice>", filled))) == 2
    assert b"<tie " not in filled
    begin = data.index(measures(data)[1])
    assert new[:begin] == data[:begin]
    assert measures(new)[2:] == measures(data)[2:]


def test_a_part_without_fermatas_gets_none_where_another_part_has_them() -> None:
    """Many scores have them in the highest part alone."""
    one = change((ONE * 4, ONE * 4, 60), parts=(0, 1))
    held = Change(one.begin, one.end, one.parts, one.notes, one.kept, one.length, (ONE * 4,))
    fermata = "<notations><fermata/></notations>"
    data = document().replace(note("G", 5).encode(), note("G", 5, fermata).encode(), 1)
    new = measures(splice(data, held))
    assert (b"<fermata" in new[1], b"<fermata" in new[5]) == (True, False)
    without = measures(splice(document(), held))
    assert (b"<fermata" in without[1], b"<fermata" in without[5]) == (True, True)
