"""Why a file is not music that this program reads."""

from __future__ import annotations

from pathlib import Path

from partimento.config import UserError

MAX_BYTES = 32 * 2**20
MAX_NOTES = 200_000
MAX_QUARTERS = 100_000  # longer than any score: at 60 quarters a minute more than a day


class ReadError(UserError):
    """A file cannot be read as music.

    Attributes
    ----------
    path : str
    reason : str
        One plain clause, such as ``truncated: track 2 ends 40 bytes early``.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = str(path), " ".join(reason.split())
        super().__init__(f"{self.path}: {self.reason}")


class UnfitError(ValueError):
    """A reason without a path: raised inside the room, where the path is not known."""


def check_size(notes: int, quarters: float) -> None:
    """Say no to what is no score, before anything grows with it."""
    if notes == 0:
        raise UnfitError("it has no notes")
    if notes > MAX_NOTES:
        raise UnfitError(f"{notes} notes: more than {MAX_NOTES} are not read")
    if quarters > MAX_QUARTERS:
        raise UnfitError(f"its last note ends {quarters:.0f} quarter notes in: more than {MAX_QUARTERS} are not read")
