"""Declare the settings of the section ``data``: how pieces are prepared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from partimento.config import Section


class DataSettings(Section):
    """How pieces are prepared after reading: the view that a model is trained on."""

    section = "data"

    quantize: Literal["auto", "exact", "beats", "music21"] = Field(
        default="auto",
        description=(
            "The grid of MIDI files: exact keeps all times, beats tracks the beats of played music,"
            " music21 uses its grid of quarters and thirds of a quarter, auto uses that grid for"
            " performances only."
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
            "Guitar notated an octave above its sound: keep it as written, or transpose it to"
            " sounding pitch."
        ),
    )
    pickup: Literal["inferred", "declared"] = Field(
        default="inferred",
        description=(
            "Upbeats: inferred from the notes where a MIDI file gives strong evidence, or only as"
            " declared in the file."
        ),
    )
    note_ends: Literal["restored", "exact", "full"] = Field(
        default="restored",
        description=(
            "Ends of notes in MIDI files: restored to the grid where a notation program made them"
            " end early, exact as in the file, or full, which also writes out staccato notes."
        ),
    )
    repeats: Literal["folded", "unfolded"] = Field(
        default="folded",
        description=(
            "Repeats of scores: folded as they are printed, or unfolded as they are played. MIDI"
            " files state none."
        ),
    )
    encoding: str = Field(
        default="auto",
        max_length=30,
        pattern=r"^[A-Za-z0-9_-]+$",
        description=(
            "The encoding of text in files that do not state it, such as shift-jis, gbk or cp1251;"
            " auto detects it."
        ),
    )


AS_WRITTEN = DataSettings(
    quantize="exact",
    grace_notes="keep",
    octave="written",
    pickup="declared",
    note_ends="exact",
    repeats="folded",
)
# For writing a score: as in the file, but with the written ends of notes.
AS_NOTATED = AS_WRITTEN.replace(note_ends="restored")
