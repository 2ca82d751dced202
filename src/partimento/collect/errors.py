"""The exceptions of a collection: a rejected file, or an archive that fails."""

from __future__ import annotations

from partimento.errors import PartimentoError


class RefusedError(Exception):
    """A link, file or archive member is rejected; the collection continues.

    The message is one clause that gives the reason.
    """


class StatusError(PartimentoError):
    """The archive refuses a request (status 4xx), so that repeating it would not help.

    Attributes
    ----------
    status : int
        The HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class UnreachableError(PartimentoError):
    """The archive or the connection to it failed several times."""
