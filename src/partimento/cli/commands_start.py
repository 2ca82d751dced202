"""Declare the commands for a first start: `demo` and `doctor`.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import START, command
from partimento.cli.options import Json, Soundfont

app = typer.Typer()


@command(
    app,
    "demo",
    group=START,
    examples=(
        """Run the demo, then open demo/index.html:
             partimento demo""",
    ),
)
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the results.")
    ] = Path("demo"),
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31, metavar="N", help="The same seed composes the same music."),
    ] = 1685,
    bars: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Length of the piece in bars.")
    ] = 12,
) -> None:
    """Train on the bundled Bach chorales, and compose a new one.

    This takes two to three minutes. The result is a web page with score and sound, and the piece as
    MIDI, MusicXML, SVG, PNG, PDF and WAV. Its part-writing is compared with Bach's.
    """
    from partimento.cli.demo import run_demo

    run_demo(out, seed=seed, bars=bars)


@command(
    app,
    "doctor",
    group=START,
    examples=(
        """Check the installation, for example before you report a bug:
             partimento doctor""",
    ),
)
def doctor(as_json: Json = False, soundfont: Soundfont = None) -> None:
    """Print installed versions and the SoundFont in use, and what is missing."""
    from partimento.cli.doctor import run_doctor

    run_doctor(soundfont=soundfont, as_json=as_json)
