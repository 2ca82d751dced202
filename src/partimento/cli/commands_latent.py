"""Declare the commands on latent spaces: morph, reconstruct, steer, sample.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.help import COMPOSE, command
from partimento.cli.options import Force, Json
from partimento.errors import PartimentoError

app = typer.Typer()

Model = Annotated[
    str,
    typer.Option(
        metavar="RUN",
        help="Run folder of a model with a latent space: vae, autoencoder.",
        show_default=False,
    ),
]
Score = Annotated[Path, typer.Argument(metavar="FILE", help="A score.", show_default=False)]
Outputs = Annotated[
    list[Path],
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="File to write, in the format of its suffix; may be given several times.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of the sampling.")]
Temperature = Annotated[
    float,
    typer.Option(metavar="X", help="Greedy at 0; events are sampled at higher ones."),
]
Decodings = Annotated[
    int | None,
    typer.Option(
        "--candidates",
        metavar="N",
        help="Decode each point N times, and keep the best; for temperatures above 0 [default: 1].",
        show_default=False,
    ),
]


@command(
    app,
    "morph",
    group=COMPOSE,
    examples=(
        """Change one piece into another in seven steps, one file each:
             partimento morph a.mid b.mid --model runs/vae -o steps/""",
        """Write all steps as one piece:
             partimento morph a.mid b.mid --model runs/vae --steps 5 -o c.mid -o c.pdf""",
    ),
)
def morph(
    first: Score,
    last: Score,
    outputs: Outputs,
    model: Model,
    steps: Annotated[
        int, typer.Option(metavar="N", help="Pieces to make, with those at both ends.")
    ] = 7,
    way: Annotated[
        str,
        typer.Option(
            metavar="WAY",
            help="spherical: the distance from the center of the latent space is kept; linear: in "
            "a straight line.",
        ),
    ] = "spherical",
    temperature: Temperature = 0.0,
    candidates: Decodings = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Change one score into another in steps, through the latent space of a model.

    A folder gets each step as MIDI and MusicXML. A file gets all steps, one after another.
    """
    from partimento.cli.latent import LatentOptions, run_morph

    options = LatentOptions(model, seed, temperature, candidates, force, as_json)
    run_morph(first, last, outputs, options, steps=steps, way=way)


@command(
    app,
    "reconstruct",
    group=COMPOSE,
    examples=(
        """Encode a score as points of the latent space, and decode them:
             partimento reconstruct a.mid --model runs/vae -o again.mid""",
    ),
)
def reconstruct(
    source: Score,
    outputs: Outputs,
    model: Model,
    temperature: Temperature = 0.0,
    candidates: Decodings = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Encode a score with a model that has a latent space, and decode it again."""
    from partimento.cli.latent import LatentOptions, run_reconstruct

    options = LatentOptions(model, seed, temperature, candidates, force, as_json)
    run_reconstruct(source, outputs, options)


@command(
    app,
    "steer",
    group=COMPOSE,
    examples=(
        """Make a piece denser:
             partimento steer a.mid --model runs/vae --direction denser -o b.mid""",
        """Make it slower, by half a standard deviation:
             partimento steer a.mid --model vae --direction slower --amount 0.5 -o b.mid""",
    ),
)
def steer(
    source: Score,
    outputs: Outputs,
    model: Model,
    direction: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="denser, slower, higher, wider or fuller; may be given several times.",
            show_default=False,
        ),
    ],
    amount: Annotated[
        list[float] | None,
        typer.Option(
            metavar="X",
            help="How far, in standard deviations of the training pieces, once per --direction; "
            "negative amounts go the other way [default: 1].",
            show_default=False,
        ),
    ] = None,
    temperature: Temperature = 0.0,
    candidates: Decodings = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a score denser, slower, higher, wider or fuller, or the opposite."""
    from partimento.cli.latent import LatentOptions, run_steer

    amounts = amount or [1.0] * len(direction)
    if len(amounts) != len(direction):
        raise PartimentoError("give one --amount per --direction")
    if len(set(direction)) != len(direction):
        raise PartimentoError("a direction is given twice")
    options = LatentOptions(model, seed, temperature, candidates, force, as_json)
    run_steer(source, outputs, options, amounts=dict(zip(direction, amounts, strict=True)))


@command(
    app,
    "sample",
    group=COMPOSE,
    examples=(
        """Decode eight random points of a latent space:
             partimento sample --model runs/vae -n 8 -o samples/""",
    ),
)
def sample(
    outputs: Annotated[
        list[Path],
        typer.Option("--out", "-o", metavar="FOLDER", help="The folder.", show_default=False),
    ],
    model: Model,
    count: Annotated[int, typer.Option("--number", "-n", metavar="N", help="Points.")] = 8,
    temperature: Temperature = 0.0,
    candidates: Decodings = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Decode random points of a latent space, one window of music each."""
    from partimento.cli.latent import LatentOptions, run_sample

    options = LatentOptions(model, seed, temperature, candidates, force, as_json)
    run_sample(outputs, options, count=count)
