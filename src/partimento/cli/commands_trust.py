"""Declare the commands on the origin of composed files: again and credits.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import COMPOSE, EVALUATE, command
from partimento.cli.options import Against, Force, Json, Soundfont

app = typer.Typer()


@command(
    app,
    "again",
    group=COMPOSE,
    examples=(
        """Check that a file can be made again, byte for byte:
             partimento again piece.mid""",
        """Write the same piece in another format:
             partimento again piece.mid -o piece.pdf""",
    ),
)
def again(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A file that Partimento composed, of any kind.", show_default=False
        ),
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File to write, in the format of its suffix; may be given several times "
            "[default: only compare].",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|RUN", help="The model [default: the one that the file names]."),
    ] = None,
    start: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="The score from which the piece was made; may be given several times [default: "
            "looked for beside FILE].",
        ),
    ] = None,
    against: Against = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose a file again, and say whether it is the same or what differs.

    Every composed file carries its model, seed and options. The exit code is 1 if something
    differs.
    """
    from partimento.cli.again import run_again

    run_again(
        source,
        outputs or [],
        model=model,
        start=start or [],
        against=against or [],
        soundfont=soundfont,
        force=force,
        as_json=as_json,
    )


@command(
    app,
    "credits",
    group=EVALUATE,
    examples=(
        """List the music from which a bundled model learned, with licenses:
             partimento credits guitar""",
        """Write the credits of a composed piece, to publish with it:
             partimento credits piece.mid -o CREDITS.md""",
    ),
)
def credits_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NAME|FILE",
            help="A run folder, a bundled model, or a file that Partimento composed.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the credits: .md, .txt, .csv or .json."
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """List the pieces from which a model learned, with sources and licenses."""
    from partimento.cli.credits import run_credits

    run_credits(source, out=out, force=force, as_json=as_json)
