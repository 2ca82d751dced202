"""A terminal of 80 columns and 24 lines: one that keeps what is written, and a real one."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Sequence

import pytest

COLUMNS, LINES = 80, 24
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Return what is written, without colors and cursor movements."""
        return [line.rstrip() for line in re.split(r"[\r\n]+", ESCAPES.sub("", self.getvalue()))]


def terminal(monkeypatch: pytest.MonkeyPatch, stream: str = "stdout") -> Terminal:
    """Put a terminal in the place of a standard stream."""
    shown = Terminal()
    monkeypatch.setattr(f"sys.{stream}", shown)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setenv("LINES", str(LINES))
    return shown


def run_on_terminal(words: Sequence[str], *, timeout_s: float = 120, **env: str) -> tuple[int, str]:
    """Run a command on a real terminal; return its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    places = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**places, "TERM": "xterm-256color", **env},
        close_fds=True,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        written += data
    os.close(ours)
    return process.wait(timeout_s), written.decode()
