"""Implement ``partimento corpus``: build a store of scores, list and describe it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partimento.cli.help import command, command_group
from partimento.cli.options import (
    Force,
    Json,
    Scores,
    SelectionOptions,
    Sources,
    Split,
    Store,
    ViewOptions,
    expand,
)

if TYPE_CHECKING:
    from partimento.corpus.store.build import Built, Plan

corpus_app = command_group(
    """Build a corpus of scores, list its pieces, and compute statistics.

    A corpus is stored in one searchable file, a store, on which `partimento train` can train.
    """,
    examples=(
        """Build a store of a folder, then describe it and train on some of its pieces:
             partimento corpus build my-scores/ -o scores.parquet
             partimento corpus stats scores.parquet
             partimento train scores.parquet --composer Giuliani --solo""",
    ),
)


@command(
    corpus_app,
    "build",
    examples=(
        """Read a folder of scores:
             partimento corpus build my-scores/ -o scores.parquet""",
        """Add the guitar pieces of another folder:
             partimento corpus build more/ -o scores.parquet --append --instrument guitar""",
    ),
)
@expand
def build(
    *,
    sources: Scores,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="STORE",
            help="Store to write: a .parquet file.",
            show_default=False,
        ),
    ],
    append: Annotated[
        bool, typer.Option("--append", help="Add pieces to an existing store.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Rebuild an existing store; unchanged files are not read again.",
        ),
    ] = False,
    selection: SelectionOptions,
    view: ViewOptions,
    validation: Annotated[
        float, typer.Option(metavar="X", help="Share of the pieces for validation.")
    ] = 0.1,
    test: Annotated[
        float, typer.Option(metavar="X", help="Share of the pieces for testing.")
    ] = 0.1,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="The same seed gives the same split.")
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=1024, metavar="N", help="Number of processes [default: one per core]."
        ),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Dask scheduler to distribute the work, such as tcp://host:8786.",
            show_default=False,
        ),
    ] = "",
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="List the files that could not be read in this CSV."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read scores into one searchable file, a store with a row per piece.

    If the command is interrupted, run it again to continue.
    """
    from partimento.cli import progress
    from partimento.corpus import write_rejects
    from partimento.corpus.settings import DataSettings
    from partimento.corpus.store.build import Plan, build_store
    from partimento.files import refuse_existing

    if rejects is not None:
        refuse_existing(rejects, force=force)
    config = DataSettings().replace(**view)
    plan = Plan(config, selection, validation, test, seed, workers, cluster)
    with progress.stages(quiet=as_json) as stages:
        built = build_store(sources, out, plan=plan, append=append, force=force, progress=stages.at)
    if rejects is not None:
        write_rejects([*built.rejects, *built.partly_read], rejects)
    _tell_json(built) if as_json else _tell(built, plan)


def _tell(built: Built, plan: Plan) -> None:
    from partimento.cli import screen

    store = built.store
    splits = ", ".join(f"{count:,} {name}" for name, count in store.splits.items())
    screen.print_rejects([*built.rejects, *built.partly_read])
    screen.out().print(
        f"{store.path}: {len(store):,} pieces ({built.read:,} files read, {built.kept:,} known,"
        f" {built.left_out:,} not selected, {len(built.rejects):,} not readable)\n{splits} (seed"
        f" {plan.seed}); {store.duplicates:,} pieces are near-duplicates of others and share their"
        f" split\nfingerprint {store.head.fingerprint}"
    )


def _tell_json(built: Built) -> None:
    from dataclasses import asdict

    from partimento.cli import screen

    store = built.store
    screen.print_json(
        {
            "store": str(store.path),
            "pieces": len(store),
            "read": built.read,
            "known": built.kept,
            "not_selected": built.left_out,
            "split": store.splits,
            "near_duplicates": store.duplicates,
            "seed": store.head.seed,
            "fingerprint": store.head.fingerprint,
            "rejected": [asdict(reject) for reject in built.rejects],
            "partly_read": [asdict(reject) for reject in built.partly_read],
        }
    )


@command(
    corpus_app,
    "list",
    examples=(
        """List the solo pieces in a minor key:
             partimento corpus list scores.parquet --solo --key "a minor\"""",
        """Pass the table to another program, with columns separated by tabs:
             partimento corpus list scores.parquet | cut -f 1,3""",
    ),
)
@expand
def list_pieces(
    *,
    store: Store,
    selection: SelectionOptions,
    split: Split = "",
    as_json: Json = False,
) -> None:
    """List the pieces of a store with title, composer, key, license and split."""
    from partimento.cli import screen
    from partimento.cli.screen import Column
    from partimento.corpus.store.store import open_store
    from partimento.music.timelines import Key

    chosen = replace(selection, split=split)
    pieces = open_store(store).select(chosen)
    if as_json:
        screen.print_json([{**row, "manifest": dict(row["manifest"])} for row in pieces.rows])
        return
    if not pieces.rows:
        screen.err().print(f"none of the pieces in {store} is {chosen}")
    header = (
        Column("path", 0, "path"),
        Column("title", 2, "name"),
        Column("composer", 1, "name"),
        Column("for", 5, "name"),
        Column("key", 3, "name"),
        Column("meter", 6),
        Column("events", 7),
        Column("license", 8, "name"),
        Column("split", 4, "name"),
    )
    names = ("path", "title", "composer", "ensemble", "key", "meter", "events", "license", "split")
    rows = [{**row, "key": Key.from_name(row["key"]).name} for row in pieces.rows]
    screen.print_list(
        f"{store}: {len(pieces):,} pieces",
        header,
        [[str(row[name]) for name in names] for row in rows],
    )


@command(
    corpus_app,
    "duplicates",
    examples=(
        """Look for music that occurs several times in a store:
             partimento corpus duplicates scores.parquet""",
    ),
)
def duplicates(
    store: Store,
    as_json: Json = False,
) -> None:
    """List the near-duplicates in a store: the same music under several names.

    Near-duplicates are in the same split, so that no model is tested on its training music.
    """
    from partimento.cli import screen
    from partimento.cli.screen import Column
    from partimento.corpus.store.store import open_store

    groups: dict[int, list[dict[str, object]]] = {}
    for row in open_store(store).rows:
        groups.setdefault(row["group"], []).append(
            {name: row[name] for name in ("path", "title", "composer", "split")}
        )
    several = [rows for rows in groups.values() if len(rows) > 1]
    if as_json:
        screen.print_json(several)
        return
    rows = [
        [str(number), *(str(value) for value in row.values())]
        for number, group in enumerate(several, 1)
        for row in group
    ]
    screen.print_list(
        f"{store}: {len(several):,} group{'s' * (len(several) != 1)} of near-duplicates",
        (
            Column("group"),
            Column("path", 0, "path"),
            Column("title", 1, "name"),
            Column("composer", 2, "name"),
            Column("split", 0, "name"),
        ),
        rows,
    )


@command(
    corpus_app,
    "stats",
    examples=(
        """Describe the bundled chorales in tables and pictures:
             partimento corpus stats bundled:chorales --plots pictures""",
    ),
)
@expand
def stats(
    *,
    sources: Sources,
    selection: SelectionOptions,
    split: Split = "",
    view: ViewOptions,
    plots: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw pictures of the statistics here.")
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="List the files that could not be read in this CSV."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Count pieces, chords, durations, keys and meters.

    The report also says how large a share of unknown music a vocabulary of chords covers.
    """
    from partimento.cli.stats import run_stats
    from partimento.corpus.settings import AS_WRITTEN

    config = AS_WRITTEN.replace(**view)
    run_stats(
        sources,
        config=config,
        selection=replace(selection, split=split),
        rejects=rejects,
        plots=plots,
        force=force,
        as_json=as_json,
    )
