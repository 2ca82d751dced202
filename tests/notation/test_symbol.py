"""Symbols of whole pieces keep what their class promises."""

from __future__ import annotations

import pytest
from tests.notation.layouts import layout_of
from tests.pieces import PIECES

from partimento.notation.beams import flags
from partimento.notation.symbol import Symbol

WORDS = {"begin", "continue", "end", "forward hook", "backward hook"}


def voices_of(name: str) -> list[tuple[Symbol, ...]]:
    piece = PIECES[name]
    return [
        voice
        for part in range(len(piece.parts))
        for bar in layout_of(piece, part, ornaments="grace").bars
        for staff in bar
        for voice in staff.voices
    ]


@pytest.mark.parametrize("name", [name for name in PIECES if len(PIECES[name].notes)])
def test_chords_rise_and_only_rests_are_hidden_or_fill_a_bar(name: str) -> None:
    pitch = PIECES[name].notes.pitch.tolist()
    for symbol in (symbol for voice in voices_of(name) for symbol in voice):
        pitches = [pitch[index] for index, _, _ in symbol.notes]
        assert pitches == sorted(set(pitches))
        assert symbol.duration > 0
        if symbol.notes:
            assert not symbol.hidden
            assert not symbol.whole_bar
        else:
            assert symbol.beams == symbol.graces == ()


@pytest.mark.parametrize("name", [name for name in PIECES if len(PIECES[name].notes)])
def test_beams_and_tuplets_that_begin_in_a_voice_end_there(name: str) -> None:
    for voice in voices_of(name):
        first = [symbol.beams[0] for symbol in voice if symbol.beams]
        assert first.count("begin") == first.count("end")
        for symbol in voice:
            assert set(symbol.beams) <= WORDS
            assert len(symbol.beams) in (0, flags(symbol))
            if symbol.tuplet_starts or symbol.tuplet_stops:
                assert symbol.value.tuplet is not None
        starts = sum(symbol.tuplet_starts for symbol in voice)
        assert starts == sum(symbol.tuplet_stops for symbol in voice)
