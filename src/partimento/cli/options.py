"""Options that several commands share, each declared once.

A command takes a group of options as one parameter, `SelectionOptions` or `ViewOptions`, and is
decorated with `expand`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on the output.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Soundfont = Annotated[
    Path | None,
    typer.Option(help="SoundFont (.sf2) for audio; else the system's, else a small bundled one."),
]
SOURCE = "Files, folders or zips of scores, bundled:NAME (bundled:chorales), or a .parquet store."
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help=SOURCE,
        show_default=False,
    ),
]
MaybeSources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help=SOURCE,
        show_default=False,
    ),
]
Scores = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or zips of scores, or bundled:NAME, as bundled:chorales.",
        show_default=False,
    ),
]
Composer = Annotated[
    str,
    typer.Option(
        help="Only pieces of a composer: a part of the name. Several, with commas: any of them."
    ),
]
Instrument = Annotated[str, typer.Option(help="Only pieces in which it plays: guitar.")]
Solo = Annotated[
    bool | None,
    typer.Option(
        "--solo/--ensemble",
        help="Only pieces for one player, or for more [default: both].",
        show_default=False,
    ),
]
InKey = Annotated[
    str,
    typer.Option("--key", help="Only pieces in a key, as it is heard: 'C major', Dm, Bb, es-moll."),
]
Metre = Annotated[
    str, typer.Option("--meter", "--metre", help="Only pieces that begin in a meter: 3/4.")
]
MinEvents = Annotated[int, typer.Option(min=0, help="Only pieces of at least so many events.")]
Licence = Annotated[
    str,
    typer.Option(
        "--license", "--licence", help="Only pieces under a licence, in any version: PD,CC-BY."
    ),
]
Split = Annotated[str, typer.Option(help="Only one side of a store's split: train, valid or test.")]
Quantise = Annotated[
    str | None,
    typer.Option(
        help="Grid of MIDI files: auto, exact or music21 [default: auto; for stats, exact].",
        show_default=False,
    ),
]
Graces = Annotated[
    str | None,
    typer.Option(
        help="Grace notes: drop, fold into their main notes, or keep [default: drop; for stats, keep].",
        show_default=False,
    ),
]
Octave = Annotated[
    str | None,
    typer.Option(
        help="Guitar notated an octave high: written, or moved down to sounding [default: written].",
        show_default=False,
    ),
]
Pickup = Annotated[
    str | None,
    typer.Option(
        help="Upbeats: inferred from strong evidence, or declared [default: inferred; for stats, declared].",
        show_default=False,
    ),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        help="Repeats of MusicXML files: folded or unfolded [default: folded].", show_default=False
    ),
]


def select(
    *,
    composer: Composer = "",
    instrument: Instrument = "",
    solo: Solo = None,
    key: InKey = "",
    metre: Metre = "",
    min_events: MinEvents = 0,
    licence: Licence = "",
) -> Any:
    """Return the `Selection` that these options ask for."""
    from partimento.corpus.select import Selection

    return Selection(composer, instrument, solo, key, metre, min_events, licence)


def view(
    *,
    quantise: Quantise = None,
    graces: Graces = None,
    octave: Octave = None,
    pickup: Pickup = None,
    repeats: Repeats = None,
) -> dict[str, str]:
    """Return those settings of the section ``data`` that were given."""
    options = {
        "quantise": quantise,
        "graces": graces,
        "octave": octave,
        "pickup": pickup,
        "repeats": repeats,
    }
    return {name: value for name, value in options.items() if value is not None}


class Group:
    """Mark a parameter that stands for the options of a function, which makes its value."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        self.parameters = _parameters(make)


def expand(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter that is a `Group` by its options, for Typer to read."""
    groups: dict[str, Group] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in _parameters(command).items():
        group = next(
            (
                each
                for each in getattr(parameter.annotation, "__metadata__", ())
                if isinstance(each, Group)
            ),
            None,
        )
        if group is None:
            parameters.append(parameter)
        else:
            groups[name] = group
            parameters += group.parameters.values()

    @wraps(command)
    def run(**options: Any) -> None:
        for name, group in groups.items():
            options[name] = group.make(**{each: options.pop(each) for each in group.parameters})
        command(**options)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function, by keyword alone, their annotations resolved."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(function).parameters.items()
    }


if TYPE_CHECKING:
    from partimento.corpus.select import Selection

    SelectionOptions = Selection
    ViewOptions = dict[str, str]
else:  # a class of the corpus is not loaded to print help
    SelectionOptions = Annotated[Any, Group(select)]
    ViewOptions = Annotated[Any, Group(view)]
