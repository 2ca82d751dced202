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
from typing import Annotated, Any, NoReturn

import typer

from partimento import __version__
from partimento.cli.collect import collect_app
from partimento.cli.corpus import corpus_app
from partimento.cli.options import Force, Json, MaybeSources, SelectionOptions, Soundfont, expand
from partimento.cli.streams import make_streams_safe
from partimento.errors import PartimentoError

app = typer.Typer(
    help="Learn from scores that you love, and compose new ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(corpus_app, name="corpus")
app.add_typer(collect_app, name="collect")


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the result.")] = Path("demo"),
    seed: Annotated[
        int, typer.Option(min=0, max=2**31, help="The same seed composes the same music.")
    ] = 1685,
    bars: Annotated[int, typer.Option(min=1, max=1000, help="Length of the composition.")] = 16,
) -> None:
    """Learn from the bundled Bach chorales and compose one, with score, sound and a page to hear
    it: one to three minutes.
    """
    from partimento.cli.demo import run_demo

    run_demo(out, seed=seed, bars=bars)


@app.command()
@expand
def train(
    *,
    sources: MaybeSources = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Go on with the training of RUN that was stopped, as it was begun."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the run [default: runs/RECIPE-SOURCE]."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Which model [default: the recipe's].")] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="A named recipe, or a TOML file [default: notewise, or the model's own]."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.NAME=VALUE", help="Override a setting."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Overrides train.seed.")] = None,
    selection: SelectionOptions,
    watch: Annotated[
        bool, typer.Option("--watch", help="Make pictures of the training, into RUN/watch.")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Also write a log for TensorBoard, beside the run."),
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Learn from scores; the result is a run, a folder to compose from."""
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


@app.command()
def settings(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|RUN]",
            help="A recipe, a TOML file or a run [default: what train uses].",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The settings by which train trains this model.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of all settings instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print all settings of a recipe, a model or a run, with their meanings, as a recipe file."""
    from partimento.cli.settings import run_settings

    run_settings(source, model=model, schema=schema, as_json=as_json)


@app.command()
def bench(
    name: Annotated[
        str, typer.Argument(metavar="jsb|jsb16|nottingham", help="Which set.", show_default=False)
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN...", help="Runs that were trained on it.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The set's file [default: fetched once, its hash checked].")
    ] = None,
    side: Annotated[str, typer.Option(help="test, or valid to choose between models.")] = "test",
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble", help="Also all runs together, as the mean of their probabilities."
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the figures as .json.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Hold runs against counting and published figures on a benchmark set; nothing is trained."""
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


@app.command()
def compose(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN]",
            help="Folder of a training run [default: the guitar model that comes along].",
        ),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option("--out", "-o", help="File to write; may be given several times."),
    ] = None,
    bars: Annotated[int | None, typer.Option(help="Length in bars [default: 16].")] = None,
    events: Annotated[int | None, typer.Option(help="Length in events, instead of bars.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="The same seed composes the same music [default: drawn, and printed]."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Below 1 safer, above 1 bolder [default: the run's, 1].")
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(help="Choose among the k likeliest only; 0: all [default: the run's, 0]."),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            help="Choose among the likeliest that together have this probability; 1: all [default: the run's, 0.95; of notewise, 0.98]."
        ),
    ] = None,
    greedy: Annotated[bool, typer.Option(help="Always the likeliest, nothing drawn.")] = False,
    start: Annotated[
        str,
        typer.Option(help="Begin from: silence, the number of a training piece, or a score file."),
    ] = "silence",
    opening: Annotated[int, typer.Option(help="Events taken over from --start.")] = 8,
    towards: Annotated[
        int | None,
        typer.Option(
            help="With a latent space: make the way to training piece number N; between two pieces lies their mixture."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="As 'G major', Dm, Bb, F# or es-moll [default: as the training piece it is modelled on]."
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            help="Instrument: guitar, 'church organ', or a General MIDI number, 0 to 127 [default: as trained]."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Title of the piece.")] = "",
    tempo: Annotated[float | None, typer.Option(help="Quarter notes a minute.")] = None,
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose with a run, or with the guitar model that comes along: a MIDI file, a score, a sound,
    a page, by the files' endings.
    """
    from partimento.cli.compose import Wish, run_compose

    choice = {"temperature": 0.0 if greedy else temperature, "top_k": top_k, "top_p": top_p}
    wish = Wish(bars, events, seed, choice, start, towards, opening, key, program, title, tempo)
    run_compose(run, wish, outputs or [], soundfont=soundfont, force=force, as_json=as_json)


@app.command()
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
            help="Folder for the pictures [default: RUN/watch, or RUN-watch while it is under way].",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the pictures of a training: losses, latent space, one window given back ever better,
    network; and a page with them all.
    """
    from partimento.cli.watch import run_watch

    run_watch(run, out=out, as_json=as_json)


@app.command()
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
            help="Also write the table (.csv, .json, .md, .tex) or a picture of how they learned (.png, .svg, .pdf).",
        ),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Put runs side by side: nats an event on the same held-out pieces, reconstruction, variety,
    training time, weights.
    """
    from partimento.cli.compare import run_compare

    run_compare(runs, out=out or [], force=force, as_json=as_json)


@app.command()
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
    pieces: Annotated[int, typer.Option(help="How many pieces a run composes.")] = 100,
    bars: Annotated[
        int | None,
        typer.Option(
            help="Bars to compose, and to measure of every piece [default: 16 of a run, else whole pieces]."
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Only this side of the corpus' split, as train [default: all of it]."),
    ] = "",
    seed: Annotated[
        int, typer.Option(min=0, max=2**31, help="The same seed composes and draws the same.")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write a report with pictures, .html.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure generated pieces beside real ones, feature by feature, and beside what real ones show
    of each other.
    """
    from partimento.cli.evaluate import Request, run_evaluate

    run_evaluate(
        Request(generated, against, pieces, bars, seed, split),
        out=out,
        force=force,
        as_json=as_json,
    )


@app.command()
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
        typer.Option("--out", "-o", help="Also draw a map of the chords, .png or .svg."),
    ] = None,
    most: Annotated[int, typer.Option(help="Neighbours of each chord.")] = 6,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say which chords keep like company, by vectors learned without labels."""
    from partimento.cli.neighbours import run_neighbours

    run_neighbours(run, chords or [], out=out, most=most, force=force, as_json=as_json)


@app.command()
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
            help="The corpus: a folder, bundled:NAME or a store; may be given several times.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write the report: .csv, .json or .md.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say which runs of chords and of melody stand in a corpus, in any key, and where; beside what
    real pieces share.
    """
    from partimento.cli.originality import run_originality

    run_originality(files, against, out=out, force=force, as_json=as_json)


@app.command()
def listen(
    path: Annotated[Path, typer.Argument(metavar="WAV", help="A WAV file.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the waveform, .png or .svg.")
    ] = None,
    start: Annotated[float, typer.Option(help="First second of the picture.")] = 0.0,
    seconds: Annotated[float, typer.Option(help="How many seconds it shows.")] = 3.0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say what a sound file holds: rate, channels, duration, levels; and draw its waveform."""
    from partimento.cli.listen import run_listen

    run_listen(path, out=out, start_s=start, seconds=seconds, force=force, as_json=as_json)


@app.command()
def render(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="A score: MIDI, MusicXML, ABC or kern.", show_default=False
        ),
    ],
    outputs: Annotated[
        list[Path], typer.Option("--out", "-o", help="File to write; may be given several times.")
    ],
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a score file into another format, an engraved score, or sound."""
    from partimento.cli.compose import read_one, write_all
    from partimento.cli.screen import print_json
    from partimento.export.write import check_paths

    check_paths(outputs, force=force)
    piece = read_one(source)
    written = write_all(piece, outputs, soundfont=soundfont, force=force)
    if as_json:
        print_json({"written": [str(path) for path in written]})


@app.command()
def doctor(as_json: Json = False, soundfont: Soundfont = None) -> None:
    """Say what is installed, which SoundFont sounds, and what is missing."""
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
    try:
        with insistent_interrupt():
            app(arguments, prog_name="partimento")
    except PartimentoError as error:
        fail(str(error), 2)
    except OSError as error:
        fail(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 2)
    except KeyboardInterrupt:
        stopped(for_good=arguments is None)
    except SystemExit as stop:
        if stop.code == 130:  # the command line's library met the interrupt first
            stopped(for_good=arguments is None)
        raise


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
    print(f"partimento: {message}", file=sys.stderr)
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
