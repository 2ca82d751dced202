"""Settings of the sections ``train`` and ``sample``, and of a whole training run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from partimento.config import ModelSettings, Section, merge, to_toml
from partimento.corpus.settings import DataSettings
from partimento.errors import PartimentoError
from partimento.models import MODELS, model_class
from partimento.recipes import DEFAULT_MODEL
from partimento.tokens.settings import TokenSettings


class TrainSettings(Section):
    """How a model is trained."""

    section = "train"

    epochs: int = Field(
        default=50,
        ge=1,
        le=10**6,
        description="Maximum number of passes over the training windows.",
    )
    min_steps: int = Field(
        default=0,
        ge=0,
        le=10**6,
        description=(
            "Minimum number of training steps: if epochs gives fewer, epochs and patience are"
            " multiplied until it is reached."
        ),
    )
    batch_size: int = Field(default=64, ge=1, le=4096, description="Windows per training step (B).")
    optimizer: Literal["adam", "rmsprop"] = Field(default="adam", description="The optimizer.")
    learning_rate: float = Field(
        default=0.001, gt=0, le=10, description="Learning rate, or its first value."
    )
    lr_schedule: Literal["constant", "cosine"] = Field(
        default="constant",
        description=(
            "Learning rate over the epochs: constant, or falling along a cosine to a fiftieth."
        ),
    )
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description=(
            "Decoupled weight decay (Loshchilov & Hutter 2019), for adam only; 0 turns it off."
        ),
    )
    ema: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description=(
            "Decay of the exponential moving average of the weights, which is then validated and"
            " kept; 0 turns it off."
        ),
    )
    clip_norm: float = Field(
        default=1.0,
        ge=0,
        description="Maximum norm of the gradient of each variable; 0 turns clipping off.",
    )
    steps_per_call: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="Steps per compiled call; 0 chooses as many as a fraction of a second holds.",
    )
    patience: int = Field(
        default=5,
        ge=1,
        le=10**6,
        description="Epochs without a better validation loss before training stops.",
    )
    max_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Training stops after the epoch that passes this time; 0 sets no limit.",
    )
    validation: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of the pieces that choose the best epoch (whole pieces, never windows).",
    )
    test: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of the pieces that are measured only once, at the end.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description=(
            "Seed of the split, the initial weights, the order of the windows and the dropout."
        ),
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                "train.validation and train.test must add up to less than 1, to leave something to"
                " train on"
            )
        if self.weight_decay and self.optimizer != "adam":
            raise ValueError('train.weight_decay needs train.optimizer = "adam"')
        return self

    def with_min_steps(self, steps: int) -> TrainSettings:
        """Raise `epochs` and `patience` until `min_steps` are reached.

        Parameters
        ----------
        steps : int
            Steps per epoch.

        Examples
        --------
        >>> TrainSettings(epochs=2, patience=1, min_steps=100).with_min_steps(10).epochs
        10
        """
        times = math.ceil(self.min_steps / (self.epochs * steps))
        return (
            self.replace(epochs=self.epochs * times, patience=self.patience * times)
            if times > 1
            else self
        )


TopP = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description=(
            "Sample only from the most probable tokens that together have this probability"
            " (nucleus sampling, Holtzman et al. 2020); 1 samples from all."
        ),
    ),
]


class Sampling(Section):
    """How freely to sample; by default from all tokens, by their probability.

    >>> Sampling(temperature=0.9, top_p=0.95).truncates
    True
    """

    section = "sample"

    temperature: float = Field(
        default=1.0,
        ge=0,
        lt=100,
        description="Below 1 is safer, above 1 is bolder; 0 always takes the most probable token.",
    )
    top_k: int = Field(
        default=0,
        ge=0,
        description="Sample only from the k most probable tokens; 0 samples from all.",
    )
    top_p: TopP = 1.0

    @property
    def truncates(self) -> bool:
        """Return True if top-k or top-p leaves tokens out: only then they must be sorted."""
        return self.top_k > 0 or self.top_p < 1

    def to_array(self) -> np.ndarray:
        """Return temperature, k and p, ``(3,)`` float32: an input of the compiled loop."""
        return np.array([self.temperature, self.top_k, self.top_p], np.float32)


class SampleSettings(Sampling):
    """The sampling that composing uses by default."""

    top_p: TopP = 0.95
    candidates: int = Field(
        default=32,
        ge=1,
        le=4096,
        description="Pieces composed at once, of which the best is kept.",
    )


class Settings(BaseModel):
    """All settings of a training run; the model declares the section ``model``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: DataSettings
    tokens: TokenSettings
    model: SerializeAsAny[ModelSettings]
    train: TrainSettings
    sample: SampleSettings

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Settings:
        """Validate a recipe or the settings of a ``run.json``.

        The value of ``model.name`` chooses the model.

        Raises
        ------
        PartimentoError
            In one line, for the first fault.
        """
        values_of_model = {
            name: value for name, value in values.items() if name != "about"
        }  # a recipe's word to its reader
        for name, value in values_of_model.items():
            if name not in cls.model_fields:
                raise PartimentoError(
                    f"there is no section {name}: there are {', '.join(cls.model_fields)}"
                )
            if not isinstance(value, Mapping):
                raise PartimentoError(f"{name} is a section, not a value")
        name = str(values_of_model.get("model", {}).get("name", DEFAULT_MODEL))
        values_of_model = merge({"sample": {"top_p": model_class(name).top_p}}, values_of_model)
        kinds = section_classes(name)
        for section, kind in kinds.items():
            for key in values_of_model.get(section, {}):
                elsewhere = [other for other in kinds if key in kinds[other].model_fields]
                if key not in kind.model_fields and elsewhere:
                    raise PartimentoError(
                        f"there is no setting {section}.{key}; did you mean {elsewhere[0]}.{key}?"
                    )
        sections: dict[str, Any] = {
            section: kind(**values_of_model.get(section, {})) for section, kind in kinds.items()
        }
        return cls(**sections)

    def new_model(self, tokenizer: Any) -> Any:
        """Build the untrained model for a tokenizer; this loads Keras."""
        return model_class(self.name).from_settings(self.model, tokenizer, self.tokens)

    def to_toml(self) -> str:
        """Write the settings as a recipe, with each one's meaning and bounds as a comment."""
        sections = {name: getattr(self, name) for name in type(self).model_fields}
        return "\n".join(to_toml(section) for section in sections.values())

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as nested, JSON-ready values."""
        return self.model_dump()


def json_schema(model: str | None = None) -> dict[str, Any]:
    """Return the JSON schema of all settings, for one model or for every model."""
    properties: dict[str, Any] = {"about": {"type": "string", "description": "A line on a recipe."}}
    for name, kind in section_classes(model or DEFAULT_MODEL).items():
        properties[name] = kind.model_json_schema()
    if model is None:
        kinds = [each.config_type for each in MODELS.load_all().values()]
        properties["model"] = {"anyOf": [kind.model_json_schema() for kind in kinds]}
    else:
        properties["sample"]["properties"]["top_p"]["default"] = model_class(model).top_p
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings",
        "description": "Settings of a training run of Partimento.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def section_classes(model: str) -> dict[str, type[Section]]:
    """Return the class of each section for a model."""
    return {
        "data": DataSettings,
        "tokens": TokenSettings,
        "model": model_class(model).config_type,
        "train": TrainSettings,
        "sample": SampleSettings,
    }
