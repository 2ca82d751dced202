"""One reading process: ``python -m partimento.corpus.worker``, started and spoken to by `workers.WorkerPool`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import BinaryIO

import numpy as np

from partimento.corpus.errors import ReadError
from partimento.corpus.read import read_piece
from partimento.corpus.workers import LENGTH
from partimento.piece import Notes, Piece

MEMORY = 3 * 2**30


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a parser prints must not look like an answer
    _limit_memory()
    _send(answers, b"")
    for line in sys.stdin.buffer:
        _send(answers, _answer(json.loads(line)))


def _answer(request: dict[str, str]) -> bytes:
    try:
        return pack(read_piece(request["path"], quantise="music21" if request.get("quantise") else None))
    except ReadError as error:
        return json.dumps({"reason": error.reason}).encode()
    except MemoryError:
        return json.dumps({"reason": f"reading it takes more than {MEMORY // 2**30} GiB of memory"}).encode()
    except RecursionError:
        return json.dumps({"reason": "it is nested too deeply"}).encode()
    except Exception as error:  # a fault of ours or of a parser's: one file is lost, the others go on
        return json.dumps({"reason": f"the parser failed ({type(error).__name__}: {error})"}).encode()


def _send(answers: BinaryIO, body: bytes) -> None:
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # no such module on Windows, no such limit on macOS
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pack(piece: Piece) -> bytes:
    """A piece as a line of JSON, then its notes as one table of integers (eight times faster than all of it in JSON)."""
    table = np.stack([getattr(piece.notes, name) for name in Notes.COLUMNS])
    plain = piece.replace(notes=Notes()).to_dict()
    plain["notes"] = {"divisions": piece.notes.divisions, "count": table.shape[1]}
    return json.dumps(plain).encode() + b"\n" + table.astype("<i8").tobytes()


def unpack(body: bytes) -> Piece:
    """The inverse of `pack`; checks everything that building a Piece checks."""
    head, _, tail = body.partition(b"\n")
    plain = json.loads(head)
    notes = plain.pop("notes")
    table = np.frombuffer(tail, "<i8").reshape(len(Notes.COLUMNS), notes["count"])
    columns = dict(zip(Notes.COLUMNS, table, strict=True))
    empty = {"divisions": 1, **{name: [] for name in Notes.COLUMNS}}
    return Piece.from_dict({"notes": empty, **plain}).replace(notes=Notes.from_columns(notes["divisions"], **columns))


if __name__ == "__main__":
    main()
