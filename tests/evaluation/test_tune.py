"""The search of a default sampling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conftest import small_piece

from partimento import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation import tune as module
from partimento.evaluation.tune import Trial, Tuning, tune
from partimento.generate.compose import compose
from partimento.training.run_folder import RunFolder
from partimento.training.settings import SampleSettings
from partimento.training.train import learn
from partimento.training.trained_model import TrainedModel, load_model


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of([small_piece(number, shift=number % 5) for number in range(12)])


@pytest.fixture(scope="module")
def model(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Return a model that counts, with four validation pieces."""
    settings = {"model": {"name": "markov"}, "train": {"validation": 0.34, "test": 0.1}}
    out = tmp_path_factory.mktemp("runs") / "one"
    return learn(corpus, settings=settings, out=out)[0]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search few samplings, with few candidates."""
    monkeypatch.setattr(module, "TEMPERATURES", (0.5, 1.0))
    monkeypatch.setattr(module, "TRUNCATIONS", ({"top_p": 1.0, "min_p": 0.0}, {"top_p": 0.9}))
    monkeypatch.setattr(module, "LEAST", 4)


@pytest.mark.usefixtures("short")
def test_the_nearest_sampling_is_kept_in_the_run(model: TrainedModel, corpus: Corpus) -> None:
    stages: list[tuple[str, int, int]] = []
    options = {"pieces": 3, "bars": 4, "seed": 5}
    found = tune(model, corpus, **options, progress=lambda *stage: stages.append(stage))
    assert [(t.sampling.temperature, t.sampling.top_p) for t in found.trials] == [
        (0.5, 1.0),
        (0.5, 0.9),
        (1.0, 1.0),
        (1.0, 0.9),
    ]
    assert all(trial.distance >= 0 for trial in found.trials)
    assert all(trial.sound in (0, 1 / 3, 2 / 3, 1) for trial in found.trials)
    least = max(trial.sound for trial in found.trials) - module.MARGIN
    assert found.best.distance == min(t.distance for t in found.trials if t.sound >= least)
    tuned = [stage for stage in stages if stage[0] == "tune"]
    assert tuned[0] == ("tune", 0, 12)
    assert tuned[-1] == ("tune", 12, 12)
    # What is compared are the pieces that a user would get.
    pieces = [
        compose(model, bars=4, seed=5 + n, sampling=found.trials[0].sampling) for n in range(3)
    ]
    valid = [item.piece for item in module.prepared(corpus, model.settings).valid]
    real = module._features([module.first_bars(piece, 4) for piece in valid])
    distance = module._distance(module._features(pieces), real)
    assert found.trials[0].distance == pytest.approx(distance)
    assert module._distance(real, real) == pytest.approx(0, abs=1e-6)
    assert tune(model, corpus, **options).to_plain() == found.to_plain()  # the same seed
    folder = RunFolder(model.folder or Path())
    folder.write_tuning(found.to_plain())
    written = json.loads(folder.tuning.read_text())
    assert written == json.loads(json.dumps(found.to_plain(), allow_nan=False))
    assert load_model(folder.path).settings.sample == found.best.sampling
    folder.tuning.unlink()


def test_of_equal_samplings_the_first_is_the_best() -> None:
    trials = [
        Trial(SampleSettings(temperature=t, top_p=1.0), d)
        for t, d in ((0.7, 2), (0.8, 1), (0.9, 1))
    ]
    found = Tuning(tuple(trials), 0.5, 4, 12, 0)
    assert found.best.sampling.temperature == 0.8
    assert found.to_plain()["sampling"]["temperature"] == 0.8
    row = {"temperature": 0.7, "top_p": 1.0, "min_p": 0.0, "distance": 2, "sound": 1.0}
    assert found.to_plain()["trials"][0] == row


def test_a_near_sampling_whose_pieces_end_badly_is_not_the_best() -> None:
    rows = ((0.7, 1, 0.8), (0.8, 3, 0.94), (0.9, 2, 0.95), (1.0, 4, 1.0))
    trials = [Trial(SampleSettings(temperature=t), d, sound) for t, d, sound in rows]
    assert Tuning(tuple(trials), 0.5, 4, 12, 0).best.sampling.temperature == 0.9


def test_too_few_validation_pieces_or_another_corpus_are_refused(
    model: TrainedModel, corpus: Corpus
) -> None:
    with pytest.raises(PartimentoError, match="needs at least 8 validation pieces; this run has 4"):
        tune(model, corpus)
    with pytest.raises(PartimentoError, match="trained on another corpus"):
        tune(model, Corpus.of([small_piece(number) for number in range(5)]))
