"""All settings of a training: bounds, cross-checks, from a recipe to ``run.json`` and back."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import annotated_types as limits
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from partimento.config import ModelSettings, Section
from partimento.errors import PartimentoError
from partimento.models import MODELS, model_class
from partimento.recipes import read_recipe, recipes
from partimento.training.settings import Settings, TrainSettings, json_schema, section_classes

RECIPES = list(recipes())
SECTIONS = {
    f"{name} ({model})" if name == "model" else name: kind
    for model in MODELS
    for name, kind in section_classes(model).items()
}
BOUNDS = [
    pytest.param(kind, name, each, id=f"{section}.{name} {type(each).__name__}")
    for section, kind in SECTIONS.items()
    for name, field in kind.model_fields.items()
    for each in field.metadata
    if isinstance(each, limits.Ge | limits.Gt | limits.Le | limits.Lt)
]

# What else must be set for a value at the bounds.
TOGETHER = {"low": {"high": 0}, "validation": {"test": 1e-10}, "test": {"validation": 1e-10}}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_comes_back_from_run_json(recipe: str) -> None:
    settings = Settings.from_plain(read_recipe(recipe))
    assert settings.name in MODELS
    text = json.dumps(settings.to_plain())
    assert Settings.from_plain(json.loads(text)) == settings
    given = {name: value for name, value in read_recipe(recipe).items() if name != "about"}
    assert all(
        settings.to_plain()[name].items() >= values.items() for name, values in given.items()
    )


@pytest.mark.parametrize(("kind", "name", "bound"), BOUNDS)
def test_every_bound(kind: type[Section], name: str, bound: Any) -> None:
    """The bound itself is accepted, the next value outside it is not."""
    whole = kind.model_fields[name].annotation is int
    step = 1 if whole else 1e-9
    inside, outside = {
        limits.Ge: lambda: (bound.ge, bound.ge - step),
        limits.Gt: lambda: (bound.gt + step, bound.gt),
        limits.Le: lambda: (bound.le, bound.le + step),
        limits.Lt: lambda: (bound.lt - step, bound.lt),
    }[type(bound)]()
    message = rf"^{kind.section}\.{name} must be "
    with pytest.raises(PartimentoError, match=message):
        kind(**{name: outside})
    more = TOGETHER.get(name, {}) if inside else {}
    assert getattr(kind(**{name: inside, **more}), name) == inside


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_described(section: str) -> None:
    for name, field in SECTIONS[section].model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert not field.is_required(), name
        SECTIONS[section](**{name: field.default})  # the default is valid
    numbers = [
        field
        for field in SECTIONS[section].model_fields.values()
        if field.annotation in (int, float)
    ]
    assert all(field.metadata for field in numbers)  # every number has a bound


@pytest.mark.parametrize("name", MODELS)
def test_a_model_declares_its_settings(name: str) -> None:
    kind = model_class(name).config_type
    assert issubclass(kind, ModelSettings)
    assert kind().name == name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train": {"epoch": 5}}, "there is no setting train.epoch; did you mean train.epochs?"),
        ({"train": {"epochs": "five"}}, "train.epochs must be a whole number, not 'five'"),
        ({"train": {"epochs": True}}, "train.epochs must be a whole number, not True"),
        ({"train": {"optimizer": "sgd"}}, "train.optimizer must be adam or rmsprop, not 'sgd'"),
        (
            {"train": {"validation": 0.6, "test": 0.5}},
            "train.validation and train.test must sum up to less than 1",
        ),
        (
            {"train": {"weight_decay": 0.1, "optimizer": "rmsprop"}},
            'train.weight_decay needs train.optimizer = "adam"',
        ),
        (
            {"train": {"seed": 2**40}},
            "train.seed must be between 0 and 4,294,967,295, not 1099511627776",
        ),
        (
            {"train": {"learning_rate": float("nan")}},
            "train.learning_rate must be above 0 and at most 10, not nan",
        ),
        (
            {"train": {"max_seconds": float("inf")}},
            "train.max_seconds must be at least 0 and finite, not inf",
        ),
        (
            {"train": {"lr_schedule": True}},
            "train.lr_schedule must be constant or cosine, not True",
        ),
        ({"train": 5}, "train is a section, not a value"),
        (
            {"trian": {}},
            "there is no section trian: the sections are data, tokens, model",
        ),
        (
            {"encode": {"window": 8}},
            "there is no section encode: the sections are data, tokens, model, train, sample",
        ),
        (
            {"data": {"quantize": "yes"}},
            "data.quantize must be auto, exact, beats or music21, not 'yes'",
        ),
        (
            {"tokens": {"transpose": "octave"}},
            "tokens.transpose must be none, key, key-octave or all, not 'octave'",
        ),
        ({"tokens": {"low": 60, "high": 60}}, "tokens.low (60) must be below tokens.high (60)"),
        ({"tokens": {"frame": "0"}}, 'tokens.frame must be like "1", "1/4" or "", not \'0\''),
        ({"tokens": {"frame": "100"}}, 'tokens.frame must be like "1", "1/4" or "", not \'100\''),
        ({"tokens": {"frame": "1\n"}}, 'tokens.frame must be like "1", "1/4" or "", not \'1\\n\''),
        ({"sample": {"top_p": 0}}, "sample.top_p must be above 0 and at most 1, not 0"),
        ({"model": {"name": "vae", "length": 16}}, "there is no setting model.length"),
        (
            {"model": {"window": 16}},
            "there is no setting model.window; did you mean tokens.window?",
        ),
        (
            {"train": {"dropout": 0.1}},
            "there is no setting train.dropout; did you mean model.dropout?",
        ),
        ({"model": {"name": "lsmt"}}, "there is no model lsmt; did you mean lstm?"),
        ({"model": {"name": 5}}, "there is no model 5"),
        (
            {"model": {"name": "lstm", "joint": True, "held": False}},
            "model.joint lets the duration depend on the held",
        ),
        (
            {"model": {"name": "lstm", "freeze": True}},
            "model.freeze keeps pretrained embeddings as they are: it needs",
        ),
        (
            {"model": {"name": "lstm", "embed": "notes", "pretrained": "x"}},
            'model.pretrained needs model.embed = "index"',
        ),
        (
            {"model": {"name": "lstm", "embed": "words"}},
            "model.embed must be index or notes, not 'words'",
        ),
        ({"model": {"name": "vae", "kl": "max"}}, "model.kl must be sum or mean, not 'max'"),
        (
            {"model": {"name": "autoencoder", "embed": "notes"}},
            'model.embed = "notes" predicts one chord per step: it needs',
        ),
        (
            {"model": {"name": "markov", "smoothing": "x"}},
            "model.smoothing must be kneser-ney, absolute or witten-bell",
        ),
        (
            {"model": {"core": "transformer", "units": 100, "heads": 8}},
            "model.units (100) must be a multiple of twice model.heads (8)",
        ),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(PartimentoError) as caught:
        Settings.from_plain(values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_without_a_name_the_model_is_notewise() -> None:
    assert Settings.from_plain({}).name == "notewise"
    assert Settings.from_plain({"about": "anything", "train": {"epochs": 2}}).train.epochs == 2


def test_composing_has_the_models_own_top_p() -> None:
    assert Settings.from_plain({}).sample.top_p == model_class("notewise").top_p == 0.98
    assert Settings.from_plain({"model": {"name": "lstm"}}).sample.top_p == 0.95
    assert Settings.from_plain({"sample": {"top_p": 0.5}}).sample.top_p == 0.5


@pytest.mark.parametrize("frame", ["", "1", "12", "1/4", "3/16"])
def test_frames_that_are_some(frame: str) -> None:
    assert Settings.from_plain({"tokens": {"frame": frame}}).tokens.frame == frame


def test_a_window_has_one_name(pieces: Any) -> None:
    """A model of whole windows has the length that the tokens are cut to."""
    from partimento.training.dataset import prepare

    settings = Settings.from_plain(
        {"model": {"name": "vae", "units": 4}, "tokens": {"window": 8, "min_count": 1}}
    )
    data = prepare(pieces, settings.tokens, validation=0.2, test=0.1, seed=0)
    assert settings.new_model(data.tokenizer).length == 8


def test_little_music_is_trained_for_longer() -> None:
    assert TrainSettings(epochs=2, patience=1, min_steps=100).with_min_steps(10) == TrainSettings(
        epochs=10, patience=5, min_steps=100
    )
    config = TrainSettings(epochs=2, min_steps=10)
    assert config.with_min_steps(10) is config


# ---------------------------------------------------------------------- JSON schema


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**33),
    st.sampled_from(
        [0, 1, 2, 127, 128, 4096, 4097, 8192, 8193, 10**6, 10**6 + 1, 10**9, 10**9 + 1]
    ),
    st.floats(-1, 200, allow_nan=False).filter(lambda number: not number.is_integer()),
    st.text("1/49x-", max_size=5),
    st.sampled_from(
        ["", "1/4", "adam", "key", "none", "recurrent", "cosine", "keep", "vae", "notes"]
    ),
)
SETTINGS = [
    (model, section, name)
    for model in MODELS
    for section, kind in section_classes(model).items()
    for name in (*kind.model_fields, "unknown")
    if name != "name" and (section == "model" or model == "notewise")  # a name chooses the schema
]


@cache
def validator(model: str) -> Draft202012Validator:
    """Return what checks values against the schema of a model."""
    return Draft202012Validator(json_schema(model))


# Rules on several settings together, which the schema does not have.
TOGETHER_ONLY = re.compile(r"^tokens\.low \(|needs|must sum up|multiple of")


def error_of(values: dict[str, Any]) -> str | None:
    """Return what the program says against settings, None if it takes them."""
    try:
        Settings.from_plain(values)
    except PartimentoError as error:
        return str(error)
    return None


@given(st.sampled_from(SETTINGS), VALUES)
@settings(max_examples=1500, deadline=None)
def test_the_schema_accepts_what_the_program_accepts(
    setting: tuple[str, str, str], value: Any
) -> None:
    model, section, name = setting
    values: dict[str, Any] = {"model": {"name": model}}
    values.setdefault(section, {})[name] = value
    accepted = validator(model).is_valid(values)
    said = error_of(values)
    assert accepted == (said is None) or TOGETHER_ONLY.search(said or ""), said


@pytest.mark.parametrize("model", [*MODELS, None])
def test_the_schema_is_complete(model: str | None) -> None:
    schema = json_schema(model)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    for name, kind in section_classes(model or "notewise").items():
        part = schema["properties"][name]
        for each in part.get("anyOf", [part]):
            assert each["additionalProperties"] is False
        if name == "model" and model is None:
            assert [each["properties"]["name"]["const"] for each in part["anyOf"]] == list(MODELS)
            continue
        assert list(part["properties"]) == list(kind.model_fields)
        for setting, field in kind.model_fields.items():
            row = part["properties"][setting]
            assert row["description"] == field.description
            assert row["type"] in ("integer", "number", "string", "boolean")
            if (name, setting) != ("sample", "top_p"):
                assert row["default"] == field.default
    if model is not None:
        default = schema["properties"]["sample"]["properties"]["top_p"]["default"]
        assert default == Settings.from_plain({"model": {"name": model}}).sample.top_p


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_fit_the_schema(recipe: str) -> None:
    values = read_recipe(recipe)
    for model in (values["model"]["name"], None):
        Draft202012Validator(json_schema(model)).validate(values)
    plain = Settings.from_plain(values).to_plain()
    Draft202012Validator(json_schema()).validate(plain)


@pytest.mark.parametrize("recipe", RECIPES)
def test_settings_are_written_as_a_recipe(recipe: str, tmp_path: Path) -> None:
    whole = Settings.from_plain(read_recipe(recipe))
    path = tmp_path / "mine.toml"
    path.write_text(whole.to_toml(), encoding="utf-8")
    assert Settings.from_plain(read_recipe(str(path))) == whole
