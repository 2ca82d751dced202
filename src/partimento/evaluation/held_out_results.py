"""Hold the likelihood of held-out pieces under a model and its baselines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation.heldout import held_out
from partimento.evaluation.summary import summary
from partimento.models.likelihood import Likelihood, part_names
from partimento.tables import markdown_table
from partimento.training.run_folder import RunFolder
from partimento.training.train import prepared
from partimento.training.trained_model import TrainedModel


@dataclass(frozen=True, repr=False)
class HeldOutResults(Mapping[str, Likelihood]):
    """Nats per event on held-out pieces, by the names of a model and its baselines.

    Lower is better. `print` shows a table, and a sentence that compares the model with the
    baselines.

    Attributes
    ----------
    model : str
        The name of the model in `rows`; the other rows are baselines.
    rows : dict
        The `Likelihood` of the model and of each baseline.
    """

    model: str
    rows: Mapping[str, Likelihood]

    def __getitem__(self, name: str) -> Likelihood:
        return self.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        names = part_names(row.parts for row in self.rows.values())
        lines = [
            (
                name,
                *(
                    f"{value:.3f}"
                    for value in (row.total, *map(row.parts.get, names, [0.0] * len(names)))
                ),
            )
            for name, row in self.rows.items()
        ]
        table = markdown_table(("nats per event", "all", *names), lines, numbers=True)
        return f"{table}\n{summary(self.rows, self.model)}"

    def __repr__(self) -> str:
        rows = [f"{name} {row.total:.3f}" for name, row in list(self.rows.items())[:8]]
        return f"<HeldOutResults of {self.model}, in nats per event: {', '.join(rows)}>"


def recorded(model: TrainedModel) -> HeldOutResults:
    """Read the results that were stored after training.

    Raises
    ------
    PartimentoError
        If the model has no run folder, or no results are stored there.
    """
    folder = RunFolder(model.folder) if model.folder else None
    if folder is None or not folder.held_out.is_file():
        raise PartimentoError(
            "no results are stored with this model: pass the corpus that it was trained on"
        )
    rows = {
        name: _likelihood(row)
        for name, row in folder.read_held_out().items()
        if isinstance(row, dict)
    }
    return HeldOutResults(model.settings.name, rows)


def measured(model: TrainedModel, corpus: Corpus) -> HeldOutResults:
    """Evaluate a model on the held-out pieces of its corpus.

    Raises
    ------
    PartimentoError
        If the model was trained on another corpus.
    """
    data = prepared(corpus, model.settings, base=model)
    if data.fingerprint != model.fingerprint:
        raise PartimentoError(
            "the model was trained on another corpus: pass the corpus that it was trained on"
        )
    return HeldOutResults(
        model.settings.name, held_out(data, model.model, name=model.settings.name)
    )


def _likelihood(row: Mapping[str, Any]) -> Likelihood:
    events = int(row["events"])
    sums = {name: value * events for name, value in row["parts"].items()}
    estimate = row.get("estimate")
    estimated = None if estimate is None else estimate * events
    return Likelihood(sums, events, bool(row["is_bound"]), estimated)
