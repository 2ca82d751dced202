"""Write candidates into a folder, with a table of their criteria."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.cli import progress, screen
from partimento.cli.show import bundled_corpus
from partimento.corpus.load import load_corpus
from partimento.errors import PartimentoError
from partimento.export import write as render
from partimento.files import new_folder, refuse_folder

if TYPE_CHECKING:
    from partimento.generate.ranking import Candidates
    from partimento.training.trained_model import TrainedModel

TABLE = "candidates.csv"
SUFFIXES = (".mid", ".musicxml")
MOST = 1000


def check_candidates(count: int, outputs: Sequence[Path], *, force: bool) -> None:
    """Raise PartimentoError unless one folder is given and can be written."""
    if not 1 <= count <= MOST:
        raise PartimentoError(f"--candidates must be between 1 and {MOST:,}, not {count}")
    if len(outputs) != 1 or outputs[0].suffix:
        raise PartimentoError("--candidates writes a folder: name one with -o, such as -o takes/")
    refuse_folder(outputs[0], mark=TABLE, force=force)


def with_originality(
    candidates: Candidates, trained: TrainedModel, against: Sequence[str]
) -> Candidates:
    """Return candidates compared with the music that the model learned from.

    Parameters
    ----------
    candidates : Candidates
    trained : TrainedModel
    against : sequence of str
        The corpus. By default, that of the model if it comes with the program; if it does not, the
        candidates are returned unchanged.
    """
    sources = list(against) or bundled_corpus(trained.folder)
    if not sources:
        return candidates
    with progress.stages() as stages:
        with stages.during("read the corpus"):
            corpus = load_corpus(
                sources,
                progress=lambda _, done, total: stages.at("read the corpus", done, total),
            )
        learned = {record.source.sha256 for record in trained.pieces if record.split == "train"}
        pieces = [each for each in corpus.pieces if each.source.sha256 in learned]
        return candidates.compared_with(pieces or corpus, progress=stages.at)


def write_candidates(
    candidates: Candidates,
    outputs: Sequence[Path],
    *,
    seed: int,
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write each candidate as MIDI and MusicXML, and the table; print the table.

    Parameters
    ----------
    candidates : Candidates
    outputs : sequence of Path
        The folder, alone.
    seed : int
    soundfont : Path or None
    force : bool
        Replace the folder if it holds candidates.
    as_json : bool
        Print the table as JSON.
    """
    (folder,) = outputs
    rows = candidates.rows()
    digits = len(str(len(rows)))
    with new_folder(folder, mark=TABLE, force=force) as work, progress.stages() as stages:
        for row, candidate in zip(rows, candidates, strict=True):
            name = f"{row['number']:0{digits}}"
            stages.at("write", row["number"] - 1, len(rows), name)
            paths = [work / f"{name}{suffix}" for suffix in SUFFIXES]
            with screen.warning_lines():
                render.write_all(render.Chain(candidate.piece, soundfont), paths, force=True)
            row["file"] = f"{name}.mid"
        (work / TABLE).write_text(_csv(rows), encoding="utf-8")
    if as_json:
        screen.print_json({"seed": seed, "folder": str(folder), "candidates": rows})
        return
    screen.err().print(screen.printable(f"wrote {len(rows)} candidates to {folder}/"))
    for line in candidates.table().splitlines():
        screen.out().print(screen.printable(line))
    screen.out().print(f"seed {seed}")


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
