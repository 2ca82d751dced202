"""Implement ``partimento again``: compose a file again, and say what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from partimento import __version__
from partimento.analysis.humanize import humanize
from partimento.cli import progress, screen
from partimento.cli.compose import data_settings, read_one, write_all
from partimento.cli.show import Shown
from partimento.corpus.settings import AS_NOTATED
from partimento.errors import PartimentoError
from partimento.export.new_notes import KIND, new_note_colors
from partimento.export.write import WRITERS, Chain, check_paths, contents_of
from partimento.io.formats import SUFFIXES
from partimento.io.provenance import read_provenance
from partimento.music.piece import Piece
from partimento.music.provenance import Provenance, music_fingerprint
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

SHOWN = 12  # characters of a fingerprint
SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".html")


def run_again(
    source: Path,
    outputs: Sequence[Path],
    *,
    model: str | None,
    start: Sequence[Path],
    against: Sequence[str],
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compose a file again; see `commands_trust.again`."""
    check_paths(outputs, force=force)
    record = read_provenance(source)
    suffix = source.suffix.lower()
    if suffix not in WRITERS:
        raise PartimentoError(f"{source}: {suffix} files are not written, and cannot be compared")
    folder = _folder(record, model, source)
    pieces = _given(record, start, source, folder)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.generate.provenance import compose_again
            from partimento.training.trained_model import load_model

            trained = load_model(folder)
        with stages.during("compose"):
            piece = compose_again(trained, record, pieces=pieces)
        with stages.during("compare"), screen.warning_lines():
            chain = _chain(piece, record, trained, against, soundfont)
            if record.writing.get("show") == {"kind": KIND}:
                (before,) = pieces.values()
                chain = replace(chain, colors=new_note_colors(piece, before))
            is_same, differences = _compare(source, chain, record, trained)
    written = write_all(chain, outputs, force=force) if outputs else []
    if as_json:
        paths = [str(path) for path in written]
        screen.print_json(
            {
                "file": str(source),
                "same": is_same,
                "differences": differences,
                "made": record.to_dict(),
                "written": paths,
            }
        )
    else:
        _report(source, is_same, differences)
    if not is_same:
        raise typer.Exit(1)


def _chain(
    piece: Piece,
    record: Provenance,
    trained: TrainedModel,
    against: Sequence[str],
    soundfont: Path | None,
) -> Chain:
    """Return what writes the piece as the file was written: played, and with colors."""
    played = colors = None
    if "humanize" in record.writing:
        played = humanize(piece, int(record.writing["humanize"]))
    show = record.writing.get("show")
    if isinstance(show, dict) and show.get("kind") != KIND:
        stated = [str(name) for name in against or show.get("against", ())]
        colors = Shown(str(show.get("kind")), against=stated, trained=trained).colors(piece)
    return Chain(piece, soundfont, played=played, colors=colors, midi_is_played=played is not None)


def _report(source: Path, is_same: bool, differences: Sequence[str]) -> None:
    out = screen.out()
    if is_same:
        size = source.stat().st_size
        out.print(screen.printable(f"{source} was made again: all {size:,} bytes are the same"))
        return
    out.print(screen.printable(f"{source} was made again, and differs:"))
    for line in differences:
        out.print(screen.printable(f"- {line}"))


def _folder(record: Provenance, model: str | None, source: Path) -> Path:
    """Return the run folder of the model, or raise an error that says how to name it."""
    if model is not None:
        folder = model_folder(model)
        RunFolder(folder).check()
        return folder
    places = [model_folder(record.model), source.parent / record.model]
    for place in places:
        if record.model and RunFolder(place).exists():
            return place
    raise PartimentoError(
        f"{source} was composed by the model {record.model!r}"
        f" ({record.model_fingerprint[:SHOWN] or 'not saved'}), which is not here: name its run"
        " folder with --model"
    )


def _given(
    record: Provenance, named: Sequence[Path], source: Path, folder: Path
) -> dict[str, Piece]:
    """Read the scores from which the piece was made, by the name of their option."""
    from partimento.generate.provenance import VERBS, given_scores

    stated = given_scores(record)
    if named and not stated:
        raise PartimentoError(f"{source} was not made from a score: leave out --start")
    verb = VERBS.get(record.verb)
    as_model = verb is not None and verb.reading == "model"
    config = data_settings(folder) if as_model else AS_NOTATED
    return {
        name: read_one(_find(score, named, source), config=config) for name, score in stated.items()
    }


def _find(score: Mapping[str, Any], named: Sequence[Path], source: Path) -> Path:
    """Return the file of a given score: a named one, or one beside the result."""
    name, hashed = str(score.get("file", "")), score.get("sha256")
    places = [*named] or [source.parent / name, Path(name)]
    files = [path for path in places if path.is_file()]
    if not files:
        missing = named[0] if named else name or "a piece without a file"
        raise PartimentoError(
            f"{source} was made from {missing}, which is not here: give it with --start"
        )
    for path in files:
        if hashlib.sha256(path.read_bytes()).hexdigest() == hashed:
            return path
    raise PartimentoError(
        f"{files[0]} is not the score from which {source} was made: it has changed"
    )


def _compare(
    source: Path, chain: Chain, record: Provenance, trained: TrainedModel
) -> tuple[bool, list[str]]:
    """Return whether the file is made again exactly, and otherwise what differs."""
    suffix = source.suffix.lower()
    data = source.read_bytes()
    contents = contents_of(chain, suffix)
    if data in contents:
        return True, []
    from partimento.generate.provenance import model_fingerprint

    differences = []
    facts = (
        ("model", record.model_fingerprint, model_fingerprint(trained)),
        ("corpus of the model", record.corpus_fingerprint, trained.fingerprint),
    )
    for name, before, now in facts:
        if before != now:
            shown = f"{now[:SHOWN] or 'none'}; the file's is {before[:SHOWN] or 'none'}"
            differences.append(f"the {name} has another fingerprint: {shown}")
    if record.version != __version__:
        differences.append(f"this is version {__version__}; the file is by {record.version}")
    same_music = record.music == music_fingerprint(chain.piece)
    if not same_music:
        differences.append("the composed music is not the same")
    if suffix in SUFFIXES:
        differences += _edits(read_one(source, quiet=True), chain.piece)
    elif same_music:
        differences.append("the music is the same, but not the bytes of the file")
        if suffix in SOUNDS:
            differences.append("the sound depends on the soundfont: name it with --soundfont")
    return False, differences or [_first_difference(data, contents)]


def _edits(written: Piece, composed: Piece) -> list[str]:
    """Say where the notes of a file are not those that were composed."""
    if music_fingerprint(written) == music_fingerprint(composed):
        return ["the notes of the file are the composed ones; other content differs"]
    mine, own = (_rows(piece) for piece in (written, composed))
    changed = sorted(mine ^ own)
    bars = [bar for bar in composed.bars() if bar.onset <= changed[0][0]]
    number = bars[-1].number if bars else 0
    return [
        f"the notes differ from bar {number} on: {len(mine - own):,} are only in the file,"
        f" {len(own - mine):,} only in the composed piece"
    ]


def _rows(piece: Piece) -> set[tuple[Any, ...]]:
    return {(note.onset, note.pitch, note.duration, note.part) for note in piece.notes}


def _first_difference(data: bytes, contents: Sequence[bytes]) -> str:
    """Say where two files differ, if nothing better can be said."""
    own = contents[0]
    at = next(
        (i for i, (a, b) in enumerate(zip(data, own, strict=False)) if a != b),
        min(len(data), len(own)),
    )
    return f"the files differ from byte {at:,} on ({len(data):,} and {len(own):,} bytes)"
