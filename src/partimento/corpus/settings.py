"""Settings of the section ``data``: how files become pieces."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from partimento.config import Section


class DataSettings(Section):
    """How files become pieces."""

    section = "data"

    quantize: Literal["auto", "exact", "music21"] = Field(
        default="auto",
        description=(
            "The grid of MIDI files: exact keeps them as written, music21 uses its grid of quarters"
            " and thirds, auto uses that grid for files that were played, not written."
        ),
    )
    grace_notes: Literal["remove", "merge", "keep"] = Field(
        default="remove",
        description=(
            "Grace notes: remove them, merge them into the chord of their main note, or keep them"
            " as they are."
        ),
    )
    octave: Literal["written", "sounding"] = Field(
        default="written",
        description=(
            "Guitar notated an octave above its sound: leave it as written, or move it down to"
            " sounding."
        ),
    )
    pickup: Literal["inferred", "declared"] = Field(
        default="inferred",
        description=(
            "Upbeats: inferred from the notes where a MIDI file gives strong evidence, or only as"
            " declared in the file."
        ),
    )
    repeats: Literal["folded", "unfolded"] = Field(
        default="folded",
        description=(
            "Repeats of MusicXML files: folded as they are printed, or unfolded as they are played."
        ),
    )


AS_WRITTEN = DataSettings(
    quantize="exact", grace_notes="keep", octave="written", pickup="declared", repeats="folded"
)
