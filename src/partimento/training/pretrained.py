"""The models that come with the package."""

from __future__ import annotations

from pathlib import Path

from partimento.errors import PartimentoError
from partimento.training.run_folder import RunFolder

SHIPPED = Path(__file__).parents[1] / "bundled"


def shipped(name: str = "guitar") -> Path:
    """The folder of a run that comes with the package.

    Raises
    ------
    PartimentoError
        If this installation has none of that name.
    """
    folder = SHIPPED / name
    if not RunFolder(folder).exists():
        raise PartimentoError(
            f"no model {name} comes with this installation: name a run (make one with: partimento train FOLDER -o RUN)"
        )
    return folder
