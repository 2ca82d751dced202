"""Declare the commands that work with harmony: chords, harmonise, vary.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import COMPOSE, command
from partimento.cli.options import Force, Json

app = typer.Typer()


@command(
    app,
    "chords",
    group=COMPOSE,
    examples=(
        """Print the chords of a piece:
             partimento chords study.mid""",
        """Write them above the notes:
             partimento chords song.musicxml -o song.pdf -o lead-sheet.musicxml""",
    ),
)
def chords(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A score, in any format that is read.")
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="Write the score with its chord symbols, in the format of the suffix; may be "
            "given several times.",
        ),
    ] = None,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Replace the chord symbols that the score has, too."),
    ] = False,
    roots: Annotated[
        bool, typer.Option("--roots", help="Leave out the bass of inversions: C instead of C/E.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Print the chord symbols of a score: its own, or estimated ones.

    Bars are separated by |. The text can be given to `--chords` or `--chord-progression` again.
    """
    from partimento.cli.chords import run_chords

    run_chords(
        source,
        outputs or [],
        estimate=estimate,
        inversions=not roots,
        force=force,
        as_json=as_json,
    )
