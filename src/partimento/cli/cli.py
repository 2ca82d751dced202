"""The command line. Each command loads what it needs when it runs, so that ``--help`` stays
instant.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer

from partimento import __version__
from partimento.cli.collect import collect_app
from partimento.cli.corpus import corpus_app
from partimento.cli.help import (
    COLLECT,
    COMPOSE,
    EVALUATE,
    START,
    TRAIN,
    command,
    command_group,
)
from partimento.cli.options import Force, Json, MaybeSources, SelectionOptions, Soundfont, expand
from partimento.cli.streams import make_streams_safe
from partimento.errors import PartimentoError

PIECE, PROMPT, SAMPLING = "The piece", "What it begins from", "How tokens are drawn"

app = command_group(
    """Learn from scores that you love, and compose new ones.

    Begin with `partimento compose -o piece.mid -o piece.pdf`: a bundled guitar model composes at
    once. `partimento demo` goes the whole way, from scores to a page with a new chorale.
    `partimento COMMAND --help` explains a command and shows examples.
    """,
    examples=(
        """Compose with the bundled guitar model, to hear and to print:
             partimento compose -o piece.mid -o piece.pdf""",
        """Learn from your own scores, then compose:
             partimento train my-scores/ -o runs/mine
             partimento compose runs/mine --bars 24 --key "d minor" -o mine.pdf""",
    ),
)


@command(
    app,
    "demo",
    group=START,
    examples=(
        """Open demo/index.html afterwards:
             partimento demo""",
    ),
)
def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the result.")
    ] = Path("demo"),
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**31, metavar="N", help="The same seed composes the same music."),
    ] = 1685,
    bars: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Length of the composition.")
    ] = 16,
) -> None:
    """Learn from the bundled Bach chorales, and compose one.

    This takes one to three minutes. The result is a page with score and sound, and the same piece
    as MIDI, MusicXML, SVG, PNG, PDF and WAV.
    """
    from partimento.cli.demo import run_demo

    run_demo(out, seed=seed, bars=bars)


@command(
    app,
    "compose",
    group=COMPOSE,
    examples=(
        """Compose with the bundled guitar model, to hear and to print:
             partimento compose -o piece.mid -o piece.pdf""",
        """Compose 24 bars in D minor with a model of your own:
             partimento compose runs/mine --bars 24 --key "d minor" -o mine.mid""",
        """Continue a score, more boldly than usual:
             partimento compose --start theme.musicxml --temperature 1.1""",
    ),
)
def compose(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", help="Folder of a training run [default: the bundled guitar model]."
        ),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File to write, in the format of its ending; may be given several times "
            "[default: partimento-SEED.mid].",
        ),
    ] = None,
    bars: Annotated[
        int | None,
        typer.Option(metavar="N", help="Length in bars [default: 16].", rich_help_panel=PIECE),
    ] = None,
    events: Annotated[
        int | None,
        typer.Option(metavar="N", help="Length in events, instead of bars.", rich_help_panel=PIECE),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The same seed composes the same music [default: drawn, and printed].",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Safer below 1, bolder above 1 [default: the run's, 1].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Choose among the N likeliest only; 0: among all [default: the run's, 0].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Choose among the likeliest that together have this probability; 1: among all "
            "[default: the run's, 0.95; of notewise, 0.98].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    greedy: Annotated[
        bool,
        typer.Option(
            "--greedy",
            help="Always take the likeliest; nothing is drawn.",
            rich_help_panel=SAMPLING,
        ),
    ] = False,
    start: Annotated[
        str,
        typer.Option(
            metavar="START",
            help="Begin from silence, from the training piece of a number, or from a score file.",
            rich_help_panel=PROMPT,
        ),
    ] = "silence",
    opening: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="How many events of --start are the prompt.",
            rich_help_panel=PROMPT,
        ),
    ] = 8,
    towards: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Compose a mixture of --start and training piece N. The model needs a latent "
            "space.",
            rich_help_panel=PROMPT,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="As 'G major', Dm, Bb, F# or es-moll [default: as a training piece].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|0-127",
            help="Instrument: guitar, 'church organ', or a General MIDI number [default: as "
            "trained].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title of the piece.", rich_help_panel=PIECE)
    ] = "",
    tempo: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Quarter notes per minute [default: as a training piece].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose a piece, and write it as MIDI, score, sound or page.

    The format follows from the ending of each file: .mid, .musicxml, .svg, .png, .pdf, .wav, .html.
    """
    from partimento.cli.compose import Wish, run_compose

    choice = {"temperature": 0.0 if greedy else temperature, "top_k": top_k, "top_p": top_p}
    wish = Wish(bars, events, seed, choice, start, towards, opening, key, program, title, tempo)
    run_compose(run, wish, outputs or [], soundfont=soundfont, force=force, as_json=as_json)


app.add_typer(collect_app, name="collect", rich_help_panel=COLLECT)
app.add_typer(corpus_app, name="corpus", rich_help_panel=COLLECT)


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
            help="Override a setting; may be given several times. `partimento settings` lists them.",
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

    The result is a run: a folder to compose from, with the losses of each epoch, figures on held-out
    pieces and a first sample. A training that is stopped can be resumed.
    """
    from partimento.cli.train import Extras, run_resume, run_train

    extras = Extras(watch, tensorboard)
    if resume is not None:
        if sources or out or model or recipe or settings or seed is not None or force:
            raise PartimentoError(
                "--resume goes on as the training was begun: give it nothing else but --watch, --tensorboard and --json"
            )
        run_resume(resume, as_json=as_json, extras=extras)
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
        extras=extras,
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
            help="Folder for the pictures [default: RUN/watch, or RUN-watch while it is under way].",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw the pictures of a training, and a page with them all.

    They show the losses, the latent space, one window as it is reconstructed better and better, and
    the network, as far as the model has them.
    """
    from partimento.cli.watch import run_watch

    run_watch(run, out=out, as_json=as_json)


@command(
    app,
    "render",
    group=COMPOSE,
    examples=(
        """Print a score, and hear it:
             partimento render prelude.mid -o prelude.pdf -o prelude.wav""",
    ),
)
def render(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SCORE", help="A score: MIDI, MusicXML, ABC or kern.", show_default=False
        ),
    ],
    outputs: Annotated[
        list[Path],
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File to write, in the format of its ending; may be given several times.",
        ),
    ],
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Convert a score to other formats, to an engraved score or to sound."""
    from partimento.cli.compose import read_one, write_all
    from partimento.cli.screen import print_json
    from partimento.export.write import check_paths

    check_paths(outputs, force=force)
    piece = read_one(source)
    written = write_all(piece, outputs, soundfont=soundfont, force=force)
    if as_json:
        print_json({"written": [str(path) for path in written]})


@command(
    app,
    "listen",
    group=COMPOSE,
    examples=(
        """Draw three seconds of a sound:
             partimento listen piece.wav --start 10 -o piece.png""",
    ),
)
def listen(
    path: Annotated[Path, typer.Argument(metavar="WAV", help="A WAV file.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the waveform, .png or .svg."),
    ] = None,
    start: Annotated[float, typer.Option(metavar="X", help="First second of the picture.")] = 0.0,
    seconds: Annotated[
        float, typer.Option(metavar="X", help="How many seconds the picture shows.")
    ] = 3.0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Report rate, channels, duration and levels of a sound, and draw its waveform."""
    from partimento.cli.listen import run_listen

    run_listen(path, out=out, start_s=start, seconds=seconds, force=force, as_json=as_json)


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
    side: Annotated[
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
        side=side,
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
    from partimento.cli.evaluate import Request, run_evaluate

    run_evaluate(
        Request(generated, against, pieces, bars, seed, split),
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


@command(
    app,
    "doctor",
    group=START,
    examples=(
        """Look at what is installed before you report a fault:
             partimento doctor""",
    ),
)
def doctor(as_json: Json = False, soundfont: Soundfont = None) -> None:
    """Report what is installed, which SoundFont sounds, and what is missing."""
    from partimento.cli.doctor import run_doctor

    run_doctor(soundfont=soundfont, as_json=as_json)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"partimento {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> Any:
    """Run a command; what a person can mend is one line and exit code 2, an interrupt is 130."""
    os.environ.setdefault(
        "TF_CPP_MIN_LOG_LEVEL", "3"
    )  # TensorFlow's chatter, should it be the backend
    make_streams_safe()
    for_good = arguments is None
    try:
        with insistent_interrupt():
            code = app(arguments, prog_name="partimento", standalone_mode=False)
    except PartimentoError as error:
        fail(str(error), 2)
    except ClickError as error:
        _refuse(error)
    except OSError as error:
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 2)
    except (KeyboardInterrupt, typer.Abort):
        stopped(for_good=for_good)
    if code == 130:  # the command line's library met the interrupt first
        stopped(for_good=for_good)
    sys.exit(code if isinstance(code, int) else 0)


# Typer exports only this one of the exceptions that stand for a wrong command line.
ClickError = cast("type[Exception]", typer.BadParameter.__mro__[2])


def _refuse(error: Any) -> NoReturn:
    """Print in one line how a command line is wrong."""
    if type(error).__name__ == "NoArgsIsHelpError":  # a group of commands alone: its help
        error.show()
        sys.exit(error.exit_code)
    message = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f"; see {context.command_path} --help" if context is not None else ""
    fail(f"{message[:1].lower()}{message[1:]}{hint}", error.exit_code)


def stopped(*, for_good: bool) -> NoReturn:
    """Say so, and out; `for_good` without taking libraries down, whose threads are at work and may
    crash on the way.
    """
    print("partimento: stopped", file=sys.stderr)
    if for_good:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    sys.exit(130)


def fail(message: str, code: int) -> NoReturn:
    """Print one line and exit. Messages name options as Python has them; here they are flags."""
    message = " ".join(message.splitlines()).replace("force=True", "--force")
    from partimento.cli.screen import print_error

    print_error(message)
    sys.exit(code)


@contextmanager
def insistent_interrupt() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt again every second until the program has ended: a library's
    callback may swallow the first.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt), signal.signal(signal.SIGALRM, interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGALRM, before[1])


if __name__ == "__main__":
    main()
