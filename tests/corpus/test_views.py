"""Views of a piece: each setting changes what it says, and nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.pieces import waltz

from partimento import Note, Part, Piece
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.views import as_configured, as_recorded, inferred_pickup, on_grid

Q = Fraction(1)
STEP = Fraction(1, 16)
HIGH = (52, 67, 71, 76, 59, 67, 74, 79)  # a guitar study, an octave above its sound


def ornamented() -> Piece:
    notes = [Note(Q * t, Q, 60 + t) for t in range(4)]
    return Piece([*notes, Note(Q - STEP, STEP, 64, grace=True)])


def configured(piece: Piece, suffix: str = ".mid", **changes: str) -> Piece:
    config = DataSettings(**{**AS_WRITTEN.model_dump(), **changes})
    return as_configured(piece, config, suffix=suffix, pickup=Q)


def test_as_written_changes_no_piece() -> None:
    for piece in (ornamented(), Piece([]), Piece([Note(Fraction(1, 97), Q, 60)])):
        assert configured(piece) == piece


def test_grace_notes_are_removed_or_merged_into_their_chord() -> None:
    piece = ornamented()
    removed = configured(piece, grace_notes="remove")
    assert [note.pitch for note in removed.notes] == [60, 61, 62, 63]
    merged = configured(piece, grace_notes="merge")
    assert sorted(note.pitch for note in merged.notes if note.onset == 1) == [61, 64]


def test_grace_notes_and_upbeats_are_inferred_for_midi_only() -> None:
    played = Piece(
        [
            Note(Q * 0, Q - Fraction(9, 80), 60),
            Note(Q - Fraction(9, 80), Fraction(9, 80), 69),
            *(Note(Q * t, Q, 67) for t in range(1, 8)),
        ]
    )
    assert as_recorded(played, suffix=".xml") is played
    assert [note.pitch for note in as_recorded(played, suffix=".mid").notes if note.grace] == [69]
    piece = waltz(Q)
    assert inferred_pickup(piece, suffix=".mid") == 1
    assert inferred_pickup(piece, suffix=".xml") is None
    assert inferred_pickup(piece.replace(pickup=Q), suffix=".mid") is None  # the file declares it


def test_inferred_upbeats_are_used_only_if_configured() -> None:
    piece = ornamented()
    assert configured(piece, pickup="inferred").pickup == 1
    assert configured(piece, pickup="declared").pickup == 0


def test_a_guitar_notated_an_octave_high_is_moved_down() -> None:
    notes = [Note(Q * t / 2, Q / 2, pitch) for t, pitch in enumerate(HIGH * 8)]
    piece = Piece(notes, parts=(Part("Guitar", 24),))
    moved = configured(piece, octave="sounding").notes.pitch - piece.notes.pitch
    assert set(moved.tolist()) == {-12}
    assert configured(piece, octave="written") == piece


@pytest.mark.parametrize(("suffix", "moved"), [(".mid", True), (".xml", False)])
def test_performances_are_quantized_and_scores_are_not(suffix: str, moved: bool) -> None:
    late = Fraction(1, 50)
    played = Piece([Note(Q * t + late, Q * 9 / 10, 60 + t % 5) for t in range(16)])
    view = configured(played, suffix, quantize="auto")
    onsets = [note.onset for note in view.notes]
    assert (onsets == [Q * t for t in range(16)]) is moved
    written = Piece([Note(Q * t / 7, Q / 7, 60) for t in range(1)])
    assert configured(written, suffix, quantize="auto") == written
    assert configured(played, suffix, quantize="music21") is played  # made from the file


def test_quantizing_keeps_title_composer_and_pickup() -> None:
    piece = Piece([Note(Q / 50, Q, 60)], title="Étude", composer="Sor", pickup=Q)
    view = on_grid(piece)
    assert (view.title, view.composer, view.pickup) == ("Étude", "Sor", 1)
    assert view.notes[0].onset == 0
