"""Make a bundled model from a run: ``python docs/ship.py guitar|chorales RUN [FOLDER]``.

FOLDER holds the scores that the run learned from, and their manifest.csv; the chorales have none.
The result is small enough for a wheel, and credits every piece.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from partimento.collect import read_manifest
from partimento.corpus.select import license_family
from partimento.errors import PartimentoError
from partimento.files import new_folder, write_atomically
from partimento.tables import markdown_table
from partimento.training.piece_record import PieceRecord
from partimento.training.pretrained import BUNDLED
from partimento.training.run_folder import RunFolder

LICENSE = "CC-BY-SA-4.0"
FREE = ("PD", "CC-BY", "CC-BY-SA")  # what may be adapted and shared under it
CHORALES = "bundled:chorales"
CARD = "MODEL_CARD.md"
SUFFIX = ".weights.h5"  # of models that are trained by gradient
MOST_BYTES = 4 * 2**20
CHUNK = 2**14  # numbers; smaller arrays are larger compressed
OPENING = 96  # numbers of each piece that are kept to begin from


class Text(NamedTuple):
    """The words of a model card."""

    music: str
    source: str
    range: str
    limits: str


TEXTS = {
    "guitar": Text(
        "guitar music",
        "of the Mutopia archive",
        "the guitar's range",
        "It learned from nineteenth-century European guitar music and sounds like it.",
    ),
    "chorales": Text(
        "four-part chorales",
        "by Johann Sebastian Bach, as bundled with music21",
        "a choir's range",
        "It knows no words: its phrases follow the lengths of chorale lines, not a text. Its"
        " melodies are its own, while Bach's are hymns.",
    ),
}


def main(kind: str, run: Path, scores: Path | None = None) -> None:
    """Write a bundled model."""
    credit = {}
    if scores is not None:
        name = scores.resolve().name
        rows = read_manifest(scores)
        credit = {f"{name}/{row['path']}": row.get("maintainer", "") for row in rows}
    size = pack(run, BUNDLED / kind, kind, credit=credit, force=True)
    print(f"{size:,} bytes in {BUNDLED / kind}")


def pack(
    run: Path,
    out: Path,
    kind: str = "guitar",
    *,
    credit: Mapping[str, str] | None = None,
    force: bool = False,
) -> int:
    """Write a run as it is bundled, and return its size in bytes.

    Weights have half precision, the beginnings of pieces are shortened, and a model card is added.

    Parameters
    ----------
    run, out : path
        The folder of the run, and the one to write.
    kind : str
        The name of the model, ``guitar`` or ``chorales``.
    credit : mapping, optional
        Who made the edition of each piece, by its source's path.
    force : bool
        Replace `out` if it is a run.

    Raises
    ------
    PartimentoError
        If a piece's license does not allow it, or it comes out larger than `MOST_BYTES`.
    """
    source, target = RunFolder(run), RunFolder(out)
    source.check()
    about = source.read_about()
    pieces = [_credited(PieceRecord.from_plain(row)) for row in source.read_pieces()]
    for piece in pieces:
        if license_family(piece.source.license) not in FREE:
            raise PartimentoError(
                f"{piece.title or piece.source.path}: its license is"
                f" {piece.source.license or 'unknown'}: it cannot be shipped"
            )
    kept = [
        replace(piece, opening=piece.opening[: OPENING // piece.opening.shape[1]]).to_plain()
        for piece in pieces
    ]
    files = {
        target.pieces.name: json.dumps(kept, separators=(",", ":")).encode(),
        target.weights(SUFFIX).name: halved(source.weights(SUFFIX).read_bytes()),
        **{
            path.name: path.read_bytes()
            for path in (source.vocabulary, source.history_table, source.history)
        },
    }
    unchecked = (source.real_pieces, source.tuning)
    about["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    figures = source.read_held_out()
    files |= {
        target.MARK: (json.dumps(about, indent=2) + "\n").encode(),
        CARD: card(about, pieces, figures, credit or {}, TEXTS[kind]).encode(),
        **{path.name: path.read_bytes() for path in unchecked if path.is_file()},
    }
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        raise PartimentoError(
            f"the model comes out at {size:,} bytes; at most {MOST_BYTES:,} are shipped: train a"
            " smaller one"
        )
    with new_folder(out, mark=RunFolder.MARK, force=force) as work:
        for name, data in files.items():
            write_atomically(work / name, data)
    return size


def _credited(piece: PieceRecord) -> PieceRecord:
    """Return the record of a bundled chorale with its license, and without a local path.

    Bach's chorales are in the public domain. Their encodings, which music21 distributes, are facts
    about them; see the note of `collect.bundled`.
    """
    if piece.source.url != CHORALES:
        return piece
    path = f"{CHORALES}/{Path(piece.source.path).name}"
    return replace(piece, source=replace(piece.source, path=path, license="PD"))


def halved(weights: bytes) -> bytes:
    """Return a file of weights in half precision, compressed, which Keras reads as any other."""
    out = io.BytesIO()
    with h5py.File(io.BytesIO(weights), "r") as source, h5py.File(out, "w") as target:

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                data = np.asarray(item)
                data = data.astype(np.float16) if data.dtype == np.float32 and data.ndim else data
                made = target.create_dataset(
                    name,
                    data=data,
                    **({"compression": "gzip", "shuffle": True} if data.size >= CHUNK else {}),
                )
            else:
                made = target.require_group(name)
            for key, value in item.attrs.items():
                made.attrs[key] = value

        source.visititems(copy)
        for key, value in source.attrs.items():
            target.attrs[key] = value
    return out.getvalue()


def card(
    about: Mapping[str, Any],
    pieces: Sequence[PieceRecord],
    figures: Mapping[str, Any],
    credit: Mapping[str, str],
    text: Text = TEXTS["guitar"],
) -> str:
    """Return the model card: what it is and measures, what and whom it learned from, its limits."""
    name = about["settings"]["model"]["name"]
    splits = Counter(piece.split for piece in pieces)
    licenses = Counter(piece.source.license or "unknown" for piece in pieces)
    rows = [
        (label, f"{figures[label]['total']:.3f}")
        for label in ("unigram", "markov", name)
        if label in figures
    ]
    whose = sorted(
        (
            p.composer,
            p.title,
            credit.get(p.source.path, ""),
            p.source.license,
            p.source.url or p.source.path,
            p.split,
        )
        for p in pieces
    )
    settings = ", ".join(
        f"{key} {value}" for key, value in about["settings"]["model"].items() if key != "name"
    )
    lines = [
        f"# Partimento's model of {text.music}",
        "",
        (
            f"A `{name}` model ({settings}; {about['parameters']:,} weights, stored in half"
            f" precision) that composes {text.music}, event by event and note by note."
        ),
        "",
        f"Weights: {LICENSE}, with the attributions below. The program is under the MIT license.",
        "",
        "## What it learned from",
        "",
        (
            f"{len(pieces)} pieces {text.source} ({splits['train']} to learn from,"
            f" {splits['valid']} to choose the best epoch by,"
        ),
        f"{splits['test']} to measure with), moved to every key within {text.range}: "
        + ", ".join(f"{count} under {license}" for license, count in licenses.most_common())
        + ".",
        "",
        "## What it measures",
        "",
        (
            "Nats per event on the pieces kept to measure with (lower is better); every event is"
            " charged in full."
        ),
        "",
        markdown_table(("model", "nats per event"), rows),
        "## What it is not",
        "",
        f"{text.limits} It follows a bar, a key and a phrase, and seldom a form.",
        "What it composes may contain passages of the music it",
        "learned: `partimento originality FILE --against CORPUS` tells where.",
        "",
        "## Whose music it is",
        "",
        markdown_table(("composer", "piece", "edition by", "license", "source", "side"), whose),
    ]
    return "\n".join(lines).removesuffix("\n") + "\n"


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
