"""Declare the command ``tab``, which writes tablatures.

It loads what it needs when it runs, so that ``--help`` stays instant.
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
    "tab",
    group=COMPOSE,
    examples=(
        """Print a tablature:
             partimento tab study.mid""",
        """Write score and tablature to print, and a Guitar Pro file:
             partimento tab study.mid -o study.pdf -o study.gp5""",
        """Write the tablatures of many scores, with the capo at the second fret:
             partimento tab scores/*.mid --capo 2 -o tabs/ --format pdf""",
    ),
)
def tab(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Scores, in any format that is read."),
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help=(
                "File to write, in the format of its suffix (.pdf .svg .png .musicxml .gp5 .txt …);"
                " may be given several times. For several scores: a folder."
            ),
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="SUFFIX",
            help="Format of the files in a folder; may be given several times. By default pdf.",
        ),
    ] = None,
    tuning: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Tuning: 'drop d', dadgad, … or strings from the lowest: 'D2 A2 D3 G3 B3 E4'.",
        ),
    ] = None,
    capo: Annotated[int, typer.Option(metavar="FRET", help="Fret of the capo; 0 for none.")] = 0,
    part: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Part to finger; by default all guitars."),
    ] = None,
    anew: Annotated[
        bool,
        typer.Option("--anew", help="Replace the strings that the score states, if it does."),
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Find a fingering for the guitar, and write it as a tablature.

    Each note gets a string and a fret that a hand can play. Without -o, the tablature is printed.
    """
    from partimento.cli.tab import TabOptions, run_tab

    options = TabOptions(tuning, capo, part, keep=not anew)
    run_tab(sources, outputs or [], formats or [], options, force=force, as_json=as_json)
