"""MusicXML as it is written: read back exactly, by music21, by our own reader and by MuseScore."""

import os
import random
import re
import shutil
import subprocess
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.conftest import small_piece
from tests.io.musicxml.documents import (
    CHORD,
    GRACE,
    F,
    attributes,
    back,
    root_of,
    score,
    time_,
)
from tests.io.musicxml.documents import note as note_text
from tests.notation.test_choir import choir
from tests.pieces import GUITAR, ORGAN, PIECES, Q, chorale, melody, pieces
from tests.scores import exact, parse, sounding_notes

from partimento.corpus import read_piece
from partimento.export.write import write
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml, to_mxl
from partimento.music.events import Event
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo


def sounding(piece: Piece):
    return sorted((n.part, n.onset, n.duration, n.pitch) for n in piece.notes)


@pytest.mark.parametrize("name", [name for name in PIECES if name != "drums"])
def test_tiny_pieces_are_read_back_exactly(name):
    # music21 does not read the pitches of drums; see test_percussion.
    assert sounding_notes(parse(to_musicxml(PIECES[name]))) == sounding(PIECES[name])


@settings(max_examples=40, deadline=None)
@given(pieces())
def test_any_piece_is_read_back_exactly(piece):
    score = parse(to_musicxml(piece))
    # music21 takes a whole rest for a rest of the whole bar, in bars that are longer too: what
    # follows them comes late.
    if all(meter.bar_ql <= 4 for meter in piece.meters):
        assert sounding_notes(score) == sounding(piece)
    ours = piece_from_musicxml(to_musicxml(piece).encode(), ".musicxml")
    assert sorted((note.onset, note.end, note.pitch) for note in ours.notes) == sorted(
        (n.onset, n.end, n.pitch) for n in piece.notes
    )
    from music21 import key, meter

    first = score.parts[0]
    assert [(m.numerator, m.denominator) for m in first[meter.TimeSignature]][:1] == [
        (piece.meters[0].numerator, piece.meters[0].denominator)
    ]
    assert [(k.sharps, k.mode) for k in first[key.Key]] == [
        (k.fifths, k.mode) for k in piece.keys if k.onset < sum_of_bars(piece)
    ]
    assert score.metadata.title == piece.title


def sum_of_bars(piece: Piece) -> Fraction:
    return piece.bars()[-1].onset + piece.bars()[-1].duration


@settings(max_examples=40, deadline=None)
@given(pieces())
def test_every_voice_fills_its_bar(piece):
    """Durations, backups and forwards of each measure add up, and every tie that begins ends."""
    root = root_of(piece)
    for part in root.iter("part"):
        divisions = int(part.find("measure/attributes/divisions").text)
        for measure, bar in zip(part.iter("measure"), piece.bars(), strict=True):
            now = furthest = 0
            for element in measure:
                length = (
                    int(element.findtext("duration", "0")) if element.find("chord") is None else 0
                )
                now += -length if element.tag == "backup" else length
                furthest = max(furthest, now)
                assert now >= 0
            assert now == furthest == bar.duration * divisions
        ties = Counter(tie.get("type") for tie in part.iter("tie"))
        assert ties["start"] == ties["stop"]


@pytest.mark.parametrize("name", [name for name in PIECES if name != "off any grid"])
def test_written_values_last_as_long_as_they_sound(name):
    """Type, dots and tuplet of every note give exactly its duration."""
    sizes = {
        name: Fraction(4, 2**i)
        for i, name in enumerate(
            ["whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th"]
        )
    }
    sizes["breve"] = Fraction(8)
    root = root_of(PIECES[name])
    divisions = int(root.findtext("part/measure/attributes/divisions"))
    for note in root.iter("note"):
        if note.find("type") is None:
            continue
        dots = len(note.findall("dot"))
        size = sizes[note.findtext("type")] * (2 - Fraction(1, 2**dots))
        size *= Fraction(
            int(note.findtext("time-modification/normal-notes", "1")),
            int(note.findtext("time-modification/actual-notes", "1")),
        )
        assert size == Fraction(int(note.findtext("duration")), divisions)


def test_marks_are_written():
    piece = PIECES["marked"]
    root = root_of(piece)
    assert root.findtext("work/work-title") == piece.title
    assert root.findtext("identification/creator") == piece.composer
    assert root.findtext(".//midi-program") == "25"
    assert root.findtext(".//software") == "Partimento"
    measures = root.findall("part/measure")
    assert (measures[0].get("number"), measures[0].get("implicit")) == ("0", "yes")
    assert [m.findtext("attributes/time/beats") for m in measures] == ["3", None, None, "2", None]
    assert [m.findtext("attributes/key/fifths") for m in measures] == ["2", None, "-1", None, None]
    exact_tempos = [
        round(60_000_000 / float(sound.get("tempo")))
        for sound in root.findall(".//direction/sound")
    ]
    assert exact_tempos == [tempo.us_per_quarter for tempo in piece.tempos]
    score = parse(to_musicxml(piece))
    from music21 import tempo

    first = next(iter(score.parts[0][tempo.MetronomeMark]))
    assert first.getQuarterBPM() == 90  # music21 reads the printed number
    # MuseScore would print a mark for a sound outside of the direction, too.
    assert root.find(".//measure/sound") is None
    assert [
        exact(score.parts[0].elementOffset(m)) for m in score.parts[0].getElementsByClass("Measure")
    ][:3] == [0, 1, 4]


def test_tempo_is_counted_in_the_beat_of_the_meter():
    root = root_of(Piece(melody(3), meters=(Meter(6, 8),), tempos=(Tempo.from_bpm(90),)))
    mark = root.find(".//metronome")
    assert (
        mark.findtext("beat-unit"),
        mark.find("beat-unit-dot") is not None,
        mark.findtext("per-minute"),
    ) == ("quarter", True, "60")


def test_accidentals_hold_to_the_bar_line():
    notes = melody(*[1] * 8, pitches=(66, 66, 65, 65, 66, 66, 66, 66))
    root = root_of(Piece(notes, keys=(Key(0),)))
    assert [note.findtext("accidental") for note in root.iter("note")] == [
        "sharp",
        None,
        "natural",
        None,
        "sharp",
        None,
        None,
        None,
    ]


def test_ids_and_times_match_the_notes():
    piece = PIECES["tied over bars"].replace(tempos=(Tempo(1_000_000), Tempo(500_000, Fraction(4))))
    ids = [note.get("id") for note in root_of(piece).iter("note") if note.find("pitch") is not None]
    assert len(ids) == len(set(ids))
    assert {name.split(".")[0] for name in ids} == {"n0", "n1"}
    assert piece.note_seconds() == [
        (Fraction(1, 2), Fraction(4) + Fraction(11, 4)),
        (Fraction(3), Fraction(5)),
    ]


def test_characters_that_xml_cannot_hold_are_dropped():
    assert (
        root_of(Piece(melody(1), title="a\x00b\x1f & <c>")).findtext("work/work-title")
        == "ab & <c>"
    )


def test_equal_scores_zip_to_equal_bytes():
    text = to_musicxml(chorale())
    assert to_mxl(text) == to_mxl(text)


def test_chords_of_any_size_are_written():
    piece = Piece.from_events(
        [Event(tuple(range(40, 90, 4)), Q), Event((), Q), Event((40, 41, 42, 43, 44), Q * 2)],
        parts=(ORGAN,),
    )
    assert sounding_notes(parse(to_musicxml(piece))) == sounding(piece)


def test_a_meter_stated_again_is_there_but_not_printed():
    root = root_of(
        Piece(
            melody(*[1] * 9),
            meters=(Meter(4, 4), Meter(4, 4, Fraction(6)), Meter(3, 4, Fraction(10))),
        )
    )
    assert [time.get("print-object") for time in root.iter("time")] == [None, "no", None]


def test_every_texture_is_read_back_exactly_with_many_voices():
    overlapping = [Note(Q * i / 4, Q * (1 + i % 5), 40 + 3 * i) for i in range(12)]
    for part in (GUITAR, ORGAN, Part("Harp", 46)):
        piece = Piece(overlapping, parts=(part,))
        assert sounding_notes(parse(to_musicxml(piece))) == sounding(piece)


NOT_ITS_OWN = (
    "empty",
    "off any grid",
    "quintuplets",
    "drums",
    "long pickup",
)  # MuseScore counts in 480ths, and upbeats in bars
WELL_KNOWN = {
    "small": small_piece(1),
    "choir": choir(),
    **{name: piece for name, piece in PIECES.items() if name not in NOT_ITS_OWN},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WELL_KNOWN)
def test_musescore_opens_it_and_saves_the_same_notes(name, tmp_path):
    program = shutil.which("mscore3") or shutil.which("mscore") or shutil.which("musescore")
    if program is None:
        pytest.skip("no MuseScore on this machine")
    piece = WELL_KNOWN[name]
    write(piece, tmp_path / "ours.musicxml")
    home = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    words = [program, "-o", str(tmp_path / "theirs.musicxml"), str(tmp_path / "ours.musicxml")]
    subprocess.run(words, env={**os.environ, **home}, check=True, capture_output=True, timeout=120)
    back = read_piece(tmp_path / "theirs.musicxml")
    assert {(n.onset, n.duration, n.pitch) for n in back.notes} == {
        (n.onset, n.duration, n.pitch) for n in piece.notes
    }
    assert back.pickup == piece.pickup
    assert [(k.fifths, k.onset) for k in back.keys] == [
        (k.fifths, k.onset) for k in piece.keys or [Key()]
    ]
    assert [m.bar_ql for m in back.meters[:1]] == [m.bar_ql for m in piece.meters[:1]]


def ornamented(seed: int) -> str:
    """A document of one to three voices with grace notes before and after any of its notes."""
    rng = random.Random(seed)
    names = [step + octave for step in "CDEFG" for octave in "45"]
    voices, staves = rng.randint(1, 3), rng.randint(1, 2)

    def graces(**place) -> str:
        rows = [rng.randint(1, 2) for _ in range(rng.randint(1, 3))] if rng.random() < 0.3 else []
        return "".join(
            note_text(rng.choice(names), None, head=GRACE + CHORD * (nth > 0), **place)
            for size in rows
            for nth in range(size)
        )

    def bar(head: str) -> str:
        for voice in range(voices):
            place = {"voice": voice + 1, "staff": 1 + voice % staves if staves > 1 else ""}
            head += back(16) * (voice > 0)
            left = 16
            while left:
                duration = min(left, rng.choice([1, 2, 4, 4, 8]))
                head += graces(**place) + note_text(rng.choice(["r", *names]), duration, **place)
                left -= duration
            head += graces(**place)
        return head

    start = attributes(time_(4), f"<staves>{staves}</staves>")
    program = rng.choice([1, 25, 41])
    listed = (
        '<score-part id="P0"><part-name/><midi-instrument id="I">'
        f"<midi-program>{program}</midi-program></midi-instrument></score-part>"
    )
    return score([bar(start), bar(""), bar("") + note_text("C4", 16)], listed=listed)


@pytest.mark.parametrize("seed", range(40))
def test_grace_notes_survive_a_round_trip_and_leave_other_notes_alone(seed):
    text = ornamented(seed)
    piece = piece_from_musicxml(text.encode())
    plain = piece_from_musicxml(re.sub("<note ><grace/>.*?</note>", "", text).encode())
    assert [n for n in piece.notes if not n.grace] == list(plain.notes)
    assert (piece.length, piece.meters) == (plain.length, plain.meters)
    written = to_musicxml(piece)
    assert written.count("<grace") == piece.notes.grace.sum()
    back_again = piece_from_musicxml(written.encode())
    assert (back_again.notes, back_again.length) == (piece.notes, piece.length)


def test_grace_notes_keep_loudness_and_fingering():
    notes = [
        Note(F(15, 16), F(1, 16), 64, velocity=50, string=1, fret=0, grace=True),
        Note(F(1), F(1), 65, velocity=90, string=1, fret=1),
    ]
    assert list(piece_from_musicxml(to_musicxml(Piece(notes)).encode()).notes) == notes


def test_a_final_bar_line_ends_a_piece_but_no_excerpt():
    piece = Piece(melody(4, 4, 4))
    for whole, styles in ((piece, ["light-heavy"]), (piece.cut(2, 2), [])):
        text = to_musicxml(whole)
        root = root_of(whole)
        assert [style.text for style in root.iter("bar-style")] == styles
        assert piece_from_musicxml(text.encode()).open_end == whole.open_end
    # Files of other programs may just not mention it.
    text = to_musicxml(piece.cut(2, 2)).replace("<software>Partimento", "<software>Other")
    assert not piece_from_musicxml(text.encode()).open_end
