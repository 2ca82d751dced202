"""ABC tunes become pieces with the right notes; every right value follows from the standard."""

from fractions import Fraction
from pathlib import Path

import pytest
from benchmarks import nottingham_abc

from partimento import Key, Meter, Part
from partimento.corpus import read_piece, read_pieces
from partimento.errors import ReadError
from partimento.io.abc.read import piece_from_abc

F = Fraction
CASES = Path(__file__).parents[2] / "cases"
HEAD = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n"


def notes(piece):
    return sorted((n.onset, n.duration, n.pitch) for n in piece.notes if not n.grace)


def row(pitches, duration=1, start=0):
    return [(start + i * duration, duration, pitch) for i, pitch in enumerate(pitches)]


def abc(text, *, unfold=False):
    return piece_from_abc((text if text.startswith("X:") else HEAD + text).encode(), unfold=unfold)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("abc-acc-persist", row([66, 64, 62, 66, 67, 63])),
        ("abc-chord-acc", [*row([61, 61, 73, 61]), *row([64, 64])]),
        ("abc-keysig-then-acc", [*row([65, 65, 77, 65]), (4, 4, 66)]),
        ("abc-inline-key", row([65, 60, 65, 60, 66, 61, 66, 61, 70, 63, 71, 64])),
        (
            "abc-inline-meter",
            [*row([60, 62, 64, 65, 67, 69, 71]), *row([60, 62, 64, 65, 67, 69], F(1, 2), F(7))],
        ),
        ("abc-q5", row([60, 60, 60], F(4))),
        (
            "abc-ties",
            [
                (0, 2, 69),
                (2, 6, 69),
                (8, 8, 60),
                (8, 8, 64),
                (16, 8, 60),
                (16, 4, 64),
                (24, 4, 72),
                (28, 8, 66),
            ],
        ),
        (
            "abc-tie-across-voice",
            [(0, 2, 60), (0, 4, 64), (2, 2, 62), (4, 2, 60), (4, 8, 64), (6, 2, 62)],
        ),
        (
            "abc-rests",
            [
                (0, 1, 60),
                (12, 1, 60),
                (14, 1, 62),
                *row([60, 62, 64, 65], start=F(16)),
                (24, 4, 60),
            ],
        ),
        ("abc-overlay", [*row([72, 74, 76, 77]), (0, 2, 60), (2, 2, 64), (4, 4, 79)]),
        (
            "abc-voices-inline",
            [
                *row([72, 74, 76, 77]),
                (4, 4, 79),
                (8, 4, 81),
                *row([48, 50, 52, 53]),
                (4, 4, 55),
                (8, 4, 57),
            ],
        ),
        ("abc-voice-names", [*row([74, 78, 81, 78]), *row([50, 54, 57, 54])]),
        ("abc-k-clef", row([48, 52, 55, 60])),
        ("abc-k-treble8", row([48, 52, 55, 60])),
        ("abc-k-octave", row([48, 52, 55, 60])),
        ("abc-transp", row([48, 50, 52, 53])),
        ("abc-k-exp", row([70, 63, 66, 60])),
        (
            "abc-tuplet-10-6-4",
            [
                (0, F(9, 20), 72),
                (F(9, 20), F(9, 20), 72),
                (F(9, 10), F(9, 10), 72),
                (F(9, 5), F(9, 10), 72),
                (F(27, 10), 3, 72),
            ],
        ),
        ("abc-micro", row([73, 74, 73, 74])),
        ("abc-grace", [*row([69, 71, 72, 74]), (4, 2, 77)]),
        ("abc-contin", [*row([69, 71, 72, 74, 76, 77, 79, 81]), (8, 4, 83)]),
        ("abc-m-23", row([60, 62, 64, 65, 67, 69, 71, 72, 74, 76], F(1, 2))),
        ("abc-l-nometer", row([60, 62, 64, 65, 67, 69, 71, 72], F(1, 2))),
        ("abc-macron-r", [*row([60, 62, 64, 65]), (4, 4, 67)]),
        ("abc-program", row([60, 62, 64, 65])),
    ],
)
def test_public_bug_reports(name, expected):
    piece = read_piece(CASES / f"{name}.abc")
    assert notes(piece) == sorted(expected)
    assert piece.warnings == ()


def test_other_values_of_the_bug_reports():
    def case(name):
        return read_piece(CASES / f"{name}.abc")

    assert [round(tempo.bpm) for tempo in case("abc-q5").tempos] == [96, 60, 200]
    assert [(m.numerator, m.denominator, m.onset) for m in case("abc-inline-meter").meters] == [
        (4, 4, 0),
        (3, 4, 4),
        (6, 8, 7),
    ]
    assert case("abc-m-23").meters == (Meter(5, 8),)
    assert case("abc-voice-names").parts == (Part("Violin"), Part("Cello"))
    assert case("abc-voices-inline").parts == (Part(), Part())
    assert case("abc-program").parts == (Part("", 40),)
    assert case("abc-title-esc").title == "Café Über ñ œ é é"
    assert case("abc-title-esc").composer == "Trad."
    assert sum(note.grace for note in case("abc-grace").notes) == 6
    deco = case("abc-deco")
    assert [(chord.text, chord.onset) for chord in deco.chord_symbols] == [("Am", 8)]
    assert len(deco.notes) == 23


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "C>D E<F|",
            [(0, F(3, 2), 60), (F(3, 2), F(1, 2), 62), (2, F(1, 2), 64), (F(5, 2), F(3, 2), 65)],
        ),
        ("C>{g}D|", [(0, F(3, 2), 60), (F(3, 2), F(1, 2), 62)]),
        ("(3CDE F|", [*row([60, 62, 64], F(2, 3)), (2, 1, 65)]),
        (
            "[CE]>[DF]|",
            [(0, F(3, 2), 60), (0, F(3, 2), 64), (F(3, 2), F(1, 2), 62), (F(3, 2), F(1, 2), 65)],
        ),
        (
            "C/D//E3/2F3/|",
            [
                (0, F(1, 2), 60),
                (F(1, 2), F(1, 4), 62),
                (F(3, 4), F(3, 2), 64),
                (F(9, 4), F(3, 2), 65),
            ],
        ),
        ("C,,c''B,|", row([36, 96, 59])),
        ("^^C__D=E|", row([62, 60, 64])),
        ("C-C-|C|", [(0, 3, 60)]),
        ("C -C|", [(0, 2, 60)]),
        ("[C-E-]2[CE]2|", [(0, 4, 60), (0, 4, 64)]),
        ("^C4-|C2C2|", [(0, 6, 61), (6, 2, 60)]),
        ("C4-|D4|", [(0, 4, 60), (4, 4, 62)]),
        ("[CE]2/G|", [(0, 1, 60), (0, 1, 64), (1, 1, 67)]),
        ("[C2E]G|", [(0, 2, 60), (0, 1, 64), (2, 1, 67)]),
        ("X:1\nL:1/4\nK:Dm\nB_B=B|B|", row([70, 70, 71, 70])),
        ("X:1\nL:1/4\nM:none\nK:C\nCDEFG|", row([60, 62, 64, 65, 67])),
        ("X:1\nL:1/4\nK:HP\nFCG|", row([66, 61, 67])),
        ("C2 D2 & E4|F4|", [(0, 2, 60), (2, 2, 62), (0, 4, 64), (4, 4, 65)]),
        ("C2 D2 & E2 & G2|F4|", [(0, 2, 60), (2, 2, 62), (0, 2, 64), (0, 2, 67), (4, 4, 65)]),
        ("(&C4|D4&E4|F4&)|G4|", [(0, 4, 60), (4, 4, 62), (0, 4, 64), (4, 4, 65), (8, 4, 67)]),
        ("C$D!trill!E (FG) .A|", row([60, 62, 64, 65, 67, 69])),
        ("C`D|", row([60, 62])),
        ("{c}|C|", [(0, 1, 60)]),
    ],
)
def test_siblings(text, expected):
    assert notes(abc(text)) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "pitches"),
    [
        ("|:C4|D4:|E4|", [60, 62, 60, 62, 64]),
        ("C4|D4:|E4|F4:|", [60, 62, 60, 62, 64, 65, 64, 65]),
        ("|:C4|1D4:|2E4|]", [60, 62, 60, 64]),
        ("|:C4|[1 D4:|[2 E4||F4|", [60, 62, 60, 64, 65]),
        ("|:C4::D4:|", [60, 60, 62, 62]),
        ("|:C4:|:D4:|", [60, 60, 62, 62]),
        ("|:C4:||:D4:|", [60, 60, 62, 62]),
        ("|:C4|[1,3 D4:|[2 E4:|", [60, 62, 60, 64, 60, 62]),
        ("|::C4::|", [60, 60, 60]),
        ("C4|!segno!D4|E4!D.S.!|", [60, 62, 64, 62, 64]),
        ("C4|!fine!D4|E4!D.C.!|", [60, 62, 64, 60, 62]),
        ("X:1\nP:ABA\nL:1/4\nM:4/4\nK:C\nP:A\nC4|\nP:B\nD4|", [60, 62, 60]),
    ],
)
def test_repeats_are_read_once_or_as_they_are_played(text, pitches):
    assert [note.pitch for note in abc(text, unfold=True).notes] == pitches
    assert [note.pitch for note in abc(text).notes] == sorted(set(pitches), key=pitches.index)


def test_pickups_and_bars_that_repeat_signs_split():
    piece = abc("C|DEFG|ABc:|\n|:d|efga|")
    assert piece.pickup == 1
    assert [(m.onset, m.numerator) for m in piece.meters] == [(0, 4)]
    assert [bar.onset for bar in piece.bars()] == [0, 1, 5, 9]
    irregular = abc("CDEF|CD|CDEF|CDEF|")
    assert [meter.onset for meter in irregular.meters] == [0, 6]


def test_keys_tempos_and_symbols_follow_the_playing_order():
    piece = abc('[K:G]"G"G4|[K:D]"D"D4:|', unfold=True)
    assert [(key.fifths, key.onset) for key in piece.keys] == [(1, 0), (2, 4), (1, 8), (2, 12)]
    assert [(symbol.text, symbol.onset) for symbol in piece.chord_symbols] == [
        ("G", 0),
        ("D", 4),
        ("G", 8),
        ("D", 12),
    ]


def test_a_file_of_several_tunes(write, tmp_path):
    write("two.abc", (CASES / "abc-two-tunes.abc").read_text())
    corpus = read_pieces([tmp_path])
    assert [entry.piece.title for entry in corpus] == ["one", "two"]
    assert [entry.piece.source.path for entry in corpus] == [
        f"{tmp_path}/two.abc/{n}" for n in (1, 2)
    ]
    assert {entry.format for entry in corpus} == {"abc"}
    assert read_piece(tmp_path / "two.abc" / "2").title == "two"
    assert read_piece(tmp_path / "two.abc", member="1").title == "one"
    with pytest.raises(ReadError, match=r"it has the tunes 1, 2: add the name of one .* /1"):
        read_piece(tmp_path / "two.abc")
    with pytest.raises(ReadError, match="it has no tune 3"):
        read_piece(tmp_path / "two.abc" / "3")


def test_tunes_in_a_zip(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(CASES / "abc-two-tunes.abc", "tunes/two.abc")
    corpus = read_pieces([tmp_path / "a.zip"])
    assert [entry.piece.title for entry in corpus] == ["one", "two"]
    assert corpus[1].piece.source.path.endswith("a.zip/tunes/two.abc/2")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "empty"),
        ("plain words", "not ABC"),
        ("X:1\nT:t\n", "not ABC"),
        ("X:1\nK:C\nz4|", "no notes"),
        ("X:1\nK:C\nC99999|" + "C99999|" * 40, "quarter notes in"),
    ],
)
def test_files_without_music_are_refused_with_a_reason(data, reason, write):
    with pytest.raises(ReadError, match=reason):
        read_piece(write("a.abc", data))


@pytest.mark.parametrize(
    "text",
    [
        "M:-1e400/4",
        "L: 65536/16",
        "M:0x10",
        "M: 2147483647/8",
        "Q:1/4=99999999999",
        "V:" + "x" * 999,
        "K:" + "^c" * 999,
    ],
)
def test_absurd_fields_do_not_cost_the_tune(text):
    assert len(abc(f"X:1\nM:2/4\nL:1/16\n{text}\nK:C\nABcd|").notes) == 4


def test_key_and_mode():
    assert abc("X:1\nK:Edor\nE|").keys == (Key(2, "minor"),)


@pytest.mark.slow
def test_the_nottingham_tunes_against_the_melodies_that_music21_made_of_them(data_folder):
    counts, _ = nottingham_abc.measure()
    assert counts == {
        "equal": 502,
        "bars in another order": 370,
        "other accidentals": 121,
        "other notes": 41,
    }


def test_fermatas_and_breath_marks():
    piece = abc("C !fermata!D HE !breath!F|!fermata![CE]2 [!fermata!DF]2|!fermata!z4!fermata!|C4|")
    assert (piece.fermatas, piece.phrase_ends) == ((1, 2, 4, 6), (2, 3, 6, 8, 12))
    assert abc("C4|!longphrase!D4!fermata!|]").phrase_ends == (4, 8)
    unfolded = abc("|:C D E HF:|G4|", unfold=True)
    assert (unfolded.fermatas, unfolded.phrase_ends) == ((3, 7), (4, 8))


def test_overlays_are_voices():
    assert [(n.pitch, n.voice) for n in abc("CDEF & G4|").notes][:2] == [(60, 0), (67, 1)]
