"""From the path of a file to a row of the store: read it, and tell all that its notes tell."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from partimento.corpus.settings import DataSettings
from partimento.corpus.store.rows import Origin, Row, row_of
from partimento.corpus.views import as_configured, as_recorded, inferred_pickup
from partimento.io.formats import read_score_bytes
from partimento.io.read import piece_from_bytes
from partimento.music.limits import ReadError, UnfitError
from partimento.music.parts import without_drums


def read_row(place: str, member: str, config: DataSettings, instrument: str = "") -> Row:
    """Read and measure one file.

    Parameters
    ----------
    place : str
        Path of the file, or of the zip that holds it.
    member : str
        Its name in the zip, or empty.
    config : DataSettings
        The view that the row's events are of.
    instrument : str
        A manifest's word for what plays.

    Raises
    ------
    ReadError
        If it cannot be read, with a reason.
    """
    suffix = PurePosixPath(member or place).suffix.lower()
    unfold = config.repeats == "unfolded"
    try:
        data = read_score_bytes(place, member)
        piece = as_recorded(piece_from_bytes(data, suffix, unfold=unfold), suffix=suffix)
        if config.quantise == "music21":
            view = piece_from_bytes(data, suffix, quantise="music21", unfold=unfold)
        else:
            view = as_configured(
                piece, config.replace(pickup="declared"), suffix=suffix, instrument=instrument
            )
    except OSError as error:
        raise ReadError(place, (error.strerror or str(error)).lower()) from error
    except (UnfitError, ValueError) as error:
        raise ReadError(place, str(error)) from error
    pickup = inferred_pickup(piece, suffix=suffix)  # for the row in any case; hence not by the view
    if pickup and config.pickup == "inferred":
        view = view.replace(pickup=pickup)
    return row_of(
        piece,
        without_drums(view),
        Origin(hashlib.sha256(data).hexdigest(), len(data), suffix, instrument),
        pickup,
    )
