"""Implement ``partimento compose``; read and write scores for other commands."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from partimento.analysis.humanize import humanize
from partimento.cli import progress, screen
from partimento.cli.candidates import check_candidates, with_originality, write_candidates
from partimento.cli.show import Shown, with_writing
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import AS_NOTATED, DataSettings
from partimento.errors import PartimentoError
from partimento.export import write as render
from partimento.export.write import Chain, check_paths
from partimento.files import check_exists
from partimento.generate.limits import check_length
from partimento.music.instruments import program_named
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.training.run_folder import RunFolder
from partimento.training.settings import SampleSettings

if TYPE_CHECKING:
    from partimento.generate.constraints.base import Constraint


class ComposeOptions(NamedTuple):
    """Hold the options of ``partimento compose``."""

    bars: int | None
    events: int | None
    seed: int | None
    sampling: dict[str, float | int | None]  # settings of the section `sample`; None: the run's
    start: str
    towards: int | None
    prompt_events: int
    key: str | None
    meter: str | None
    ending: str
    program: str | None
    title: str
    composer: str
    tempo: float | None
    candidates: int | None  # to write into a folder; None: write only the best
    humanized: bool = False  # whether sound and MIDI are played as by a person
    show: str | None = None  # by what the notes are colored
    against: Sequence[str] = ()  # the corpus of --show originality
    constraints: Mapping[str, str | None] = MappingProxyType(
        {}
    )  # by the name of the constraint; None if not given
    form: str = ""  # sections, such as AABA


def run_compose(
    folder: Path | None,
    options: ComposeOptions,
    outputs: Sequence[Path],
    *,
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compose a piece and write it; see `commands_compose.compose`."""
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    if seed < 0:
        raise PartimentoError("--seed must be at least 0")
    program = None if options.program is None else program_named(options.program)
    if options.tempo is not None and not 4 <= options.tempo <= 1000:
        raise PartimentoError("--tempo must be between 4 and 1000 quarter notes per minute")
    for name, text in (("--title", options.title), ("--composer", options.composer)):
        if not text.isprintable():
            raise PartimentoError(f"{name} must be one line of printable text")
    if options.candidates is None:
        outputs = outputs or [Path(f"partimento-{seed}.mid")]
        check_paths(outputs, force=force)
    else:
        check_candidates(options.candidates, outputs, force=force)
    shown = None if options.show is None else Shown(options.show, against=options.against)
    if options.candidates is not None and (shown is not None or options.humanized):
        raise PartimentoError("--show and --humanize write one piece: leave out --candidates")
    if shown is not None:
        shown.check_outputs(outputs)
    check_length(options.bars, options.events, options.prompt_events)
    sampling: dict[str, Any] = {
        name: value for name, value in options.sampling.items() if value is not None
    }
    SampleSettings(**sampling)  # report invalid settings before loading the model
    try:
        key = None if options.key is None else Key.from_name(options.key)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    from partimento.training.pretrained import DEFAULT, bundled_models, model_folder

    if folder is None:
        screen.err().print(f"composing with the bundled model {DEFAULT}")
    wanted, folder = folder, model_folder(folder or DEFAULT)
    if not folder.exists():
        raise PartimentoError(
            f"{wanted} does not exist, and no bundled model has this name: they are"
            f" {' and '.join(bundled_models())}"
        )
    start = _start(options.start, folder)
    _check_number("--towards", options.towards, folder)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.generate.compose import compose_candidates
            from partimento.generate.constraints.words import asks_for_hand
            from partimento.training.trained_model import load_model

            model = load_model(folder)
        texts = _with_corpus(options.constraints, options.against)
        constraints = constraints_of(texts, model.settings.data)
        with stages.during("compose"):
            candidates = compose_candidates(
                model,
                best=options.candidates or 1,
                bars=options.bars,
                events=options.events,
                form=options.form,
                sampling=model.settings.sample.replace(**sampling),
                seed=seed,
                start=start,
                towards=options.towards,
                prompt_events=options.prompt_events,
                key=key,
                meter=options.meter,
                ending=options.ending,
                program=program,
                title=options.title,
                composer=options.composer,
                tempo=options.tempo,
                constraints=constraints,
                playable=asks_for_hand(options.constraints),
            )
    if shown is not None:
        shown = Shown(shown.kind, against=shown.against, trained=model)
    if options.candidates is not None:
        candidates = with_originality(candidates, model, options.against)
        write_candidates(
            candidates, outputs, seed=seed, soundfont=soundfont, force=force, as_json=as_json
        )
        return
    piece = candidates[0].piece
    chain = _chain(piece, options, shown, soundfont, seed)
    written = write_all(chain, outputs, force=force)
    piece = chain.piece
    events = len(piece.events)
    bars = sum(bar.number > 0 for bar in piece.bars())  # the pickup, number 0, does not count
    if as_json:
        key_name = piece.keys[0].code
        screen.print_json(
            {
                "seed": seed,
                "events": events,
                "bars": bars,
                "key": key_name,
                "criteria": candidates[0].row(),
                "constraints": candidates[0].report.rows(),
                "written": [str(p) for p in written],
            }
        )
    else:
        screen.out().print(f"seed {seed}: {events} events, {bars} bars, {piece.keys[0].name}")
        for line in candidates[0].report.table().splitlines():
            screen.out().print(screen.printable(line))


def _with_corpus(
    options: Mapping[str, str | None], against: Sequence[str]
) -> Mapping[str, str | None]:
    """Return the options of constraints, with `--against` as the corpus."""
    value = options.get("MaxBorrowed")
    if value is None or ":" in value or not against:
        return options
    if len(against) > 1:
        raise PartimentoError("--max-borrowed compares with one corpus: give --against once")
    return {**options, "MaxBorrowed": f"{value}:{against[0]}"}


def constraints_of(options: Mapping[str, str | None], config: DataSettings) -> Sequence[Constraint]:
    """Return the constraints that the options ask for."""
    if not any(value is not None for value in options.values()):
        return ()
    from partimento.generate.constraints.words import constraints_from_options

    return constraints_from_options(options, lambda path: read_one(Path(path), config=config))


def _chain(
    piece: Piece, options: ComposeOptions, shown: Shown | None, soundfont: Path | None, seed: int
) -> Chain:
    """Return what writes a composed piece."""
    if options.humanized:
        piece = with_writing(piece, humanize=seed)
    played = humanize(piece, seed) if options.humanized else None
    colors = None if shown is None else shown.colors(piece)
    return Chain(piece, soundfont, played=played, colors=colors, midi_is_played=played is not None)


def _start(word: str, folder: Path) -> Piece | int | None:
    """Return the value of `--start`: None for silence, a number, or a piece.

    Invalid values are reported here, before the framework is loaded.
    """
    files = RunFolder(folder)
    files.check()
    if word == "silence":
        return None
    if word.removeprefix("-").isdecimal():
        _check_number("--start", int(word), folder)
        return int(word)
    if not Path(word).exists() and "/" not in word and not Path(word).suffix:
        near = difflib.get_close_matches(word.lower(), ["silence"], cutoff=0.6)
        offer = "; did you mean silence?" if near else ""
        raise PartimentoError(
            "--start must be silence, the number of a training piece, or a score file, not"
            f" {word!r}{offer}"
        )
    return start_piece(Path(word), folder)


def start_piece(path: Path, folder: Path) -> Piece:
    """Read a score to continue, as the pieces of a run were read."""
    check_exists(path)
    return read_one(path, config=data_settings(folder))


def data_settings(folder: Path) -> DataSettings:
    """Return how the pieces of a run were read."""
    try:
        return DataSettings(**RunFolder(folder).read_settings()["data"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PartimentoError(
            f"{folder} is not a complete run: {type(error).__name__}: {error}"
        ) from error


def _check_number(option: str, number: int | None, folder: Path) -> None:
    """Raise PartimentoError if a run has no training piece of this number."""
    if number is None:
        return
    try:
        count = len(RunFolder(folder).read_pieces())
    except (OSError, ValueError) as error:
        raise PartimentoError(
            f"{folder} is not a complete run: {type(error).__name__}: {error}"
        ) from error
    if not 0 <= number < count:
        raise PartimentoError(
            f"{option} {number}: there is no training piece with this number: they are 0 to"
            f" {count - 1}"
        )


def read_file(path: Path, *, config: DataSettings = AS_NOTATED) -> list[Piece]:
    """Read all pieces of a score file, in a worker process.

    A path such as ``tunes.abc/2`` is one piece of a file.
    """
    check_exists(path.parent if path.parent.is_file() else path)
    if path.is_dir():
        raise PartimentoError(f"{path} is a folder: give a score file")
    with progress.stages() as stages, stages.during("read"):
        return [entry.piece for entry in load_corpus([path], config=config)]


def read_one(path: Path, *, config: DataSettings = AS_NOTATED, quiet: bool = False) -> Piece:
    """Read a single score, in a worker process.

    With `quiet`, the warnings of its reader are not printed.
    """
    pieces = read_file(path, config=config)
    if len(pieces) > 1:
        first = pieces[0].source.path
        raise PartimentoError(f"{path} has {len(pieces)} pieces: choose one, such as {first}")
    piece = pieces[0]
    for warning in () if quiet else piece.warnings:
        screen.err().print(screen.printable(f"{path}: {warning}"))
    return piece


def write_all(chain: Chain, outputs: Sequence[Path], *, force: bool) -> list[Path]:
    """Write a piece in every requested format.

    Intermediate formats are computed once. The file names are printed to stderr.
    """
    with progress.stages() as stages, stages.during("write"), screen.warning_lines():
        written = render.write_all(chain, outputs, force=force)
    screen.err().print(screen.printable(f"wrote {', '.join(map(str, written))}"))
    return written
