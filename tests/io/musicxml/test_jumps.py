"""What is printed about jumps: words in several languages and spellings, and signs."""

import pytest
from lxml import etree

from partimento.io.musicxml.jumps import Jump, jump_of, jump_of_words


@pytest.mark.parametrize(
    ("kind", "until", "texts"),
    [
        ("dacapo", "", ["D.C.", "D. C.", "DC", "d.c", "Da Capo", "Menuetto D.C.", "Von vorn"]),
        ("dacapo", "", ["D.C. senza repetizione", "Du d\u00e9but", "\ue046"]),
        ("dacapo", "", ["\u0441 \u043d\u0430\u0447\u0430\u043b\u0430"]),
        ("dacapo", "fine", ["D.C. al Fine", "DC al fine", "Da Capo al Fine.", "D.C. al Fin"]),
        ("dacapo", "fine", ["Vom Anfang bis zum Schluss", "D.C. alla Fine", "D.C.al Fine"]),
        ("dacapo", "coda", ["D.C. al Coda", "Da Capo alla Coda", "D.C. al \U0001d10c"]),
        ("dacapo", "fine and coda", ["D.C. al Fine e poi la Coda"]),
        ("dacapo", "segno and coda", ["D.C. al Segno e poi la Coda"]),
        ("dalsegno", "", ["D.S.", "D. S.", "Dal Segno", "al Segno", "Vom Zeichen"]),
        ("dalsegno", "", ["dal \U0001d10b"]),
        ("dalsegno", "fine", ["D.S. al Fine", "Dal Segno al Fine", "DS al Fine"]),
        ("dalsegno", "coda", ["D.S. al Coda", "D. S. al \U0001d10c", "del Segno a la Coda"]),
        ("tocoda", "", ["To Coda", "al Coda", "Da Coda", "zur Coda", "to the coda", "To \ue048"]),
        ("coda", "", ["Coda", "CODA", "(Coda)", "Coda 1", "\U0001d10c Coda"]),
        ("fine", "", ["Fine", "FINE", "Fine.", "Fin", "(fine)", "Fim", "Schlu\u00df"]),
        ("segno", "", ["Segno", "\U0001d10b"]),
    ],
)  # fmt: skip
def test_words_about_jumps(kind, until, texts):
    for text in texts:
        assert jump_of_words(text) == Jump(kind, until), text


@pytest.mark.parametrize(
    "text",
    ["dolce", "m.d.", "m.s.", "cresc. al fine", "fine del atto", "gli DC", "Tempo I", "D", "segue"],
)
def test_other_words_are_no_jumps(text):
    assert jump_of_words(text) is None


def test_the_second_segno_and_repeats_after_the_jump():
    assert jump_of_words("D.S.S. al Coda") == Jump("dalsegno", "coda", second=True)
    assert jump_of_words("D.C. con repetizione") == Jump("dacapo", repeats=True)


def test_a_coda_sign_alone_may_mean_either():
    def direction(inside):
        types = "".join(f"<direction-type>{part}</direction-type>" for part in inside)
        return etree.fromstring(f"<direction>{types}</direction>")

    assert jump_of(direction(["<coda/>"])) == Jump("sign")
    assert jump_of(direction(["<segno/>"])) == Jump("segno")
    assert jump_of(direction(["<words>To</words>", "<coda/>"])) == Jump("tocoda")
    assert jump_of(direction(["<words>D.S. al</words>", "<coda/>"])) == Jump("dalsegno", "coda")
    assert jump_of(direction(["<words>\U0001d10c</words>"])) == Jump("sign")
    assert jump_of(direction(["<words>a</words>" * 300])) is None
    assert jump_of(direction(["<dynamics><p/></dynamics>"])) is None
