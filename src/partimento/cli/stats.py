"""Count what is in a corpus, for tables, JSON and pictures."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.corpus import Reject, write_rejects
from partimento.corpus.coverage import HeldOut, Vocabulary
from partimento.corpus.entries import CorpusEntry, as_entries
from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.stats import Spread, Stats, stats
from partimento.corpus.store.store import open_store
from partimento.errors import PartimentoError
from partimento.files import new_folder, refuse_existing, refuse_folder, write_atomically
from partimento.io.formats import is_store
from partimento.music.names import duration_name
from partimento.music.piece import Piece
from partimento.music.timelines import Key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARK = "stats.json"  # what a folder of plots holds
ROLLS = 3  # pieces that are drawn as a piano roll
CHORDS = {
    "as written": "chords",
    "in the common key": "chords in the common key",
    "in the common key and octave": "chords in the common key and octave",
}
SHORT = {  # names that leave room for figures
    "as written": "chords as written",
    "in the common key": "chords in one key",
    "in the common key and octave": "… and in one octave",
}
TIMES = {1: "once", 2: "twice"}
VOCABULARY = (
    Column("vocabulary", 0, "name"),
    Column("size"),
    Column("doubled", 3),
    Column("unknown"),
    Column("(range)", 1),
    Column("seen twice"),
    Column("(range)", 2),
)


def run_stats(
    sources: Sequence[str],
    *,
    config: DataSettings,
    selection: Selection,
    rejects: Path | None,
    plots: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Read a corpus and show its statistics; see `corpus.stats`.

    One store is streamed, however large. Its groups of near-duplicates are held out together.
    """
    if rejects is not None:
        refuse_existing(rejects, force=force)
    check_plots(plots, force=force)
    show = partial(show_stats, title=", ".join(sources), plots=plots, force=force, as_json=as_json)
    if len(sources) == 1 and is_store(sources[0]):
        store = open_store(sources[0]).select(selection)
        if not len(store):
            raise PartimentoError(f"an empty corpus: no piece in {sources[0]} is {selection}")
        if rejects is not None:
            write_rejects([], rejects)
        show(store.entries(config), total=len(store))
        return
    with progress.stages(quiet=as_json) as stages, stages.during("read"):
        corpus = load_corpus(sources, config=config, selection=selection, progress=stages.at)
    if rejects is not None:
        write_rejects([*corpus.rejects, *corpus.partly_read], rejects)
    show(corpus, rejects=[*corpus.rejects, *corpus.partly_read])


def check_plots(plots: Path | None, *, force: bool) -> None:
    """Say no, before any work is done, to a folder of plots that cannot be written."""
    if plots is not None:
        refuse_folder(plots, mark=MARK, force=force)


def show_stats(
    pieces: Iterable[Piece | CorpusEntry],
    *,
    title: str,
    total: int | None = None,
    rejects: Sequence[Reject] = (),
    plots: Path | None = None,
    force: bool = False,
    as_json: bool = False,
) -> None:
    """Count through the pieces, once, and show what is found.

    Parameters
    ----------
    pieces : iterable of Piece or CorpusEntry
        A list, a corpus, or a stream that may be larger than memory.
    title : str
        Title of the tables and pictures.
    total : int, optional
        How many pieces come, for the progress bar, where `pieces` does not know its length.
    rejects : sequence of Reject
        Files that were not read.
    plots : Path, optional
        Folder to make, with the pictures and everything in ``stats.json``.
    force : bool
        Replace such a folder.
    as_json : bool
        Everything as JSON on the output, instead of the tables.

    Raises
    ------
    PartimentoError
        If there are no pieces, or `plots` already exists.
    """
    check_plots(plots, force=force)
    sample = _Sample(ROLLS if plots else 0)
    with progress.stages(quiet=as_json) as stages:
        total = len(pieces) if isinstance(pieces, Sequence) else total
        found = stats(sample.passing(_counted(as_entries(pieces), total, stages)))
        figures_of_all = {
            **asdict(found),
            "rejected": [asdict(reject) for reject in rejects if reject.read == "no"],
            "partly_read": [asdict(reject) for reject in rejects if reject.read != "no"],
        }
        if plots is not None:
            _write_plots(
                _plots(found, sample.kept, title), figures_of_all, plots, force=force, stages=stages
            )
    if as_json:
        screen.print_json(figures_of_all)
        return
    _print_tables(found, title)
    screen.print_rejects(rejects)
    if plots is not None:
        screen.out().print(f"Pictures in {plots}/")


def _counted(
    entries: Iterable[CorpusEntry], total: int | None, stages: progress.Stages
) -> Iterator[CorpusEntry]:
    done = 0
    stages.at("count", 0, total or 0)
    for done, entry in enumerate(entries, 1):
        yield entry
        if done % 50 == 0:
            stages.at("count", done, max(total or 0, done))
    stages.at("count", done, done)


@dataclass
class _Sample:
    """Sample a few pieces of a stream, each with the same probability.

    This is reservoir sampling (J. S. Vitter's algorithm R). The same stream always gives the same
    pieces.
    """

    size: int
    kept: list[Piece] = field(default_factory=list)

    def passing(self, entries: Iterable[CorpusEntry]) -> Iterator[CorpusEntry]:
        draw = random.Random(0)
        for number, entry in enumerate(entries):
            if number < self.size:
                self.kept.append(entry.piece)
            elif (place := draw.randrange(number + 1)) < self.size:
                self.kept[place] = entry.piece
            yield entry


def _plots(found: Stats, sample: Sequence[Piece], title: str) -> Iterator[tuple[str, Figure]]:
    """Yield the names and figures of all pictures."""
    from partimento.plots import corpus as plots
    from partimento.plots.piano_roll import piano_roll

    chords = {name: found.vocabularies[entry] for name, entry in CHORDS.items()}
    held_out = {
        f"{name},\nseen {TIMES[least]} or more".replace(
            " and octave,", "\nand octave,"
        ): held.splits
        for name, vocabulary in chords.items()
        for least, held in vocabulary.out_of_vocabulary.items()
    }
    about = f"{found.pieces:,} piece{'s' * (found.pieces != 1)}"
    yield "keys", plots.key_histogram(found.keys, title=f"Keys of {about}")
    yield (
        "durations",
        plots.duration_histogram(found.durations, title=f"Durations of {found.events:,} events"),
    )
    yield (
        "pitches",
        plots.pitch_histogram(
            found.pitches, title=f"Pitches of {sum(found.pitches.values()):,} notes"
        ),
    )
    yield (
        "coverage",
        plots.chord_coverage(
            {n: (v.commonest.x, v.commonest.y) for n, v in chords.items()}, held_out
        ),
    )
    yield (
        "growth",
        plots.vocabulary_growth({n: (v.growth.x, v.growth.y) for n, v in chords.items()}),
    )
    for number, piece in enumerate(sample, 1):
        yield f"piano-roll-{number}", piano_roll(piece)


def _write_plots(
    figures: Iterator[tuple[str, Figure]],
    figures_of_all: Mapping[str, Any],
    folder: Path,
    *,
    force: bool,
    stages: progress.Stages,
) -> None:
    from partimento.plots.corpus import write_plot

    with new_folder(folder, mark=MARK, force=force) as work:
        write_atomically(
            work / MARK, json.dumps(figures_of_all, indent=2, ensure_ascii=False) + "\n"
        )
        most = 5 + min(ROLLS, figures_of_all["pieces"])
        for done, (name, figure) in enumerate(figures):
            stages.at("draw", done, most, name)
            write_plot(figure, work / f"{name}.png")
        stages.at("draw", most, most, "")


def _print_tables(found: Stats, title: str) -> None:
    rows = [
        (
            "pieces",
            f"{found.pieces:,}"
            + (f" ({found.different:,} different)" if found.different < found.pieces else ""),
        ),
        ("playing time", _playing_time(found.seconds)),
        ("notes", f"{found.notes:,}"),
        ("events", f"{found.events:,}, {found.rests:,} of them rests"),
        ("quarters", f"{found.quarters:,.0f}"),
        (
            "distinct chords",
            f"{found.distinct_chords:,}, {found.chords_seen_once:,} of them seen once",
        ),
        ("distinct durations", f"{found.distinct_durations:,}"),
        ("range", f"{found.lowest} to {found.highest}" if found.lowest else "none"),
        ("events per piece", _range(found.events_per_piece)),
        ("bars per piece", _range(found.bars_per_piece)),
        ("quarters per minute", _range(found.tempos)),
        (
            "keys, analysed",
            _commonest({Key.from_name(name).name: count for name, count in found.keys.items()}),
        ),
        (
            "keys, declared",
            (
                f"{found.declared:,}, {found.declared_as_analysed:,} of them with the analysed"
                " key's signature"
            ),
        ),
        ("meters", _commonest(found.meters)),
        (
            "durations",
            _commonest({_duration(name): count for name, count in found.durations.items()}),
        ),
        (
            "notes per chord",
            _commonest({str(size): count for size, count in found.chord_sizes.items()}),
        ),
        (
            "parts per piece",
            _commonest({str(parts): count for parts, count in found.parts.items()}),
        ),
        ("instruments", _commonest(found.instruments)),
        ("composers", _commonest(found.composers)),
        ("licenses", _commonest(found.licenses)),
    ]
    screen.print_facts(title, rows)
    named = {SHORT[name]: found.vocabularies[entry] for name, entry in CHORDS.items()}
    named["durations"] = found.vocabularies["durations"]
    screen.out().print()
    screen.print_table(
        "Vocabularies, and the share of events in held-out pieces that they do not have",
        VOCABULARY,
        [_vocabulary_row(name, vocabulary) for name, vocabulary in named.items()],
    )
    screen.out().print(
        "doubled: growth of the vocabulary when the number of pieces doubles. unknown: share of"
        " events outside the vocabulary when a tenth of the pieces is held out; mean and range over"
        " ten splits. seen twice: the same for a vocabulary without symbols that occur only once."
    )


def _vocabulary_row(name: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    unknown = (
        cell for least in TIMES for cell in _unknown(vocabulary.out_of_vocabulary.get(least))
    )
    return name, f"{vocabulary.size:,}", f"× {vocabulary.growth_per_doubling:.2f}", *unknown


def _unknown(held: HeldOut | None) -> tuple[str, str]:
    """Return the mean share over the splits, and its range, in percent."""
    if held is None or not held.splits:
        return "–", ""
    return f"{100 * held.mean:.1f} %", f"{100 * min(held.splits):.1f}–{100 * max(held.splits):.1f}"


def _range(spread: Spread) -> str:
    return f"{spread.least:,.0f} to {spread.most:,.0f}, median {spread.median:,.0f}"


def _playing_time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60:,} h {minutes % 60} min"
        if minutes >= 60
        else f"{minutes} min"
        if minutes
        else f"{seconds:.0f} s"
    )


def _duration(quarters: str) -> str:
    return duration_name(Fraction(quarters)) or f"{quarters} quarter"


def _commonest(counts: Mapping[str, int], most: int = 8) -> str:
    shown = " · ".join(f"{name}: {count:,}" for name, count in list(counts.items())[:most])
    return shown + (f" · {len(counts) - most} more" if len(counts) > most else "")
