"""Read a file and compute its row or its facts; executed in a parsing process."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import NamedTuple

from partimento.corpus.settings import DataSettings
from partimento.corpus.store.rows import Origin, Row, Values, facts_of, row_of
from partimento.corpus.views import as_configured, as_recorded, inferred_pickup
from partimento.errors import InvalidScoreError, ReadError
from partimento.io.formats import ReadOptions, read_score_bytes, suffix_of
from partimento.io.read import piece_from_bytes, with_source
from partimento.music.piece import Piece


class _Read(NamedTuple):
    """A file that was read.

    Attributes
    ----------
    data : bytes
    suffix : str
    piece : Piece
        The exact piece, from `views.as_recorded`.
    view : Piece
        The piece as prepared for training.
    pickup : Fraction or None
        The pickup that was inferred from the notes, in quarters.
    """

    data: bytes
    suffix: str
    piece: Piece
    view: Piece
    pickup: Fraction | None


def read_view(
    place: str, member: str, config: DataSettings, instrument: str = ""
) -> tuple[Piece, Values]:
    """Read one file and prepare it as `config` states.

    Parameters
    ----------
    place : str
        Path of the file, or of the zip that contains it.
    member : str
        Its name in the zip; empty if it is not in a zip.
    config : DataSettings
    instrument : str
        The instruments as stated in a manifest.

    Returns
    -------
    view : Piece
    facts : dict
        From `rows.facts_of`. They are computed from the exact notes, except with
        ``quantize="music21"``.

    Raises
    ------
    ReadError
        If the file cannot be read; the message gives the reason.
    """
    read = _read(
        place,
        member,
        config,
        instrument,
        exact=config.quantize != "music21",
        infer=config.pickup == "inferred",
    )
    view = with_source(read.view, place, member, hashlib.sha256(read.data).hexdigest())
    return view, facts_of(read.piece, view.without_drums(), instrument)


def read_row(place: str, member: str, config: DataSettings, instrument: str = "") -> Row:
    """Read one file and return its row.

    The row contains the exact notes, and the events of the view. Parameters and errors are those of
    `read_view`.
    """
    read = _read(place, member, config, instrument, exact=True, infer=True)
    origin = Origin(hashlib.sha256(read.data).hexdigest(), len(read.data), read.suffix, instrument)
    return row_of(read.piece, read.view.without_drums(), origin, read.pickup)


def _read(
    place: str, member: str, config: DataSettings, instrument: str, *, exact: bool, infer: bool
) -> _Read:
    """Read a file and prepare its view.

    If `exact` is False, only music21's view is read, and is used instead of the exact piece. If
    `infer` is False, no pickup is inferred.
    """
    suffix = suffix_of(place, member)
    encoding = "" if config.encoding == "auto" else config.encoding
    exact_options = ReadOptions(suffix, None, config.repeats == "unfolded", encoding)
    options = exact_options._replace(quantize="music21")
    shown = f"{place}/{member}" if member else place
    try:
        data = read_score_bytes(place, member)
        if not exact:
            view = piece_from_bytes(data, options)
            return _Read(data, suffix, view, view, None)
        piece = as_recorded(piece_from_bytes(data, exact_options), suffix=suffix)
        if config.quantize == "music21":
            view = piece_from_bytes(data, options)
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
