"""All of a run's configuration in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from partimento.config import CorpusConfig, EncodeConfig, TrainConfig, UserError, build, plain
from partimento.models import model_class


@dataclass(frozen=True)
class Settings:
    """All of a run's configuration; `model` is the `Config` of the model's file."""

    name: str
    corpus: CorpusConfig
    encode: EncodeConfig
    model: Any
    train: TrainConfig

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Settings:
        """From a recipe or a ``run.json``: ``model.name`` chooses the model, the other keys are its `Config`'s."""
        sections = {"corpus": CorpusConfig, "encode": EncodeConfig, "train": TrainConfig}
        known = {*sections, "model", "about"}  # about: a recipe's word to its reader
        if unknown := sorted(set(values) - known):
            raise UserError(f"there is no section {unknown[0]}: there are {', '.join(sorted(known))}")
        wrong = [name for name in values if name != "about" and not isinstance(values[name], dict)]
        if wrong:
            raise UserError(f"{wrong[0]} is a section, not a value")
        model = dict(values.get("model", {}))
        name = str(model.pop("name", "lstm"))
        values = {**values, "encode": _with_present_names(values.get("encode", {}))}
        made: dict[str, Any] = {section: build(schema, values.get(section, {}), section=section) for section, schema in sections.items()}
        config = build(model_class(name).config_type, model, section="model")
        length, window = getattr(config, "length", None), made["encode"].window
        if length not in (None, window):
            raise UserError(f"model.length ({length}) and encode.window ({window}) are one and the same: set both")
        return cls(name, made["corpus"], made["encode"], config, made["train"])

    def to_plain(self) -> dict[str, Any]:
        sections = {name: plain(getattr(self, name)) for name in ("corpus", "encode", "train")}
        return {**sections, "model": {"name": self.name, **plain(self.model)}}


def _with_present_names(encode: dict[str, Any]) -> dict[str, Any]:
    """Older runs and recipes say ``common_key = true`` or ``false`` for ``transpose = "key"`` or ``"none"``."""
    if "common_key" not in encode:
        return encode
    encode = dict(encode)
    old = encode.pop("common_key")
    if not isinstance(old, bool) or "transpose" in encode:
        raise UserError('encode.common_key is now encode.transpose ("key" for true, "none" for false): give that alone')
    return {**encode, "transpose": "key" if old else "none"}
