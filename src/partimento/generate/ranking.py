"""Rank candidates by stated criteria, each in units of what real pieces show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from partimento.analysis.cadences import final_chord
from partimento.analysis.keys import analyze_key
from partimento.analysis.similarity.borrowing import (
    CorpusIndex,
    Originality,
    SharedPassage,
    index_corpus,
    shared_with,
)
from partimento.corpus.entries import Corpus
from partimento.corpus.splits import TRAIN
from partimento.generate.candidates import Generated
from partimento.generate.constraints.base import Report
from partimento.generate.criteria import Criteria, Ending, measure, penalties, row
from partimento.generate.finish import Transposer
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr

# A candidate without a hard fault is not composed again.
HARD = ("ending", "loop", "range", "activity")


@short_repr
class Weighing(NamedTuple):
    """Say how many candidates were weighed, and how many the weights leave.

    Attributes
    ----------
    sampled : int
    effective : float
        The effective sample size, 1 / sum of the squared weights: 1 if a single candidate has all
        the weight.
    """

    sampled: int
    effective: float


@short_repr
@dataclass(frozen=True)
class Candidate:
    """A composed candidate and how it was judged.

    Attributes
    ----------
    piece : Piece
        The candidate; before `finish`, in the key in which it was composed.
    number : int
        Its index among the candidates of its batch.
    seed : int
        The seed of its batch.
    fits : bool
        Whether it is in the requested key; True if no key is requested.
    dead_ends : int
        1 for a candidate that was given up (`Generated.dead_ends`).
    criteria : Criteria
    penalties : dict of float
        The penalty of each criterion, in spreads of real pieces; 0 is as good as they are.
    report : Report
        Asked and achieved of each constraint; empty before `finish`.
    distance : float, optional
        The share of notes that differ from what stood there (`share_of_changed_notes`), if
        something did.
    bars : (int, int), optional
        The first and the last bar that were composed; None if all were.
    originality : Originality, optional
        The longest passages that these bars share with a corpus; see `Candidates.compared_with`.
    weighing : Weighing, optional
        The candidates from which it was drawn, by the probability of the music that follows.
    """

    piece: Piece
    number: int
    seed: int
    fits: bool
    dead_ends: int
    criteria: Criteria
    penalties: dict[str, float]
    report: Report = field(default_factory=Report)
    distance: float | None = None
    bars: tuple[int, int] | None = None
    originality: Originality | None = None
    weighing: Weighing | None = None

    @property
    def score(self) -> float:
        """The sum of the penalties; the lower, the better."""
        return sum(self.penalties.values())

    @property
    def is_sound(self) -> bool:
        """Whether the candidate has no fault for which others are composed."""
        return self.fits and not self.dead_ends and not any(self.penalties[name] for name in HARD)

    @property
    def rank(self) -> tuple[bool, int, float]:
        """The value by which candidates are sorted, the best first."""
        return not self.fits, self.dead_ends, self.score

    def row(self) -> dict[str, Any]:
        """Return the candidate as a row of a table."""
        scores = {f"penalty_{name}": round(value, 2) for name, value in self.penalties.items()}
        return {
            "score": round(self.score, 2),
            "in_requested_key": self.fits,
            **row(self.criteria),
            **scores,
            **({} if self.distance is None else {"distance": round(self.distance, 3)}),
            **_shared(self.originality),
            **_weighed(self.weighing),
            **({"constraints": str(self.report.table())} if self.report else {}),
        }


# Columns of the table: name of the value, and its heading.
COLUMNS = {
    "score": "score",
    "cadence": "cadence",
    "end_length": "end (quarters)",
    "in_key": "in key",
    "parallels": "parallels per 1,000",
    "loop": "loop (bars)",
    "outside": "out of range",
    "nats": "nats per event",
    # Only in tables of candidates that have them.
    "distance": "changed",
    "shared_chords": "shared chords",
    "shared_notes": "shared notes",
    "shared_from": "from",
}


def _shared(originality: Originality | None) -> dict[str, Any]:
    """Return the longest shared passages as cells of a table."""
    if originality is None:
        return {}
    lines = (originality.chords, originality.melody)
    longest = max((line.longest for line in lines if line.longest), key=_length, default=None)
    place = ""
    if longest is not None:
        name = PurePosixPath(longest.path).name
        bars = f"{longest.corpus_bar}-{longest.corpus_last_bar}"
        bars = bars if longest.corpus_last_bar > longest.corpus_bar else f"{longest.corpus_bar}"
        place = f"{longest.title or name}, bar {bars}"
    chords, melody = (line.length for line in lines)
    return {"shared_chords": chords, "shared_notes": melody, "shared_from": place}


def _weighed(weighing: Weighing | None) -> dict[str, Any]:
    if weighing is None:
        return {}
    return {"weighed": weighing.sampled, "effective": round(weighing.effective, 1)}


def _length(passage: SharedPassage) -> int:
    return passage.length


@short_repr
class Candidates(tuple[Candidate, ...]):
    """Hold candidates, the best first."""

    def rows(self) -> list[dict[str, Any]]:
        """Return all criteria and penalties, one row per candidate."""
        return [{"number": number, **candidate.row()} for number, candidate in enumerate(self, 1)]

    def table(self) -> str:
        """Return the most important criteria as a text table."""
        values = self.rows()
        names = [name for name in COLUMNS if values and name in values[0]]
        rows = [
            ["", *(COLUMNS[name] for name in names)],
            *([str(row["number"]), *(_cell(row[name]) for name in names)] for row in values),
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def compared_with(
        self, corpus: Corpus | Sequence[Piece] | CorpusIndex, *, progress: Progress = silent
    ) -> Candidates:
        """Return the candidates with their longest passages that stand in a corpus.

        Passages are compared in any key. If the corpus has a split, its training pieces count.

        Parameters
        ----------
        corpus : Corpus, sequence of Piece, or CorpusIndex
            The music that the model learned from.
        progress : Progress, optional

        Raises
        ------
        PartimentoError
            If the corpus is empty.
        """
        index = corpus
        if not isinstance(index, CorpusIndex):
            entries = Corpus.of(index)
            train = [entry.piece for entry in entries if entry.split == TRAIN]
            index = index_corpus(train or entries.pieces, progress=progress)
        return Candidates(
            replace(each, originality=shared_with(index, _composed(each))) for each in self
        )


def _composed(candidate: Candidate) -> Piece:
    """Return the bars that were composed."""
    return candidate.piece.cut(*candidate.bars) if candidate.bars else candidate.piece


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def rank_candidates(
    pieces: Sequence[Piece],
    generated: Generated,
    transposer: Transposer,
    *,
    ending: Ending = "authentic",
    seed: int = 0,
) -> list[Candidate]:
    """Return the candidates, the best first.

    Candidates in another than the requested key come last, and before them those that were given
    up. The others are sorted by the sum of their penalties (`criteria.penalties`).

    Parameters
    ----------
    pieces : sequence of Piece
        The decoded candidates.
    generated : Generated
    transposer : Transposer
    ending : str
        The wanted end: ``authentic``, ``half`` or ``open``.
    seed : int
        The seed of the batch.
    """
    prompt = transposer.prompt
    copied = len(transposer.trained.tokenizer.decode_events(prompt.ids)) if prompt.has_events else 0
    candidates, real = [], transposer.trained.real_pieces
    for number, piece in enumerate(pieces):
        key, fits = _key(piece, transposer)
        shift = transposer.interval(piece.notes, key)
        criteria = measure(
            piece,
            key,
            outside=sum(transposer.notes_out_of_range(piece.notes, shift)),
            nats=float(generated.nats[number]) / max(len(piece.events) - copied, 1),
            shift=shift,
        )
        # All batches of a piece have the same seed in these bits, and so the same example.
        penalty = penalties(criteria, real, ending, seed=seed % 2**32)
        dead = int(generated.dead_ends[number])
        candidates.append(Candidate(piece, number, seed, fits, dead, criteria, penalty))
    return sorted(candidates, key=lambda candidate: candidate.rank)


def _key(piece: Piece, transposer: Transposer) -> tuple[Key, bool]:
    """Return the key of a candidate as composed, and whether it is as requested.

    If the model composed in a key of the header, this is the intended key. It counts as reached
    if the analysis finds it, or if the piece ends on its tonic.
    """
    wanted = transposer.key or transposer.prompt.declared_key
    analyzed, _ = analyze_key(piece)
    intended = transposer.intended_key
    if intended is not None:
        same = (analyzed.tonic, analyzed.mode) == (intended.tonic, intended.mode)
        end = final_chord(piece, intended)
        return intended, same or (end.is_tonic and end.root_in_bass)
    mode = wanted is None or analyzed.mode == wanted.mode
    if transposer.tokens.to_common_key:
        home = analyzed.tonic == (9 if analyzed.mode == "minor" else 0)
    else:  # otherwise the piece is moved to the requested tonic, unless the interval is fixed
        key = transposer.key
        home = transposer.fixed is None or key is None or analyzed.tonic == key.tonic
    return analyzed, transposer.key is None or (mode and home)
