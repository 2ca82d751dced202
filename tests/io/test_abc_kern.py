"""MusicXML, ABC and kern."""

import io
import warnings
import zipfile
from collections import Counter
from fractions import Fraction

import pytest

from partimento import Key, Meter, Tempo
from partimento.collect import chorales
from partimento.corpus import read_piece
from partimento.errors import ReadError
from partimento.io.musicxml.read import piece_from_musicxml

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


def spans(piece):
    return [(n.onset, n.duration, n.pitch) for n in piece.notes]


def test_everything_a_score_says_is_read(write):
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


def test_a_transposing_instrument_sounds(write):
    piece = read_piece(write("a.xml", musicxml((1, note("C", 4, 24)), transpose=OCTAVE_DOWN)))
    assert spans(piece) == [(0, 2, 48)]


def test_voices_and_tablature(write):
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


def test_compressed_musicxml(write):
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


def test_an_archive_that_swells_is_refused(write):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.xml", b" " * (40 * 2**20))
    with pytest.raises(ReadError, match="larger than 32 MiB when unpacked"):
        read_piece(write("a.mxl", archive.getvalue()))


def test_abc(write):
    piece = read_piece(
        write("a.abc", "X:1\nT:Reel\nM:6/8\nL:1/8\nQ:3/8=60\nK:Am\nABc d2e|(3efg a6/2 z2|]\n")
    )
    assert spans(piece)[:4] == [
        (0, F(1, 2), 69),
        (F(1, 2), F(1, 2), 71),
        (1, F(1, 2), 72),
        (F(3, 2), 1, 74),
    ]
    assert spans(piece)[5:7] == [(3, F(1, 3), 76), (F(10, 3), F(1, 3), 77)]
    assert piece.meters[0] == Meter(6, 8)
    assert piece.keys == (Key(0, "minor"),)
    assert piece.title == "Reel"


def test_kern(write):
    head = "!!!OTL: Fuga\n**kern\t**kern\n*k[f#]\t*k[f#]\n*M3/4\t*M3/4\n"
    kern = (
        head
        + "=1\t=1\n2.GG\t4g\n.\t8a\n.\t8b\n.\t4cc\n=2\t=2\n[2.D\t2.dd\n=3\t=3\n2.D]\t2.b\n==\t==\n*-\t*-\n"  # noqa: E501
    )
    piece = read_piece(write("a.krn", kern))
    assert sorted(spans(piece)) == [
        (0, 1, 67),
        (0, 3, 43),
        (1, F(1, 2), 69),
        (F(3, 2), F(1, 2), 71),
        (2, 1, 72),
        (3, 3, 74),
        (3, 6, 50),
        (6, 3, 71),
    ]
    assert piece.meters[0] == Meter(3, 4)
    assert piece.keys[0].fifths == 1


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
        ("a.mxl", "plain words", "not a whole archive"),
        ("a.abc", "plain words", "not ABC"),
        ("a.abc", "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:2\nM:4/4\nL:1/4\nK:C\nGABc|\n", "2 tunes"),
        ("a.krn", "plain words", "not kern"),
    ],
)
def test_what_is_wrong_is_said(name, data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write(name, data))


def test_the_view_cuts_a_score_at_its_bar_lines(write):
    tied = ((1, note("C", 4, 24, TIE_START)), (2, note("C", 4, 24, TIE_STOP)))
    path = write("a.xml", musicxml(*tied))
    assert [event.duration for event in read_piece(path).events] == [4]
    assert [event.duration for event in read_piece(path, quantize="music21").events] == [2, 2]


@pytest.mark.parametrize("name", ["bwv66.6", "bwv1.6", "bwv269"])
def test_chorales_have_music21s_own_notes(name):
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


def test_the_staves_of_a_keyboard_are_one_part() -> None:
    notes = "<note><pitch><step>C</step><octave>{}</octave></pitch><duration>4</duration><type>whole</type><staff>{}</staff></note>"  # noqa: E501
    measure = (
        "<measure"
        " number='1'><attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time><staves>2</staves>"  # noqa: E501
        "</attributes>"
        + notes.format(5, 1)
        + "<backup><duration>4</duration></backup>"
        + notes.format(3, 2)
        + "</measure>"
    )
    lists = "".join(
        f"<score-part id='{name}'><part-name>{name}</part-name></score-part>"
        for name in ("P1", "P2")
    )
    parts = "".join(f"<part id='{name}'>{measure}</part>" for name in ("P1", "P2"))
    text = f"<score-partwise version='4.0'><part-list>{lists}</part-list>{parts}</score-partwise>"
    piece = piece_from_musicxml(text.encode(), ".musicxml")
    assert [part.name for part in piece.parts] == ["P1", "P2"]
    assert [(note.pitch, note.part) for note in piece.notes] == [(48, 0), (48, 1), (72, 0), (72, 1)]


# Found by tests.fuzz


def test_of_a_chord_only_the_tied_notes_sound_on(write):
    piece = read_piece(
        write("a.krn", "**kern\n*M4/4\n=1\n[2c 2e\n2c] 2e\n=2\n[2d [2f\n2d] 2f]\n==\n*-\n")
    )
    assert spans(piece) == [(0, 4, 60), (0, 2, 64), (2, 2, 64), (4, 4, 62), (4, 4, 65)]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "a.abc",
            "X:1\nT:t\nM:2/4\nL:1/16\nK:C\nABcd|e65536f|\n",
            "a note lasts 65536 units: more than 256 are not read",
        ),
        ("a.abc", "X:1\nT:t\nM:2/4\nL:1/16\nK:C\nABcd|[ce]'999f|\n", "a note lasts 999 units"),
        ("a.abc", "X:1\nT:t\nM:-1e400/4\nL:1/8\nK:C\nABcd|\n", "no such meter: -1e400/4$"),
        (
            "a.abc",
            "X:1\nT:t\nM:4/4\nL: 65536/16\nK:C\nABcd|\n",
            "no such unit of length: 65536/16$",
        ),
        (
            "a.abc",
            "X:1\nT:t\nM:0x10\nL:1/8\nK:C\nABcd|\n",
            "damaged, or not understood by music21$",
        ),
        ("a.krn", "**kern\n*M4/4\n=1\n4zz\n==\n*-\n", "damaged: music21 knows no note '4zz'"),
        ("a.abc", "X:1\nT:t\nM:4/4\nL:1/4\nK:C\nABÿc|\n", "damaged: music21 knows no note 'ÿ'"),
        ("a.abc", "X:1\nT:t\nM: 2147483647/8\nL:1/8\nK:C\nABcd|\n", "no such meter: 2147483647/8$"),
        ("a.abc", "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nAB[M:3/99999]cd|\n", "no such meter: 3/99999$"),
        (
            "a.krn",
            "**kern\t**kern\n*M4/4\t*M4/1024\n=1\t=1\n4c\t4d\n==\t==\n*-\t*-\n",
            "no such meter: 4/1024$",
        ),
        ("a.krn", "**kern\n*M300/4\n=1\n4c\n==\n*-\n", "no such meter: 300/4$"),
        ("a.krn", "**kern\n*M4/4\n*MM0.001\n=1\n4c\n==\n*-\n", "no such tempo"),
    ],
)
def test_reasons_speak_of_the_music(name, data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write(name, data))


def test_long_numbers_in_words_and_fields_of_abc_are_no_lengths(write):
    text = 'X:1000\nT:C9999\nN:A1234\nM:2/4\nL:1/16\nK:C\n"^A1000"ABcd!c999!|% e65536\nA4z16|\n'
    assert len(read_piece(write("a.abc", text)).notes) == 5


def test_object_addresses_are_kept_out_of_reasons():
    from music21.exceptions21 import Music21Exception

    from partimento.io.abc_kern import _said

    class Lost:
        pass

    assert (
        _said(Music21Exception(f"no {object()} in {Lost()}, <music21.stream.Part 0x7f1122334455>"))
        == ": no … in …, …"
    )
    assert _said(KeyError(object())) == ""
