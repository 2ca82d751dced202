"""The benchmark sets as their files have them, counting by hand, and figures that add up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.files import of_set

from partimento import Event, Meter, Note, Part, Piece
from partimento.corpus import Corpus, CorpusEntry
from partimento.corpus.benchmarks import C_MAJOR, read_benchmark
from partimento.errors import PartimentoError
from partimento.evaluation.benchmark_results import result_of
from partimento.evaluation.benchmarks import (
    baseline_results,
    check_fits,
    ensemble,
    new_tunes,
    piece_nats,
    pieces_of,
    results_of,
    soprano_of,
    step_nats,
    units_of,
)
from partimento.evaluation.note_counts import NoteCounts
from partimento.models import model_class
from partimento.music.notes import Notes
from partimento.music.timelines import Source
from partimento.tokens.note_grammar import HEADER
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.voices import VoiceTokenizer
from partimento.tokens.windows import windows
from partimento.training.train import learn
from partimento.training.trained_model import TrainedModel

# ---------------------------------------------------------------------- runs


def frames_of(number: int) -> list[tuple[int, ...]]:
    scale = (60, 62, 64, 65, 67)
    return [
        (48 + t // 4 % 2, scale[(t * (1 + number % 2) + number) % 5]) if t % 7 != 6 else ()
        for t in range(14 + number)
    ]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A set of seven, a chord a quarter note, as the file of chorales is read."""
    pieces = [
        Piece.from_events(
            [Event(chord, Fraction(1)) for chord in frames_of(number)],
            meters=(Meter(4, 4),),
            keys=(C_MAJOR,),
        ).replace(source=Source(path=f"set.json/{number}"))
        for number in range(7)
    ]
    return Corpus.of(map(CorpusEntry, pieces, ["train"] * 3 + ["valid"] * 2 + ["test"] * 2))


NOTEWISE: dict[str, Any] = {
    "model": {"name": "notewise", "units": 8, "layers": 1},
    "tokens": {"min_count": 1, "window": 64, "stride": 64, "transpose": "none", "frame": "1"},
    "train": {"epochs": 2, "batch_size": 3, "min_steps": 0},
}


@pytest.fixture(scope="module")
def run(corpus: Corpus) -> TrainedModel:
    return learn(corpus, settings=NOTEWISE)[0]


@pytest.fixture(scope="module")
def markov(corpus: Corpus) -> TrainedModel:
    settings = {"model": {"name": "markov"}, "tokens": {"min_count": 2, "transpose": "none"}}
    return learn(corpus, settings=settings)[0]


def other_model(run: TrainedModel, *, tokenizer: Any = None, seed: int = 5) -> TrainedModel:
    """The same run with another model, untrained."""
    keras.utils.set_random_seed(seed)
    tokenizer = tokenizer or run.tokenizer
    model = model_class("notewise")(run.settings.model, tokenizer)
    return replace(run, tokenizer=tokenizer, get_model=lambda: model)


def test_sides_and_units(corpus: Corpus) -> None:
    assert pieces_of(corpus, "test") == corpus.pieces[5:]
    assert units_of("jsb", corpus.pieces).tolist() == [14 + number for number in range(7)]
    assert units_of("jsb16", corpus.pieces[:1]).tolist() == [14 * 4 * 4]  # four voices
    assert units_of("nottingham", corpus.pieces[:1]).tolist() == [28]


def test_counts_of_a_corpus(corpus: Corpus) -> None:
    unigram, markov = baseline_results("jsb", corpus)
    assert (unigram.name, markov.name, unigram.units, markov.pieces) == (
        "unigram",
        "markov",
        19 + 20,
        2,
    )
    train = [frames_of(number) for number in range(3)]
    nats = [NoteCounts(train, order=2).nats(frames_of(number)) for number in (5, 6)]
    assert markov.nats == pytest.approx(sum(nats) / 39)
    assert baseline_results("jsb", corpus, split="valid")[0].units == 17 + 18


def test_pieces_with_new_tunes_are_measured_by_themselves(
    run: TrainedModel, corpus: Corpus
) -> None:
    """The second test piece alone: the same figure as that piece by itself."""
    new = np.array([False, True])
    for results, nats in (
        (results_of(run, "jsb", corpus, new=new, label="x"), piece_nats(run, "jsb", corpus)),
        (
            ensemble([run, run], "jsb", corpus, new=new),
            piece_nats(run, "jsb", corpus),
        ),
    ):
        every, alone = results
        assert (every.tunes, alone.tunes, every.name) == ("all", "new", alone.name)
        assert (every.pieces, alone.pieces, alone.units) == (2, 1, 20)
        assert alone.nats == pytest.approx(nats[1] / 20, rel=1e-6)
        assert every.nats == pytest.approx(nats.sum() / 39, rel=1e-6)
    assert results_of(run, "jsb", corpus, label="x")[0].name == "x"
    valid = baseline_results("jsb", corpus, split="valid", new=new)
    assert [(each.name, each.split, each.tunes) for each in valid] == [
        ("unigram", "valid", "all"),
        ("unigram", "valid", "new"),
        ("markov", "valid", "all"),
        ("markov", "valid", "new"),
    ]
    none = np.array([False, False])
    assert len(baseline_results("jsb", corpus, new=none)) == 2  # nothing to measure


def test_the_soprano_is_the_first_voice_or_the_highest_note(corpus: Corpus) -> None:
    piece = Piece.from_events([Event((48, 64), Fraction(1)), Event((), Fraction(1))])
    assert soprano_of("jsb", piece) == [64, -1]
    quarter = Fraction(1, 4)
    notes = [Note(quarter, quarter, 60, part=0), Note(Fraction(0), 2 * quarter, 72, part=1)]
    voices = Piece(
        Notes(notes),
        parts=tuple(Part(name) for name in "SATB"),
    )
    assert soprano_of("jsb16", voices) == [-1, 60]  # not 72, which the alto sings


def test_tunes_of_the_training_pieces_are_not_new(corpus: Corpus) -> None:
    """Both test pieces are built like a training piece; with another melody, one is new."""
    assert new_tunes("nottingham", corpus) is None
    long = [20 + number for number in range(7)]
    melodies = [
        [60 + (t * t + number % 2 * t) % 11 for t in range(end)] for number, end in enumerate(long)
    ]
    melodies[6] = [70 - (t * t * t) % 13 for t in range(30)]
    melodies[5] = [pitch + 3 for pitch in melodies[5]]  # in another key
    pieces = [
        Piece.from_events([Event((pitch,), Fraction(1)) for pitch in melody]) for melody in melodies
    ]
    tunes = Corpus.of(map(CorpusEntry, pieces, [entry.split for entry in corpus]))
    test, valid = new_tunes("jsb", tunes), new_tunes("jsb", tunes, split="valid")
    assert test is not None
    assert valid is not None
    assert test.tolist() == [False, True]
    assert valid.tolist() == [False, False]


def test_a_run_fits_the_set_that_it_learned_from(run: TrainedModel, corpus: Corpus) -> None:
    check_fits(run, corpus)
    for other in (
        Corpus.of(map(CorpusEntry, corpus.pieces, ["train"] * 4 + ["valid"] + ["test"] * 2)),
        corpus[:-1],
        Corpus.of(
            replace(
                entry, piece=entry.piece.replace(source=Source(path=entry.piece.source.path + "x"))
            )
            for entry in corpus
        ),
    ):
        with pytest.raises(PartimentoError, match="was not trained on this set"):
            check_fits(run, other)


def token_nats(run: TrainedModel, piece: Piece) -> np.ndarray:
    batch = windows(run.tokenizer.encode_all([piece]), length=64)[:]
    return np.asarray(run.model.step_nats(batch, may_end=False), np.float64)[0]


def test_a_piece_costs_what_its_frames_cost(run: TrainedModel, corpus: Corpus) -> None:
    """Every frame, the first one too; neither what the beginning tells nor the end."""
    told: list[tuple[str, int, int]] = []
    nats = piece_nats(run, "jsb", corpus, progress=lambda *at: told.append(at))
    assert told == [("measure", 1, 2), ("measure", 2, 2)]
    assert nats == pytest.approx(
        [token_nats(run, piece).sum() for piece in pieces_of(corpus, "test")], rel=1e-5
    )
    assert len(piece_nats(run, "jsb", corpus, split="valid")) == 2
    each = token_nats(run, corpus.pieces[5])
    tokens = sum(len(chord) + 1 for chord in frames_of(5))
    assert not each[: HEADER - 1].any()
    assert (each[HEADER - 1 : HEADER - 1 + tokens] > 0).all()
    assert not each[HEADER - 1 + tokens :].any()


def test_an_ensemble_is_the_mean_of_probabilities(run: TrainedModel, corpus: Corpus) -> None:
    pair = (run, other_model(run))
    alone = result_of(
        "x", piece_nats(run, "jsb", corpus), units_of("jsb", pieces_of(corpus, "test"))
    )
    (twice,) = ensemble([run, run], "jsb", corpus)
    assert twice.name == "ensemble of 2"
    assert (twice.nats, twice.by_pieces, twice.units) == pytest.approx(
        (alone.nats, alone.by_pieces, alone.units)
    )
    nats = [
        -np.log(np.mean([np.exp(-token_nats(each, piece)) for each in pair], axis=0)).sum()
        for piece in pieces_of(corpus, "test")
    ]
    (mean,) = ensemble(pair, "jsb", corpus)
    assert mean.nats == pytest.approx(sum(nats) / 39, rel=1e-5)
    steps = [step_nats(each, pieces_of(corpus, "test")) for each in pair]
    assert ensemble(pair, "jsb", corpus, steps=steps) == [mean]
    assert results_of(run, "jsb", corpus, steps=steps[0]) == results_of(run, "jsb", corpus)


def test_an_ensemble_speaks_one_language(
    run: TrainedModel, markov: TrainedModel, corpus: Corpus
) -> None:
    events = NoteTokenizer.fit(corpus.pieces[:3])
    for pair in ((run, markov), (run, other_model(run, tokenizer=events))):
        with pytest.raises(PartimentoError, match="the same tokenizer"):
            ensemble(pair, "jsb", corpus)


def test_an_ensemble_of_models_of_chords_is_the_mean_of_their_events_probabilities(
    markov: TrainedModel, corpus: Corpus
) -> None:
    (twice,) = ensemble([markov, markov], "jsb", corpus)
    assert twice.nats == pytest.approx(results_of(markov, "jsb", corpus)[0].nats, rel=1e-9)


def test_a_run_by_chords_is_charged_in_full(markov: TrainedModel, corpus: Corpus) -> None:
    nats = piece_nats(markov, "jsb", corpus)
    cost = OutOfVocabularyCost([piece.events for piece in corpus.pieces[:3]])
    for mine, piece in zip(nats, corpus.pieces[5:], strict=True):
        encoded = markov.tokenizer.encode_all([piece])[0]
        known = markov.model.exact_loss(windows([encoded], length=len(encoded.ids) - 1)[:])
        unknown = markov.tokenizer.missing_cost(piece, cost, encoded)
        assert mine == pytest.approx(sum(known.terms.values()) + unknown, rel=1e-9)
        assert unknown > 0


def test_frames_of_another_pace_are_refused(run: TrainedModel, corpus: Corpus) -> None:
    with pytest.raises(PartimentoError, match=r"has frames of 1 quarters; this set needs 1/2"):
        piece_nats(run, "nottingham", corpus)


def test_a_run_of_voices_is_no_model_of_chords(run: TrainedModel, corpus: Corpus) -> None:
    """It writes the highest note of a part alone: its figure would be that of the melody."""
    voices = VoiceTokenizer.fit(corpus.pieces[:3], TokenSettings(min_count=1, frame="1"))
    with pytest.raises(PartimentoError):
        piece_nats(other_model(run, tokenizer=voices), "jsb", corpus)


def test_a_run_of_chords_is_no_model_of_voices(run: TrainedModel, corpus: Corpus) -> None:
    """Frames of the set of four voices, without who sings what: nats a note of something else."""
    chords = NoteTokenizer.fit(corpus.pieces[:3], TokenSettings(min_count=1, frame="1/4"))
    with pytest.raises(PartimentoError):
        piece_nats(other_model(run, tokenizer=chords), "jsb16", corpus)


def test_a_vae_tells_its_bound_and_an_estimate_apart(corpus: Corpus) -> None:
    model = {"name": "vae", "latent": 2, "embed_size": 8, "units": 8, "anneal": 0}
    settings = {
        "model": model,
        "tokens": {"min_count": 2, "window": 8, "transpose": "none"},
        "train": {"epochs": 1, "batch_size": 8},
    }
    made = learn(corpus, settings=settings)[0]
    bound, estimate = results_of(made, "jsb", corpus)
    assert (bound.name, estimate.name, bound.units) == ("vae (bound)", "vae (estimate)", 39)
    assert 1 < estimate.nats < bound.nats + 0.05
    cost = OutOfVocabularyCost([piece.events for piece in corpus.pieces[:3]])
    encoded = made.tokenizer.encode_all(corpus.pieces[5:])
    least = sum(
        made.tokenizer.missing_cost(piece, cost, each)
        for piece, each in zip(corpus.pieces[5:], encoded, strict=True)
    )
    assert estimate.nats > least / 39  # what is not in the vocabulary is paid for


# ---------------------------------------------------------------------- voices


@pytest.fixture(scope="module")
def choir() -> Corpus:
    """Five pieces of four voices on a grid of sixteenths, like those of ``jsb16``."""
    frame = Fraction(1, 4)

    def sung(number: int) -> Piece:
        notes = [
            Note(
                4 * beat * frame, 4 * frame, 72 - 7 * part + (beat * (part + number)) % 5, part=part
            )
            for part in range(4)
            for beat in range(6 + number)
        ]
        parts = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
        piece = Piece(Notes(notes), meters=(Meter(4, 4),), parts=parts)
        return piece.replace(source=Source(path=f"jsb16/{number}"))

    splits = ["train"] * 2 + ["valid"] + ["test"] * 2
    return Corpus.of(map(CorpusEntry, map(sung, range(5)), splits))


def test_a_run_of_voices_costs_nats_per_note(run: TrainedModel, choir: Corpus) -> None:
    """Divide by four notes per sixteenth, rests and held notes among them."""
    tokens = TokenSettings(min_count=1, frame="1/4", voices=True, repeated_notes=False)
    run = other_model(run, tokenizer=VoiceTokenizer.fit(pieces_of(choir, "train"), tokens))
    run = replace(run, settings=run.settings.model_copy(update={"tokens": tokens}))
    every, alone = results_of(run, "jsb16", choir, new=np.array([False, True]))
    nats = piece_nats(run, "jsb16", choir)
    assert every.units == 4 * 4 * (9 + 10)
    assert every.nats == pytest.approx(nats.sum() / every.units)
    assert alone.nats == pytest.approx(nats[1] / (4 * 4 * 10))
    (valid,) = results_of(run, "jsb16", choir, split="valid")
    assert (valid.units, valid.split, valid.pieces) == (4 * 4 * 8, "valid", 1)


# ---------------------------------------------------------------------- the files


def test_counting_on_the_chorales(chorales: tuple[Path, Corpus]) -> None:
    unigram, markov = baseline_results("jsb", chorales[1])
    assert unigram.nats > markov.nats + 1
    assert 5 < markov.nats < 5.6
    assert markov.low < markov.nats < markov.high
    assert markov.pieces == 77


def test_hymns_that_stand_in_both_splits(chorales: tuple[Path, Corpus]) -> None:
    counts = []
    for split in ("test", "valid"):
        new = new_tunes("jsb", chorales[1], split=split)
        assert new is not None
        counts.append((int(new.sum()), len(new)))
    assert counts == [(38, 77), (46, 76)]


def test_hymns_that_stand_in_both_splits_of_the_sixteenths(data_folder: Path) -> None:
    path = of_set(data_folder, "jsb/Jsb16thSeparated.json")
    new = new_tunes("jsb16", read_benchmark(str(path)))
    assert new is not None
    assert (int(new.sum()), len(new)) == (45, 77)


def test_a_run_of_a_part_of_the_set_does_not_fit(chorales: tuple[Path, Corpus]) -> None:
    corpus = chorales[1]
    some = [*range(6), 229, 230, 305, 306]
    part = Corpus.of(corpus[i] for i in some)
    settings = {"model": {"name": "markov"}, "tokens": {"min_count": 1, "transpose": "none"}}
    run, _ = learn(part, settings=settings)
    check_fits(run, part)
    with pytest.raises(PartimentoError, match="was not trained on this set and its split"):
        check_fits(run, corpus)
