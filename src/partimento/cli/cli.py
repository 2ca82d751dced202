"""Run the command line.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, cast

import typer

from partimento import __version__
from partimento.cli import (
    commands_compose,
    commands_evaluate,
    commands_fill,
    commands_harmonise,
    commands_latent,
    commands_scores,
    commands_start,
    commands_tab,
    commands_train,
    commands_trust,
)
from partimento.cli.collect import collect_app
from partimento.cli.corpus import corpus_app
from partimento.cli.help import COLLECT, command_group
from partimento.cli.streams import make_streams_safe
from partimento.errors import PartimentoError

app = command_group(
    """Learn from scores that you love, and compose new ones.

    Begin with `partimento compose -o piece.mid -o piece.pdf`, which uses a bundled guitar model.
    `partimento demo` shows all steps, from scores to a web page with a new chorale. `partimento
    COMMAND --help` explains a command and shows examples.
    """,
    examples=(
        """Compose a piece with the bundled guitar model, as MIDI and PDF:
             partimento compose -o piece.mid -o piece.pdf""",
        """Train on your own scores, then compose:
             partimento train my-scores/ -o runs/mine
             partimento compose runs/mine --bars 24 --key "d minor" -o mine.pdf""",
    ),
)
for commands in (
    commands_start,
    commands_train,
    commands_compose,
    commands_fill,
    commands_harmonise,
    commands_latent,
    commands_scores,
    commands_trust,
    commands_tab,
    commands_evaluate,
):
    app.add_typer(commands.app)
app.add_typer(collect_app, name="collect", rich_help_panel=COLLECT)
app.add_typer(corpus_app, name="corpus", rich_help_panel=COLLECT)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"partimento {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> Any:
    """Run a command, and exit the process.

    An error that the user can correct is printed in one line, with exit code 2. An interrupt has
    exit code 130.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silence TensorFlow's log messages
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
    if code == 130:  # Click has caught the interrupt
        stopped(for_good=for_good)
    sys.exit(code if isinstance(code, int) else 0)


# The base class of all errors in a command line. Typer exports only the subclass BadParameter.
ClickError = cast("type[Exception]", typer.BadParameter.__mro__[2])


def _refuse(error: Any) -> NoReturn:
    """Print an error in the command line as one line, and exit."""
    if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command: print its help
        error.show()
        sys.exit(error.exit_code)
    message = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f"; see {context.command_path} --help" if context is not None else ""
    fail(f"{message[:1].lower()}{message[1:]}{hint}", error.exit_code)


def stopped(*, for_good: bool) -> NoReturn:
    """Report an interrupt, and exit.

    Libraries with running threads may crash during the shutdown of Python. `for_good` therefore
    ends the process at once, without a shutdown.
    """
    print("partimento: stopped", file=sys.stderr)
    if for_good:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    sys.exit(130)


def fail(message: str, code: int) -> NoReturn:
    """Print an error in one line, and exit."""
    # Error messages name the Python argument; on the command line it is a flag.
    message = " ".join(message.splitlines()).replace("force=True", "--force")
    from partimento.cli.screen import print_error

    print_error(message)
    sys.exit(code)


@contextmanager
def insistent_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt again every second after Ctrl-C, until the context ends.

    A library that calls back into Python may swallow the first one.
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
