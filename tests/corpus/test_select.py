"""The same words select pieces on the command line and in Python."""

import pytest

from partimento.corpus.select import Selection, license_family
from partimento.errors import PartimentoError

ROW = {
    "composer": "Ferdinand Carulli (1770–1841)",
    "instrument": "Flöte und Gitarre",
    "instruments": ["flute", "unknown"],
    "solo": False,
    "key": "E- major",
    "meter": "3/4",
    "events": 32,
    "license": "CC-BY-SA 3.0",
    "split": "train",
}


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ({}, True),
        ({"composer": "CARULLI"}, True),
        ({"composer": "sor,carulli"}, True),
        ({"composer": "sor"}, False),
        ({"instrument": "guitar"}, True),  # the manifest's word, in German
        ({"instrument": "chitarra"}, True),
        ({"instrument": "flute"}, True),
        ({"instrument": "violin"}, False),
        ({"solo": True}, False),
        ({"solo": False}, True),
        ({"key": "Eb major"}, True),
        ({"key": "D# major"}, None),
        ({"key": "e minor,E- major"}, True),
        ({"key": "E major"}, False),
        ({"meter": "3/4"}, True),
        ({"meter": "6/8,2/4"}, False),
        ({"min_events": 32}, True),
        ({"min_events": 33}, False),
        ({"license": "PD,CC-BY"}, False),
        ({"license": "cc by-sa 4.0"}, True),
        ({"split": "train"}, True),
        ({"split": "valid,test"}, False),
        ({"composer": "carulli", "meter": "4/4"}, False),
    ],
)
def test_pieces_are_selected_by_criteria(asked, taken):
    if taken is None:
        with pytest.raises(PartimentoError):
            Selection(**asked)
    else:
        assert Selection(**asked).matches(ROW) is taken


def test_accents_do_not_matter():
    assert Selection(composer="tarrega").matches({"composer": "Francisco Tárrega"})
    assert Selection(composer="Tárrega").matches({"composer": "Francisco Tarrega"})


@pytest.mark.parametrize(
    "wrong", [{"key": "J major"}, {"meter": "three"}, {"split": "dev"}, {"min_events": -1}]
)
def test_invalid_criteria_are_refused(wrong):
    with pytest.raises(PartimentoError):
        Selection(**wrong)


def test_a_selection_prints_its_criteria():
    assert not Selection()
    assert (
        str(Selection(composer="sor", solo=True, min_events=8))
        == "composer sor, solo True, min-events 8"
    )


def test_licenses_are_recognized_in_many_spellings():
    families = {
        "PD": ("PD", "Public Domain", "public-domain", "CC0", "CC0 1.0"),
        "CC-BY": ("CC-BY", "cc by 2.0", "Creative Commons Attribution 4.0 International"),
        "CC-BY-SA": ("CC-BY-SA 3.0", "Creative Commons Attribution-ShareAlike 4.0", "CC BY-SA"),
        "CC-BY-NC-SA": ("CC BY-NC-SA 4.0", "Creative Commons Attribution-NonCommercial-ShareAlike"),
        "MIT": ("MIT",),
    }
    for family, spellings in families.items():
        assert {license_family(each) for each in spellings} == {family}
