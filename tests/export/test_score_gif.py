"""A score that builds up, note by note."""

from __future__ import annotations

import io
import itertools
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageSequence
from tests.pieces import LONG, chorale, marked

from partimento.errors import PartimentoError
from partimento.export.score_gif import LAST_MS, LEAST_MS, MOST_FRAMES, MOST_S, to_score_gif
from partimento.export.write import Chain, contents_of
from partimento.music.piece import Piece


def frames_of(piece: Piece) -> tuple[list[np.ndarray], list[int]]:
    with Image.open(io.BytesIO(contents_of(Chain(piece), ".gif")[0])) as picture:
        shown = [
            (np.asarray(frame.convert("L")), frame.info["duration"])
            for frame in ImageSequence.Iterator(picture)
        ]
    frames, durations = zip(*shown, strict=True)
    return list(frames), list(durations)


def test_each_frame_adds_ink_up_to_the_complete_page() -> None:
    piece = chorale(2)
    frames, durations = frames_of(piece)
    assert len(frames) == len({note.onset for note in piece.notes}) + 1
    ink = [int((255 - frame.astype(int)).sum()) for frame in frames]
    assert all(a < b for a, b in itertools.pairwise(ink))
    assert ink[0] > 0  # the empty staves
    assert frames[0][0, 0] == 255  # on white paper
    assert durations[-1] == LAST_MS
    # Whatever is there, stays there.
    for before, after in itertools.pairwise(frames):
        assert (after <= before.astype(int) + 40).mean() > 0.999


def test_the_frames_follow_the_rhythm() -> None:
    _, durations = frames_of(marked())
    quick, slow = min(durations[1:-1]), max(durations[1:-1])
    assert LEAST_MS <= quick < slow / 2


def test_a_long_piece_is_shown_in_a_bounded_time() -> None:
    piece = chorale(20)
    frames, durations = frames_of(piece)
    assert len(frames) <= MOST_FRAMES + 1
    assert sum(durations) / 1000 <= MOST_S + LAST_MS / 1000 + 1 + len(frames) * 0.01


def test_a_score_of_many_pages_is_refused() -> None:
    with pytest.raises(PartimentoError, match="at most 8 pages"):
        to_score_gif(["<svg/>"] * 9, [], lambda time: time, lambda page, width: b"")


@pytest.mark.slow
def test_further_pages_follow_and_equal_pieces_give_equal_files() -> None:
    piece = LONG.cut(1, 60)
    first, second = (contents_of(Chain(piece), ".gif") for _ in range(2))
    assert first == second


def test_a_piece_without_notes_is_one_picture() -> None:
    frames, _ = frames_of(Piece([], length=Fraction(4)))
    assert len(frames) == 1
