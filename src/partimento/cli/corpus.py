"""``partimento corpus``: build a store of scores, look into it, select from it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partimento.cli.options import (
    Force,
    Json,
    Scores,
    SelectionOptions,
    Sources,
    Split,
    ViewOptions,
    expand,
)

if TYPE_CHECKING:
    from partimento.corpus.store.build import Built, Plan

corpus_app = typer.Typer(help="Build a corpus of scores, and look into it.", no_args_is_help=True)


@corpus_app.command("build")
@expand
def build(
    *,
    sources: Scores,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="The store, a file that ends in .parquet.", show_default=False
        ),
    ],
    append: Annotated[
        bool, typer.Option("--append", help="Add to the store that is there.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Build a store that is there anew; unchanged files are not read again."
        ),
    ] = False,
    selection: SelectionOptions,
    view: ViewOptions,
    validation: Annotated[float, typer.Option(help="Share of the pieces to validate with.")] = 0.1,
    test: Annotated[float, typer.Option(help="Share of the pieces to test with.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Draws the split.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Reading processes [default: one a core].")
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="A dask scheduler to share the work out, as tcp://host:8786."
        ),
    ] = "",
    rejects: Annotated[
        Path | None, typer.Option(help="Write the files that could not be read to this CSV.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read scores into one searchable file, a row a piece; stopped at any moment, the same command
    goes on where it was.
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
        write_rejects(built.rejects, rejects)
    _tell_json(built) if as_json else _tell(built, plan)


def _tell(built: Built, plan: Plan) -> None:
    from partimento.cli import screen

    store = built.store
    splits = ", ".join(f"{count:,} {name}" for name, count in store.splits.items())
    screen.print_rejects(built.rejects)
    screen.out().print(
        f"{store.path}: {len(store):,} pieces ({built.read:,} files read, {built.kept:,} known, {built.left_out:,} not selected, "
        f"{len(built.rejects):,} not readable)\n"
        f"{splits} (seed {plan.seed}); {store.duplicates:,} pieces are near-duplicates of others and stay on one side with them\n"
        f"fingerprint {store.head.fingerprint}"
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
        }
    )


@corpus_app.command("list")
@expand
def list_pieces(
    *,
    store: Annotated[
        Path, typer.Argument(metavar="STORE", help="A .parquet store.", show_default=False)
    ],
    selection: SelectionOptions,
    split: Split = "",
    as_json: Json = False,
) -> None:
    """List the pieces of a store: what each is, where it came from, on which side of the split it
    stands.
    """
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
        print(f"partimento: none of the pieces in {store} is {chosen}", file=sys.stderr)
    header = (
        Column("path", 0, "path"), Column("title", 2, "name"), Column("composer", 1, "name"), Column("for", 5, "name"),
        Column("key", 3, "name"), Column("metre", 6), Column("events", 7), Column("licence", 8, "name"), Column("split", 4, "name"),
    )  # fmt: skip
    names = ("path", "title", "composer", "forces", "key", "metre", "events", "licence", "split")
    rows = [{**row, "key": Key.from_name(row["key"]).name} for row in pieces.rows]
    screen.print_list(
        f"{store}: {len(pieces):,} pieces",
        header,
        [[str(row[name]) for name in names] for row in rows],
    )


@corpus_app.command("duplicates")
def duplicates(
    store: Annotated[
        Path, typer.Argument(metavar="STORE", help="A .parquet store.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """List the groups of near-duplicates of a store: the same music under several names."""
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
        f"{store}: {len(several):,} groups of near-duplicates",
        (
            Column("group"),
            Column("path", 0, "path"),
            Column("title", 1, "name"),
            Column("composer", 2, "name"),
            Column("split", 0, "name"),
        ),
        rows,
    )


@corpus_app.command("stats")
@expand
def stats(
    *,
    sources: Sources,
    selection: SelectionOptions,
    split: Split = "",
    view: ViewOptions,
    plots: Annotated[
        Path | None, typer.Option(help="Make this folder, with pictures of all of it.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the files that could not be read to this CSV.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Count pieces, chords, durations, keys and metres, and how far a vocabulary reaches."""
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
