"""Declare the commands that train, and look at trainings.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import TRAIN, command
from partimento.cli.options import Force, Json, MaybeSources, SelectionOptions, expand
from partimento.errors import PartimentoError

app = typer.Typer()


@command(
    app,
    "train",
    group=TRAIN,
    examples=(
        """Learn from a folder of scores; the run is the folder runs/mine:
             partimento train my-scores/ -o runs/mine""",
        """Train another model on the bundled chorales, with settings of your own:
             partimento train bundled:chorales --model lstm --set train.epochs=20""",
        """Resume a training that was stopped:
             partimento train --resume runs/mine""",
    ),
)
@expand
def train(
    *,
    sources: MaybeSources = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Resume the training of RUN that was stopped."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="RUN",
            help="Folder of the run [default: runs/RECIPE-SOURCE].",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which model [default: the recipe's].")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A named recipe, or a TOML file [default: notewise, or the model's own].",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SECTION.NAME=VALUE",
            help=(
                "Override a setting; may be given several times. `partimento settings` lists them."
            ),
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="The same as --set train.seed=N.")
    ] = None,
    selection: SelectionOptions,
    watch: Annotated[
        bool, typer.Option("--watch", help="Make pictures of the training, in RUN/watch.")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Also write a log for TensorBoard, beside the run."),
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train a model on scores.

    The result is a run: a folder to compose from, with the losses of each epoch, figures on
    held-out pieces and a first sample. A training that is stopped can be resumed.
    """
    from partimento.cli.train import TrainOptions, run_resume, run_train

    options = TrainOptions(watch, tensorboard)
    if resume is not None:
        if sources or out or model or recipe or settings or seed is not None or force:
            raise PartimentoError(
                "--resume goes on as the training was begun: give it nothing else but --watch,"
                " --tensorboard and --json"
            )
        run_resume(resume, as_json=as_json, options=options)
        return
    if not sources:
        raise PartimentoError("nothing to learn from: give files, folders, a store or bundled:NAME")
    overrides = list(settings or [])
    overrides += [f'model.name="{model}"'] if model is not None else []
    overrides += [f"train.seed={seed}"] if seed is not None else []
    run_train(
        sources,
        out=out,
        recipe=recipe,
        overrides=overrides,
        selection=selection,
        force=force,
        as_json=as_json,
        options=options,
    )


@command(
    app,
    "settings",
    group=TRAIN,
    examples=(
        """Write a recipe of your own, change it, and train by it:
             partimento settings --model vae > mine.toml
             partimento train my-scores/ --recipe mine.toml""",
    ),
)
def settings(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE|RUN",
            help="A recipe, a TOML file or a run [default: what train uses].",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The settings by which train trains this model."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of all settings instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the settings of a recipe, a model or a run, with their meanings.

    They are printed as a recipe file, which `partimento train --recipe FILE` takes.
    """
    from partimento.cli.settings import run_settings

    run_settings(source, model=model, schema=schema, as_json=as_json)


@command(
    app,
    "watch",
    group=TRAIN,
    examples=(
        """Draw a run, or look into a training under way:
             partimento watch runs/mine""",
    ),
)
def watch(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run, or one whose training is under way.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help=(
                "Folder for the pictures [default: RUN/watch, or RUN-watch while it is under way]."
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw the pictures of a training, and a page with them all.

    They show the losses, the network, the latent space, and one window as its reconstruction
    improves. A model without a latent space has fewer.
    """
    from partimento.cli.watch import run_watch

    run_watch(run, out=out, as_json=as_json)
