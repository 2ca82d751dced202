"""Declare the commands for training: train, settings, watch.

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
        """Train on a folder of scores, and write the run folder runs/mine:
             partimento train my-scores/ -o runs/mine""",
        """Train another model on the bundled chorales, with a changed setting:
             partimento train bundled:chorales --model lstm --set train.epochs=20""",
        """Resume training after it was interrupted:
             partimento train --resume runs/mine""",
    ),
)
@expand
def train(
    *,
    sources: MaybeSources = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Resume the interrupted training of RUN."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="RUN",
            help="Run folder to write [default: runs/RECIPE-SOURCE].",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model to train [default: the recipe's].")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A recipe by name, or a TOML file [default: that of --model, or notewise].",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|RUN",
            help="Start from the weights of a bundled model or a run (fine-tuning): the best way "
            "to learn from a dozen pieces.",
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
        int | None, typer.Option(metavar="N", help="Same as --set train.seed=N.")
    ] = None,
    selection: SelectionOptions,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw pictures of the training in RUN/watch.")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Write a log for TensorBoard beside the run folder."),
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Train a model on scores.

    The result is a run folder with the model, the losses of each epoch, its evaluation on held-out
    pieces and a first sample. Interrupted training can be resumed.
    """
    from partimento.cli.train import TrainOptions, run_resume, run_train

    options = TrainOptions(watch, tensorboard)
    if resume is not None:
        if sources or out or model or recipe or base or settings or seed is not None or force:
            raise PartimentoError(
                "--resume uses the settings and scores of the interrupted training: combine it only"
                " with --watch, --tensorboard and --json"
            )
        run_resume(resume, as_json=as_json, options=options)
        return
    if not sources:
        raise PartimentoError("no scores to train on: give files, folders, a store or bundled:NAME")
    overrides = list(settings or [])
    overrides += [f'model.name="{model}"'] if model is not None else []
    overrides += [f"train.seed={seed}"] if seed is not None else []
    run_train(
        sources,
        out=out,
        recipe=recipe,
        base=base,
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
        """Write a recipe to a file, edit it, and train with it:
             partimento settings --model vae > mine.toml
             partimento train my-scores/ --recipe mine.toml""",
    ),
)
def settings(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE|RUN",
            help="A recipe, a TOML file or a run folder [default: the default recipe of train].",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print the settings that train uses for this model."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of all settings instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the settings of a recipe, a model or a run, with descriptions.

    The output is a recipe file for `partimento train --recipe FILE`.
    """
    from partimento.cli.settings import run_settings

    run_settings(source, model=model, schema=schema, as_json=as_json)


@command(
    app,
    "watch",
    group=TRAIN,
    examples=(
        """Draw the training of a run, finished or not:
             partimento watch runs/mine""",
    ),
)
def watch(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run folder; its training may be unfinished.", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help=(
                "Folder for the pictures [default: RUN/watch, or RUN-watch for unfinished"
                " training]."
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw pictures of a training, and a web page that shows them.

    They show the losses, the network, the latent space, and the reconstruction of one window over
    the epochs. Some models do not have all of these.
    """
    from partimento.cli.watch import run_watch

    run_watch(run, out=out, as_json=as_json)
