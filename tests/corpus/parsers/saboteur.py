"""Parsing processes that misbehave."""

import sys
from pathlib import Path

# A worker like the real one, but some names make it misbehave. It stands in for parsers that crash,
# hang or swell on a hostile file.
SABOTEUR = """
import os, time
import partimento.corpus.parsers.worker as worker
honest = worker.read_piece
def read_piece(path, **options):
    name = os.path.basename(path)
    if "abort" in name:
        os.abort()
    if "segfault" in name:
        import ctypes
        ctypes.string_at(0)
    if "exit" in name:
        os._exit(0)
    if "hang" in name:
        time.sleep(1000)
    if "swell" in name:
        bytearray(64 * 2**30)
    if "deep" in name:
        return read_piece(path, **options)
    if "shout" in name:
        print("I say something that is no answer", flush=True)
        os.write(1, b"neither is this")
    if "bug" in name:
        raise ZeroDivisionError("a parser's own fault")
    return honest(path, **options)
worker.read_piece = read_piece
worker.main()
"""
COMMAND = (sys.executable, "-P", "-c", SABOTEUR)
LIAR = (
    sys.executable,
    "-P",
    "-c",
    (
        "import sys, struct\ndef say(body): sys.stdout.buffer.write(struct.pack('>Q', len(body)) +"
        " body); sys.stdout.flush()\nsay(b'')\nfor line in sys.stdin: say(b'{\"notes\":"
        ' {"divisions": 0, "count": 1}}\' + bytes(72))\n'
    ),
)


def reasons(reading):
    return {Path(reject.path).name: reject.reason for reject in reading.rejects}
