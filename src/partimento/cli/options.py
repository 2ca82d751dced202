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

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]
Soundfont = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="SoundFont (.sf2) for audio [default: the system's, or a small bundled one].",
    ),
]
Show = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="Color the notes of .svg, .png, .pdf and .html files: surprise, by their probability "
        "for the model, or originality, by the length of the passage shared with a corpus.",
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE",
        help="The corpus of --show originality, or of the shared passages of --candidates, such as "
        "bundled:chorales; may be given several times [default: that of a bundled model, if it "
        "comes with the program].",
    ),
]
Humanize = Annotated[
    bool,
    typer.Option(
        "--humanize",
        "--humanise",
        help="Play sound and MIDI as a person might: small deviations of time and loudness, and a "
        "ritardando at the end.",
    ),
]
WHICH, READING = "Which pieces", "How scores are read"
SOURCE = (
    "Files, folders or zips of scores, a .parquet store, or a bundled collection: bundled:chorales."
)
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help=SOURCE, show_default=False)]
MaybeSources = Annotated[
    list[str] | None, typer.Argument(metavar="SOURCE...", help=SOURCE, show_default=False)
]
Scores = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or zips of scores, or a bundled collection: bundled:chorales.",
        show_default=False,
    ),
]
Store = Annotated[
    Path, typer.Argument(metavar="STORE", help="A .parquet store.", show_default=False)
]
Composer = Annotated[
    str,
    typer.Option(
        metavar="NAMES",
        help="Only pieces by these composers: parts of names, separated by commas.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
Instrument = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Only pieces with this instrument, such as guitar.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
Solo = Annotated[
    bool | None,
    typer.Option(
        "--solo/--ensemble",
        help="Only pieces for one player, or only pieces for several [default: both].",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
InKey = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="KEY",
        help="Only pieces in this (analyzed) key: 'C major', Dm, Bb, es-moll.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
Meter = Annotated[
    str,
    typer.Option(
        "--meter",
        "--metre",
        metavar="METER",
        help="Only pieces that begin in this meter, such as 3/4.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
MinEvents = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Only pieces with at least N events.",
        rich_help_panel=WHICH,
    ),
]
License = Annotated[
    str,
    typer.Option(
        "--license",
        "--licence",
        metavar="NAMES",
        help="Only pieces under these licenses, in any version: PD,CC-BY.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
Split = Annotated[
    str,
    typer.Option(
        metavar="SPLIT",
        help="Only pieces in one split of a store: train, valid or test.",
        show_default=False,
        rich_help_panel=WHICH,
    ),
]
Quantize = Annotated[
    str | None,
    typer.Option(
        "--quantize",
        "--quantise",
        metavar="HOW",
        help="Grid of MIDI files: auto, exact, beats (tracked) or music21 [default: auto; for "
        "stats, exact].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
GraceNotes = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Grace notes: remove, merge into their main notes, or keep [default: remove; for"
        " stats, keep].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Octave = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Octave of guitar parts that are notated an octave higher: written or sounding "
        "[default: written].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Pickup = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Upbeats: declared in the file, or also inferred from strong evidence (inferred) "
        "[default: inferred; for stats, declared].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
NoteEnds = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Ends of notes that a notation program made early in MIDI: restored, exact, or full "
        "(staccato too) [default: restored; for stats, exact].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Encoding of text in files that do not state it: shift-jis, gbk, cp1251 … [default: "
        "auto].",
        show_default=False,
        rich_help_panel=READING,
    ),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="Repeats in scores: folded (played once) or unfolded [default: folded].",
        show_default=False,
        rich_help_panel=READING,
    ),
]


def select(
    *,
    composer: Composer = "",
    instrument: Instrument = "",
    solo: Solo = None,
    key: InKey = "",
    meter: Meter = "",
    min_events: MinEvents = 0,
    license: License = "",
) -> Any:
    """Return the `Selection` that these options describe."""
    from partimento.corpus.select import Selection

    return Selection(composer, instrument, solo, key, meter, min_events, license)


def view(
    *,
    quantize: Quantize = None,
    grace_notes: GraceNotes = None,
    octave: Octave = None,
    pickup: Pickup = None,
    note_ends: NoteEnds = None,
    repeats: Repeats = None,
    encoding: Encoding = None,
) -> dict[str, str]:
    """Return the settings of the section ``data`` that were set by options."""
    options = {
        "quantize": quantize,
        "grace_notes": grace_notes,
        "octave": octave,
        "pickup": pickup,
        "note_ends": note_ends,
        "repeats": repeats,
        "encoding": encoding,
    }
    return {name: value for name, value in options.items() if value is not None}


class OptionGroup:
    """Annotate a parameter that is replaced by the options of a function.

    The parameter gets the result of that function.
    """

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make
        self.parameters = _parameters(make)


def expand(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter annotated as `OptionGroup` by its options, for Typer."""
    groups: dict[str, OptionGroup] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in _parameters(command).items():
        group = next(
            (
                annotation
                for annotation in getattr(parameter.annotation, "__metadata__", ())
                if isinstance(annotation, OptionGroup)
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
            options[name] = group.make(**{key: options.pop(key) for key in group.parameters})
        command(**options)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function, as keywords, with annotations resolved."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(function).parameters.items()
    }


if TYPE_CHECKING:
    from partimento.corpus.select import Selection

    SelectionOptions = Selection
    ViewOptions = dict[str, str]
else:  # printing help must not import `corpus`
    SelectionOptions = Annotated[Any, OptionGroup(select)]
    ViewOptions = Annotated[Any, OptionGroup(view)]
