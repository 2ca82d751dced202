"""One file becomes one piece, or a reason why not."""

import io
import warnings
import zipfile
from collections import Counter
from fractions import Fraction

import pytest
from tests.pieces import spans

from partimento import Key, Meter, Tempo
from partimento.collect import chorales
from partimento.corpus import read_piece
from partimento.errors import ReadError

F = Fraction


def note(step, octave, duration, *more, chord=False, voice=1, before=""):
    return (
        f"<note>{before}{'<chord/>' if chord else ''}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"  # noqa: E501
        f"{f'<duration>{duration}</duration>' if duration else ''}{''.join(more[:1])}<voice>{voice}</voice>{''.join(more[1:])}</note>"  # noqa: E501
    )


TIE_START, TIE_STOP = '<tie type="start"/>', '<tie type="stop"/>'
TAB = "<notations><technical><string>2</string><fret>1</fret></technical></notations>"
ATTRIBUTES = (
    "<attributes><divisions>12</divisions><key><fifths>-1</fifths><mode>minor</mode></key>"
    "<time><beats>2</beats><beat-type>4</beat-type></time>{}</attributes>"
)
TEMPO = (
    "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90</per-minute></metronome>"
    "</direction-type></direction>"
)
OCTAVE_DOWN = "<transpose><diatonic>0</diatonic><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>"  # noqa: E501


def musicxml(*measures, transpose=""):
    bars = "".join(
        "<measure"
        f' number="{number}">{(ATTRIBUTES.format(transpose) + TEMPO) if i == 0 else ""}{body}</measure>'  # noqa: E501
        for i, (number, body) in enumerate(measures)
    )
    return (
        '<?xml version="1.0"?><score-partwise'
        ' version="4.0"><work><work-title>Study</work-title></work><identification><creator'
        ' type="composer">N. N.</creator></identification><part-list><score-part'
        ' id="P1"><part-name>Guitar</part-name><score-instrument'
        ' id="I1"><instrument-name>Guitar</instrument-name></score-instrument><midi-instrument'
        ' id="I1"><midi-program>25</midi-program></midi-instrument></score-part></part-list><part'
        f' id="P1">{bars}</part></score-partwise>'
    )


PICKUP = (0, note("A", 4, 6))
FULL = (1, note("C", 5, 12) + note("E", 5, 12, "", chord=True) + note("D", 5, 4) * 3)


def test_all_contents_of_a_score_are_read(write):
    piece = read_piece(write("a.musicxml", musicxml(PICKUP, FULL)))
    assert spans(piece) == [
        (0, F(1, 2), 69),
        (F(1, 2), 1, 72),
        (F(1, 2), 1, 76),
        (F(3, 2), F(1, 3), 74),
        (F(11, 6), F(1, 3), 74),
        (F(13, 6), F(1, 3), 74),
    ]
    assert piece.pickup == F(1, 2)
    assert piece.meters == (Meter(2, 4),)
    assert piece.keys == (Key(-1, "minor"),)
    assert piece.tempos == (Tempo.from_bpm(90),)
    assert (piece.title, piece.composer) == ("Study", "N. N.")
    assert [(part.name, part.program) for part in piece.parts] == [("Guitar", 24)]


def test_ties_are_one_note_over_several_bars(write):
    first = note("C", 4, 24, TIE_START)
    middle, last = (
        note("C", 4, 24, TIE_STOP + TIE_START),
        note("C", 4, 12, TIE_STOP) + note("C", 4, 12),
    )
    piece = read_piece(write("a.xml", musicxml((1, first), (2, middle), (3, last))))
    assert spans(piece) == [(0, 5, 60), (5, 1, 60)]


def test_a_transposing_instrument_is_read_at_sounding_pitch(write):
    piece = read_piece(write("a.xml", musicxml((1, note("C", 4, 24)), transpose=OCTAVE_DOWN)))
    assert spans(piece) == [(0, 2, 48)]


def test_voices_and_tablature_are_read(write):
    backup = "<backup><duration>24</duration></backup>"
    piece = read_piece(
        write(
            "a.xml", musicxml((1, note("C", 5, 24, "", TAB) + backup + note("C", 3, 12, voice=2)))
        )
    )
    assert spans(piece) == [(0, 1, 48), (0, 2, 72)]
    assert [(n.string, n.fret) for n in piece.notes] == [(None, None), (2, 1)]


def test_grace_notes_are_flagged_and_stand_before_their_beat(write):
    graces = note("D", 4, 0, before="<grace/>") + note("E", 4, 0, before="<grace/>")
    piece = read_piece(write("a.xml", musicxml((1, note("C", 4, 12) + graces + note("F", 4, 12)))))
    assert spans(piece) == [
        (0, 1, 60),
        (F(7, 8), F(1, 16), 62),
        (F(15, 16), F(1, 16), 64),
        (1, 1, 65),
    ]
    assert [n.grace for n in piece.notes] == [False, True, True, False]


def test_a_bar_cut_in_two_keeps_its_bar_lines(write):
    measures = (
        (1, note("C", 4, 24)),
        (2, note("D", 4, 12)),
        (3, note("E", 4, 12)),
        (4, note("F", 4, 24)),
    )
    piece = read_piece(write("a.xml", musicxml(*measures)))
    assert [bar.onset for bar in piece.bars()] == [0, 2, 3, 4]


def test_compressed_musicxml_is_read(write):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="x/a.xml"/></rootfiles></container>',
        )
        file.writestr("x/a.xml", musicxml(PICKUP, FULL))
    plain = read_piece(write("a.xml", musicxml(PICKUP, FULL)))
    assert read_piece(write("a.mxl", archive.getvalue())).notes == plain.notes
    with pytest.raises(ReadError, match="archive"):
        read_piece(write("b.mxl", archive.getvalue()[:-50]))


def test_an_archive_that_unpacks_to_too_much_is_refused(write):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.xml", b" " * (40 * 2**20))
    with pytest.raises(ReadError, match="larger than 32 MiB when unpacked"):
        read_piece(write("a.mxl", archive.getvalue()))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xml", "", "empty"),
        ("a.xml", "plain words", "damaged XML"),
        ("a.xml", "<html/>", "not MusicXML"),
        ("a.xml", "<score-timewise/>", "no notes"),
        ("a.xml", musicxml((1, "")), "no notes"),
        ("a.xml", musicxml((1, note("C", 4, 24)))[:-30], "damaged XML"),
        ("a.xml", musicxml((1, note("C", 4, 24))).replace("<beats>2", "<beats>0"), "0/4"),
        ("a.xml", musicxml((1, note("C", 44, 24))), "outside 0 to 127: C44"),
        ("a.xml", musicxml((1, note("C", 4, 2**40))), "quarter notes in"),
        ("a.mxl", "plain words", "not a complete archive"),
    ],
)
def test_faulty_scores_are_refused_with_a_reason(name, data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write(name, data))


def test_the_music21_view_cuts_notes_at_bar_lines(write):
    tied = ((1, note("C", 4, 24, TIE_START)), (2, note("C", 4, 24, TIE_STOP)))
    path = write("a.xml", musicxml(*tied))
    assert [event.duration for event in read_piece(path).events] == [4]
    assert [event.duration for event in read_piece(path, quantize="music21").events] == [2, 2]


@pytest.mark.parametrize("name", ["bwv66.6", "bwv1.6", "bwv269"])
def test_chorales_have_the_notes_of_music21(name):
    from music21 import converter

    (path,) = [path for path in chorales(with_instruments=True) if path.stem == name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(path, forceSource=True)
    if any(found.transposition for found in score["Instrument"]):
        score.toSoundingPitch(inPlace=True)
    theirs = Counter(
        (part, F(found.offset), F(found.quarterLength), pitch.midi)
        for part, staff in enumerate(score.stripTies().parts)
        for found in staff.flatten().notes
        for pitch in found.pitches
    )
    piece = read_piece(path)
    assert Counter((n.part, n.onset, n.duration, n.pitch) for n in piece.notes) == theirs


def test_paths_that_are_no_score_are_refused(tmp_path):
    for path, reason in (
        (tmp_path, "without suffix"),
        (tmp_path / "no.mid", "no such file"),
        (tmp_path / "a.doc", ".doc is none of"),
    ):
        with pytest.raises(ReadError, match=reason):
            read_piece(path)
    (tmp_path / "folder.mid").mkdir()
    with pytest.raises(ReadError, match="not a file"):
        read_piece(tmp_path / "folder.mid")


def test_an_unknown_view_is_refused(midi, write):
    with pytest.raises(ValueError, match="music21"):
        read_piece(write("a.mid", midi.file(midi.track(midi.notes(60)))), quantize="sixteenths")
