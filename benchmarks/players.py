"""Solo or ensemble: the forces decided by what sounds, beside the manifest's word, over the guitar
set; each miss with its reason.

python benchmarks/players.py [--bare] [--thresholds] [FOLDER]

--bare shows what is left of the decision where programs and names are taken away; --thresholds
learns the two thresholds on half of the composers and tries them on the others (music21 reads the
staves of its piano scores for it: half a minute).
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from partimento import Note, Part, Piece
from partimento.analysis.players import (
    CROSSING,
    KINDS,
    MEETING,
    Players,
    Track,
    _crossing,
    _join_successive,
    _meeting,
    _tracks,
    players_of,
)
from partimento.collect import resolve
from partimento.corpus import read_piece

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
PIANO_SCORES = (
    "joplin",
    "schumann_clara",
    "cpebach",
    "beach",
    "handel",
    "mozart",
    "schubert",
    "schumann_robert",
    "schoenberg",
    "weber",
    "liliuokalani",
    "verdi",
)
# Where the manifest says only "guitar (several tracks)": Bach's Goldberg Variations are titled "for
# guitar ensemble" (two to four) and
# Gershwin's Rialto Ripples has three guitars by name; the others are for one guitar, by their
# titles and their LilyPond sources, which
# give the MIDI a track for each voice, for each prelude, or for the staff and its tablature.
ONE_GUITAR = (
    "brahms-vals3",
    "brahms-vals9",
    "sorf-op35-no22",
    "carcassimethodpreludes",
    "bach-bwvanh114-anna-magdalena-04-guitar-tab",
)
REASONS = {
    "giuliani-op127-1-1": (
        "the flute's part by itself, no program; D4 to G6, which a guitar written an octave high"
        " could play. The manifest speaks of the whole score and is right"
    ),
    "giuliani-op127-1-2": (
        "the guitar's part by itself: we are right of this file, the manifest of the whole score"
    ),
    "papezik-twelvetone": (
        "one line for clarinet or guitar, on a clarinet: we are right by ear and eye, the manifest"
        " adds the two up"
    ),
    "traditional-redapplerag": (
        "one line for violin or guitar, on a violin: we are right by ear and eye, the manifest adds"
        " the two up"
    ),
    "lullabybrahms-c": (
        "two tracks without program or name: that one is a recorder's stands in the manifest alone,"
        " which is right"
    ),
    "traditional-soldiers-joy": (
        "a fiddle tune over its chord symbols, sounding, no programs: the manifest is right, by ear"
        " nobody knows"
    ),
    "lutkin-thelordblessyou-guitar-duo-1": (
        "of six files the one with the two guitars alone: we are right, the manifest names the"
        " score"
    ),
    "lutkin-thelordblessyou-guitar-duo-6": (
        "two singers' lines on program 0, within a guitar's range: the manifest is right"
    ),
    "mozart-kv265-guitar-duo-varv": (
        "two tracks on program 0 that neither meet on a key nor cross, as two hands do: the"
        " manifest is right"
    ),
}


def table(
    title: str, rows: Sequence[str], columns: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> None:
    counts, width = Counter(pairs), max(map(len, rows))
    print(f"\n{title}\n{'':{width}}" + "".join(f"{column:>10}" for column in columns))
    for row in rows:
        print(f"{row:{width}}" + "".join(f"{counts[row, column]:>10}" for column in columns))


def agreement(
    what: str, ours: Sequence[bool], theirs: Sequence[bool], names: Sequence[str]
) -> None:
    misses = [(name, a) for name, a, b in zip(names, ours, theirs, strict=True) if a != b]
    agreed, always = len(names) - len(misses), max(sum(theirs), len(names) - sum(theirs))
    print(
        f"{what}: {agreed} of {len(names)} agree, {agreed / len(names):.1%} (one word for all:"
        f" {always / len(names):.1%}); the misses:"
    )
    for name, decided in misses:
        print(
            f"  {name} (we say {'yes' if decided else 'no'}): {REASONS.get(name, 'NOT EXPLAINED')}"
        )


def yes(values: Sequence[bool]) -> list[str]:
    return ["yes" if value else "no" for value in values]


def confusion(rows: Sequence[dict[str, str]], forces: Sequence[Players]) -> None:
    names = [Path(row["path"]).stem for row in rows]
    said = [row["guitar_alone"] == "yes" for row in rows]
    words = sorted({row["ensemble"] for row in rows})
    for title, ours in (
        ("could_be_only('guitar')", [one.could_be_only("guitar") for one in forces]),
        ("alone (one kind of instrument, whichever)", [one.single_instrument for one in forces]),
    ):
        table(
            f"guitar_alone (down) and {title} (across)",
            ("yes", "no"),
            ("yes", "no"),
            list(zip(yes(said), yes(ours), strict=True)),
        )
        agreement("guitar_alone", ours, said, names)
    pairs = [(row["ensemble"], one.kind) for row, one in zip(rows, forces, strict=True)]
    table("ensemble (down) and kind (across)", words, KINDS[1:], pairs)
    solo = [
        row["ensemble"] == "solo" or name in ONE_GUITAR
        for row, name in zip(rows, names, strict=True)
    ]
    agreement(
        "solo against ensemble, several tracks by the scores",
        [one.solo for one in forces],
        solo,
        names,
    )


def bare(piece: Piece) -> Piece:
    return replace(piece, parts=(Part(),) * len(piece.parts))


def without_words(rows: Sequence[dict[str, str]], pieces: Sequence[Piece]) -> None:
    """How often several players are still found where no program and no name tells."""
    several = [
        piece
        for row, piece in zip(rows, pieces, strict=True)
        if row["ensemble"] != "solo"
        and len(piece.parts) > 1
        and Path(row["path"]).stem not in ONE_GUITAR
    ]
    sets = {"ensembles of the guitar set": several}
    for name in ("bach", "trecento", "monteverdi", "haydn", "mozart", "beethoven"):
        paths = [
            path
            for path in resolve(f"bundled:{name}")
            if path.suffix in (".mxl", ".xml", ".musicxml")
        ]
        sets[f"music21's {name}"] = [
            piece for path in paths if len((piece := read_piece(path)).parts) > 1
        ]
    print("\nProgram and names taken away: called the work of several players")
    for name, of_them in sets.items():
        for low, high in ((2, 2), (3, 3), (4, 99)):
            found = [
                not players_of(bare(piece)).solo
                for piece in of_them
                if low <= len(piece.parts) <= high
            ]
            if found:
                print(
                    f"  {name}, {low}{'' if low == high else ' or more'} tracks: {sum(found)} of"
                    f" {len(found)}"
                )


def piano_staves() -> list[tuple[str, Piece]]:
    """The two staves of music21's piano scores as two tracks, with their composer's folder."""
    import music21

    found = []
    for name in PIANO_SCORES:
        for path in resolve(f"bundled:{name}"):
            score = (
                music21.converter.parse(path)
                if path.suffix in (".mxl", ".xml", ".musicxml")
                else music21.stream.Score()
            )
            staves = [part for part in score.parts if isinstance(part, music21.stream.PartStaff)]
            for pair in zip(staves[::2], staves[1::2], strict=False):
                notes = [
                    Note(
                        Fraction(each.offset).limit_denominator(96),
                        Fraction(each.quarterLength).limit_denominator(96),
                        pitch.midi,
                        part=i,
                    )
                    for i, staff in enumerate(pair)
                    for each in staff.stripTies().flatten().notes
                    if each.quarterLength
                    for pitch in each.pitches
                ]
                found.append((name, Piece(notes, parts=(Part(), Part()))))
    return found


def thresholds(rows: Sequence[dict[str, str]], pieces: Sequence[Piece]) -> None:
    """Two hands of one player against two players of one instrument: pianos against guitar duos, by
    composer.
    """
    lanes = [
        (row["composer_folder"], _join_successive(_tracks(piece)), False)
        for row, piece in zip(rows, pieces, strict=True)
        if (
            row["ensemble"].startswith("guitar ")
            and len(piece.parts) > 1
            and Path(row["path"]).stem not in ONE_GUITAR
        )
    ]
    data = [row for row in lanes if len(row[1]) == 2] + [
        (name, _tracks(piece), True) for name, piece in piano_staves()
    ]
    measures: tuple[tuple[str, Callable[[Sequence[Track]], float], float], ...] = (
        ("MEETING", lambda pair: _meeting(*pair), MEETING),
        ("CROSSING", _crossing, CROSSING),
    )
    print(
        f"\n{sum(one for *_, one in data)} pianos, {sum(not one for *_, one in data)} duos;"
        " balanced accuracy"
    )
    for name, measure, chosen in measures:
        values = [(composer, measure(pair), one) for composer, pair, one in data]
        grid = sorted({chosen, *np.round(np.geomspace(0.002, 0.3, 16), 4).tolist()})
        composers, dice, held_out, learned = (
            sorted({composer for composer, *_ in values}),
            random.Random(0),
            [],
            [],
        )
        for _ in range(300):
            half = set(dice.sample(composers, len(composers) // 2))
            parts = [
                [row for row in values if (row[0] in half) == inside] for inside in (True, False)
            ]
            if all({one for *_, one in part} == {True, False} for part in parts):
                learned.append(max(grid, key=lambda limit: balanced(parts[0], limit)))
                held_out.append(balanced(parts[1], learned[-1]))
        low, median, high = np.quantile(learned, [0.25, 0.5, 0.75])
        print(f"  {name}: {chosen} gives {balanced(values, chosen):.2f} on all")
        print(
            f"    learned on half of the composers: {median:.4f} ({low:.4f} to {high:.4f}) gives"
            f" {np.mean(held_out):.2f} on the others"
        )


def balanced(values: Sequence[tuple[str, float, bool]], limit: float) -> float:
    return float(
        np.mean(
            [
                np.mean([(value <= limit) == one for _, value, one in values if one == kind])
                for kind in (True, False)
            ]
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--bare", action="store_true", help="also without programs and names")
    parser.add_argument(
        "--thresholds",
        action="store_true",
        help="also learn the thresholds, cross-validated by composer",
    )
    arguments = parser.parse_args()
    with (arguments.folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    read_piece(arguments.folder / rows[0]["path"])
    begin = time.perf_counter()
    pieces = [read_piece(arguments.folder / row["path"]) for row in rows]
    middle = time.perf_counter()
    forces = [players_of(piece) for piece in pieces]
    end = time.perf_counter()
    share = (end - middle) / (middle - begin)
    print(
        f"{len(rows)} files: {(end - middle) / len(rows) * 1e3:.3f} ms a file to decide,"
        f" {share:.1%} of the time to read it"
    )
    confusion(rows, forces)
    if arguments.bare:
        without_words(rows, pieces)
    if arguments.thresholds:
        thresholds(rows, pieces)


if __name__ == "__main__":
    main()
