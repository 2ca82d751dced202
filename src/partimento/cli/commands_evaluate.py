"""Declare the commands that measure models and pieces.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import EVALUATE, command
from partimento.cli.options import Force, Json

app = typer.Typer()


@command(
    app,
    "bench",
    group=EVALUATE,
    examples=(
        """Fetch a benchmark set, train on it, and measure the run on its test pieces:
             partimento collect fetch jsb -o sets
             partimento train sets/jsb-chorales-quarter.json --recipe notewise-jsb -o one
             partimento bench jsb one""",
    ),
)
def bench(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET", help="Which set: jsb, jsb16 or nottingham.", show_default=False
        ),
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN...", help="Runs that were trained on it.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The set's file [default: fetched once, its hash checked]."
        ),
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="SPLIT", help="test, or valid to choose between models.")
    ] = "test",
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble", help="Also measure all runs together: the mean of their probabilities."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the figures as .json."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare runs with baselines and published figures on a benchmark set.

    Nothing is trained.
    """
    from partimento.cli.bench import run_bench

    run_bench(
        name,
        runs or [],
        data=data,
        split=split,
        ensemble=ensemble,
        out=out,
        force=force,
        as_json=as_json,
    )


@command(
    app,
    "compare",
    group=EVALUATE,
    examples=(
        """Compare three runs, and draw how they learned:
             partimento compare runs/a runs/b runs/c -o learning.svg""",
    ),
)
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Runs that learned from the same pieces.", show_default=False
        ),
    ],
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Also write the table (.csv, .json, .md, .tex), or a picture of how they learned "
            "(.png, .svg, .pdf).",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare runs on the same held-out pieces.

    The table has nats per event, reconstruction, variety, training time and parameters.
    """
    from partimento.cli.compare import run_compare

    run_compare(runs, out=out or [], force=force, as_json=as_json)


@command(
    app,
    "evaluate",
    group=EVALUATE,
    examples=(
        """Compose 100 pieces with a run, and compare them with its corpus:
             partimento evaluate runs/mine --against my-scores/ -o report.html""",
        """Compare a folder of generated pieces with the bundled chorales:
             partimento evaluate generated/ --against bundled:chorales""",
    ),
)
def evaluate(
    generated: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|FOLDER",
            help="A run, to compose with, or a folder of scores.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            metavar="CORPUS",
            help="The real pieces: a folder, a store or bundled:NAME.",
            show_default=False,
        ),
    ],
    pieces: Annotated[int, typer.Option(metavar="N", help="How many pieces a run composes.")] = 100,
    bars: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Bars to compose, and to measure of every piece [default: 16 of a run, else whole "
            "pieces].",
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="SPLIT",
            help="Only this split of the corpus, as train [default: all of it].",
        ),
    ] = "",
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**31, metavar="N", help="The same seed composes and draws the same."
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Also write a report with pictures, .html."
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare generated pieces with real ones, feature by feature.

    Each figure stands beside the one that real pieces reach among each other.
    """
    from partimento.cli.evaluate import EvaluateOptions, run_evaluate

    run_evaluate(
        EvaluateOptions(generated, against, pieces, bars, seed, split),
        out=out,
        force=force,
        as_json=as_json,
    )


@command(
    app,
    "originality",
    group=EVALUATE,
    examples=(
        """Look for passages of a piece in the scores that were learned from:
             partimento originality piece.mid --against my-scores/""",
    ),
)
def originality(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Scores, or folders or zips of them.", show_default=False
        ),
    ],
    against: Annotated[
        list[str],
        typer.Option(
            metavar="CORPUS",
            help="The corpus: a folder, bundled:NAME or a store; may be given several times.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Also write the report: .csv, .json or .md."
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Find the passages of chords and melody that pieces share with a corpus.

    Passages are found in any key. The report says where they stand, and how long the passages are
    that real pieces share.
    """
    from partimento.cli.originality import run_originality

    run_originality(files, against, out=out, force=force, as_json=as_json)


@command(
    app,
    "neighbours",
    group=EVALUATE,
    examples=(
        """Learn vectors of chords, and look at those of two chords:
             partimento train bundled:chorales --recipe embeddings -o runs/vectors
             partimento neighbours runs/vectors C Am -o map.svg""",
    ),
)
def neighbours(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run of embeddings.", show_default=False)
    ],
    chords: Annotated[
        list[str] | None,
        typer.Argument(metavar="CHORD...", help="As C, Am or C3+E3+G3 [default: common ones]."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Also draw a map of the chords, .png or .svg."
        ),
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", help="Neighbours of each chord.")] = 6,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Print the chords whose vectors are nearest to those of other chords.

    The vectors are learned from the company that chords keep; nobody labels them.
    """
    from partimento.cli.neighbours import run_neighbours

    run_neighbours(run, chords or [], out=out, most=most, force=force, as_json=as_json)
