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
            "Transposition: none keeps the written key; key moves pieces to C major or A minor;"
            " key-octave also moves all notes into one octave; all adds copies in every key that"
            " fits the range."
        ),
    )
    max_transpose: int = Field(
        default=0,
        ge=0,
        le=127,
        description=(
            "Most semitones by which the copies of transpose = all are moved; 0 for as many as fit"
            " the range. Copies far from the original teach a register that no piece has."
        ),
    )
    low: int = Field(
        default=0,
        ge=0,
        le=127,
        description=(
            "Lowest MIDI pitch for transposing and composing (40 for a guitar); 0 uses the lowest"
            " pitch of the training pieces."
        ),
    )
    high: int = Field(
        default=0,
        ge=0,
        le=127,
        description=(
            "Highest MIDI pitch for transposing and composing (83 for a guitar); 0 uses the highest"
            " pitch of the training pieces."
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
            "Length of a frame in quarters, for the tokenizers of notewise. They then cut pieces"
            " into frames of this length and strike every note again in each. Empty: use events."
        ),
    )
    voices: bool = Field(
        default=False,
        description=(
            "Whether notewise uses the voice tokenizer. It writes each part as one voice with one"
            " note at a time, on a grid of tokens.frame (a sixteenth if that is empty)."
        ),
    )

    repeated_notes: bool = Field(
        default=True,
        description=(
            "Whether a voice of the voice tokenizer can repeat its pitch. If not, repeated notes"
            " are tied, as in the benchmark jsb16."
        ),
    )

    hold: bool = Field(
        default=True,
        description=(
            "Whether the grid tokenizer has a symbol for a note that goes on. If not, every step"
            " has its pitch, and repeated notes are tied."
        ),
    )

    modes: bool = Field(
        default=False,
        description=(
            "Whether the header of notewise's tokens says if the key is major or minor. Some of the"
            " training copies state the key in which the piece ends."
        ),
    )
    countdown: bool = Field(
        default=False,
        description=(
            "Whether notewise is given the time until the end when it composes, to prepare an"
            " ending. It is unknown in likelihoods and in some of the training copies."
        ),
    )
    phrases: bool = Field(
        default=False,
        description="Whether notewise writes phrase ends, such as the fermatas of chorales.",
    )
    notated_rhythm: bool = Field(
        default=False,
        description=(
            "Whether notewise composes only rhythms that can be written plainly: no ties into"
            " tuplets, and no notes shorter than a thirty-second unless training pieces have many."
        ),
    )
    within_range: bool = Field(
        default=False,
        description=(
            "Whether notewise composes only notes within the range of the instrument (tokens.low"
            " and tokens.high) or, with tokens.voices, of each voice in the training pieces."
        ),
    )
    voice_order: Literal["top-down", "outer-first"] = Field(
        default="top-down",
        description=(
            "Order in which the voice tokenizer writes voices: top-down, or outer-first (highest,"
            " then from the lowest up)."
        ),
    )

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.high and self.low >= self.high:
            raise ValueError(f"tokens.low ({self.low}) must be below tokens.high ({self.high})")
        return self

    def tokenizer_name(self, kind: str) -> str:
        """Return the tokenizer's name: `voices` replaces "notes" by "voices"."""
        return "voices" if self.voices and kind == "notes" else kind

    @property
    def to_common_key(self) -> bool:
        """Return True if all pieces are moved to C major or A minor."""
        return self.transpose in ("key", "key-octave")
