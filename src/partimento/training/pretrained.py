"""Find the bundled models, which are installed with the package."""

from __future__ import annotations

from pathlib import Path

from partimento.errors import PartimentoError, no_such
from partimento.training.run_folder import RunFolder

DEFAULT = "guitar"
BUNDLED = Path(__file__).parents[1] / "bundled"


def bundled_models() -> dict[str, Path]:
    """Return the run folders of the bundled models by name."""
    folders = sorted(BUNDLED.iterdir()) if BUNDLED.is_dir() else []
    return {folder.name: folder for folder in folders if RunFolder(folder).exists()}


def bundled_model(name: str = DEFAULT) -> Path:
    """Return the run folder of a bundled model.

    Raises
    ------
    PartimentoError
        If there is no bundled model of this name.
    """
    models = bundled_models()
    if name not in models:
        raise PartimentoError(no_such(name, models, "bundled model"))
    return models[name]


def model_folder(model: Path | str) -> Path:
    """Return the run folder of a model, given the name of a bundled model or a path.

    An existing folder has precedence over a bundled model of the same name.
    """
    bundled = bundled_models().get(str(model))
    return bundled if bundled and not Path(model).exists() else Path(model)
