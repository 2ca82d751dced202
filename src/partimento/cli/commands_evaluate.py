"""Declare the commands that evaluate models and pieces.

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
        """Fetch a benchmark set, train on it, and evaluate the run on its test pieces:
             partimento collect fetch jsb -o sets
             partimento train sets/jsb-chorales-quarter.json --recipe notewise-jsb -o one
             partimento bench jsb one""",
    ),
)
def bench(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET", help="Benchmark set: jsb, jsb16 or nottingham.", show_default=False
        ),
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN...", help="Run folders of models trained on this set.", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="File of the set [default: downloaded once, and checked]."
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT", help="Only test, or only valid to select models [default: both]."
        ),
    ] = None,
    ensemble: Annotated[
        bool,
        typer.Option("--ensemble", help="Also evaluate the mean of the probabilities of all runs."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the results as .json."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare runs with baselines and published results on a benchmark set.

    The runs must have been trained on the set before. Chorales whose tune stands in no training
    piece are also evaluated by themselves. Runs of the same settings are averaged over seeds.
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
        """Compare three runs, and draw their learning curves:
             partimento compare runs/a runs/b runs/c -o learning.svg""",
    ),
)
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Run folders, trained on the same pieces.", show_default=False
        ),
    ],
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write the table (.csv, .json, .md, .tex) or a picture of the learning curves "
            "(.png, .svg, .pdf).",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare runs on the same held-out pieces.

    The table shows nats per event, reconstruction, variety, training time and parameters.
    """
    from partimento.cli.compare import run_compare

    run_compare(runs, out=out or [], force=force, as_json=as_json)


@command(
    app,
    "tune",
    group=EVALUATE,
    examples=(
        """Choose the default sampling of a run by its validation pieces:
             partimento tune runs/mine scores/""",
    ),
)
def tune(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    corpus: Annotated[
        str,
        typer.Argument(
            metavar="CORPUS",
            help="The corpus on which it was trained: a folder, a store or bundled:NAME.",
            show_default=False,
        ),
    ],
    pieces: Annotated[
        int, typer.Option(metavar="N", help="Number of pieces to compose per sampling.")
    ] = 32,
    bars: Annotated[int, typer.Option(metavar="N", help="Length of these pieces in bars.")] = 12,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31, metavar="N", help="The same seed gives the same results."),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Choose the default temperature, top-p and min-p of a model.

    The sampling whose pieces are nearest to the validation pieces is kept in the run.
    """
    from partimento.cli.tune import run_tune

    run_tune(run, corpus, pieces=pieces, bars=bars, seed=seed, as_json=as_json)


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
            help="A run folder or bundled model, to compose with, or a folder of generated scores.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            metavar="CORPUS",
            help="Real pieces to compare with: a folder, a store or bundled:NAME.",
            show_default=False,
        ),
    ],
    pieces: Annotated[
        int, typer.Option(metavar="N", help="Number of pieces to compose with a run.")
    ] = 100,
    bars: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Length of composed pieces in bars, and bars of every piece to compare [default: "
            "16 for a run, else whole pieces].",
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            metavar="SPLIT",
            help="Only this split of the corpus, such as train [default: all pieces].",
        ),
    ] = "",
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31, metavar="N", help="The same seed gives the same results."),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write a report with pictures: .html."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare generated pieces with real ones, feature by feature.

    Each result is shown beside that of real pieces compared with other real pieces.
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
        """Look for passages of a piece in the training scores:
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
            help="Corpus: a folder, bundled:NAME or a store; may be given several times.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the report: .csv, .json or .md."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Find the passages of chords and melody that pieces share with a corpus.

    Passages are compared in any key. The report shows where they occur, and how long the passages
    are that real pieces share with the corpus.
    """
    from partimento.cli.originality import run_originality

    run_originality(files, against, out=out, force=force, as_json=as_json)


@command(
    app,
    "neighbours",
    group=EVALUATE,
    examples=(
        """Train chord vectors, and find the chords nearest to C and A minor:
             partimento train bundled:chorales --recipe embeddings -o runs/vectors
             partimento neighbours runs/vectors C Am -o map.svg""",
    ),
)
def neighbours(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run folder of the model embeddings.", show_default=False
        ),
    ],
    chords: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CHORD...", help="Chords: C, Am or C3+E3+G3 [default: common ones]."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Draw a map of the chords: .png or .svg."),
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", help="Number of neighbors per chord.")] = 6,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Print the chords whose vectors are nearest to those of given chords.

    Chords that occur in similar contexts have similar vectors.
    """
    from partimento.cli.neighbours import run_neighbours

    run_neighbours(run, chords or [], out=out, most=most, force=force, as_json=as_json)
