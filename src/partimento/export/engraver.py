"""Engrave files in a process of its own, which may crash or hang without harm.

The engraver is written in C++. Our own MusicXML is safe for it, but files may contain anything.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from partimento.errors import PartimentoError
from partimento.export.svg import to_svg

TIMEOUT_S = 180.0
COMMAND = (sys.executable, "-m", "partimento.export.engraver")


def engrave_apart(
    musicxml: str,
    *,
    timeout_s: float = TIMEOUT_S,
    command: tuple[str, ...] = COMMAND,
    **options: Any,
) -> tuple[str, ...]:
    """Engrave a score in another process.

    Parameters
    ----------
    musicxml : str
    timeout_s : float
        Seconds that it may take.
    command : tuple of str
        The command that starts the process; for tests.
    **options
        As for `svg.to_svg`.

    Raises
    ------
    PartimentoError
        If the engraver cannot read the score, crashes or takes too long.
    """
    request = json.dumps({"musicxml": musicxml, "options": options}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, input=request, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise PartimentoError(f"the engraver took longer than {timeout_s:g} seconds") from None
    if done.returncode:
        raise PartimentoError("the engraver cannot read this score")
    pages: list[str] = json.loads(done.stdout)
    return tuple(pages)


def main() -> None:
    """Answer one request from standard input."""
    request = json.loads(sys.stdin.buffer.read())
    try:
        pages = to_svg(request["musicxml"], **request["options"])
    except PartimentoError:
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(pages).encode())


if __name__ == "__main__":
    main()
