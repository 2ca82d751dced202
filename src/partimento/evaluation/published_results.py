"""List published results on the benchmark sets, each with its protocol.

Results are only comparable if they count the same thing. A figure per token is not one per note, a
validation figure is not a test figure, and a bound is not a likelihood.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from partimento.short_repr import short_repr

BL2012 = "Boulanger-Lewandowski, Bengio & Vincent 2012"
BAI2018 = "Bai, Kolter & Koltun 2018"
KRISHNAN2017 = "Krishnan, Shalit & Sontag 2017"
GU2015 = "Gu, Ghahramani & Turner 2015"
HUANG2017 = "Huang, Cooijmans, Roberts, Courville & Eck 2017"
FIRST_STEP = "does not count the first step of a piece (their code)"
BY_AIS = "by annealed importance sampling, which gives too low a figure on average"


@short_repr
class Published(NamedTuple):
    """A published result, and how it was measured.

    Attributes
    ----------
    name : str
        The model.
    nats : float
        As published, per `unit`.
    source : str
        The paper.
    unit : str
        The nats are divided by the number of these.
    split : {"test", "valid"}
        The pieces measured.
    probability : str
        ``joint`` if all notes are predicted, else what the model is given, or ``not joint`` if the
        figure is no probability of whole pieces.
    kind : {"exact", "bound", "estimate"}
        Whether the figure is a likelihood, an upper bound on its nats, or an estimate by sampling.
    ordering : str
        The order in which notes are predicted.
    ensembled : bool
        Whether several models or orderings are averaged.
    read_in : {"paper", "second hand", "memory"}
        Where this program's authors have the figure from: the paper itself or its authors' own
        files, another text that quotes it, or memory alone.
    in_our_unit : float or None
        About what the result is in the unit of the benchmark, if that can be derived.
    not_comparable : str
        The reason why this is not comparable with our figures; empty if it is.
    remark : str
        A reservation about a result that is comparable.
    """

    name: str
    nats: float
    source: str
    unit: str = "time step"
    split: Literal["test", "valid"] = "test"
    probability: str = "joint"
    kind: Literal["exact", "bound", "estimate"] = "exact"
    ordering: str = "chronological"
    ensembled: bool = False
    read_in: Literal["paper", "second hand", "memory"] = "paper"
    in_our_unit: float | None = None
    not_comparable: str = ""
    remark: str = ""

    @property
    def comparable(self) -> bool:
        """Whether the result counts what this program's figures on the same split count."""
        return not self.not_comparable

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return {**self._asdict(), "comparable": self.comparable}


PUBLISHED: dict[str, tuple[Published, ...]] = {
    "jsb": (
        Published("RNN", 8.91, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published("LSTM", 8.45, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published("TCN", 8.10, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published("RBM", 7.43, BL2012, kind="estimate", read_in="second hand", remark=BY_AIS),
        Published("NADE", 7.19, BL2012, read_in="memory"),
        Published("RNN-RBM", 6.27, BL2012, kind="estimate", read_in="second hand", remark=BY_AIS),
        Published(
            "RNN-NADE",
            5.56,
            BL2012,
            read_in="second hand",
            remark=f"{KRISHNAN2017} quote 5.19 for it",
        ),
        Published(
            "DMM-Aug-NADE",
            5.118,
            KRISHNAN2017,
            kind="estimate",
            remark="by importance sampling; its bound is 5.335",
        ),
        Published(
            "LSTM-RTRBM",
            4.72,
            "Lyu, Wu & Zhu 2015",
            kind="estimate",
            remark=f"{BY_AIS} (100 runs)",
        ),
        Published(
            "LV-RNN",
            3.99,
            GU2015,
            kind="estimate",
            read_in="second hand",
            remark=f"by sequential Monte Carlo; as quoted by {KRISHNAN2017}",
        ),
    ),
    "nottingham": (
        Published("RNN", 4.05, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published("LSTM", 3.29, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published("TCN", 3.07, BAI2018, read_in="memory", remark=FIRST_STEP),
        Published(
            "LV-RNN",
            2.72,
            GU2015,
            kind="estimate",
            read_in="second hand",
            remark=f"by sequential Monte Carlo; as quoted by {KRISHNAN2017}",
        ),
        Published("RNN-NADE", 2.31, BL2012, read_in="second hand"),
        Published(
            "DMM-Aug-NADE",
            2.305,
            KRISHNAN2017,
            kind="estimate",
            remark="by importance sampling; its bound is 2.347",
        ),
    ),
    "jsb16": (
        Published(
            "BachBot",
            0.477,
            "Liang, Gotham, Johnson & Shotton 2017",
            unit="token",
            split="valid",
            in_our_unit=0.60,
            not_comparable="per token, about five per frame, with ties and frame ends; on 10 % of"
            " the chorales chosen by its authors, transposed to C major or A minor",
        ),
        Published(
            "Music Transformer",
            0.335,
            "Huang et al. 2019",
            unit="note",
            split="valid",
            read_in="second hand",
            remark="compare it with our figure on the validation split only",
        ),
        Published(
            "Coconet, any order",
            0.57,
            HUANG2017,
            unit="frame",
            kind="estimate",
            probability="not joint",
            ordering="random",
            ensembled=True,
            read_in="second hand",
            not_comparable="averages the probabilities of 5 orderings unit by unit, which is no"
            " joint probability and never above the mean of the five; mean over pieces",
        ),
        Published(
            "Coconet, in time",
            2.22,
            HUANG2017,
            unit="frame",
            kind="estimate",
            probability="not joint",
            ensembled=True,
            read_in="memory",
            not_comparable="averages several orderings of the notes of a frame unit by unit, which"
            " is no joint probability; mean over pieces",
        ),
        Published(
            "TonicNet",
            0.22,
            "Peracha 2019",
            unit="note",
            probability="given the true chords",
            read_in="memory",
            in_our_unit=0.396,
            not_comparable="is given chords that were derived from the notes to be predicted; with"
            " chords predicted too, at most 0.396 (5 tokens of 0.317, by its checkpoint's name, on"
            " the validation split)",
        ),
    ),
}
