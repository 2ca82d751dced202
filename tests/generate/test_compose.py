"""Composing with a small trained run."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import small_piece

from partimento import Event, Key, Note, Part, Piece, train
from partimento.corpus import analyze_key
from partimento.errors import PartimentoError
from partimento.generate.compose import compose, compose_ids
from partimento.generate.constraints import InKey, Range
from partimento.generate.finish import Transposer
from partimento.generate.prompt import make_prompt
from partimento.io.read import read_piece
from partimento.music.timelines import Meter
from partimento.tokens.chords import CHORD
from partimento.tokens.vocabulary import START
from partimento.training.trained_model import TrainedModel, load_model


@pytest.mark.parametrize("bars", [1, 3, 8])
def test_bars_are_as_many_as_asked(run: TrainedModel, bars: int) -> None:
    piece = compose(run, bars=bars, seed=2)
    assert piece.length == bars * 4
    assert sum(bar.number > 0 for bar in piece.bars()) == bars


@pytest.mark.parametrize("events", [1, 7, 70])
def test_events_are_as_many_as_asked(run: TrainedModel, events: int) -> None:
    assert len(compose(run, events=events, seed=2).events) == events


def test_it_wears_the_clothes_of_its_models(run: TrainedModel, pieces: list[Piece]) -> None:
    piece = compose(run, bars=4, seed=1)
    assert piece.parts[0].program == 24
    assert piece.meters[0].bar_ql == 4
    assert round(piece.tempos[0].bpm) == 90
    assert piece.title == "Partimento no. 1"
    assert piece.composer == "after Nobody"


def test_it_keeps_to_the_range_of_its_models(run: TrainedModel, pieces: list[Piece]) -> None:
    low, high = min(piece.low for piece in run.pieces), max(piece.high for piece in run.pieces)
    assert low == min(piece.notes.pitch.min() for piece in pieces)
    prompt = make_prompt(run, None, 0, seed=0, key=None)
    free = Transposer(run, prompt, key=None, seed=0)
    bound = Transposer(run, prompt, key=Key.from_name("C major"), seed=0)

    def scale(first: int) -> Piece:
        return Piece([Note(Fraction(i), Fraction(1), first + i) for i in range(high - low + 1)])

    assert free.within_range(scale(low).notes, 0) == 0
    assert bound.within_range(scale(low + 12).notes, 0) == -12


@pytest.mark.parametrize("name", ["C major", "E- major", "d minor", "f# minor"])
def test_a_key_that_is_asked_for_is_the_key_that_sounds(run: TrainedModel, name: str) -> None:
    key = Key.from_name(name)
    for seed in range(4):
        if key.mode == "minor":  # all it learned from is in major
            with pytest.raises(PartimentoError, match="candidates is in minor"):
                compose(run, bars=6, seed=seed, key=key)
            continue
        piece = compose(run, bars=6, seed=seed, key=name)  # a name does
        found, _ = analyze_key(piece)
        assert (found.tonic, found.mode) == (key.tonic, key.mode)
        assert piece.keys == (key,)


def test_beginning_from_a_piece_keeps_its_first_events(
    run: TrainedModel, pieces: list[Piece]
) -> None:
    mine = small_piece(5, shift=2)
    piece = compose(run, bars=8, seed=4, start=mine, prompt_events=6)
    assert piece.events[:6] == mine.events[:6]
    number = next(n for n, learned in enumerate(run.pieces) if learned.title == "Study 3")
    original = pieces[3]
    assert (
        compose(run, bars=8, seed=4, start=number, prompt_events=6).events[:6]
        == original.events[:6]
    )


def test_a_continued_piece_keeps_what_it_declares(run: TrainedModel) -> None:
    own = {"keys": (Key(-2),), "title": "Theme", "composer": "Somebody"}
    mine = small_piece(5, shift=2).replace(**own, parts=(Part("Lute", 24),))
    piece = compose(run, bars=8, seed=4, start=mine, prompt_events=6)
    assert piece.events[:6] == mine.events[:6]
    assert (piece.keys, piece.meters) == (mine.keys, mine.meters)
    assert (piece.title, piece.composer) == ("Theme, continued", "Somebody")
    assert piece.parts == mine.parts
    assert compose(run, bars=8, seed=4, start=mine, title="Mine").title == "Mine"
    assert compose(run, bars=8, seed=4, start=piece).title == "Theme, continued"
    nameless = compose(run, bars=8, seed=4, start=mine.replace(title="", composer="", keys=()))
    assert (nameless.title, nameless.composer) == ("Partimento no. 4", "after Nobody")


@pytest.mark.parametrize(("key", "moved"), [("D major", 0), ("E major", 2), ("B major", -3)])
def test_a_requested_key_moves_the_prompt_by_the_shorter_way(
    run: TrainedModel, key: str, moved: int
) -> None:
    mine = small_piece(5, shift=2).replace(keys=(Key.from_name("D major"),))
    piece = compose(run, bars=8, seed=4, start=mine, prompt_events=6, key=key)
    assert piece.events[:6] == mine.transpose(moved).events[:6]
    assert piece.keys == (Key.from_name(key),)


CASE = Path(__file__).parents[1] / "cases" / "w-theme-dminor.musicxml"


@pytest.mark.parametrize(("key", "moved"), [(None, 0), ("e minor", 2), ("F major", 0)])
def test_the_bundled_model_continues_a_theme_in_its_key(key: str | None, moved: int) -> None:
    theme = read_piece(CASE)
    piece = compose(load_model("guitar"), bars=8, seed=2, start=theme, key=key)
    assert piece.keys == (Key.from_name(key or "d minor"),)
    assert piece.meters == theme.meters
    assert (piece.title, piece.composer) == ("Thème en ré mineur, continued", "Composer")
    assert [event.chord for event in piece.events[:8]] == [
        event.chord for event in theme.transpose(moved).events[:8]
    ]


def test_candidates_from_silence_are_those_of_the_model(run: TrainedModel) -> None:
    ids = compose_ids(run, candidates=5, events=12, seed=3)
    assert len(ids) == 5
    assert (ids[:, 0, CHORD] == START).all()
    assert [len(run.tokenizer.decode_events(rows)) for rows in ids] == [12] * 5
    np.testing.assert_array_equal(ids, compose_ids(run, candidates=5, events=12, seed=3))


def test_no_single_chord_for_ever(run: TrainedModel) -> None:
    chords = Counter(event.chord for event in compose(run, events=100, seed=8).events)
    assert chords.most_common(1)[0][1] < 60


def test_wishes_that_cannot_be_fulfilled(run: TrainedModel, pieces: list[Piece]) -> None:
    for wish in (
        {"bars": 2, "events": 3},
        {"bars": 0},
        {"events": 0},
        {"start": 99},
        {"bars": 1, "start": 0, "prompt_events": 30},
    ):
        with pytest.raises(PartimentoError):
            compose(run, **wish)
    strange = Piece.from_events([Event((30, 31, 33), Fraction(1, 7))] * 3)
    with pytest.raises(PartimentoError, match="not in the vocabulary"):
        compose(run, start=strange)


@pytest.mark.parametrize("key", [None, "D major"])
def test_constraints_speak_of_the_pitches_that_sound(run: TrainedModel, key: str | None) -> None:
    """The model composes in C major; the piece is transposed afterwards."""
    free = compose(run, bars=6, seed=1, key=key)
    low, high = sorted(set(free.notes.pitch.tolist()))[1], int(free.notes.pitch.max())
    piece = compose(run, bars=6, seed=1, key=key, constraints=[Range(low, high)])
    assert low <= piece.notes.pitch.min() <= piece.notes.pitch.max() <= high
    assert free.notes.pitch.min() < low
    scale = InKey(piece.keys[0])
    (forbidden,) = scale.bind(run.tokenizer).parameters
    inside = compose(run, bars=6, seed=1, key=piece.keys[0], constraints=[scale, Range(low, high)])
    assert not forbidden[inside.notes.pitch].any()
    assert inside.keys == piece.keys
    assert inside == compose(
        run, bars=6, seed=1, key=piece.keys[0], constraints=[scale, Range(low, high)]
    )


def test_constraints_that_leave_nothing_are_reported(run: TrainedModel) -> None:
    with pytest.warns(UserWarning, match=r"the constraints left no choice \d+ times"):
        piece = compose(run, events=8, seed=1, constraints=[Range(0, 5)])
    assert len(piece.events) == 8
    with pytest.raises(PartimentoError, match="'guitar' is not a constraint"):
        compose(run, events=8, constraints=["guitar"])  # type: ignore[list-item]


def choir(number: int) -> Piece:
    """Return three voices, of which one repeats its note; twice two sing the same one."""
    notes = []
    for beat in range(16):
        step = (beat * 3 + number) % 5
        for part, pitch in enumerate((67 + step, 60 + step // 2, 67 if beat % 8 == 4 else 55)):
            notes.append(Note(Fraction(beat), Fraction(1), pitch, part=part))
    parts = (Part("Soprano", 52), Part("Alto", 52), Part("Bass"))
    return Piece(notes, parts=parts, meters=(Meter(4, 4),), title=f"Choir {number}")


def test_four_voices_compose_four_voices() -> None:
    settings = {
        "model": {"name": "notewise", "units": 16, "embed_size": 8, "layers": 1},
        "tokens": {"min_count": 1, "voices": True, "frame": "1", "transpose": "none", "window": 32},
        "train": {"epochs": 30, "batch_size": 2, "learning_rate": 0.02},
    }
    model = train([choir(number) for number in range(4)], settings=settings)
    piece = compose(model, bars=4, seed=1, program=None)
    assert [part.name for part in piece.parts] == ["Soprano", "Alto", "Bass"]
    assert [part.program for part in piece.parts] == [52, 52, 52]  # the bass as the others
    assert set(piece.notes.part.tolist()) == {0, 1, 2}
    for part in range(3):
        line = piece.notes.select(piece.notes.part == part)
        assert (line.onset[1:] >= line.end[:-1]).all()  # one note at a time
    bass = piece.notes.select(piece.notes.part == 2)
    assert any(a.end == b.onset and a.pitch == b.pitch for a, b in pairwise(bass))  # struck again
    assert compose(model, bars=4, seed=1, program=19).parts[0] == Part("Soprano", 19)
