"""Why something is not taken, and why a collection stops."""

from __future__ import annotations

from partimento.errors import PartimentoError


class RefusedError(Exception):
    """One link, file or archive member is not accepted; the collection continues.

    The text is the reason, one clause.
    """


class StatusError(PartimentoError):
    """The archive says no (a status 4xx): asking again would not help.

    Attributes
    ----------
    status : int
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class UnreachableError(PartimentoError):
    """The archive or the line to it failed, several times over."""
