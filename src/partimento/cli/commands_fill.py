"""Declare the commands that compose a part of a given score: continue, fill.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.constraint_options import ConstraintOptions
from partimento.cli.help import COMPOSE, command
from partimento.cli.options import Against, Force, Json, Soundfont, expand

app = typer.Typer()

Score = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Your score. MIDI and MusicXML are copied byte for byte where nothing is composed.",
        show_default=False,
    ),
]
Model = Annotated[
    str,
    typer.Option(metavar="NAME|RUN", help="A bundled model, guitar or chorales, or a run folder."),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--out",
        "-o",
        metavar="OUT",
        help="File to write, in the format of its suffix; may be given several times [default: "
        "beside FILE, in its format].",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="The same seed composes the same music [default: random; it is printed].",
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        "--candidates",
        metavar="N",
        help="Write the N best candidates and a table of their criteria into the folder that -o "
        "names [default: write only the best].",
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(metavar="X", help="Below 1 is safer, above 1 is bolder [default: the run's]."),
]
TopP = Annotated[
    float | None,
    typer.Option(
        metavar="X",
        help="Sample only from the most probable tokens that together have this probability "
        "[default: the run's].",
    ),
]

ShowNew = Annotated[
    bool,
    typer.Option(
        "--show-new", help="Color the new notes of .svg, .png, .pdf, .html and .gif files."
    ),
]


@command(
    app,
    "fill",
    group=COMPOSE,
    examples=(
        """Compose bars 5 to 8 anew, to fit the bars around them:
             partimento fill study.musicxml --bars 5-8 -o filled.musicxml""",
        """Keep the melody, and compose the other parts of these bars:
             partimento fill song.mid --bars 5-8 --keep Melody --model chorales -o b.mid""",
        """Choose among six candidates:
             partimento fill study.mid --bars 9-12 --candidates 6 -o candidates/""",
    ),
)
@expand
def fill(
    source: Score,
    bars: Annotated[str, typer.Option(metavar="5-8", help="The bars to compose.")],
    outputs: Outputs = None,
    model: Model = "guitar",
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART",
            help="A part that stays in these bars, by name or number from 1; may be given several "
            "times.",
        ),
    ] = None,
    weighed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of candidates to weigh by the music that follows [default: 128].",
        ),
    ] = None,
    seed: Seed = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    candidates: Count = None,
    constraints: ConstraintOptions = None,  # type: ignore[assignment]
    show_new: ShowNew = False,
    against: Against = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose bars of a score anew, so that they fit the music before and after.

    Everything else stays as it is: notes, slurs, fingerings, words.
    """
    from partimento.cli.fill import WholeOptions, run_fill

    options = WholeOptions(
        model, seed, {"temperature": temperature, "top_p": top_p}, candidates, constraints
    )
    run_fill(
        source,
        outputs or [],
        options._replace(
            against=against or [],
            soundfont=soundfont,
            force=force,
            as_json=as_json,
            show_new=show_new,
        ),
        bars=bars,
        keep=keep or [],
        weighed=weighed,
    )


@command(
    app,
    "continue",
    group=COMPOSE,
    examples=(
        """Add eight bars to a piece:
             partimento continue study.musicxml --bars 8 -o longer.musicxml""",
        """Add four bars that end on the dominant:
             partimento continue a.mid --model chorales --bars 4 --ending half -o b.mid""",
    ),
)
@expand
def continue_(
    source: Score,
    bars: Annotated[int, typer.Option(metavar="N", help="Number of bars to add.")] = 8,
    outputs: Outputs = None,
    model: Model = "guitar",
    ending: Annotated[
        str,
        typer.Option(
            metavar="ENDING",
            help="How the new bars end: authentic, with a cadence to the tonic; half, on the "
            "dominant; open, in any way.",
        ),
    ] = "authentic",
    seed: Seed = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    candidates: Count = None,
    constraints: ConstraintOptions = None,  # type: ignore[assignment]
    show_new: ShowNew = False,
    against: Against = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose bars after the end of a score, in its key, meter and instruments.

    The score itself stays as it is.
    """
    from partimento.cli.fill import WholeOptions, run_continue

    options = WholeOptions(
        model, seed, {"temperature": temperature, "top_p": top_p}, candidates, constraints
    )
    run_continue(
        source,
        outputs or [],
        options._replace(
            against=against or [],
            soundfont=soundfont,
            force=force,
            as_json=as_json,
            show_new=show_new,
        ),
        bars=bars,
        ending=ending,
    )
