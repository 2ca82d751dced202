"""Declare the commands that work with harmony: chords, harmonise, vary.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.constraint_options import ConstraintOptions
from partimento.cli.help import COMPOSE, command
from partimento.cli.options import Against, Force, Json, expand

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


@command(
    app,
    "harmonise",
    group=COMPOSE,
    examples=(
        """Write alto, tenor and bass to a melody:
             partimento harmonise melody.musicxml -o chorale.pdf -o chorale.musicxml""",
        """Follow chords of your own, and print them above the notes:
             partimento harmonise melody.mid --chords "Dm | Gm A7 | Dm" -o song.pdf""",
        """Write the parts above a bass, in four versions:
             partimento harmonise bass.musicxml --role bass --candidates 4 -o versions/""",
    ),
)
@expand
def harmonise(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A score with a melody or a bass, in any format that is read."
        ),
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="File to write, in the format of its suffix; may be given several times "
            "[default: FILE-harmonised.mid].",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|RUN",
            help="A bundled model or a run folder. A model of voices adds its other voices, others "
            "add chords.",
        ),
    ] = "chorales",
    part: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|N",
            help="The given part, by name or number, from 1 [default: the first; the last for a "
            "bass].",
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="melody|bass", help="What the given part is [default: by how high it lies]."
        ),
    ] = None,
    chords: Annotated[
        str | None,
        typer.Option(
            metavar="CHORDS",
            help="Chords to follow, such as 'Dm | Gm A7 | Dm'; own for those of the score.",
        ),
    ] = None,
    lead_sheet: Annotated[
        bool,
        typer.Option("--lead-sheet", help="Write the symbols of the composed chords, too."),
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Key: 'G major', Dm … [default: that of the part]."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The same seed gives the same music [default: random; printed]."
        ),
    ] = None,
    particles: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Versions that are written side by side. More of them know better what follows.",
        ),
    ] = 48,
    candidates: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Write N versions and a table of their criteria into the folder that -o names.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title [default: that of the score].")
    ] = "",
    against: Against = None,
    constraints: ConstraintOptions = None,  # type: ignore[assignment]
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose the other parts to a melody or a bass, which is kept as it is.

    The whole of the given part is taken into account: the parts prepare its notes and its cadences.
    """
    from partimento.cli.harmonise import HarmoniseOptions, run_harmonise

    options = HarmoniseOptions(
        model,
        part,
        role,
        chords,
        lead_sheet,
        key,
        seed,
        particles,
        candidates,
        title,
        against or [],
        constraints,
    )
    run_harmonise(source, options, outputs or [], force=force, as_json=as_json)


@command(
    app,
    "vary",
    group=COMPOSE,
    examples=(
        """Compose a third of a chorale's notes anew:
             partimento vary chorale.musicxml --amount 0.33 -o variation.pdf""",
        """Keep soprano and rhythm, and go far from what stood there:
             partimento vary chorale.mid --keep Soprano,rhythm --distance far -o far.mid""",
        """Write six variations of a guitar piece, with their distances:
             partimento vary study.mid --model guitar --candidates 6 -o variations/""",
        """Exchange chords for near ones, below the same melody:
             partimento vary a.mid --like --model runs/vectors --keep Soprano""",
    ),
)
@expand
def vary(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="A score, in any format that is read.")
    ],
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="OUT",
            help="File to write, in the format of its suffix; may be given several times "
            "[default: FILE-varied.mid].",
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|RUN",
            help="A bundled model or a run folder. A model of voices needs a score with as many "
            "parts.",
        ),
    ] = "chorales",
    amount: Annotated[
        float,
        typer.Option(
            metavar="X", help="The share of the notes that are composed anew, from 0 to 1."
        ),
    ] = 0.3,
    like: Annotated[
        bool,
        typer.Option(
            "--like",
            help="Exchange chords for near ones, by the chord vectors of the run that --model "
            "names. The amount is the share of the chords; the rhythm stays.",
        ),
    ] = False,
    distance: Annotated[
        str,
        typer.Option(
            metavar="near|any|far|X",
            help="Near to what stood there or far from it; or a reward in nats per semitone, "
            "negative for near.",
        ),
    ] = "any",
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="rhythm|range|PART",
            help="What stays: the rhythm, the range of each part, or parts by name or number, from "
            "1; separated by commas, or given several times.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The same seed gives the same music [default: random; printed]."
        ),
    ] = None,
    particles: Annotated[
        int, typer.Option(metavar="N", help="Versions that are written side by side.")
    ] = 48,
    candidates: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Write N variations and a table of their criteria into the folder that -o names.",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title [default: that of the score].")
    ] = "",
    against: Against = None,
    constraints: ConstraintOptions = None,  # type: ignore[assignment]
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Vary a piece: compose a share of its notes anew, between those that stay.

    With the same seed, a larger amount varies the same notes and more.
    """
    from partimento.cli.vary import VaryOptions, run_vary

    options = VaryOptions(
        model,
        amount,
        like,
        distance,
        keep or [],
        seed,
        particles,
        candidates,
        title,
        against or [],
        constraints,
    )
    run_vary(source, options, outputs or [], force=force, as_json=as_json)
