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
from partimento.short_repr import short_repr
from partimento.tokens.settings import TokenSettings


class TrainSettings(Section):
    """Settings of training."""

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
            "Minimum number of training steps. If epochs gives fewer, epochs and patience are"
            " multiplied until this is reached."
        ),
    )
    batch_size: int = Field(default=64, ge=1, le=4096, description="Windows per training step (B).")
    optimizer: Literal["adam", "rmsprop"] = Field(default="adam", description="The optimizer.")
    learning_rate: float = Field(
        default=0.001, gt=0, le=10, description="Learning rate; with a schedule, its initial value."
    )
    lr_schedule: Literal["constant", "cosine"] = Field(
        default="constant",
        description=(
            "Learning rate over the epochs: constant, or cosine decay to 2% of the initial value."
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
            "Decay of the exponential moving average of the weights. If it is on, the averaged"
            " weights are validated and saved; 0 turns it off."
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
        description="Training steps per compiled call; 0 chooses a number by the model's size.",
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
        description="Time limit: training stops after the epoch that exceeds it; 0 means no limit.",
    )
    validation: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of the pieces for validation, which selects the best epoch.",
    )
    test: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of the pieces for the final evaluation; training never uses them.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description=(
            "Seed of the split, the initial weights, the order of the windows and the dropout."
        ),
    )

    base: str = Field(
        default="",
        description=(
            "Run folder or name of a bundled model from whose weights training starts"
            " (fine-tuning); empty: random weights."
        ),
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                "train.validation and train.test must sum up to less than 1, to leave pieces for"
                " training"
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
    """Settings of sampling; by default, sample from all tokens by their probability.

    >>> Sampling(temperature=0.9, top_p=0.95).truncates
    True
    """

    section = "sample"

    temperature: float = Field(
        default=1.0,
        ge=0,
        lt=100,
        description=(
            "Temperature: below 1 prefers probable tokens, above 1 allows more surprises, 0 always"
            " takes the most probable token."
        ),
    )
    top_k: int = Field(
        default=0,
        ge=0,
        description="Sample only from the k most probable tokens; 0 samples from all.",
    )
    top_p: TopP = 1.0
    min_p: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description=(
            "Sample only from tokens with at least this share of the probability of the most"
            " probable one (Nguyen et al. 2024); 0 samples from all."
        ),
    )

    @property
    def truncates(self) -> bool:
        """True if top-k or top-p excludes tokens; only then must tokens be sorted."""
        return self.top_k > 0 or self.top_p < 1

    def to_array(self) -> np.ndarray:
        """Return temperature, k, p and min-p, (4,) float32: an input of the compiled loop."""
        return np.array([self.temperature, self.top_k, self.top_p, self.min_p], np.float32)


@short_repr
class SampleSettings(Sampling):
    """The default sampling of a model."""

    top_p: TopP = 0.95
    candidates: int = Field(
        default=32,
        ge=1,
        le=4096,
        description="Number of candidates to compose, of which the best is kept.",
    )


@short_repr
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
        """Validate the nested values of a recipe or a ``run.json``.

        The value of ``model.name`` selects the model; by default it is `DEFAULT_MODEL`.

        Raises
        ------
        PartimentoError
            In one line, for the first invalid value.
        """
        # "about" is the description of a recipe, not a section.
        by_section = {name: value for name, value in values.items() if name != "about"}
        for name, value in by_section.items():
            if name not in cls.model_fields:
                raise PartimentoError(
                    f"there is no section {name}: the sections are {', '.join(cls.model_fields)}"
                )
            if not isinstance(value, Mapping):
                raise PartimentoError(f"{name} is a section, not a value")
        name = str(by_section.get("model", {}).get("name", DEFAULT_MODEL))
        by_section = merge({"sample": {"top_p": model_class(name).top_p}}, by_section)
        kinds = section_classes(name)
        for section, kind in kinds.items():
            for key in by_section.get(section, {}):
                elsewhere = [other for other in kinds if key in kinds[other].model_fields]
                if key not in kind.model_fields and elsewhere:
                    raise PartimentoError(
                        f"there is no setting {section}.{key}; did you mean {elsewhere[0]}.{key}?"
                    )
        sections: dict[str, Any] = {
            section: kind(**by_section.get(section, {})) for section, kind in kinds.items()
        }
        return cls(**sections)

    def new_model(self, tokenizer: Any) -> Any:
        """Build the untrained model for a tokenizer; this loads Keras."""
        return model_class(self.name).from_settings(self.model, tokenizer, self.tokens)

    def to_toml(self) -> str:
        """Write the settings as a recipe, with description and bounds as comments."""
        sections = {name: getattr(self, name) for name in type(self).model_fields}
        return "\n".join(to_toml(section) for section in sections.values())

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as nested, JSON-ready values."""
        return self.model_dump()


def json_schema(model: str | None = None) -> dict[str, Any]:
    """Return the JSON schema of all settings, for one model or for every model."""
    properties: dict[str, Any] = {
        "about": {"type": "string", "description": "A description of the recipe, in one line."}
    }
    for name, kind in section_classes(model or DEFAULT_MODEL).items():
        properties[name] = kind.model_json_schema()
    if model is None:
        kinds = [model_type.config_type for model_type in MODELS.load_all().values()]
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
    """Return the settings class of each section for a model."""
    return {
        "data": DataSettings,
        "tokens": TokenSettings,
        "model": model_class(model).config_type,
        "train": TrainSettings,
        "sample": SampleSettings,
    }
