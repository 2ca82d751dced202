"""Read a file and measure it: the work of a parser, in its own process."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import PurePosixPath
from typing import NamedTuple

from partimento.corpus.settings import DataSettings
from partimento.corpus.store.rows import Origin, Row, Values, facts_of, row_of
from partimento.corpus.views import as_configured, as_recorded, inferred_pickup
from partimento.errors import InvalidScoreError, ReadError
from partimento.io.formats import read_score_bytes
from partimento.io.read import piece_from_bytes
from partimento.music.piece import Piece
from partimento.music.timelines import Source


class _Read(NamedTuple):
    """Hold a file that was read.

    Attributes
    ----------
    data : bytes
    suffix : str
    piece : Piece
        As recorded: see `views.as_recorded`.
    view : Piece
    pickup : Fraction or None
        The upbeat that the notes suggest.
    """

    data: bytes
    suffix: str
    piece: Piece
    view: Piece
    pickup: Fraction | None


def read_view(
    place: str, member: str, config: DataSettings, instrument: str = ""
) -> tuple[Piece, Values]:
    """Read one file in the view that `config` asks for, with its facts.

    The facts of music21's view are its own; those of all others are of the exact notes.

    Parameters
    ----------
    place : str
        Path of the file, or of the zip that holds it.
    member : str
        Its name in the zip, or empty.
    config : DataSettings
    instrument : str
        A manifest's word for what plays.

    Raises
    ------
    ReadError
        If it cannot be read, with a reason.
    """
    read = _read(
        place,
        member,
        config,
        instrument,
        exact=config.quantize != "music21",
        infer=config.pickup == "inferred",
    )
    shown = f"{place}/{member}" if member else place
    view = read.view.replace(
        source=Source(path=shown, sha256=hashlib.sha256(read.data).hexdigest())
    )
    return view, facts_of(read.piece, view.without_drums(), instrument)


def read_row(place: str, member: str, config: DataSettings, instrument: str = "") -> Row:
    """Read and measure one file; parameters and errors are those of `read_view`.

    The row has the exact notes, and the events of the view.
    """
    read = _read(place, member, config, instrument, exact=True, infer=True)
    origin = Origin(hashlib.sha256(read.data).hexdigest(), len(read.data), read.suffix, instrument)
    return row_of(read.piece, read.view.without_drums(), origin, read.pickup)


def _read(
    place: str, member: str, config: DataSettings, instrument: str, *, exact: bool, infer: bool
) -> _Read:
    """Read a file and make its view.

    Without `exact`, the view stands in for the piece; without `infer`, no upbeat is looked for.
    """
    suffix = PurePosixPath(member or place).suffix.lower()
    unfold = config.repeats == "unfolded"
    shown = f"{place}/{member}" if member else place
    try:
        data = read_score_bytes(place, member)
        if not exact:
            view = piece_from_bytes(data, suffix, quantize="music21", unfold=unfold)
            return _Read(data, suffix, view, view, None)
        piece = as_recorded(piece_from_bytes(data, suffix, unfold=unfold), suffix=suffix)
        if config.quantize == "music21":
            view = piece_from_bytes(data, suffix, quantize="music21", unfold=unfold)
            pickup = inferred_pickup(piece, suffix=suffix)
            if pickup and config.pickup == "inferred":
                view = view.replace(pickup=pickup)
            return _Read(data, suffix, piece, view, pickup)
        pickup = inferred_pickup(piece, suffix=suffix) if infer else None
        view = as_configured(piece, config, suffix=suffix, instrument=instrument, pickup=pickup)
        return _Read(data, suffix, piece, view, pickup)
    except OSError as error:
        raise ReadError(shown, (error.strerror or str(error)).lower()) from error
    except (InvalidScoreError, ValueError) as error:
        raise ReadError(shown, str(error)) from error
