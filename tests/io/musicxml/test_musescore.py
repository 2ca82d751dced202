"""The MusicXML in a real notation program: MuseScore opens it, and what it saves again is the same
music.
"""

import os
import shutil
import subprocess

import pytest
from tests.conftest import small_piece
from tests.pieces import PIECES

from partimento import Key
from partimento.corpus import read_piece
from partimento.export.write import write

pytestmark = pytest.mark.slow
NOT_ITS_OWN = (
    "empty",
    "off any grid",
    "quintuplets",
    "drums",
    "long pickup",
)  # MuseScore counts in 480ths, and upbeats in bars
WELL_KNOWN = {
    "small": small_piece(1),
    **{name: piece for name, piece in PIECES.items() if name not in NOT_ITS_OWN},
}


@pytest.mark.parametrize("name", WELL_KNOWN)
def test_musescore_opens_it_and_saves_the_same_notes(name, tmp_path):
    program = shutil.which("mscore3") or shutil.which("mscore") or shutil.which("musescore")
    if program is None:
        pytest.skip("no MuseScore on this machine")
    piece = WELL_KNOWN[name]
    write(piece, tmp_path / "ours.musicxml")
    home = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    words = [program, "-o", str(tmp_path / "theirs.musicxml"), str(tmp_path / "ours.musicxml")]
    subprocess.run(words, env={**os.environ, **home}, check=True, capture_output=True, timeout=120)
    back = read_piece(tmp_path / "theirs.musicxml")
    assert {(n.onset, n.duration, n.pitch) for n in back.notes} == {
        (n.onset, n.duration, n.pitch) for n in piece.notes
    }
    assert back.pickup == piece.pickup
    assert [(k.fifths, k.onset) for k in back.keys] == [
        (k.fifths, k.onset) for k in piece.keys or [Key()]
    ]
    assert [m.bar_ql for m in back.meters[:1]] == [m.bar_ql for m in piece.meters[:1]]
