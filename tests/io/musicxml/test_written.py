"""MusicXML as it is written, for the rules of notation."""

from fractions import Fraction

import pytest
from lxml import etree
from tests.io.musicxml.documents import START, attributes, back, forward, note, score, tie, time_
from tests.pieces import PIECES

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.write import to_musicxml
from partimento.io.musicxml.written import written_score
from partimento.notation.staves import BASS, TREBLE


def written(*bars, **rest):
    return written_score(etree.fromstring(score(list(bars), **rest)))


def test_voices_keep_their_gaps_and_ties():
    first = START + note("C4", 8, kind="half", head=tie("start")) + forward(8)
    second = back(16) + forward(4) + note("E-14", 4, voice=2, kind="quarter")
    bar = written(first + second).parts[0].bars[0]
    upper, lower = bar.voices[0, "1"], bar.voices[0, "2"]
    assert [(s.onset, s.duration, s.value, s.type) for s in upper] == [(0, 2, 2, "half")]
    assert [(p.tied_from, p.tied_to) for p in upper[0].pitches] == [(False, True)]
    assert [(s.onset, s.pitches[0].name) for s in lower] == [(1, ("E", -1, 4))]


def test_what_is_printed_is_read():
    tail = "<accidental>sharp</accidental><beam number='1'>begin</beam>"
    ratio = "<actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
    ratio = f"<time-modification>{ratio}</time-modification>"
    marks = "<notations><tuplet type='start'/></notations>"
    body = note("F14", 4, tail="", kind="quarter")
    body = body.replace("</type>", f"</type><dot/>{ratio}{tail}{marks}")
    (symbol,) = written(START + body).parts[0].bars[0].voices[0, "1"]
    assert (symbol.value, symbol.ratio, symbol.beams) == (1, (3, 2), ("begin",))
    assert (symbol.tuplet_starts, symbol.tuplet_stops) == (True, False)
    assert symbol.pitches[0].accidental == 1


def test_a_piece_of_ours_is_read_with_its_clefs_and_bars():
    root = ScoreDocument.from_bytes(to_musicxml(PIECES["two hands"]).encode()).root
    (part,) = written_score(root).parts
    assert (part.staves, part.bars[0].clefs) == (2, {0: TREBLE, 1: BASS})
    assert part.bars[-1].is_final
    assert part.range == (21, 108)
    assert {staff for staff, _ in part.bars[0].voices} == {0, 1}
    excerpt = ScoreDocument.from_bytes(to_musicxml(PIECES["marked"].cut(0, 1)).encode()).root
    assert written_score(excerpt).open_end


def test_keys_and_meters_are_those_at_the_beginning_of_a_bar():
    key = "<key><fifths>2</fifths></key>"
    first = START + note(duration=8) + attributes(key) + note(duration=8)
    bars = written(first, attributes(time_(2)) + note(duration=8)).parts[0].bars
    assert [(bar.key.fifths, bar.changes_key, bar.meter.numerator) for bar in bars] == [
        (0, True, 4),
        (2, False, 2),
    ]


def test_what_is_no_number_is_refused():
    with pytest.raises(InvalidScoreError, match="duration"):
        written(START + note(duration="x"))
    with pytest.raises(InvalidScoreError, match="no divisions"):
        written(attributes(divisions=0) + note())
    assert Fraction(1) == written(START + note()).parts[0].bars[0].end


def test_slurs_without_another_end_are_counted_in_their_bar():
    def slurred(*kinds):
        marks = "".join(f"<slur type='{kind}' number='1'/>" for kind in kinds)
        return note("C4", 16, kind="whole").replace(
            "</note>", f"<notations>{marks}</notations></note>"
        )

    def counted(*bars):
        return [bar.open_slurs for bar in written(*bars).parts[0].bars]

    assert counted(START + slurred("start"), slurred("stop", "start"), slurred("stop")) == [0, 0, 0]
    assert counted(START + slurred("start"), slurred(), slurred()) == [1, 0, 0]
    assert counted(START + slurred(), slurred("stop"), slurred()) == [0, 1, 0]
