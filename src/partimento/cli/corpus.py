"""``partimento corpus``: build a store of scores, look into it, select from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from partimento.corpus.select import Selection
    from partimento.corpus.settings import DataSettings
    from partimento.corpus.store.build import Built, Plan

corpus_app = typer.Typer(help="Build a corpus of scores, and look into it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on the output.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or zips of scores, bundled:NAME (as bundled:chorales), or a .parquet store.",
        show_default=False,
    ),
]
MaybeSources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or zips of scores, bundled:NAME (as bundled:chorales), or a .parquet store.",
        show_default=False,
    ),
]
Scores = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files, folders or zips of scores, or bundled:NAME, as bundled:chorales.",
        show_default=False,
    ),
]
Composer = Annotated[
    str,
    typer.Option(
        help="Only pieces of a composer: a part of the name. Several, with commas: any of them."
    ),
]
Instrument = Annotated[str, typer.Option(help="Only pieces in which it plays: guitar.")]
Solo = Annotated[
    bool | None,
    typer.Option(
        "--solo/--ensemble",
        help="Only pieces for one player, or for more [default: both].",
        show_default=False,
    ),
]
InKey = Annotated[
    str,
    typer.Option("--key", help="Only pieces in a key, as it is heard: 'C major', Dm, Bb, es-moll."),
]
Metre = Annotated[
    str, typer.Option("--meter", "--metre", help="Only pieces that begin in a meter: 3/4.")
]
MinEvents = Annotated[int, typer.Option(min=0, help="Only pieces of at least so many events.")]
Licence = Annotated[
    str,
    typer.Option(
        "--license", "--licence", help="Only pieces under a licence, in any version: PD,CC-BY."
    ),
]
Split = Annotated[str, typer.Option(help="Only one side of a store's split: train, valid or test.")]
Quantise = Annotated[
    str | None,
    typer.Option(
        help="Grid of MIDI files: auto, exact or music21 [default: auto; for stats, exact].",
        show_default=False,
    ),
]
Graces = Annotated[
    str | None,
    typer.Option(
        help="Grace notes: drop, fold into their main notes, or keep [default: drop; for stats, keep].",
        show_default=False,
    ),
]
Octave = Annotated[
    str | None,
    typer.Option(
        help="Guitar notated an octave high: written, or moved down to sounding [default: written].",
        show_default=False,
    ),
]
Pickup = Annotated[
    str | None,
    typer.Option(
        help="Upbeats: inferred from strong evidence, or declared [default: inferred; for stats, declared].",
        show_default=False,
    ),
]
Repeats = Annotated[
    str | None,
    typer.Option(
        help="Repeats of MusicXML files: folded or unfolded [default: folded].", show_default=False
    ),
]


def selection(
    composer: str,
    instrument: str,
    solo: bool | None,
    key: str,
    metre: str,
    min_events: int,
    licence: str,
    split: str = "",
) -> Selection:
    """What the options above ask for."""
    from partimento.corpus.select import Selection

    return Selection(composer, instrument, solo, key, metre, min_events, licence, split)


def view_of(base: DataSettings, **options: str | None) -> DataSettings:
    """Return the settings `base` with those of the options above that were given."""
    return base.replace(**{name: value for name, value in options.items() if value is not None})


@corpus_app.command("build")
def build(
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
    composer: Composer = "",
    instrument: Instrument = "",
    solo: Solo = None,
    key: InKey = "",
    metre: Metre = "",
    min_events: MinEvents = 0,
    licence: Licence = "",
    quantise: Quantise = None,
    graces: Graces = None,
    octave: Octave = None,
    pickup: Pickup = None,
    repeats: Repeats = None,
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
    from partimento.cli import screen
    from partimento.corpus import write_rejects
    from partimento.corpus.settings import DataSettings
    from partimento.corpus.store.build import Plan, build_store
    from partimento.files import refuse_existing

    if rejects is not None:
        refuse_existing(rejects, force=force)
    config = view_of(
        DataSettings(),
        quantise=quantise,
        graces=graces,
        octave=octave,
        pickup=pickup,
        repeats=repeats,
    )
    chosen = selection(composer, instrument, solo, key, metre, min_events, licence)
    plan = Plan(config, chosen, validation, test, seed, workers, cluster)
    with screen.stages(quiet=as_json) as stages:
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
def list_pieces(
    store: Annotated[
        Path, typer.Argument(metavar="STORE", help="A .parquet store.", show_default=False)
    ],
    composer: Composer = "",
    instrument: Instrument = "",
    solo: Solo = None,
    key: InKey = "",
    metre: Metre = "",
    min_events: MinEvents = 0,
    licence: Licence = "",
    split: Split = "",
    as_json: Json = False,
) -> None:
    """List the pieces of a store: what each is, where it came from, on which side of the split it
    stands.
    """
    from partimento.cli import screen
    from partimento.corpus.store.store import open_store
    from partimento.music.timelines import Key

    chosen = selection(composer, instrument, solo, key, metre, min_events, licence, split)
    pieces = open_store(store).select(chosen)
    if as_json:
        screen.print_json([{**row, "manifest": dict(row["manifest"])} for row in pieces.rows])
        return
    if not pieces.rows:
        print(f"partimento: none of the pieces in {store} is {chosen}", file=sys.stderr)
    header = ("path", "title", "composer", "for", "key", "metre", "events", "licence", "split")
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
        ("group", "path", "title", "composer", "split"),
        rows,
    )


@corpus_app.command("stats")
def stats(
    sources: Sources,
    composer: Composer = "",
    instrument: Instrument = "",
    solo: Solo = None,
    key: InKey = "",
    metre: Metre = "",
    min_events: MinEvents = 0,
    licence: Licence = "",
    split: Split = "",
    quantise: Quantise = None,
    graces: Graces = None,
    octave: Octave = None,
    pickup: Pickup = None,
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

    chosen = selection(composer, instrument, solo, key, metre, min_events, licence, split)
    config = view_of(AS_WRITTEN, quantise=quantise, graces=graces, octave=octave, pickup=pickup)
    run_stats(
        sources,
        config=config,
        selection=chosen,
        rejects=rejects,
        plots=plots,
        force=force,
        as_json=as_json,
    )
