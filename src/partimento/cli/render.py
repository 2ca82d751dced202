"""Implement ``partimento render``: convert one score, or many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from partimento.analysis.humanize import humanize
from partimento.cli import progress, screen
from partimento.cli.compose import read_one, write_all
from partimento.cli.show import Shown, with_writing
from partimento.corpus import Reject
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import AS_NOTATED, DataSettings
from partimento.errors import PartimentoError
from partimento.export import write as render
from partimento.export.write import WRITERS, Chain, check_paths
from partimento.files import check_exists, refuse_existing
from partimento.music.appearance import CLEF_NAMES
from partimento.music.instruments import program_named
from partimento.music.piece import Piece

# Formats of which repeats can be written out, and which are written as they are played.
HEARD = (".mid", ".midi", ".wav", ".flac", ".ogg", ".mp3", ".json")


class RenderOptions(NamedTuple):
    """Hold the options of ``partimento render`` that change what is written.

    Attributes
    ----------
    program, clef : str or None
        The instrument and the clef, if they are changed.
    voices : bool
        Whether voices are separated, instead of those that the file states.
    unfold : bool
        Whether what is heard has all repeats. A score shows the signs of the file.
    humanized : bool
        Whether what is heard is played as by a person.
    seed : int
        Seed of the deviations.
    reading : mapping
        Settings of the section ``data``; None leaves a setting as it is.
    """

    program: str | None
    clef: str | None
    voices: bool
    unfold: bool
    humanized: bool
    seed: int
    reading: Mapping[str, str | None]


class _Changes(NamedTuple):
    """The checked options, as functions of a piece need them."""

    options: RenderOptions
    program: int | None
    config: DataSettings
    shown: Shown | None
    soundfont: Path | None

    def changed(self, piece: Piece) -> Piece:
        options = self.options
        piece = piece if self.program is None else piece.with_program(self.program)
        piece = piece if options.clef is None else piece.with_clef(options.clef)
        return piece.separate_voices() if options.voices else piece

    def chain(self, piece: Piece) -> Chain:
        """Return what writes a piece."""
        writing: dict[str, Any] = {}
        if self.options.humanized:
            writing["humanize"] = self.options.seed
        piece = with_writing(piece, **writing)
        played = humanize(piece, self.options.seed) if self.options.humanized else None
        colors = None if self.shown is None else self.shown.colors(piece)
        return Chain(
            piece, self.soundfont, played=played, colors=colors, midi_is_played=played is not None
        )


def run_render(
    sources: Sequence[Path],
    outputs: Sequence[Path],
    options: RenderOptions,
    *,
    formats: Sequence[str],
    shown: Shown | None,
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Convert scores to other formats; see `commands_compose.render`.

    Parameters
    ----------
    sources : sequence of Path
    outputs : sequence of Path
        The files, or with `formats` one folder.
    options : RenderOptions
    formats : sequence of str
        The suffixes of the files to write for each score, with or without dot.
    shown : Shown or None
        The colors of the notes.
    soundfont : Path or None
    force : bool
        Replace existing files.
    as_json : bool
        Print the files written as JSON.
    """
    program = None if options.program is None else program_named(options.program)
    if options.clef is not None and options.clef not in CLEF_NAMES:
        raise PartimentoError(f"no such clef: {options.clef!r}; choose from {' '.join(CLEF_NAMES)}")
    if options.seed < 0:
        raise PartimentoError("--seed must be at least 0")
    reading = {name: value for name, value in options.reading.items() if value}
    changes = _Changes(options, program, AS_NOTATED.replace(**reading), shown, soundfont)
    if formats:
        _render_many(sources, outputs, formats, changes, force=force, as_json=as_json)
        return
    if len(sources) != 1:
        raise PartimentoError(
            "several scores need a format and a folder: --to pdf --to mp3 -o rendered/"
        )
    _render_one(sources[0], outputs, changes, force=force, as_json=as_json)


def _render_one(
    source: Path, outputs: Sequence[Path], changes: _Changes, *, force: bool, as_json: bool
) -> None:
    check_paths(outputs, force=force)
    if changes.shown is not None:
        changes.shown.check_outputs(outputs)
    piece = changes.changed(read_one(source, config=changes.config))
    heard = [path for path in outputs if changes.options.unfold and _is_heard(path)]
    seen = [path for path in outputs if path not in heard]
    written = write_all(changes.chain(piece), seen, force=force) if seen else []
    if heard:
        config = changes.config.replace(repeats="unfolded")
        played = changes.changed(read_one(source, config=config, quiet=True))
        written += write_all(changes.chain(played), heard, force=force)
    if as_json:
        paths = [str(path) for path in written]
        screen.print_json({"written": paths, "warnings": list(piece.warnings)})


def _is_heard(path: Path) -> bool:
    return path.suffix.lower() in HEARD


def _render_many(
    sources: Sequence[Path],
    outputs: Sequence[Path],
    formats: Sequence[str],
    changes: _Changes,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write each score in each format into a folder; go on after a score that fails."""
    suffixes = [_suffix(name) for name in dict.fromkeys(formats)]
    if len(outputs) != 1 or outputs[0].suffix.lower() in WRITERS:
        raise PartimentoError("with --to, -o names one folder, such as -o rendered/")
    (folder,) = outputs
    if folder.exists() and not folder.is_dir():
        raise PartimentoError(f"{folder} is not a folder")
    if changes.shown is not None:
        changes.shown.check_outputs([Path(f"a{suffix}") for suffix in suffixes])
    for source in sources:
        check_exists(source.parent if source.parent.is_file() else source)
    written, failed, done = list[Path](), list[Reject](), 0
    with progress.stages(quiet=as_json) as stages:
        with stages.during("read"):
            corpus = load_corpus(sources, config=changes.config, progress=stages.at)
        pieces = [entry.piece for entry in corpus]
        heard = _unfolded(sources, changes) if changes.options.unfold else {}
        names = _names(pieces, sources)
        targets = [[folder / f"{name}{suffix}" for suffix in suffixes] for name in names]
        for path in (path for paths in targets for path in paths):
            refuse_existing(path, force=force)
        for piece, paths in zip(pieces, targets, strict=True):
            stages.at("render", done, len(pieces), paths[0].stem)
            try:
                written += _write(piece, heard.get(piece.source.path), paths, changes, force=force)
            except PartimentoError as error:
                failed.append(Reject(piece.source.path, str(error)))
            done += 1
        stages.at("render", done, len(pieces))
    rejects = [*corpus.rejects, *failed]
    if as_json:
        rows = [{"path": reject.path, "reason": reject.reason} for reject in rejects]
        screen.print_json({"written": [str(path) for path in written], "rejected": rows})
    else:
        screen.print_rejects(rejects)
        count = len(pieces) - len(failed)
        screen.out().print(
            screen.printable(f"{len(written):,} files of {count:,} scores in {folder}/")
        )
    if rejects:
        subject = f"{len(rejects):,} files were" if len(rejects) > 1 else "1 file was"
        raise PartimentoError(f"{subject} not rendered, for the reasons above")


def _suffix(name: str) -> str:
    suffix = f".{name.lower().removeprefix('.')}"
    if suffix not in WRITERS:
        raise PartimentoError(f"cannot write {suffix}; choose from {' '.join(WRITERS)}")
    return suffix


def _write(
    piece: Piece, unfolded: Piece | None, paths: Sequence[Path], changes: _Changes, *, force: bool
) -> list[Path]:
    """Write one of many scores."""
    with screen.warning_lines():
        heard = [path for path in paths if unfolded is not None and _is_heard(path)]
        seen = [path for path in paths if path not in heard]
        written = []
        if seen:
            chain = changes.chain(changes.changed(piece))
            written += render.write_all(chain, seen, force=force)
        if heard and unfolded is not None:
            chain = changes.chain(changes.changed(unfolded))
            written += render.write_all(chain, heard, force=force)
        return written


def _unfolded(sources: Sequence[Path], changes: _Changes) -> dict[str, Piece]:
    corpus = load_corpus(sources, config=changes.config.replace(repeats="unfolded"))
    return {entry.piece.source.path: entry.piece for entry in corpus}


def _names(pieces: Sequence[Piece], sources: Sequence[Path]) -> list[str]:
    """Return the path of each score in the new folder, without its suffix.

    Scores of a folder keep their subfolders. Names that would be the same get their suffix, and a
    number where that is not enough.
    """
    relative = [_relative(PurePath(piece.source.path), sources) for piece in pieces]
    plain = [str(path.with_suffix("")) for path in relative]
    count, seen, names = Counter(plain), Counter[str](), []
    for path, name in zip(relative, plain, strict=True):
        if count[name] > 1 and path.suffix:
            name = f"{name}-{path.suffix[1:]}"
        seen[name] += 1
        names.append(f"{name}-{seen[name]}" if seen[name] > 1 else name)
    return names


def _relative(path: PurePath, sources: Sequence[Path]) -> PurePath:
    for source in sources:
        if source.is_dir() and path.is_relative_to(source):
            return _flat(path.relative_to(source))
        if path != source and path.is_relative_to(source):  # one of several in a file or zip
            return _flat(source.name / path.relative_to(source))
    return _flat(PurePath(path.name))


def _flat(path: PurePath) -> PurePath:
    """Return ``tunes.abc/12`` as ``tunes-12.abc``, and a zip as a plain folder."""
    parent = path.parent
    if parent.suffix and parent.suffix.lower() != ".zip":
        return parent.with_name(f"{parent.stem}-{path.name}{parent.suffix}")
    folders = [part.removesuffix(".zip") for part in parent.parts]
    return PurePath(*folders, path.name)
