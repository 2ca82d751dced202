"""Training from Python gives exactly the run that the command gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from partimento import Callback, Piece, load_corpus, train
from partimento.cli.cli import main
from partimento.corpus.settings import DataSettings
from partimento.corpus.store.build import Plan, build_store
from partimento.errors import PartimentoError
from partimento.evaluation.callbacks import CollapseCheck, FirstSample, HeldOutReport
from partimento.export.write import write
from partimento.training.run_folder import RunFolder

SETTINGS = {
    "model": {"units": 8, "dense": 8, "embed_size": 4, "layers": 1},
    "train": {"epochs": 2, "batch_size": 8},
}
WORDS = [
    f"{section}.{name}={value}"
    for section, values in SETTINGS.items()
    for name, value in values.items()
]


@pytest.fixture(scope="module")
def scores(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train") / "scores"
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    (folder / "bad.mid").write_bytes(b"no music")
    return folder


def files_of(run: Path) -> dict[str, Any]:
    """The content of every file of a run, without what depends on the moment."""
    found: dict[str, Any] = {}
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if name == "history.json":
            rows = json.loads(path.read_text())
            found[name] = [
                {k: row[k] for k in ("epoch", "loss", "val_loss", "parts")} for row in rows
            ]
        elif name == "run.json":
            about = json.loads(path.read_text())
            del about["files"], about["best"]
            found[name] = about
        elif path.is_file() and path.suffix != ".h5":
            found[name] = path.read_bytes()
        elif path.is_file():
            found[name] = None
    return found


def test_python_and_the_command_give_the_same_run(scores: Path, tmp_path: Path) -> None:
    words = ["train", str(scores), "--recipe", "lstm-notes", "-o", str(tmp_path / "command")]
    with pytest.raises(SystemExit) as end:
        main([*words, *(word for each in WORDS for word in ("--set", each))])
    assert not end.value.code
    corpus = load_corpus(scores)
    run = train(corpus, recipe="lstm-notes", settings=SETTINGS, out=tmp_path / "python")
    assert run.folder == tmp_path / "python"
    command, python = files_of(tmp_path / "command"), files_of(tmp_path / "python")
    assert {"held_out.json", "rejects.csv", "samples/seed-0.mid", "run.json"} <= set(command)
    assert python == command


class Stop(Callback):
    def on_epoch_end(self, epoch: Any) -> None:
        raise KeyboardInterrupt


def test_a_training_is_resumed_with_the_corpus_it_began_with(scores: Path, tmp_path: Path) -> None:
    store = build_store([scores], tmp_path / "s.parquet", plan=Plan(validation=0.3, seed=5)).store
    corpus = load_corpus(store.path, min_events=10).select(meter="4/4")
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(corpus, recipe="lstm-notes", settings=SETTINGS, out=out, callbacks=[Stop()])
    about = json.loads(RunFolder(out).training.request.read_text())
    assert about["corpus"]["sources"] == [str(store.path.absolute())]
    assert [each["min_events"] for each in about["corpus"]["selections"]] == [10, 0]
    run = train(out=out, resume=True)
    assert len(run.history) == 2
    splits = {row["sha256"]: row["split"] for row in store.rows}
    assert {piece.source.sha256: piece.split for piece in run.pieces} == splits


def test_pieces_made_in_python_are_given_again(pieces: list[Piece], tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(pieces, recipe="lstm-notes", settings=SETTINGS, out=out, callbacks=[Stop()])
    with pytest.raises(PartimentoError, match="list of pieces in Python"):
        train(out=out, resume=True)
    assert len(train(pieces, out=out, resume=True).history) == 2


class Record(Callback):
    """Keep what a training reports."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: dict[str, tuple[int, int]] = {}

    def on_note(self, text: str) -> None:
        self.notes.append(text)

    def progress(self, stage: str, done: int, total: int) -> None:
        self.stages[stage] = done, total


def test_the_run_keeps_the_view_that_the_pieces_are_in(scores: Path) -> None:
    settings = {"model": {"name": "markov"}, "data": {"grace_notes": "merge"}}
    record = Record()
    run = train(
        load_corpus(scores, config=DataSettings(octave="sounding")),
        settings=settings,
        callbacks=[record],
    )
    assert run.settings.data == DataSettings(octave="sounding")
    assert any("data.grace_notes=remove, data.octave=sounding" in note for note in record.notes)
    record = Record()
    run = train(scores, settings=settings, callbacks=[record], progress=record.progress)
    assert run.settings.data == DataSettings(grace_notes="merge")
    assert not any("the corpus was loaded" in note for note in record.notes)
    wanted = {"read": (9, 9), "keys": (8, 8), "count": (1, 1)}
    assert {stage: record.stages.get(stage) for stage in wanted} == wanted


def test_a_callback_replaces_the_default_one_of_its_class(
    pieces: list[Piece], tmp_path: Path
) -> None:
    class NoSample(FirstSample):
        def on_finish(self, run: Any, data: Any, folder: RunFolder) -> None:
            pass

    report, record = HeldOutReport(), Record()
    settings = {"model": {"name": "markov"}}
    train(
        pieces,
        settings=settings,
        out=tmp_path / "run",
        callbacks=[report, NoSample()],
        progress=record.progress,
    )
    assert set(report.table) == {"unigram", "markov"}
    assert RunFolder(tmp_path / "run").read_held_out().keys() == {*report.table, "reconstruction"}
    assert not RunFolder(tmp_path / "run").samples.exists()
    assert "check" not in record.stages  # the default report is not there as well


def test_a_reason_to_stop_is_an_error(pieces: list[Piece]) -> None:
    class Never(CollapseCheck):
        def check(self, epoch: int) -> str | None:
            return "there is no point" if epoch == 2 else None

    with pytest.raises(PartimentoError, match="there is no point"):
        train(pieces, recipe="lstm-notes", settings=SETTINGS, callbacks=[Never()])
