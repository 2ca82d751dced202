"""Collect scores from an archive, and list public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from partimento.cli.help import command, command_group
from partimento.cli.options import Json

if TYPE_CHECKING:
    from partimento.collect import Collected

collect_app = command_group(
    """Collect scores from the web, each with its source, license and hash.""",
    examples=(
        """Collect ten pieces of guitar music, and build a store from them:
             partimento collect mutopia --instrument Guitar --limit 10 -o guitar
             partimento corpus build guitar -o guitar.parquet""",
    ),
)

Out = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="FOLDER", help="Folder for the files and their manifest.csv."
    ),
]


@command(
    collect_app,
    "mutopia",
    examples=(
        """See what would be collected, then collect it:
             partimento collect mutopia --composer GiulianiM -o giuliani --dry-run
             partimento collect mutopia --composer GiulianiM -o giuliani""",
    ),
)
def mutopia(
    out: Out,
    instrument: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Instrument, as named in the archive: Guitar.",
            show_default=False,
        ),
    ] = "",
    composer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Composer, as named in the archive's addresses: GiulianiM.",
            show_default=False,
        ),
    ] = "",
    delay: Annotated[
        float,
        typer.Option(
            metavar="X", help="Seconds between two requests; robots.txt may ask for more."
        ),
    ] = 10.0,
    limit: Annotated[
        int, typer.Option(metavar="N", help="Maximum number of pieces to fetch now; 0: all.")
    ] = 0,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only list the pieces that would be fetched."),
    ] = False,
    contact: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Your email address, sent with each request to the archive's maintainers.",
            show_default=False,
        ),
    ] = "",
    base_url: Annotated[
        str, typer.Option(metavar="URL", help="Address of the archive or of a mirror.")
    ] = "https://www.mutopiaproject.org",
    as_json: Json = False,
) -> None:
    """Collect MIDI files from the Mutopia archive.

    Give an instrument or a composer. If the command is interrupted, run it again to continue.
    """
    from partimento.cli.progress import stages
    from partimento.collect import MutopiaQuery, collect_mutopia

    query = MutopiaQuery(instrument, composer, base_url, delay, limit, contact)
    with stages() as show:
        result = collect_mutopia(query, out, dry_run=dry_run, progress=show.at)
    tell_json(result) if as_json else tell(result, dry_run=dry_run)


@command(
    collect_app,
    "list",
    examples=(
        """List data sets, then the collections bundled with music21:
             partimento collect list
             partimento collect list --bundled""",
    ),
)
def list_all(
    bundled: Annotated[
        bool,
        typer.Option(
            "--bundled",
            help=(
                "List the collections bundled with music21, their names (bundled:NAME) and"
                " licenses."
            ),
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """List public data sets with content, size, license, citation and how to get them."""
    from dataclasses import asdict

    from partimento.cli.screen import Column, print_facts, print_json, print_table
    from partimento.collect.bundled import PREFIX, collections, license_note
    from partimento.collect.catalog import CATALOG

    if bundled:
        rows = [
            {"name": PREFIX + name, "content": content, "license": license_note(name)}
            for name, content in collections().items()
        ]
        if as_json:
            print_json(rows)
        else:
            columns = (
                Column("name", 0, "name"),
                Column("content", 0, "prose"),
                Column("license", 1, "prose"),
            )
            print_table("Bundled with music21", columns, [tuple(row.values()) for row in rows])
        return
    if as_json:
        print_json(
            [
                {"name": name, "can_fetch": data_set.download is not None, **asdict(data_set)}
                for name, data_set in CATALOG.items()
            ]
        )
        return
    for name, data_set in CATALOG.items():
        facts = {
            "content": data_set.content,
            "size": data_set.size,
            "license": data_set.license,
            "lacks": data_set.lacks,
            "get it": data_set.way,
            "home": data_set.home,
            "cite": data_set.citation,
        }
        print_facts(
            f"{name}: {data_set.title}", [(label, text) for label, text in facts.items() if text]
        )
        print()


@command(
    collect_app,
    "fetch",
    examples=(
        """Fetch the data set of a benchmark:
             partimento collect fetch jsb -o data""",
    ),
)
def fetch_one(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Data set; see `partimento collect list`.", show_default=False
        ),
    ],
    out: Out,
    as_json: Json = False,
) -> None:
    """Download a data set that is a single file, and check its SHA-256."""
    from partimento.cli.screen import out as console
    from partimento.cli.screen import print_json
    from partimento.collect.catalog import CATALOG, fetch

    path = fetch(name, out)
    if as_json:
        print_json(
            {
                "written": str(path),
                "license": CATALOG[name].license,
                "citation": CATALOG[name].citation,
            }
        )
    else:
        console().print(
            f"{path}\nlicense: {CATALOG[name].license}\ncite:    {CATALOG[name].citation}"
        )


def tell(result: Collected, *, dry_run: bool) -> None:
    """Print the results of collecting; skipped files are listed on stderr."""
    from partimento.cli.screen import Column, err, out, print_table

    console = out()
    if dry_run:
        columns = (
            Column("title", 0, "name"),
            Column("composer", 1, "name"),
            Column("license", 0, "name"),
            Column("files", 2, "name"),
        )
        print_table(
            "Would be fetched",
            columns,
            [
                (
                    piece.title,
                    piece.composer,
                    f"{piece.license} {piece.license_version}".strip() or "unknown",
                    " ".join(link.rpartition("/")[2] for link in piece.links),
                )
                for piece in result.waiting
            ],
        )
        minutes = sum(len(piece.links) for piece in result.waiting) * result.delay_s / 60
        console.print(
            f"{len(result.waiting)} pieces, about {minutes:.0f} minutes at {result.delay_s:g} s per"
            " request"
        )
    else:
        counts = {
            "new": result.fetched,
            "updated": result.updated,
            "unchanged": result.unchanged,
            "had before the stop": result.settled,
        }
        summary = (
            ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "no files"
        )
        console.print(f"{result.folder}: {summary}; {result.requests} requests")
        if result.without_license:
            console.print(
                f"{result.without_license} files have no license in the listing: check their pages"
                " before you share them"
            )
        if not result.complete:
            console.print("there are more pieces: run the same command again to continue")
    if result.skipped:
        rows = [
            (skip.title, skip.member or skip.address, skip.reason) for skip in result.skipped[:20]
        ]
        rows += (
            [(f"… and {len(result.skipped) - 20} more", "", "see skipped.csv")]
            if len(result.skipped) > 20
            else []
        )
        about = (
            Column("title", 1, "name"),
            Column("file", 0, "path"),
            Column("reason", 0, "prose"),
        )
        print_table(f"{len(result.skipped)} not taken", about, rows, console=err())


def tell_json(result: Collected) -> None:
    from dataclasses import asdict

    from partimento.cli.screen import print_json

    print_json({**asdict(result), "folder": str(result.folder)})
