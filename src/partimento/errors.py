"""The exceptions of the program.

    PartimentoError                 a problem that the user can fix
    └── ReadError (ValueError)      a file cannot be read as music

The command line prints a `PartimentoError` as one line and exits with status 2.
"""

from __future__ import annotations


class PartimentoError(Exception):
    """A problem that the user can fix: its message is one line that says what to do."""
