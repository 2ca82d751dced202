# ruff: noqa: E501 - a table of cases, one in a line
"""The cases of public bug reports read with their right values."""

from fractions import Fraction
from pathlib import Path

import pytest

import partimento as pt
from partimento.corpus import read_pieces
from partimento.errors import PartimentoError

CASES = Path(__file__).parent / "cases"
F = Fraction


def notes(piece):
    return sorted((n.onset, n.duration, n.pitch) for n in piece.notes if not n.grace)


def spans(text):
    """`0+1:60` is a note of one quarter at 0 of pitch 60."""
    rows = []
    for item in text.split():
        time, pitch = item.split(":")
        onset, duration = time.split("+")
        rows.append((F(onset), F(duration), int(pitch)))
    return sorted(rows)


def row(pitches, duration="1", start=0):
    """Notes one after another."""
    return [(start + i * F(duration), F(duration), p) for i, p in enumerate(pitches)]


EXACT = {
    "zero-length.mid": spans("0+1:60 1+1:62"),
    "double-on.mid": spans("0+1/2:60 1/2+1/2:60 1+1:62"),
    "grace-same-pitch.musicxml": spans("0+1:72 1+1:71 2+2:69"),
    "grace-after-end.musicxml": spans("0+4:72"),
    "grace-at-start.musicxml": spans("0+1:72 1+3:76"),
    "t-linked-tab.musicxml": spans("0+4:64"),
    "e-credit-title.musicxml": spans("0+4:60"),
    "krn-appog.krn": spans("0+1/2:74 1/2+1/2:72 1+1:71 2+2:69"),
    "krn-grace-same.krn": spans("0+1:72 1+1:71 2+2:69"),
    "krn-clefyy.krn": spans("0+1:48 0+1:60 1+1:50 1+1:62 2+2:52 2+2:64"),
    "krn-merge3.krn": spans(
        "0+4:48 0+2:60 0+2:64 0+2:67 2+2:62 2+2:65 2+2:69 4+4:50 4+4:71 8+4:52 8+4:72"
    ),
    "krn-split-dynam.krn": spans(
        "0+4:48 0+2:60 0+2:64 2+2:62 2+2:65 4+4:50 4+2:60 4+2:64 4+2:67 6+2:62 6+2:65 6+2:69 8+4:52 8+4:60"
    ),
    "abc-acc-persist.abc": row([66, 64, 62, 66, 67, 63]),
    "abc-keysig-then-acc.abc": [*row([65, 65, 77, 65]), (F(4), F(4), 66)],
    "abc-inline-key.abc": row([65, 60, 65, 60, 66, 61, 66, 61, 70, 63, 71, 64]),
    "abc-inline-meter.abc": [
        *row([60, 62, 64, 65, 67, 69, 71]),
        *row([60, 62, 64, 65, 67, 69], "1/2", 7),
    ],
    "abc-q5.abc": spans("0+4:60 4+4:60 8+4:60"),
    "abc-ties.abc": spans("0+2:69 2+6:69 8+8:60 8+8:64 16+8:60 16+4:64 24+4:72 28+8:66"),
    "abc-rests.abc": spans("0+1:60 12+1:60 14+1:62 16+1:60 17+1:62 18+1:64 19+1:65 24+4:60"),
    "abc-overlay.abc": spans("0+1:72 1+1:74 2+1:76 3+1:77 0+2:60 2+2:64 4+4:79"),
    "abc-voices-inline.abc": sorted(
        [
            *row([72, 74, 76, 77]),
            (4, 4, 79),
            (8, 4, 81),
            *row([48, 50, 52, 53]),
            (4, 4, 55),
            (8, 4, 57),
        ]
    ),
    "abc-voice-names.abc": sorted([*row([74, 78, 81, 78]), *row([50, 54, 57, 54])]),
    "abc-k-clef.abc": row([48, 52, 55, 60]),
    "abc-k-treble8.abc": row([48, 52, 55, 60]),
    "abc-k-octave.abc": row([48, 52, 55, 60]),
    "abc-k-exp.abc": row([70, 63, 66, 60]),
    "abc-tuplet-10-6-4.abc": spans("0+9/20:72 9/20+9/20:72 9/10+9/10:72 9/5+9/10:72 27/10+3:72"),
    "abc-grace.abc": spans("0+1:69 1+1:71 2+1:72 3+1:74 4+2:77"),
    "abc-m-23.abc": row([60, 62, 64, 65, 67, 69, 71, 72, 74, 76], "1/2"),
    "abc-l-nometer.abc": row([60, 62, 64, 65, 67, 69, 71, 72], "1/2"),
    "abc-macron-r.abc": [*row([60, 62, 64, 65]), (F(4), F(4), 67)],
    "abc-title-esc.abc": spans("0+4:69"),
    "abc-program.abc": row([60, 62, 64, 65]),
    "abc-transp.abc": row([48, 50, 52, 53]),
    "abc-contin.abc": [*row([69, 71, 72, 74, 76, 77, 79, 81]), (F(8), F(4), 83)],
    "riff-rmid.mid": None,
    "riff-rmid.rmi": None,
    "karaoke.kar": None,
    "keysig-bad.mid": None,
    "tempo-zero.mid": None,
    "timesig-0.mid": None,
    "keysig-empty.mid": None,
    "keysig-mode2.mid": None,
    "header-len-8.mid": None,
    "ntracks-less.mid": None,
    "note-no-off.mid": None,
}


@pytest.mark.parametrize("name", EXACT)
def test_notes(name):
    piece = pt.read(CASES / name)
    assert len(piece.notes) > 0
    if EXACT[name] is not None:
        assert notes(piece) == EXACT[name]


LENGTHS = [F(1), F(1, 2), F(1, 2), F(3, 2), F(1, 2), F(2), F(1, 3), F(1, 3), F(1, 3), F(1)]


def test_lengths():
    short, played = CASES / "notes-one-tick-short.mid", CASES / "notes-played.mid"
    for piece in (pt.load_corpus(short)[0].piece, pt.read(short), pt.read(played, quantize=True)):
        assert [n.duration for n in sorted(piece.notes, key=lambda n: n.onset)] == LENGTHS


def test_pickup():
    piece = pt.read(CASES / "pickup-as-short-metre.mid")
    assert (piece.pickup, [(m.numerator, m.denominator, m.onset) for m in piece.meters]) == (
        1,
        [(4, 4, 0)],
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("title-cp1252.mid", "“Song” – No. 5"),
        ("abc-title-esc.abc", "Café Über ñ œ é é"),
        ("e-credit-title.musicxml", "Only In Credit"),
    ],
)
def test_titles(name, title):
    assert pt.read(CASES / name).title == title


@pytest.mark.parametrize(
    ("name", "title", "encoding"),
    [
        ("cp1251", "Романс", "cp1251"),
        ("gbk", "茉莉花", "gbk"),
        ("sjis", "月光", "shift-jis"),
        ("utf16", "月光", ""),
    ],
)
def test_titles_in_other_encodings(name, title, encoding):
    assert pt.read(CASES / f"title-{name}.mid").title == title
    if encoding:
        stated = pt.read(CASES / f"title-{name}.mid", encoding=encoding)
        assert (stated.title, stated.warnings) == (title, ())


def test_other_right_values(tmp_path):
    assert [entry.piece.title for entry in read_pieces([CASES / "abc-two-tunes.abc"])] == [
        "one",
        "two",
    ]
    piece = pt.read(CASES / "t-linked-tab.musicxml")
    assert [(n.string, n.fret) for n in piece.notes] == [(1, 0)]
    assert pt.read(CASES / "e-credit-title.musicxml").composer == "A. Maker"
    assert [
        (m.numerator, m.denominator) for m in pt.read(CASES / "x-local-time.musicxml").meters
    ] == [(3, 4)]
    over = pt.read(CASES / "x-rounded-overfull.musicxml")
    assert [b.onset for b in over.bars()][:2] == [0, 4]
    assert len(over.meters) == 1
    assert notes(over)[-2:] == spans("4+1:72 5+3:74")
    unfolded = pt.read(CASES / "r-segno-glyph.musicxml", unfold=True)
    assert [n.pitch for n in unfolded.notes] == [60, 62, 64, 62, 64]
    assert pt.read(CASES / "krn-key.krn").keys[0].name == "D minor"
    assert pt.read(CASES / "abc-program.abc").parts[0].program == 40
    names = [p.name for p in pt.read(CASES / "abc-voice-names.abc").parts]
    assert names == ["Violin", "Cello"]
    assert [round(t.bpm) for t in pt.read(CASES / "abc-q5.abc").tempos] == [96, 60, 200]
    assert [(m.numerator, m.denominator) for m in pt.read(CASES / "abc-m-23.abc").meters] == [
        (5, 8)
    ]
    micro = pt.read(CASES / "abc-micro.abc")
    assert [n.duration for n in micro.notes] == [1, 1, 1, 1]
    assert sum(n.grace for n in pt.read(CASES / "abc-grace.abc").notes) == 6
    for name in ["keysig-empty.mid", "keysig-mode2.mid"]:
        assert pt.read(CASES / name).keys == ()
    for name in ["keysig-bad.mid", "tempo-zero.mid", "timesig-0.mid", "zero-length.mid"]:
        assert pt.read(CASES / name).warnings, name
    with pytest.raises(PartimentoError, match="only drum parts"):
        pt.train(CASES / "drums-only", out=tmp_path / "run")
