"""Composing with a small trained run."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import small_piece

from partimento import Event, Key, Note, Part, Piece, Tempo, train
from partimento.analysis.loops import longest_loop
from partimento.corpus import analyze_key
from partimento.errors import PartimentoError
from partimento.generate.compose import Length, compose, compose_candidates, compose_ids
from partimento.generate.constraints import InKey, InMeter, MaxVoices, Range, Scene
from partimento.generate.dynamics import with_dynamics
from partimento.generate.finish import Transposer
from partimento.generate.prompt import make_prompt
from partimento.io.read import read_piece
from partimento.music.timelines import Meter
from partimento.tokens.chords import CHORD
from partimento.tokens.vocabulary import START
from partimento.training.train import learn
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
    inside = compose(run, bars=6, seed=1, key=piece.keys[0], constraints=[scale, Range(low, high)])
    assert scale.check(inside, Scene(grid=1)).holds
    assert inside.keys == piece.keys
    assert inside == compose(
        run, bars=6, seed=1, key=piece.keys[0], constraints=[scale, Range(low, high)]
    )


def test_constraints_that_leave_nothing_are_refused(run: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match=r"this model cannot meet Range\(low=0, high=5\)"):
        compose(run, bars=4, key="C major", seed=1, constraints=[Range(0, 5)])
    with pytest.raises(PartimentoError, match="'guitar' is not a constraint"):
        compose(run, events=8, constraints=["guitar"])  # type: ignore[list-item]


def test_candidates_report_their_constraints(run: TrainedModel) -> None:
    constraints = [InMeter(), MaxVoices(2)]
    best, *_ = compose_candidates(run, bars=4, seed=1, constraints=constraints)
    assert best.report.holds
    names = [finding.constraint for finding in best.report]
    assert names == ["InMeter", "MaxVoices", "Playable"]  # it composes for guitar
    assert "at most 2 notes at once" in best.row()["constraints"]


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


# ---------------------------------------------------------------------- plans and options


def waltz(number: int) -> Piece:
    """Return eight bars of 3/4 in A minor."""
    melody = (69, 71, 72, 74, 76, 77, 80, 81)
    events = []
    for beat in range(24):
        bass = (45, 50, 52)[beat // 3 % 3]
        events.append(Event((bass, melody[(beat * (1 + number) + number) % 8]), Fraction(1)))
    return Piece.from_events(
        events,
        meters=(Meter(3, 4),),
        keys=(Key(0, "minor"),),
        tempos=(Tempo.from_bpm(120),),
        phrase_ends=(Fraction(12), Fraction(24)),
        composer="Somebody",
    )


@pytest.fixture(scope="module")
def planned(pieces: list[Piece]) -> TrainedModel:
    """Return a model of notes with a plan, from pieces in 4/4 and waltzes in minor."""
    settings = {
        "model": {"name": "notewise", "units": 16, "embed_size": 8, "layers": 1},
        "tokens": {
            "min_count": 1,
            "transpose": "none",
            "window": 64,
            "modes": True,
            "countdown": True,
            "phrases": True,
            "notated_rhythm": True,
            "within_range": True,
        },
        "train": {"epochs": 4, "batch_size": 4, "learning_rate": 0.02, "min_steps": 0},
        "sample": {"candidates": 4},
    }
    return learn([*pieces[:5], *map(waltz, range(3))], settings=settings)[0]


def test_the_length_is_that_for_which_the_end_is_prepared(planned: TrainedModel) -> None:
    grid = planned.tokenizer.grid
    prompt = make_prompt(planned, None, 0, seed=0, key=None)
    limits = Length(5, None).limits(prompt, grid)
    assert limits.total == limits.steps == 5 * prompt.reference.meter.bar_ql * grid
    assert Length(None, 9).limits(prompt, grid).total == -1
    for seed in range(3):
        piece = compose(planned, bars=4, seed=seed)
        assert piece.length == 4 * piece.meters[0].bar_ql
        assert int(piece.notes.end.max()) <= piece.length * piece.notes.divisions


def test_a_meter_can_be_asked_for(planned: TrainedModel) -> None:
    for meter in ("3/4", Meter(3, 4)):
        piece = compose(planned, bars=4, seed=1, meter=meter)
        assert piece.meters == (Meter(3, 4),)
        assert piece.length == 12
        assert round(piece.tempos[0].bpm) == 120
    assert compose(planned, bars=4, seed=1).meters == (Meter(4, 4),)
    with pytest.raises(PartimentoError, match=r"no training piece is in 5/4.*4/4, 3/4"):
        compose(planned, bars=4, meter="5/4")
    for wrong in ("3", "3/", "waltz", "3/4/4", "0/4", "3/5"):
        with pytest.raises(PartimentoError, match="no such meter"):
            compose(planned, bars=4, meter=wrong)
    with pytest.raises(PartimentoError, match="keeps its own meter"):
        compose(planned, bars=8, meter="3/4", start=waltz(0))


@pytest.mark.parametrize("key", ["e minor", "B- major"])
def test_a_model_with_modes_is_given_the_key(planned: TrainedModel, key: str) -> None:
    wanted = Key.from_name(key)
    prompt = make_prompt(planned, None, 0, seed=2, key=wanted)
    assert prompt.header_key == wanted
    tokenizer = planned.tokenizer
    np.testing.assert_array_equal(tokenizer.in_key(prompt.ids, wanted), prompt.ids)
    assert prompt.reference.key.endswith(wanted.mode)
    transposer = Transposer(planned, prompt, key=wanted, seed=2)
    assert (transposer.intended_key, transposer.fixed) == (wanted, 0)
    silent = make_prompt(planned, None, 0, seed=2, key=None)
    assert silent.header_key == Key.from_name(silent.reference.key)  # no piece is without a key


def test_tempo_title_composer_and_ending(planned: TrainedModel) -> None:
    own = {"tempo": 72, "title": "Air", "composer": "Me"}
    piece = compose(planned, bars=4, seed=1, ending="open", **own)
    assert (round(piece.tempos[0].bpm), piece.title, piece.composer) == (72, "Air", "Me")
    assert compose(planned, bars=4, seed=1).composer == "after Nobody"
    with pytest.raises(
        PartimentoError, match=r"no such ending: 'sad'; choose from authentic, half"
    ):
        compose(planned, bars=4, ending="sad")
    for ending in ("authentic", "half"):
        best, *others = compose_candidates(planned, bars=4, seed=3, ending=ending, best=4)
        assert all(best.rank <= other.rank for other in others)
    assert all(
        candidate.penalties["ending"] == 0
        for candidate in compose_candidates(planned, bars=4, seed=3, ending="open", best=4)
    )


def test_a_continued_piece_keeps_key_mode_meter_tempo_and_names(planned: TrainedModel) -> None:
    theme = waltz(1).replace(tempos=(Tempo.from_bpm(66),), title="Theme", composer="Somebody")
    for key in (Key(0, "minor"), Key(0)):
        mine = theme.replace(keys=(key,))
        piece = compose(planned, bars=8, seed=4, start=mine, prompt_events=5)
        assert piece.events[:5] == mine.events[:5]
        assert (piece.keys, piece.meters) == ((key,), mine.meters)
        assert round(piece.tempos[0].bpm) == 66
        assert (piece.title, piece.composer) == ("Theme, continued", "Somebody")
        prompt = make_prompt(planned, mine, 5, seed=4, key=None)
        assert prompt.header_key == key
    assert round(compose(planned, bars=8, seed=4, start=theme, tempo=90).tempos[0].bpm) == 90
    upbeat = theme.replace(pickup=Fraction(1))
    assert compose(planned, bars=8, seed=4, start=upbeat, prompt_events=5).pickup == 1


def test_candidates_come_with_their_criteria_best_first(planned: TrainedModel) -> None:
    found = compose_candidates(planned, bars=4, seed=7, best=3)
    assert len(found) == 3
    assert [c.rank for c in found] == sorted(c.rank for c in found)
    assert found[0].piece == compose(planned, bars=4, seed=7)
    for row, candidate in zip(found.rows(), found, strict=True):
        assert row["score"] == pytest.approx(candidate.score, abs=0.01)
        assert row["nats"] > 0
        assert candidate.piece.meters == (Meter(4, 4),)
    assert found == compose_candidates(planned, bars=4, seed=7, best=3)
    assert planned.compose_candidates(bars=4, seed=7, best=3) == found


def test_without_a_header_bars_are_those_of_the_training_pieces() -> None:
    """The tokenizer of chords has no meter; loops, cadences and accents need one."""
    model = learn([waltz(number) for number in range(4)], settings={"model": {"name": "markov"}})[0]
    (best,) = compose_candidates(model, bars=6, seed=1, best=1)
    piece = best.piece
    assert piece.meters == (Meter(3, 4),)
    assert piece == with_dynamics(piece)  # accents are on the first beats of 3/4
    loop = longest_loop(piece.events) / 3
    assert best.criteria.loop == pytest.approx(float(loop))
