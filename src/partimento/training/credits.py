"""List the pieces from which a model learned, with editors and licenses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from partimento.errors import PartimentoError
from partimento.short_repr import short_repr
from partimento.tables import markdown_table
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder

CARD = "MODEL_CARD.md"  # of a bundled model; it also names the editors
COLUMNS = ("composer", "piece", "edition by", "license", "source")
CELL = re.compile(r"(?<!\\)\|")
UNSTATED = "not stated"


@short_repr
@dataclass(frozen=True)
class Credit:
    """A piece from which a model learned.

    Attributes
    ----------
    composer, title : str
    edition : str
        Who edited or encoded the score, if it is known.
    license : str
        As the corpus states it; empty if it does not.
    source : str
        Where the score comes from: a web address, or the file.
    """

    composer: str
    title: str
    edition: str
    license: str
    source: str

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the piece in a table with `COLUMNS`."""
        return self.composer, self.title, self.edition, self.license or UNSTATED, self.source


@short_repr
@dataclass(frozen=True)
class Credits:
    """Hold the pieces from which a model and its base models learned.

    Attributes
    ----------
    model : str
        The name of the model.
    pieces : tuple of Credit
        Sorted by composer and title.
    bases : tuple of str
        The models from which it was fine-tuned. Their pieces are in `pieces`.
    missing : tuple of str
        Those of them that are not here, so that their pieces are not listed.
    """

    model: str
    pieces: tuple[Credit, ...]
    bases: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def licenses(self) -> list[tuple[str, int]]:
        """Return each license and its number of pieces, the most frequent first."""
        counts = Counter(piece.license or UNSTATED for piece in self.pieces)
        return counts.most_common()

    def summary(self) -> str:
        """Say in one paragraph from what the model learned."""
        by_license = ", ".join(f"{count:,} under {name}" for name, count in self.licenses())
        text = f"The model {self.model} learned from {len(self.pieces):,} pieces: {by_license}."
        if self.bases:
            text += f" They include those of {' and '.join(self.bases)}, from which it was made."
        if self.missing:
            text += (
                f" It was also made from {' and '.join(self.missing)}, whose pieces are not known"
                " here."
            )
        return text

    def to_markdown(self) -> str:
        """Return the credits as a page, to publish with a composition."""
        table = markdown_table(COLUMNS, [piece.row for piece in self.pieces])
        return f"# Credits\n\nComposed with Partimento. {self.summary()}\n\n{table}"

    def to_text(self) -> str:
        """Return the credits as plain lines, one per piece."""
        lines = [_line(piece) for piece in self.pieces]
        return "\n".join(["Composed with Partimento.", self.summary(), "", *lines]) + "\n"


def credits_of(model: Path | str) -> Credits:
    """Return the pieces from which a model learned.

    Pieces by which the best epoch was chosen, or with which it was measured, do not count.

    Parameters
    ----------
    model : path or str
        A run folder, or the name of a bundled model.

    Raises
    ------
    PartimentoError
        If it is not a complete run.
    """
    folder = RunFolder(model_folder(model))
    folder.check()
    pieces, bases, missing = set(_pieces(folder)), list[str](), list[str]()
    base = _base(folder)
    while base and base not in (*bases, *missing):
        found = _run_of_base(base, folder)
        if found is None:
            missing.append(base)
            break
        bases.append(base)
        pieces |= set(_pieces(found))
        base = _base(found)
    ordered = sorted(pieces, key=lambda piece: piece.row)
    return Credits(folder.name, tuple(ordered), tuple(bases), tuple(missing))


def _pieces(folder: RunFolder) -> Iterable[Credit]:
    editors = _editors(folder)
    try:
        for row in folder.read_pieces():
            source = row["source"]
            if row["split"] == "train":
                place = source["url"] if "://" in source["url"] else source["path"]
                yield Credit(
                    row["composer"],
                    row["title"],
                    editors.get(source["path"], ""),
                    source["license"],
                    place,
                )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PartimentoError(
            f"{folder.path} is not a complete run: {type(error).__name__}: {error}"
        ) from error


def _base(folder: RunFolder) -> str:
    """Return the model from which a run was fine-tuned; empty if there is none."""
    try:
        return str(folder.read_settings()["train"].get("base", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""


def _run_of_base(base: str, folder: RunFolder) -> RunFolder | None:
    """Return the run of a base model; a relative path may start beside the run, too."""
    beside = folder.path.parent
    for place in (model_folder(base), beside / base, beside / Path(base).name):
        if RunFolder(place).exists():
            return RunFolder(place)
    return None


def _editors(folder: RunFolder) -> dict[str, str]:
    """Return who edited each score, by its path, as the card of a bundled model says."""
    card = folder.path / CARD
    if not card.is_file():
        return {}
    rows = [
        [cell.strip() for cell in CELL.split(line)[1:-1]]
        for line in card.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    header: Sequence[str] = next((row for row in rows if "edition by" in row), ())
    if "source" not in header:
        return {}
    editor, source = header.index("edition by"), header.index("source")
    return {row[source]: row[editor] for row in rows if len(row) == len(header)}


def _line(piece: Credit) -> str:
    edition = f", edited by {piece.edition}" if piece.edition else ""
    by = f"{piece.composer}: " if piece.composer else ""
    place = f" ({piece.source})" if piece.source else ""
    return f"{by}{piece.title or 'untitled'}{edition}, {piece.license or UNSTATED}{place}"
