"""Accidentals, and those that are only a courtesy."""

import pytest
from tests.notation.layouts import layout_of
from tests.pieces import GUITAR, Q, melody

from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part
from partimento.notation.accidentals import PartAccidentals, signature_of
from partimento.notation.layout import ticks_for
from partimento.notation.spelling import spell

C_MAJOR = (Key(0),)


def printed(notes, *, keys=C_MAJOR, part=GUITAR):
    """Return the accidentals by note: ``#`` is needed, ``(n)`` a courtesy, nothing none."""
    piece = Piece(notes, keys=keys, parts=(part,))
    accidentals = PartAccidentals(spell(piece), piece.keys, ticks_for(piece))
    signs = [""] * len(piece.notes)
    for bar in layout_of(piece).bars:
        for (note, _), (alter, is_courtesy) in accidentals.in_bar(bar).items():
            sign = {-1: "b", 0: "n", 1: "#"}[alter]
            signs[note] = f"({sign})" if is_courtesy else sign
    return signs


@pytest.mark.parametrize(
    ("pitches", "signs"),
    [
        ((66, 67, 66, 67, 65, 64, 65, 64), ["#", "", "", "", "(n)", "", "", ""]),
        ((66, 67, 65, 64, 65, 64, 65, 64), ["#", "", "n", "", "", "", "", ""]),
        # In another octave, in the same bar and in the next one.
        ((66, 67, 77, 76, 65, 67, 77, 79), ["#", "", "(n)", "", "(n)", "", "(n)", ""]),
        ((60, 62, 64, 65, 67, 69, 71, 72), [""] * 8),
    ],
)
def test_a_note_that_was_altered_shortly_before_has_a_courtesy_accidental(pitches, signs):
    assert printed(melody(*[1] * 8, pitches=pitches)) == signs


def test_a_tie_over_the_bar_line_shows_no_accidental_but_is_remembered():
    notes = [Note(Q * 2, Q * 3, 66), Note(Q * 5, Q, 67), Note(Q * 6, Q, 65), Note(Q * 7, Q, 64)]
    assert printed(notes) == ["#", "", "(n)", ""]
    assert printed([*notes[:2], Note(Q * 6, Q, 66), Note(Q * 7, Q, 67)]) == ["#", "", "#", ""]


def test_staves_of_one_part_have_accidentals_of_their_own():
    notes = [Note(Q * 0, Q * 4, 42), Note(Q, Q, 77), Note(Q * 2, Q * 2, 79)]
    assert printed(notes, part=Part("Piano", 0)) == ["#", "(n)", ""]


def test_a_new_key_signature_ends_accidentals():
    keys = (Key(0), Key(1, onset=Q * 4))
    pitches = (66, 67, 66, 67, 66, 67, 69, 67)
    assert printed(melody(*[1] * 8, pitches=pitches), keys=keys) == ["#", *[""] * 7]


def test_courtesy_accidentals_are_marked_in_documents():
    text = to_musicxml(Piece(melody(*[1] * 8, pitches=(66, 67, 66, 67, 65, 64, 65, 64))))
    assert text.count('<accidental cautionary="yes">natural</accidental>') == 1


def test_a_signature_alters_its_steps():
    assert signature_of(Key(2)) == {"F": 1, "C": 1}
    assert signature_of(Key(-1)) == {"B": -1}
