"""Title and composer: stated, or printed on the first page."""

from pathlib import Path

import pytest
from lxml import etree
from tests.io.musicxml.documents import START, note, read

from partimento.io.musicxml.credits import title_and_composer
from partimento.io.musicxml.read import piece_from_musicxml

CASES = Path(__file__).parents[2] / "cases"
PAGE = (
    "<defaults><page-layout><page-height>1600</page-height><page-width>1200</page-width>"
    "</page-layout></defaults>"
)


def credit(*lines, kind="", page=1, **attributes):
    """Several lines are elements of their own; a pair is a line with its font size."""
    placed = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    kind = f"<credit-type>{kind}</credit-type>" if kind else ""
    words = "".join(
        f'<credit-words {placed} font-size="{line[1]}">{line[0]}</credit-words>'
        if isinstance(line, tuple)
        else f"<credit-words {placed}>{line}</credit-words>"
        for line in lines
    )
    return f'<credit page="{page}">{kind}{words}</credit>'


def found(*printed, head="", page=PAGE):
    document = f"<score-partwise>{head}{page}{''.join(printed)}</score-partwise>"
    return title_and_composer(etree.fromstring(document))


TITLE = credit(("A Title", 24), default_x=600, default_y=1500, justify="center", valign="top")
SUBTITLE = credit(("Opus 1", 14), default_x=600, default_y=1440, justify="center")
MAKER = credit(("A. Maker", 12), default_x=1100, default_y=1400, justify="right")
POET = credit(("A. Poet", 12), default_x=100, default_y=1400, justify="left")
RIGHTS = credit(("\u00a9 2020 A. Publisher", 30), default_x=600, default_y=1550, justify="center")
FOOT = credit(("A Great Publisher", 40), default_x=600, default_y=60, justify="center")
NUMBER = credit(("1", 40), default_x=1150, default_y=1580, justify="right")
SECOND = credit(("Part Two", 50), default_x=600, default_y=1500, justify="center", page=2)


def test_the_case_has_title_and_composer():
    piece = piece_from_musicxml((CASES / "e-credit-title.musicxml").read_bytes())
    assert (piece.title, piece.composer) == ("Only In Credit", "A. Maker")


@pytest.mark.parametrize("page", [PAGE, ""])
def test_credits_are_told_apart_by_size_and_position(page):
    shown = (NUMBER, RIGHTS, SECOND, FOOT, POET, MAKER, SUBTITLE, TITLE)
    assert found(*shown, page=page) == ("A Title", "A. Maker")


def test_positions_alone_are_enough():
    title = credit(("A Title", 24), default_x=600, default_y=1500)
    maker = credit(("A. Maker", 12), default_x=1100, default_y=1400)
    poet = credit(("A. Poet", 12), default_x=100, default_y=1400)
    assert found(poet, maker, title) == ("A Title", "A. Maker")
    assert found(poet, maker) == ("", "A. Maker")
    assert found(credit("A Title"), page="") == ("A Title", "")
    assert found() == ("", "")


def test_types_count_more_than_positions():
    typed = (
        credit(("Big", 90), kind="subtitle", justify="center"),
        credit(("First", 10), kind="title", justify="left"),
        credit(("Maker", 10), kind="composer", justify="left"),
        credit(("Poet", 10), kind="lyricist", justify="right"),
        credit(("2021", 10), kind="title"),
    )
    assert found(*typed, MAKER) == ("First", "Maker")


def test_several_lines_are_one_title_or_composer():
    assert found(credit("The Long\nTitle", kind="title")) == ("The Long Title", "")
    assert found(credit("The Long", "Title", kind="title")) == ("The Long Title", "")
    lines = credit(("A Title", 24), ("with a subtitle", 12), default_y=1500, justify="center")
    assert found(lines) == ("A Title", "")
    second = credit(("in two lines", 24), default_x=600, default_y=1460, justify="center")
    assert found(second, TITLE) == ("A Title in two lines", "")
    maker = credit("A. Maker\n(1820\u20131890)\narr. B. Other", default_y=1400, justify="right")
    assert found(maker)[1] == "A. Maker (1820\u20131890)"
    arranged = credit("Arr. B. Other", default_y=1450, justify="right")
    assert found(arranged, MAKER)[1] == "A. Maker"
    number = credit("BWV 274", default_y=1450, justify="right")
    assert found(number, MAKER)[1] == "A. Maker"


def test_stated_titles_and_creators_count_most():
    head = (
        "<work><work-title>Stated</work-title></work><identification>"
        '<creator type="composer">B. Stated</creator></identification>'
    )
    assert found(TITLE, MAKER, head=head) == ("Stated", "B. Stated")
    assert found(TITLE, MAKER, head="<movement-title>I</movement-title>") == ("I", "A. Maker")
    empty = '<identification><creator type="composer"> </creator></identification>'
    assert found(TITLE, MAKER, head=empty) == ("A Title", "A. Maker")
    untyped = "<identification><creator>C. Untyped</creator></identification>"
    assert found(head=untyped) == ("", "C. Untyped")
    poet = '<identification><creator type="lyricist">A. Poet</creator></identification>'
    assert found(MAKER, head=poet) == ("", "A. Maker")


def test_senseless_positions_do_no_harm():
    odd = credit(("A Title", "big"), default_x="left", default_y="1e999", justify="center")
    assert read([START + note("C4", 16)], head=odd).title == "A Title"
