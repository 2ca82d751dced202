"""Declare the commands that write pieces: compose, render, listen.

Each command loads what it needs when it runs, so that ``--help`` stays instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from partimento.cli.constraint_options import ConstraintOptions
from partimento.cli.help import COMPOSE, command
from partimento.cli.options import (
    Against,
    Encoding,
    Force,
    Humanize,
    Json,
    NoteEnds,
    Show,
    Soundfont,
    expand,
)
from partimento.errors import PartimentoError

app = typer.Typer()
PIECE, PROMPT, SAMPLING = "The piece", "Prompt", "Sampling"


@command(
    app,
    "compose",
    group=COMPOSE,
    examples=(
        """Compose a piece with the bundled guitar model, as MIDI and PDF:
             partimento compose -o piece.mid -o piece.pdf""",
        """Compose 24 bars in D minor with your own model:
             partimento compose runs/mine --bars 24 --key "d minor" -o mine.mid""",
        """Write the eight best of many candidates, with a table of their criteria:
             partimento compose --candidates 8 --seed 7 -o candidates/""",
        """Continue a score, with more surprises than usual:
             partimento compose --start theme.musicxml --temperature 1.1""",
        """Compose within constraints:
             partimento compose --range E2:B5 --in-key own --max-voices 3 --end cadence""",
    ),
)
@expand
def compose(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", help="Run folder of a model [default: the bundled guitar model]."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|RUN",
            help="A bundled model, guitar or chorales, or a run folder; the same as RUN.",
        ),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File to write, in the format of its suffix; may be given several times "
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
    form: Annotated[
        str,
        typer.Option(
            metavar="FORM",
            help="Sections that return, vary where primed, and contrast: AABA or \"A A' B A'\". "
            "Each ends with a cadence. free: no bars need to return [default: bars return as in a "
            "real piece].",
            rich_help_panel=PIECE,
        ),
    ] = "",
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="The same seed composes the same music [default: random; it is printed].",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Below 1 prefers probable tokens, above 1 allows more surprises [default: the "
            "run's, usually 1].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Sample only from the N most probable tokens; 0: from all [default: the run's, "
            "usually 0].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Sample only from the most probable tokens that together have this probability; "
            "1: from all [default: the run's, usually 0.95, for notewise 0.98].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Sample only from tokens with at least this share of the highest probability "
            "[default: the run's, usually 0].",
            rich_help_panel=SAMPLING,
        ),
    ] = None,
    greedy: Annotated[
        bool,
        typer.Option(
            "--greedy",
            help="Always take the most probable token, as --temperature 0.",
            rich_help_panel=SAMPLING,
        ),
    ] = False,
    start: Annotated[
        str,
        typer.Option(
            metavar="START",
            help="Begin from silence, with a training piece (by number), or with a score file.",
            rich_help_panel=PROMPT,
        ),
    ] = "silence",
    prompt_events: Annotated[
        int,
        typer.Option(
            "--prompt-events",
            "--opening",
            metavar="N",
            help="Number of events of --start to begin with.",
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
            help="Key: 'G major', Dm, Bb, F# or es-moll [default: that of a training piece].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|0-127",
            help="Instrument: guitar, 'church organ', or a General MIDI number [default: that of "
            "the training pieces].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Title of the piece.", rich_help_panel=PIECE)
    ] = "",
    meter: Annotated[
        str | None,
        typer.Option(
            metavar="N/N",
            help="Meter, such as 3/4 [default: the most frequent one of the training pieces].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    ending: Annotated[
        str,
        typer.Option(
            metavar="ENDING",
            help="How the piece ends: authentic, with a cadence to its tonic; half, on the "
            "dominant; open, in any way.",
            rich_help_panel=PIECE,
        ),
    ] = "authentic",
    composer: Annotated[
        str, typer.Option(metavar="TEXT", help="Composer of the piece.", rich_help_panel=PIECE)
    ] = "",
    show: Show = None,
    against: Against = None,
    humanized: Humanize = False,
    candidates: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Write the N best candidates and a table of their criteria into the folder that "
            "-o names [default: write only the best].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    tempo: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Tempo in quarter notes per minute [default: that of a training piece].",
            rich_help_panel=PIECE,
        ),
    ] = None,
    constraints: ConstraintOptions = None,  # type: ignore[assignment]
    soundfont: Soundfont = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compose a piece, and write it as MIDI, score, sound or web page.

    The suffix of each file sets its format: .mid, .musicxml, .svg, .png, .pdf, .mp3, .html …
    """
    from partimento.cli.compose import ComposeOptions, run_compose

    choice: dict[str, float | int | None] = {
        "temperature": 0.0 if greedy else temperature,
        "top_k": top_k,
        "top_p": top_p,
    }
    choice["min_p"] = min_p
    options = ComposeOptions(
        bars,
        events,
        seed,
        choice,
        start,
        towards,
        prompt_events,
        key,
        meter,
        ending,
        program,
        title,
        composer,
        tempo,
        candidates,
        humanized,
        show,
        against or [],
        constraints,
        form,
    )
    if run is not None and model is not None:
        raise PartimentoError(f"two models are given: {run} and {model}")
    run = run if model is None else Path(model)
    run_compose(run, options, outputs or [], soundfont=soundfont, force=force, as_json=as_json)


@command(
    app,
    "render",
    group=COMPOSE,
    examples=(
        """Convert a MIDI file to a printable score and to sound:
             partimento render prelude.mid -o prelude.pdf -o prelude.wav""",
        """Write a melody for the guitar:
             partimento render song.musicxml --program guitar --clef treble-8 -o song.pdf""",
        """Convert all scores of a folder to PDF and MP3:
             partimento render scores/ --to pdf --to mp3 -o rendered/""",
        """Color the notes by what a model expected:
             partimento render song.mid --show surprise --model chorales -o song.html""",
    ),
)
def render(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORE...",
            help="Scores, or folders of them: MIDI, MusicXML, ABC, kern, MEI or Guitar Pro.",
            show_default=False,
        ),
    ],
    outputs: Annotated[
        list[Path],
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="File to write, in the format of its suffix; may be given several times. With "
            "--to: a folder.",
        ),
    ],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Write each score in this format, such as pdf or mp3, into the folder that -o "
            "names; may be given several times.",
        ),
    ] = None,
    show: Show = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|RUN",
            help="The model of --show surprise [default: the one that composed the piece].",
        ),
    ] = None,
    against: Against = None,
    humanized: Humanize = False,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Seed of the deviations of --humanize.")
    ] = 0,
    program: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|0-127",
            help="Change the instrument: guitar, 'church organ', or a General MIDI number.",
        ),
    ] = None,
    clef: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Change the clef: treble, treble-8, treble+8, bass, bass-8, alto or tenor.",
        ),
    ] = None,
    unfold: Annotated[
        bool,
        typer.Option("--unfold", help="Play repeats in MIDI and sound; scores keep their signs."),
    ] = False,
    voices: Annotated[
        bool,
        typer.Option("--voices", help="Draw each melodic line as a voice of its own."),
    ] = False,
    quantize: Annotated[
        bool,
        typer.Option(
            "--quantize",
            "--quantise",
            help="Write a MIDI file that was played so that it can be read: track its beats.",
        ),
    ] = False,
    note_ends: NoteEnds = None,
    soundfont: Soundfont = None,
    encoding: Encoding = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Convert scores to other formats: engraved score, sound, MIDI, MusicXML.

    A score from a MusicXML file keeps its slurs, text and all other marks.
    """
    from partimento.cli.render import RenderOptions, run_render
    from partimento.cli.show import Shown

    reading = {
        "quantize": "beats" if quantize else None,
        "note_ends": note_ends,
        "encoding": encoding,
    }
    if show is None and (model is not None or against):
        raise PartimentoError("--model and --against belong to --show")
    run_render(
        sources,
        outputs,
        RenderOptions(program, clef, voices, unfold, humanized, seed, reading),
        formats=formats or [],
        shown=None if show is None else Shown(show, model=model, against=against or []),
        soundfont=soundfont,
        force=force,
        as_json=as_json,
    )


@command(
    app,
    "listen",
    group=COMPOSE,
    examples=(
        """Draw three seconds of a sound file:
             partimento listen piece.wav --start 10 -o piece.png""",
    ),
)
def listen(
    path: Annotated[
        Path,
        typer.Argument(metavar="SOUND", help="A WAV, FLAC, OGG or MP3 file.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Draw the waveform: .png or .svg."),
    ] = None,
    start: Annotated[
        float, typer.Option(metavar="X", help="Where the picture begins, in seconds.")
    ] = 0.0,
    seconds: Annotated[
        float, typer.Option(metavar="X", help="Length of the picture in seconds.")
    ] = 3.0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Print sample rate, channels, duration and levels of a sound; draw its waveform."""
    from partimento.cli.listen import run_listen

    run_listen(path, out=out, start_s=start, seconds=seconds, force=force, as_json=as_json)
