"""Declare the options that constrain a composition, one per constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from partimento.cli.options import OptionGroup
from partimento.errors import PartimentoError

PANEL = "Constraints (none is ever broken)"


def _option(name: str, metavar: str, help_text: str) -> Any:
    return typer.Option(
        name, metavar=metavar, help=help_text, show_default=False, rich_help_panel=PANEL
    )


Text = str | None


def constrain(
    *,
    pitch_range: Annotated[
        Text, _option("--range", "LOW:HIGH", "Only notes between two pitches: E2:B5.")
    ] = None,
    in_key: Annotated[
        Text, _option("--in-key", "KEY", "Only notes of a key: 'd minor', or own for the piece's.")
    ] = None,
    in_scale: Annotated[
        Text, _option("--in-scale", "TONIC:SCALE", "Only notes of a scale or mode: D:dorian.")
    ] = None,
    in_meter: Annotated[
        Text,
        _option(
            "--in-meter",
            "METER[:no-ties]",
            "Full bars: 3/4, or own for the piece's meter. With no-ties, none across bar lines.",
        ),
    ] = None,
    max_voices: Annotated[Text, _option("--max-voices", "N", "At most N notes at once.")] = None,
    chord_size: Annotated[
        Text, _option("--chord-size", "LOW:HIGH", "So many notes at every moment: 2:4.")
    ] = None,
    durations: Annotated[
        Text, _option("--durations", "QUARTERS", "Only notes of these durations: '1/2 1 2'.")
    ] = None,
    rhythm: Annotated[
        Text,
        _option(
            "--rhythm",
            "QUARTERS|FILE",
            "Keep a rhythm: '1/2 1/2 1', a rest as -1, or that of a score file.",
        ),
    ] = None,
    fixed_notes: Annotated[
        Text,
        _option(
            "--fixed-notes",
            "FILE[:OTHERS]",
            "Keep the notes of a score. Others may be free, below, above or none.",
        ),
    ] = None,
    chord_progression: Annotated[
        Text,
        _option(
            "--chord-progression",
            "CHORDS[:SHARE]",
            "Follow chords, with a percentage of chord tones: 'Dm | Gm A7 | Dm:90'.",
        ),
    ] = None,
    bars_return: Annotated[
        Text,
        _option(
            "--bars-return",
            "BARS",
            "Let bars have the notes of earlier ones, or their rhythm: '5-8=1-4 9~1'.",
        ),
    ] = None,
    density: Annotated[
        Text, _option("--density", "LOW:HIGH", "So many notes begin in each bar: 2:8.")
    ] = None,
    step_leap: Annotated[
        Text,
        _option(
            "--step-leap",
            "N[:LINE]",
            "Leaps of at most N semitones in a line: melody, bass or all voices.",
        ),
    ] = None,
    max_borrowed: Annotated[
        Text,
        _option(
            "--max-borrowed",
            "N[:CORPUS]",
            "At most N events in a row from a corpus: 8:bundled:chorales [default: --against, or "
            "what the model learned from].",
        ),
    ] = None,
    playable: Annotated[
        Text, _option("--playable", "INSTRUMENT", "Only chords that a hand can hold: guitar.")
    ] = None,
    no_playable: Annotated[
        bool,
        typer.Option(
            "--no-playable",
            help="Let music for one guitar have chords that no hand can hold.",
            rich_help_panel=PANEL,
        ),
    ] = False,
    part_writing: Annotated[
        Text,
        _option(
            "--part-writing", "PAIRS", "No parallels between the outer voices, or all: outer, all."
        ),
    ] = None,
    end: Annotated[
        Text,
        _option(
            "--end",
            "KIND[:KEY][:picardy]",
            "End on the tonic, with a cadence, or half: cadence. Minor may end in major: picardy.",
        ),
    ] = None,
) -> dict[str, str | None]:
    """Return the value of each option by the name of its constraint."""
    if no_playable and playable is not None:
        raise PartimentoError("--playable and --no-playable contradict each other")
    return {
        "Range": pitch_range,
        "InKey": in_key,
        "InScale": in_scale,
        "InMeter": in_meter,
        "MaxVoices": max_voices,
        "ChordSize": chord_size,
        "Durations": durations,
        "Rhythm": rhythm,
        "FixedNotes": fixed_notes,
        "ChordProgression": chord_progression,
        "BarsReturn": bars_return,
        "Density": density,
        "StepLeap": step_leap,
        "MaxBorrowed": max_borrowed,
        "Playable": "no" if no_playable else playable,
        "PartWriting": part_writing,
        "End": end,
    }


if TYPE_CHECKING:
    ConstraintOptions = dict[str, str | None]
else:
    ConstraintOptions = Annotated[Any, OptionGroup(constrain)]
