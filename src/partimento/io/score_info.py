"""Collect facts about a score file: its music, its parts and its marks."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.io.musicxml.document import ScoreDocument
from partimento.music.appearance import instrument_name
from partimento.music.piece import Piece

FORMATS = {
    ".mid": "MIDI", ".midi": "MIDI", ".kar": "MIDI", ".rmi": "MIDI", ".smf": "MIDI",
    ".musicxml": "MusicXML", ".xml": "MusicXML", ".mxl": "MusicXML (compressed)",
    ".abc": "ABC", ".krn": "kern",
}  # fmt: skip
# Marks of a MusicXML file that notes do not have, and where they are found.
MARKS = {
    "slurs": "//slur[@type='start']",
    "ties": "//tie[@type='start']",
    "articulations": "//articulations/*",
    "ornaments": "//ornaments/*[not(self::accidental-mark)]",
    "fingerings": "//fingering",
    "dynamics": "//direction//dynamics/*",
    "hairpins": "//wedge[@type!='stop']",
    "lyrics": "//lyric/text",
    "texts": "//direction-type/words",
    "fermatas": "//fermata",
    "chord_symbols": "//harmony",
    "repeats": "//part[1]//repeat[@direction='backward']",
    "endings": "//part[1]//ending[@type='start']",
}


def score_info(piece: Piece) -> dict[str, Any]:
    """Return the facts of a piece that was read from a file, as JSON values.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    dict
        ``marks`` counts what a MusicXML file says besides its notes; it is None for other formats.
        ``key`` is the declared key, or None.
    """
    suffix = PurePosixPath(piece.source.path).suffix.lower()
    estimated, correlation = analyze_key(piece.without_drums())
    bars = [bar for bar in piece.bars() if bar.onset < piece.length]
    return {
        "file": piece.source.path,
        "format": FORMATS.get(suffix, suffix.lstrip(".")),
        "title": piece.title,
        "composer": piece.composer,
        "key": piece.keys[0].name if piece.keys else None,
        "keys": len(piece.keys),
        "estimated_key": estimated.name,
        "estimated_key_correlation": round(float(correlation), 3),
        "meter": _meter(piece),
        "meters": sorted({f"{m.numerator}/{m.denominator}" for m in piece.meters}),
        "tempo_bpm": round(piece.tempos[0].bpm, 2) if piece.tempos else None,
        "tempos": len(piece.tempos),
        "bars": sum(bar.number > 0 for bar in bars),
        "pickup_quarters": str(piece.pickup),
        "quarters": str(piece.length),
        "seconds": round(piece.seconds, 3),
        "parts": [_part(piece, index) for index in range(len(piece.parts))],
        "notes": int((piece.notes.grace == 0).sum()),
        "grace_notes": int((piece.notes.grace > 0).sum()),
        "chord_symbols": len(piece.chord_symbols),
        "marks": _marks(piece),
        "warnings": list(piece.warnings),
    }


def _meter(piece: Piece) -> str:
    return f"{piece.first_meter.numerator}/{piece.first_meter.denominator}"


def _part(piece: Piece, index: int) -> dict[str, Any]:
    part = piece.parts[index]
    pitches = piece.notes.pitch[piece.notes.part == index]
    return {
        "name": part.name,
        "program": part.program,
        "instrument": "drums"
        if part.is_drum
        else None
        if part.program is None
        else instrument_name(part.program),
        "is_drum": part.is_drum,
        "notes": len(pitches),
        "lowest": int(np.min(pitches)) if len(pitches) else None,
        "highest": int(np.max(pitches)) if len(pitches) else None,
    }


def _marks(piece: Piece) -> dict[str, int] | None:
    if piece.score is None:
        return None
    root = ScoreDocument.load(piece.score).root
    return dict(Counter({name: len(root.xpath(path)) for name, path in MARKS.items()}))
