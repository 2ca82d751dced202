"""The features of Yang and Lerch against pretty_midi's and against plain counting."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
from tests.analysis.features.made import KIT, MADE, Q, melody, scores

from partimento import Event, Note, Piece
from partimento.analysis.features import yang_lerch as features_yang_lerch
from partimento.analysis.features.yang_lerch import NOTE_LENGTHS, yang_lerch_features


def midi_of(piece: Piece) -> pretty_midi.PrettyMIDI:
    """At 120 quarters a minute: an instrument a part, all notes equally loud."""
    midi = pretty_midi.PrettyMIDI()
    for number, part in enumerate(piece.parts):
        instrument = pretty_midi.Instrument(0, is_drum=part.is_drum)
        instrument.notes = [
            pretty_midi.Note(80, n.pitch, float(n.onset) / 2, float(n.end) / 2)
            for n in piece.notes
            if n.part == number
        ]
        midi.instruments.append(instrument)
    return midi


def plain_yang_lerch(piece: Piece) -> dict[str, Any]:
    """By loops over notes, from the definitions."""
    notes = [note for note in piece.notes if not piece.parts[note.part].is_drum]
    bars = [bar for bar in piece.bars() if bar.number > 0]
    inside = [[n for n in notes if bar.onset <= n.onset < bar.onset + bar.duration] for bar in bars]
    values = [Fraction(value, 24) for value in NOTE_LENGTHS.values()]
    nearest = [
        min(range(12), key=lambda place: abs(values[place] - note.duration)) for note in notes
    ]
    lengths, steps = np.zeros(12), np.zeros((12, 12))
    for place in nearest:
        lengths[place] += 1
    for a, b in pairwise(nearest):
        steps[a, b] += 1
    onsets = [note.onset for note in notes]
    return {
        "pitch_count": len({note.pitch for note in notes}),
        "pitch_count_per_bar": np.mean([len({n.pitch for n in own}) for own in inside]),
        "pitch_range": max(note.pitch for note in notes) - min(note.pitch for note in notes),
        "average_pitch_interval": np.mean([abs(a.pitch - b.pitch) for a, b in pairwise(notes)]),
        "note_count": len(notes),
        "note_count_per_bar": np.mean([len(own) for own in inside]),
        "average_inter_onset_interval": float(sum(b - a for a, b in pairwise(onsets)))
        / (len(onsets) - 1),
        "note_length_histogram": lengths / lengths.sum(),
        "note_length_transition_matrix": steps / steps.sum(),
    }


def check_yang_lerch(piece: Piece) -> None:
    ours, midi = yang_lerch_features(piece), midi_of(piece)
    plain: dict[str, Any] = plain_yang_lerch(piece)
    moves = midi.get_pitch_class_transition_matrix()
    plain["pitch_class_histogram"] = midi.get_pitch_class_histogram(use_duration=True)
    plain["pitch_class_transition_matrix"] = moves / moves.sum()
    assert ours.keys() == plain.keys()
    for name, value in plain.items():
        assert np.allclose(ours[name], value), name


@pytest.mark.parametrize("name", ["whole bars", "a pickup", "parts", "no note value"])
def test_made_pieces_equal_plain_counting(name: str) -> None:
    check_yang_lerch(MADE[name])


def test_real_music_equals_plain_counting(data_folder: Path, pieces: list[Piece]) -> None:
    for piece in [*pieces[:2], *scores(data_folder, 6)]:
        check_yang_lerch(piece)


def test_note_lengths_equal_counts_by_hand() -> None:
    piece = Piece.from_events(
        [
            Event((60,), 4 * Q),
            Event((62,), Fraction(1, 3)),
            Event((64,), Fraction(1, 3)),
            Event((65,), 9 * Q),
        ]
    )
    names = list(NOTE_LENGTHS)
    expected = np.zeros(12)
    expected[[names.index("whole"), names.index("eighth triplet")]] = 0.5
    assert features_yang_lerch.note_length_histogram(piece).tolist() == expected.tolist()
    assert features_yang_lerch.average_inter_onset_interval(piece) == pytest.approx((4 + 2 / 3) / 3)
    moves = features_yang_lerch.note_length_transition_matrix(piece)
    assert moves[names.index("whole"), names.index("eighth triplet")] == pytest.approx(1 / 3)


def test_features_of_two_notes_are_nan_for_one() -> None:
    alone = yang_lerch_features(melody(60))
    assert (alone["note_count"], alone["pitch_count"]) == (1, 1)
    for name in ("average_pitch_interval", "average_inter_onset_interval"):
        assert math.isnan(float(alone[name]))
    assert np.isnan(alone["note_length_transition_matrix"]).all()
    nothing = yang_lerch_features(Piece([Note(Q, Q, 36)], parts=(KIT,)))
    assert nothing["note_count"] == 0
    assert np.isnan(nothing["pitch_class_histogram"]).all()
