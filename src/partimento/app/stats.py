"""``partimento corpus stats``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from partimento.app import screen
from partimento.app.views import VIEWS
from partimento.config import CorpusConfig
from partimento.corpus import read_pieces, write_rejects
from partimento.evaluate.stats import stats
from partimento.files import refuse_existing


def run_stats(sources: Sequence[str], *, quantise: str, rejects: Path | None, force: bool, as_json: bool) -> None:
    """The command; see `cli.corpus_stats`."""
    if rejects is not None:
        refuse_existing(rejects, force=force)
    view = VIEWS[CorpusConfig(quantise).quantise]
    with screen.stages(quiet=as_json) as stages:
        reading = read_pieces(sources, quantise=view, progress=lambda d, t: stages.at("read", d, t))
    found = stats(reading.pieces)
    if rejects is not None:
        write_rejects(reading.rejects, rejects)
    if as_json:
        screen.print_json({**asdict(found), "rejected": [asdict(reject) for reject in reading.rejects]})
        return
    rows = [(name.replace("_", " "), f"{value:,}") for name, value in asdict(found).items() if isinstance(value, (int, float))]
    rows += [("range", f"{found.lowest} to {found.highest}")]
    rows += [(name, _commonest(getattr(found, name))) for name in ("keys", "meters", "durations", "composers")]
    screen.print_table(f"{', '.join(sources)}", ("", ""), rows)
    screen.print_rejects(reading.rejects)


def _commonest(counts: dict[str, int], most: int = 8) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:most])
    return shown + (f", {len(counts) - most} more" if len(counts) > most else "")
