"""Declare the commands on score files: transpose, cut, info, lint.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import COMPOSE, EVALUATE, command
from partimento.cli.options import Force, Json, Soundfont

app = typer.Typer()
Score = Annotated[
    Path,
    typer.Argument(metavar="SCORE", help="A score, in any format that is read."),
]
Outputs = Annotated[
    list[Path],
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="File to write, in the format of its suffix; may be given several times.",
    ),
]


@command(
    app,
    "transpose",
    group=COMPOSE,
    examples=(
        """Write a score a major second higher:
             partimento transpose song.musicxml --semitones 2 -o higher.musicxml""",
        """Write it in another key, as a score to print and as sound:
             partimento transpose song.musicxml --key "e minor" -o song.pdf -o song.wav""",
    ),
)
def transpose(
    source: Score,
    outputs: Outputs,
    semitones: Annotated[
        int | None, typer.Option(metavar="N", help="Semitones up; down if negative.")
    ] = None,
    interval: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Interval: M2 is a major second up, -m3 is down."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Key to move to, by the shortest way: 'e minor', Bb or es-moll."
        ),
    ] = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a score at another pitch.

    A MusicXML file keeps its text and marks. Key signatures, accidentals and chord symbols follow.
    """
    from partimento.cli.scores import run_transpose

    run_transpose(
        source,
        outputs,
        by={"--semitones": semitones, "--interval": interval, "--key": key},
        soundfont=soundfont,
        force=force,
        as_json=as_json,
    )


@command(
    app,
    "cut",
    group=COMPOSE,
    examples=(
        """Write four bars of a score:
             partimento cut song.musicxml --bars 5-8 -o theme.musicxml -o theme.png""",
    ),
)
def cut(
    source: Score,
    outputs: Outputs,
    bars: Annotated[
        str,
        typer.Option(
            metavar="FIRST-LAST",
            help="Bars to keep, by the numbers in the score: 5-8, or 5; a pickup is bar 0.",
        ),
    ],
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write some bars of a score.

    Clef, key, meter and tempo are those that are valid there. A MusicXML file keeps its text and
    marks.
    """
    from partimento.cli.scores import run_cut

    run_cut(source, outputs, bars=bars, soundfont=soundfont, force=force, as_json=as_json)


@command(
    app,
    "info",
    group=EVALUATE,
    examples=(
        """Show key, meter, parts and marks of a score:
             partimento info song.musicxml""",
    ),
)
def info(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SCORE...", help="Scores, in any format that is read."),
    ],
    as_json: Json = False,
) -> None:
    """Show what a score contains: key, meter, tempo, length, parts, notes and marks."""
    from partimento.cli.scores import run_info

    run_info(sources, as_json=as_json)


@command(
    app,
    "lint",
    group=EVALUATE,
    examples=(
        """Find what a musician would object to in the notation of a score:
             partimento lint song.musicxml""",
    ),
)
def lint(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SCORE...", help="Scores, in any format that is read."),
    ],
    as_json: Json = False,
) -> None:
    """Check the notation of scores: bars, voices, values, beams, ties and accidentals.

    Each line names a place and the rule that it breaks. MusicXML is checked as it is written, other
    formats as they would be drawn.
    """
    from partimento.cli.scores import run_lint

    run_lint(sources, as_json=as_json)
