"""What is known of grace notes, octave notation and upbeats, measured: the tables of
docs/research/evidence.md.

python benchmarks/evidence.py [graces] [octave] [pickup] [speed] [--tunes N] [--fit]
"""

from __future__ import annotations

import argparse
import csv
import os
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from partimento import Part, Piece
from partimento.analysis.grace_notes import (
    mark_grace_notes,
    merge_grace_notes,
    on_plain_grid,
    remove_grace_notes,
)
from partimento.analysis.guitar_octave import HIGH, LOWEST, octave_notated
from partimento.analysis.pickup import (
    CONFIDENCE,
    FEATURES,
    GRID,
    WEIGHTS,
    bar_line_features,
    infer_pickup,
    pickup_odds,
)
from partimento.collect.bundled import collections, resolve
from partimento.corpus import read_piece
from partimento.errors import InvalidScoreError, ReadError
from partimento.music.notes import Notes

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
TICKS = 384
# Of the set's engraving sources (LilyPond, github.com/MutopiaProject/MutopiaProject): the upbeat,
# in sixteenth notes, and whether the MIDI
# file plays an octave high (h), as the clef has no 8 below it and the staff is not transposed, or
# as it sounds (s).
# Drawn: by lot. Asked: for what the program said of them, because it was odd, or near a limit, or
# because it was sure.
DRAWN = """HoretzkyF/horetzky20 0h horetzky34 0h horetzky36 0h horetzky41 2h horetzky44 2h horetzky45 4h horetzky48 4h horetzky50 0h
horetzky53 4h horetzky56 5h horetzky57 0h GiulianiM/giuliani-o51-02 4s giuliani-op50n08 2h giuliani-op59n03 6s giuliani-op59n04 5s
giuliani-op59n05 0s giuliani-op59n16 2s giuliani-op78n03 2s giulianiop100no11 0s CarcassiM/carcassi-op26-03 0s carcassi-op60-11 3s
AguadoD/aguado-op11n10 0s aguadoop4no3-1 0s aguadoop4no3-2 2s aguadoop4no5-2 2s aguadoop4no6 2s SorF/sor-op1-2 2h sorf-op6n02 8s
sorf-op35-no8 2s sorf-op35-no18 0s sor-op60-04 4s sor-op-1-5-3 4h"""  # noqa: E501
ASKED = """AguadoD/aguadoop4no5-1 0s aguado-op03n04 3s aguado-op11n04 0s GiulianiM/giuliani-op50n04 2h giuliani-op50n05 2h
giuliani-op50n19 0h giuliani-op59n13 1s giuliani-op59n14 4s giuliani-op59n15 1s SorF/sor-op2-1 0h sorf-op6n03 8s sorf-op6n08 0s
sorf-op35-no3 4s sorf-op45n03-1 2s sorf-op45n03-2 2s sorf-op45n03-3 0s sor-op60-01 0h sor-op60-02 0h sor-op60-06 2s sor-op60-11 0s
BrahmsJ/brahms-vals9 4s BachJS/bach-bwv1087-bwv-1087-02-g 0s bach-bwv1087-bwv-1087-04-g 0s bach-siciliano-bmv-1031 0h"""  # noqa: E501
FOLK = ("airdsAirs", "essenFolksong", "miscFolk", "oneills1850", "ryansMammoth")
# Without bars in our sense, without a meter, or no music: upbeats mean nothing there.
LEFT_OUT = (
    "chorales chorales-all ciconia demos josquin luca lusitano monteverdi nottingham-dataset"
    " palestrina schoenberg theoryExercises trecento"
)
COUNTS_AS = {
    "bach": 800,
    **dict.fromkeys(FOLK, 150),
}  # pieces: scores have basses and chords, as what is to be read; folk tunes are many


def read_set() -> tuple[dict[str, Piece], dict[str, dict[str, str]]]:
    with (DATA / "manifest.csv").open(encoding="utf-8") as file:
        rows = {row["path"].removesuffix(".mid"): row for row in csv.DictReader(file)}
    return {name: read_piece(DATA / f"{name}.mid") for name in rows}, rows


def known(table: str) -> dict[str, tuple[Fraction, bool]]:
    """Name → (upbeat, whether an octave high)."""
    found, folder = {}, ""
    for name, said in zip(*[iter(table.split())] * 2, strict=True):
        folder, stem = name.split("/") if "/" in name else (folder, name)
        found[f"{folder}/{stem}"] = (Fraction(int(said[:-1]), GRID), said[-1] == "h")
    return found


def show(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def head(title: str, *cells: str) -> None:
    print(f"\n{title}\n")
    show(*cells)
    show(*("---" for _ in cells))


def off(piece: Piece, *, ends: bool) -> int:
    """How many notes begin (or end) at a time that plain notation does not write."""
    notes = piece.notes
    return int(
        np.count_nonzero(~on_plain_grid(notes.end if ends else notes.onset, notes.divisions))
    )


def graces() -> None:
    pieces, _ = read_set()
    marked = {name: mark_grace_notes(piece) for name, piece in pieces.items()}
    views = {
        "as read": pieces,
        "removed": {name: remove_grace_notes(piece) for name, piece in marked.items()},
        "folded, pitches struck": {
            name: merge_grace_notes(piece) for name, piece in marked.items()
        },
    }
    counts = [int(piece.notes.grace.sum()) for piece in marked.values()]
    print(
        f"\ngrace notes marked: {sum(counts)} in {sum(count > 0 for count in counts)} of"
        f" {len(pieces)} files; files by their number:"
    )
    print(
        {
            f"{low} to {high - 1}": sum(low <= count < high for count in counts)
            for low, high in pairwise((1, 2, 5, 10, 20, 50, 100))
        }
    )
    # What marks them in this set, and is no part of our rule: 9/40 of a written length, cut off to
    # whole ticks.
    lengths = [
        int(length) * TICKS // piece.notes.divisions
        for piece in marked.values()
        for length in piece.notes.duration[piece.notes.grace > 0]
    ]
    written = [
        Fraction(4, value) * size
        for value in (4, 8, 16, 32, 64, 128)
        for size in (1, Fraction(2, 3), Fraction(3, 4))
    ]
    ticks = {int(length * TICKS * Fraction(9, 40)) + more for length in written for more in (0, 1)}
    print(f"of these, {sum(length in ticks for length in lengths)} last 9/40 of a written length")
    chords = defaultdict(list)
    for view, those in views.items():
        chords[view] = [event for piece in those.values() for event in piece.events]
    head("", "", *views)
    show(
        "files with notes that begin off the grid",
        *(sum(off(p, ends=False) > 0 for p in those.values()) for those in views.values()),
    )
    show(
        "such notes", *(sum(off(p, ends=False) for p in those.values()) for those in views.values())
    )
    show(
        "files with notes that end off the grid",
        *(sum(off(p, ends=True) > 0 for p in those.values()) for those in views.values()),
    )
    show(
        "such notes", *(sum(off(p, ends=True) for p in those.values()) for those in views.values())
    )
    show("events", *(len(chords[view]) for view in views))
    show(
        "distinct durations of events",
        *(len({event.duration for event in chords[view]}) for view in views),
    )
    show(
        "of these seen ten times",
        *(sum(n > 9 for n in Counter(e.duration for e in chords[view]).values()) for view in views),
    )
    show(
        "events shorter than a 64th note",
        *(sum(e.duration < Fraction(1, 16) for e in chords[view]) for view in views),
    )
    show("distinct chords", *(len({event.chord for event in chords[view]}) for view in views))
    head("still off the grid", "file", "onsets", "ends")
    for name, piece in views["removed"].items():
        if off(piece, ends=True) or off(piece, ends=False):
            show(name, off(piece, ends=False), off(piece, ends=True))
    freely(pieces, marked)


def freely(pieces: dict[str, Piece], marked: dict[str, Piece]) -> None:
    """Files without grace notes, played otherwise than they are written."""
    plain = [
        pieces[name]
        for name, piece in marked.items()
        if not piece.notes.grace.any() and not off(piece, ends=True)
    ]
    random = np.random.default_rng(0)

    def late(sigma: float) -> Callable[[np.ndarray, int], np.ndarray]:
        return lambda times, ticks: (
            times + random.normal(0, sigma * ticks, len(times)).round().astype(np.int64)
        )

    def swing(share: float, unit: float) -> Callable[[np.ndarray, int], np.ndarray]:
        def moved(times: np.ndarray, ticks: int) -> np.ndarray:
            pairs, inside = np.divmod(times, 2 * unit * ticks)
            first = unit * ticks
            bent = np.where(
                inside < first,
                inside * 2 * share,
                2 * first * share + (inside - first) * 2 * (1 - share),
            )
            return (pairs * 2 * first + bent).round().astype(np.int64)

        return moved

    ways = {
        "as written": lambda times, ticks: times,
        "swung eighths, 58:42": swing(0.58, 0.5),
        "swung sixteenths, 58:42": swing(0.58, 0.25),
    }
    ways |= {f"times off by {sigma} of a quarter": late(sigma) for sigma in (0.002, 0.01, 0.03)}
    head(
        f"marked in {len(plain)} files without grace notes, played in another way",
        "",
        *(f"{ticks} ticks" for ticks in (96, 480, 960)),
    )
    for way, move in ways.items():
        cells = []
        for ticks in (96, 480, 960):
            found = [
                int(mark_grace_notes(moved_piece(piece, move, ticks)).notes.grace.sum())
                for piece in plain
            ]
            cells.append(f"{sum(found)} in {sum(n > 0 for n in found)} files")
        show(way, *cells)


def moved_piece(piece: Piece, move: Callable[[np.ndarray, int], np.ndarray], ticks: int) -> Piece:
    notes = piece.notes
    begin, end = (
        np.maximum(move(times * ticks // notes.divisions, ticks), 0)
        for times in (notes.onset, notes.end)
    )
    moved = Notes.from_columns(
        ticks, begin, np.maximum(end - begin, 1), notes.pitch, part=notes.part
    )
    return Piece(moved, parts=(Part(),) * len(piece.parts))


def octave() -> None:
    pieces, rows = read_set()
    said = {
        name: octave_notated(piece, instrument=rows[name]["instrument"])
        for name, piece in pieces.items()
    }
    head("an octave high", "composer", "files", "never below E3", "an octave high")
    for composer, _ in Counter(row["composer"] for row in rows.values()).most_common():
        names = [name for name in rows if rows[name]["composer"] == composer]
        if never := sum(int(pieces[name].notes.pitch.min()) >= 52 for name in names):
            show(composer, len(names), never, sum(said[name] for name in names))
    show(
        "all",
        len(rows),
        sum(int(piece.notes.pitch.min()) >= 52 for piece in pieces.values()),
        sum(said.values()),
    )
    truth = {name: high for name, (_, high) in (known(DRAWN) | known(ASKED)).items()}
    table = Counter((high, said[name]) for name, high in truth.items())
    print(
        f"\nby the clef of the source: {table[True, True]} high and found, {table[True, False]}"
        " high and missed, ",
        end="",
    )
    print(f"{table[False, False]} sounding and left, {table[False, True]} sounding and moved")
    alone = [name for name in rows if rows[name]["guitar_alone"] == "yes"]
    head(
        "passages by themselves, guitar alone (whole pieces as truth)",
        "notes",
        "of pieces that sound: taken for high",
        "of high ones: missed",
    )
    for size in (16, 32, 64, 128):
        wrong = {True: [0, 0], False: [0, 0]}
        for name in alone:
            pitch = pieces[name].notes.pitch
            for begin in range(0, len(pitch) - size + 1, size):
                part = pitch[begin : begin + size]
                high = bool(part.min() >= LOWEST and part.mean() >= HIGH)
                wrong[said[name]][0] += high != said[name]
                wrong[said[name]][1] += 1
        show(
            size,
            *(
                f"{wrong[high][0] / wrong[high][1]:.1%} of {wrong[high][1]}"
                for high in (False, True)
            ),
        )


def tunes(name: str, most: int) -> Iterator[tuple[str, Piece]]:
    """The pieces of a bundled collection; of ABC files with several tunes, each, and of many tunes
    every n-th.
    """
    from partimento.io.abc.read import piece_from_abc
    from partimento.io.abc.tunes import split_tunes

    sources: list[tuple[str, Path, bytes | None]] = []
    for path in resolve(f"bundled:{name}"):
        if path.suffix == ".abc":
            parts = split_tunes(path.read_bytes())
            sources += [(f"{name}/{path.name}/{tune.name}", path, tune.data) for tune in parts]
        elif path.suffix != ".krn":
            sources.append((f"{name}/{path.name}", path, None))
    for label, path, data in sources[:: max(len(sources) // most, 1)]:
        try:
            yield label, read_piece(path) if data is None else piece_from_abc(data)
        except (ReadError, InvalidScoreError, ValueError):
            continue


Case = tuple[str, np.ndarray, int]  # collection/name, features, upbeat in places


def cases(most: int) -> list[Case]:
    """Pieces whose upbeats are known, as MIDI would have them: no upbeat, and meters only where
    they change.
    """
    found = []
    for name in [name for name in collections() if name not in LEFT_OUT.split()]:
        for label, piece in tunes(name, most):
            upbeat = piece.pickup * GRID
            if (
                not len(piece.notes)
                or piece.meters[0].onset
                or upbeat.denominator > 1
                or piece.pickup >= piece.meters[0].bar_ql
            ):
                continue
            features = bar_line_features(piece.replace(pickup=Fraction(0)))
            if features is not None:
                found.append((label, features.T, int(upbeat)))
    return found


def collection(case: Case) -> str:
    return case[0].split("/")[0]


def fit(learned: list[Case], *, decay: float = 1.0) -> np.ndarray:
    """The weights of the conditional logit, by Newton's method with shortened steps."""
    rows = np.concatenate([features for _, features, _ in learned])
    sizes = np.array([len(features) for _, features, _ in learned])
    first = np.cumsum(sizes) - sizes
    right = first + np.array([upbeat for *_, upbeat in learned])
    sizes_of = Counter(map(collection, learned))
    weight = np.array(
        [COUNTS_AS.get(kind, sizes_of[kind]) / sizes_of[kind] for kind in map(collection, learned)]
    )
    scale = rows.std(axis=0) + 1e-9
    rows = rows / scale

    def likelihood(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = rows @ weights
        score -= np.repeat(np.maximum.reduceat(score, first), sizes)
        total = np.add.reduceat(np.exp(score), first)
        fits = float(weight @ (score[right] - np.log(total)) - decay / 2 * weights @ weights)
        return fits, np.exp(score) / np.repeat(total, sizes)

    found = np.zeros(rows.shape[1])
    fits, odds = likelihood(found)
    for _ in range(100):
        heavy = odds * np.repeat(weight, sizes)
        mean = np.add.reduceat(rows * odds[:, None], first)
        slope = rows[right].T @ weight - rows.T @ heavy - decay * found
        curve = (
            (rows * heavy[:, None]).T @ rows
            - (mean * weight[:, None]).T @ mean
            + decay * np.eye(len(found))
        )
        step = np.linalg.solve(curve, slope)
        while (now := likelihood(found + step))[0] < fits and np.abs(step).max() > 1e-9:
            step /= 2
        found, gained, (fits, odds) = found + step, now[0] - fits, now
        if gained < 1e-6:
            break
    return found / scale


def pickup(*, most: int, refit: bool) -> None:
    everything = cases(most)
    halves: tuple[list[Case], list[Case]] = ([], [])
    for case in everything:
        halves[zlib.crc32(case[0].encode()) % 2].append(case)
    learned, held_out = halves
    weights = fit(learned) if refit else WEIGHTS
    if refit:
        print(
            "\nWEIGHTS, fitted to",
            len(learned),
            "pieces:",
            dict(zip(FEATURES, weights.round(2).tolist(), strict=True)),
        )
    results = defaultdict(list)
    for case in held_out:
        score = case[1] @ weights
        odds = np.exp(score - score.max())
        odds /= odds.sum()
        kind = collection(case)
        for table in ("all", kind if kind in (*FOLK, "bach") else "other scores"):
            results[table].append((float(odds.max()), int(odds.argmax()) == case[2], case[2] == 0))
    head(
        f"upbeats of the half that was not learned from ({len(learned)} were)",
        "",
        "pieces",
        "best guess right",
        "said",
        "wrong of the said",
    )
    for table in ("bach", "other scores", *FOLK, "all"):
        sure = [right for confidence, right, _ in results[table] if confidence >= CONFIDENCE]
        guess = np.mean([right for _, right, _ in results[table]])
        show(
            table,
            len(results[table]),
            f"{guess:.1%}",
            f"{len(sure) / len(results[table]):.0%}",
            f"{sure.count(False) / max(len(sure), 1):.1%}",
        )
    head("by confidence, all", "at least", "said", "wrong of the said")
    for limit in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99):
        sure = [right for confidence, right, _ in results["all"] if confidence >= limit]
        show(
            limit,
            f"{len(sure) / len(results['all']):.0%}",
            f"{sure.count(False) / max(len(sure), 1):.1%}",
        )
    guitar_upbeats()


def guitar_upbeats() -> None:
    pieces = {name: mark_grace_notes(piece) for name, piece in read_set()[0].items()}
    said = {name: infer_pickup(piece) for name, piece in pieces.items()}
    head("guitar set, by the source's word", "", "pieces", "said", "right", "wrong")
    for kind, truth in (("drawn by lot", known(DRAWN)), ("asked for a reason", known(ASKED))):
        answers = [
            said[name] == upbeat for name, (upbeat, _) in truth.items() if said[name] is not None
        ]
        show(kind, len(truth), len(answers), sum(answers), len(answers) - sum(answers))
    for name, (upbeat, _) in (known(DRAWN) | known(ASKED)).items():
        if said[name] != upbeat and (odds := pickup_odds(pieces[name])) is not None:
            print(
                f"  {name}: {upbeat} by the source; best guess {Fraction(int(odds.argmax()), GRID)}"
                f" at {odds.max():.2f}"
            )
    answers = Counter(str(value) for value in said.values())
    print(
        f"\nwhole set: {answers.pop('None')} of {len(said)} unsaid; upbeats said:",
        dict(answers.most_common()),
    )


def speed() -> None:
    pieces = list(read_set()[0].values())
    notes = sum(len(piece.notes) for piece in pieces) / len(pieces)
    head(f"milliseconds a piece ({notes:.0f} notes on average), best of five", "", "ms")
    for function in (mark_grace_notes, infer_pickup, octave_notated, remove_grace_notes):
        those = (
            [mark_grace_notes(piece) for piece in pieces]
            if function is remove_grace_notes
            else pieces
        )
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            for piece in those:
                function(piece)
            times.append(time.perf_counter() - begin)
        show(function.__name__, f"{min(times) / len(pieces) * 1e3:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what",
        nargs="*",
        choices=["graces", "octave", "pickup", "speed"],
        default=["graces", "octave", "pickup", "speed"],
    )
    parser.add_argument(
        "--tunes",
        type=int,
        default=700,
        metavar="N",
        help="about how many tunes of a bundled collection (700)",
    )
    parser.add_argument(
        "--fit",
        action="store_true",
        help="fit the weights of analysis/pickup.py anew, print them and measure those",
    )
    arguments = parser.parse_args()
    if "graces" in arguments.what:
        graces()
    if "octave" in arguments.what:
        octave()
    if "pickup" in arguments.what:
        pickup(most=arguments.tunes, refit=arguments.fit)
    if "speed" in arguments.what:
        speed()


if __name__ == "__main__":
    main()
