"""Fine-tune a trained model on further pieces.

The new run keeps the vocabulary, the settings of tokens and model, and the default sampling of the
model it starts from. Only the training settings are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partimento.config import merge
from partimento.errors import PartimentoError
from partimento.training.trained_model import TrainedModel, load_model

FEW_PIECES = 40  # with fewer, a bundled model is a better start than random weights
# With larger rates, pieces of Sor got worse after the first epoch (benchmarks/fine_tuning.py).
TRAIN: dict[str, Any] = {
    "epochs": 6,
    "min_steps": 0,
    "batch_size": 24,
    "optimizer": "adam",
    "learning_rate": 0.0002,
    "lr_schedule": "cosine",
    "weight_decay": 0.01,
    "ema": 0.9,
    "patience": 3,
}
KEPT = ("data", "tokens", "model", "sample")  # sections of the model that is fine-tuned


def fine_tuning_settings(base: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings for fine-tuning a model.

    Parameters
    ----------
    base : str
        A run folder, or the name of a bundled model.
    overrides : mapping
        Settings to change, by section; not those of tokens and model.

    Raises
    ------
    PartimentoError
        If there is no such run, or a setting belongs to the model that is fine-tuned.
    """
    for section in ("tokens", "model"):
        if overrides.get(section):
            name = next(iter(overrides[section]))
            raise PartimentoError(
                f"{section}.{name} cannot be changed: the model keeps that of {base}"
            )
    plain = load_model(base).settings.to_plain()
    kept = {section: plain[section] for section in KEPT}
    return merge({**kept, "train": {**TRAIN, "base": base}}, overrides)


def copy_weights(base: TrainedModel, model: Any) -> None:
    """Copy the weights of a trained model into a new one with the same settings.

    Raises
    ------
    PartimentoError
        If the settings differ, or the model is not trained by gradient descent.
    """
    if not model.trains_by_gradient:
        raise PartimentoError(f"a model of kind {base.settings.name} cannot be fine-tuned")
    if model.config != base.settings.model:
        raise PartimentoError(
            "train.base needs the settings of the model that it names: use --from, or base=… in"
            " Python"
        )
    model.network.set_weights(base.model.network.get_weights())
