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
from partimento.cli import commands_compose, commands_evaluate, commands_start, commands_train
from partimento.cli.collect import collect_app
from partimento.cli.corpus import corpus_app
from partimento.cli.help import COLLECT, command_group
from partimento.cli.streams import make_streams_safe
from partimento.errors import PartimentoError

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
for commands in (commands_start, commands_train, commands_compose, commands_evaluate):
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
    """Run a command, and exit.

    An error that a person can correct is one line and exit code 2; an interrupt is exit code 130.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow, as a backend, chatters
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
    """Report an interrupt, and exit.

    Libraries whose threads are at work may crash when they are taken down. With `for_good` they are
    not taken down.
    """
    print("partimento: stopped", file=sys.stderr)
    if for_good:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    sys.exit(130)


def fail(message: str, code: int) -> NoReturn:
    """Print an error in one line, and exit."""
    # Messages name options as Python has them; here they are flags.
    message = " ".join(message.splitlines()).replace("force=True", "--force")
    from partimento.cli.screen import print_error

    print_error(message)
    sys.exit(code)


@contextmanager
def insistent_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt again every second after Ctrl-C, until the end.

    A callback of a library may swallow the first.
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
