"""A training that was stopped goes on to what it would have been, to the bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from partimento import Corpus, Piece
from partimento.errors import PartimentoError
from partimento.export.write import write
from partimento.training import checkpoint
from partimento.training.callbacks import Callback
from partimento.training.loop import Epoch
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings
from partimento.training.train import learn
from partimento.training.trained_model import load_model

SETTINGS = {
    "lstm": {
        "model": {
            "name": "lstm",
            "units": 8,
            "dense": 8,
            "embed_size": 4,
            "layers": 1,
            "dropout": 0.3,
        }
    },
    "notewise": {
        "model": {"name": "notewise", "units": 8, "embed_size": 4, "weight_dropout": 0.4},
        "tokens": {"window": 32},
    },
    "vae": {
        "model": {"name": "vae", "latent": 3, "units": 8, "embed_size": 4, "anneal": 20},
        "tokens": {"window": 8},
    },
}
TRAIN = {"epochs": 3, "batch_size": 8, "patience": 9, "lr_schedule": "cosine"}


class StopError(Exception):
    """As if the power went."""


class Stop(Callback):
    """Stop after an epoch, and keep the advice."""

    def __init__(self, after: int = 0) -> None:
        self.after, self.notes = after, []

    def on_note(self, text: str) -> None:
        self.notes.append(text)

    def on_epoch_end(self, epoch: Epoch) -> None:
        if epoch.epoch == self.after:
            raise StopError


def same(one: Path, two: Path) -> None:
    assert (one / "history.csv").read_bytes() == (two / "history.csv").read_bytes()
    for mine, theirs in zip(
        *(load_model(folder).model.network.get_weights() for folder in (one, two)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "name",
    ["lstm", *(pytest.param(name, marks=pytest.mark.slow) for name in ("vae", "notewise"))],
)
def test_stopped_and_resumed_is_uninterrupted(
    name: str, pieces: list[Piece], tmp_path: Path
) -> None:
    settings = {**SETTINGS[name], "train": TRAIN}
    learn(pieces, settings=settings, out=tmp_path / "whole")

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "train" and stops and len(seen) >= stops[0]:
            stops.pop(0)
            raise StopError

    class Record(Callback):
        def on_epoch_end(self, epoch: Epoch) -> None:
            seen.append(epoch.epoch)

    seen: list[int] = []
    stops = [0, 2]
    resume = False
    while stops:
        with pytest.raises(StopError):
            learn(
                pieces,
                settings=None if resume else settings,
                out=tmp_path / "cut",
                resume=resume,
                progress=stop,
                callbacks=[Record()],
            )
        assert not (tmp_path / "cut").exists()
        resume = bool(seen)
    assert seen == [1, 2]  # no epoch twice
    learn(pieces, out=tmp_path / "cut", resume=True)
    same(tmp_path / "whole", tmp_path / "cut")
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "cut"}


def test_what_cannot_be_resumed(pieces: list[Piece], tmp_path: Path) -> None:
    settings = {**SETTINGS["lstm"], "train": TRAIN}
    out = tmp_path / "run"

    with pytest.raises(PartimentoError, match="no unfinished training"):
        learn(pieces, out=out, resume=True)
    with pytest.raises(StopError):
        learn(pieces, settings=settings, out=out, callbacks=[Stop(after=2)])
    with pytest.raises(PartimentoError, match="--resume"):
        learn(pieces, settings=settings, out=out)
    with pytest.raises(PartimentoError, match="the scores differ from those"):
        learn(pieces[1:], out=out, resume=True)
    state = RunFolder(out).training.state
    whole = state.read_bytes()
    state.write_bytes(whole[:500])
    with pytest.raises(PartimentoError, match="damaged"):
        learn(pieces, out=out, resume=True)
    state.write_bytes(whole)
    about = json.loads(RunFolder(out).training.request.read_text())
    RunFolder(out).training.request.write_text(
        json.dumps({**about, "versions": {**about["versions"], "numpy": "0"}})
    )
    follow = Stop()
    learn(pieces, out=out, resume=True, callbacks=[follow])
    assert any("numpy changed" in text for text in follow.notes)
    with pytest.raises(PartimentoError, match="finished"):
        learn(pieces, out=out, resume=True)


def test_a_checkpoint_holds_everything(pieces: list[Piece], tmp_path: Path) -> None:
    with pytest.raises(StopError):
        learn(
            pieces,
            settings={**SETTINGS["vae"], "train": TRAIN},
            out=tmp_path / "run",
            callbacks=[Stop(after=2)],
        )
    with h5py.File(RunFolder(tmp_path / "run").training.state) as file:
        kinds = [np.array(value).dtype for value in file["state/1"].values()]
        assert any(np.issubdtype(kind, np.integer) for kind in kinds)  # the random generators'
        assert len(file["state/2"]) > len(
            file["state/0"]
        )  # moments of each weight, the rate and the iteration
        assert [len(file[f"best/{n}"]) for n in (0, 1)] == [len(file[f"state/{n}"]) for n in (0, 1)]
    point = checkpoint.read_checkpoint(RunFolder(tmp_path / "run").training)
    assert point is not None
    assert point.epoch == 2


@pytest.mark.slow
def test_killed_at_random_moments(pieces: list[Piece], tmp_path: Path) -> None:
    for number, piece in enumerate(pieces):
        write(piece, tmp_path / "scores" / f"{number}.mid")
    model = ["model.units=24", "model.dense=8", "tokens.window=16", "tokens.stride=2"]
    long = ["train.epochs=40", "train.patience=40", "train.batch_size=4"]
    words = [
        str(tmp_path / "scores"),
        "--recipe",
        "lstm-notes",
        *(word for each in model + long for word in ("--set", each)),
    ]
    partimento = [sys.executable, "-m", "partimento", "train"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    subprocess.run(
        [*partimento, *words, "-o", str(tmp_path / "whole")],
        check=True,
        capture_output=True,
        env=environment,
    )
    rng, kills, begun = random.Random(4), 0, False
    cut = tmp_path / "cut"
    while not cut.exists():
        command = (
            [*partimento, "--resume", str(cut)]
            if begun
            else [*partimento, *words, "-o", str(cut), "--force"]
        )
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
        )
        state = RunFolder(cut).training.state
        before = state.stat().st_mtime_ns if state.is_file() else 0
        while process.poll() is None and not (
            state.is_file() and state.stat().st_mtime_ns != before
        ):
            time.sleep(0.005)
        if kills < 8:
            time.sleep(rng.random() * 0.6)
            process.send_signal(signal.SIGKILL)
            kills += 1
        _, error = process.communicate()
        begun = state.is_file()
        assert process.returncode in (0, -signal.SIGKILL), error.decode()
    assert kills >= 3
    same(tmp_path / "whole", cut)
    assert (tmp_path / "whole" / "held_out.json").read_bytes() == (
        cut / "held_out.json"
    ).read_bytes()


def test_what_a_training_began_with_is_read_again(pieces: list[Piece], tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run").training
    folder.path.mkdir()
    settings = Settings.from_plain({"model": {"name": "markov"}})
    checkpoint.write_about(folder, settings, Corpus.of(pieces), "0f")
    about = checkpoint.read_about_of(tmp_path / "run")
    assert about["fingerprint"] == "0f"
    assert Settings.from_plain(about["settings"]) == settings
    for text in ("", "[]", '{"settings": {}}'):
        folder.request.write_text(text)
        with pytest.raises(PartimentoError, match="is damaged"):
            checkpoint.read_about(folder)


def test_one_process_trains_a_run_and_leaves_nothing_without_an_epoch(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with checkpoint.locked_folder(out, resume=False, force=False) as folder:
        with (
            pytest.raises(PartimentoError, match="another process is training"),
            checkpoint.locked_folder(out, resume=False, force=False),
        ):
            pass
        assert checkpoint.read_checkpoint(folder) is None
    with pytest.raises(StopError), checkpoint.locked_folder(out, resume=False, force=True):
        raise StopError
    assert not folder.exists()
