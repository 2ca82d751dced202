"""Parse files: the main program of a parsing process.

`pool.Parser` starts ``python -m partimento.corpus.parsers.worker`` and communicates over pipes.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from typing import Any, BinaryIO

from partimento.corpus.parsers.pool import LENGTH
from partimento.corpus.parsers.wire import pack
from partimento.corpus.settings import DataSettings
from partimento.corpus.store.measure import read_row, read_view
from partimento.corpus.store.rows import pack_row
from partimento.errors import ReadError
from partimento.io.formats import Quantize
from partimento.io.read import read_piece

MEMORY = 3 * 2**30  # bytes that the process may take


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that text printed by a library does not look like an answer
    _limit_memory()
    # Garbage collection may skip the loaded modules, which stay. It can be rare, because pieces
    # leave little garbage.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    _send(answers, b"")
    for line in sys.stdin.buffer:
        _send(answers, _answer(json.loads(line)))


def _answer(request: dict[str, Any]) -> bytes:
    place, member = request["path"], request.get("member", "")
    try:
        if "row" in request:
            return pack_row(
                read_row(
                    place, member, DataSettings(**request["row"]), request.get("instrument", "")
                )
            )
        if "view" in request:
            return pack(
                *read_view(
                    place, member, DataSettings(**request["view"]), request.get("instrument", "")
                )
            )
        quantize: Quantize = "music21" if request.get("quantize") else None
        return pack(
            read_piece(
                place,
                member=member,
                quantize=quantize,
                unfold=bool(request.get("unfold")),
                encoding=request.get("encoding", ""),
            )
        )
    except ReadError as error:
        return json.dumps({"reason": error.reason}).encode()
    except MemoryError:
        return json.dumps(
            {"reason": f"reading it takes more than {MEMORY // 2**30} GiB of memory"}
        ).encode()
    except RecursionError:
        return json.dumps({"reason": "it is nested too deeply"}).encode()
    # A bug in this program or in a library must not prevent the other files from being read.
    except Exception as error:
        return json.dumps(
            {"reason": f"the parser failed ({type(error).__name__}: {error})"}
        ).encode()


def _send(answers: BinaryIO, body: bytes) -> None:
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()


def _limit_memory() -> None:
    # Windows does not have the module, and macOS not the limit.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
