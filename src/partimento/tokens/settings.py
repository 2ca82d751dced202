"""Settings of the section ``tokens``: how pieces become arrays."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from partimento.config import Section


class TokenSettings(Section):
    """How pieces become tokens, and tokens become windows."""

    section = "tokens"

    window: int = Field(
        default=32,
        ge=1,
        le=4096,
        description=(
            "Length of a training window (L): events for a model of chords, tokens for notewise."
        ),
    )
    stride: int = Field(
        default=32, ge=1, le=4096, description="Distance from the start of one window to the next."
    )
    transpose: Literal["none", "key", "key-octave", "all"] = Field(
        default="key",
        description=(
            "Transposition: none keeps the written key, key moves pieces to C major or A minor,"
            " key-octave also into one octave, all adds copies in every key within the range."
        ),
    )
    low: int = Field(
        default=0,
        ge=0,
        le=127,
        description=(
            "Lowest MIDI pitch of the range for transposing and composing (a guitar's is 40); 0"
            " takes the lowest of the training pieces."
        ),
    )
    high: int = Field(
        default=0,
        ge=0,
        le=127,
        description=(
            "Highest MIDI pitch of that range (a guitar's is 83); 0 takes the highest of the"
            " training pieces."
        ),
    )
    min_count: int = Field(
        default=2,
        ge=1,
        le=10**9,
        description=(
            "How often a chord, held pattern or duration must occur in the training pieces to have"
            " a token of its own."
        ),
    )
    frame: str = Field(
        default="",
        pattern=r"^(|[1-9]\d?|[1-9]/[1-9]\d?)$",
        examples=["1", "1/4", ""],
        description=(
            "Quarters per frame for the tokenizers of notewise, which then read pieces at a steady"
            " pace with all notes struck; empty reads events."
        ),
    )
    voices: bool = Field(
        default=False,
        description=(
            "Whether notewise uses the voice tokenizer, which writes each part for itself, one note"
            " at a time, on the grid of frame (a sixteenth if it is empty)."
        ),
    )

    repeated_notes: bool = Field(
        default=True,
        description=(
            "Whether a voice of the voice tokenizer can strike its pitch again; if not, repeated"
            " notes are tied, as in the benchmark jsb16."
        ),
    )

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.high and self.low >= self.high:
            raise ValueError(f"tokens.low ({self.low}) must be below tokens.high ({self.high})")
        return self

    def tokenizer_name(self, kind: str) -> str:
        """Return the tokenizer for a model of this kind: with `voices`, notes are voices."""
        return "voices" if self.voices and kind == "notes" else kind

    @property
    def to_common_key(self) -> bool:
        """Return True if all pieces are moved to C major or A minor."""
        return self.transpose in ("key", "key-octave")
