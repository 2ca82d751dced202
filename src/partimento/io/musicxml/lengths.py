"""Find the length of each bar, and the meter that the bars keep to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from partimento.io.musicxml.part import BarLength, PartReader, Place
from partimento.music.timelines import Meter

# A bar is as long as its meter says if the difference is at most this part of it: a rounding error.
ROUNDING = 100
SHORTEST = 16  # bars are cut at multiples of a quarter divided by this
LARGEST_UNIT = 64  # the greatest denominator of a meter that is found from the length of bars


def ticks_of(meter: Meter, grid: int) -> int:
    """Return the length of a bar in ticks."""
    return 4 * meter.numerator * grid // meter.denominator


def slack_of(reader: PartReader) -> int:
    """Return by how many ticks bars may differ from their meter by a rounding error."""
    return 0 if reader.is_exact else reader.grid // 8


def kept_meters(readers: Sequence[PartReader], grid: int) -> dict[Place, Meter]:
    """Return the meters of the score by place.

    Where parts or staves state different ones, this is the meter that most bars keep to. If all
    bars keep to a meter that none of them states, it is that one.

    Parameters
    ----------
    readers : sequence of PartReader
        One per part, after all bars were read.
    grid : int
        Ticks per quarter.
    """
    first = next((reader.meters for reader in readers if reader.meters), {})
    candidates: dict[Place, list[Meter]] = {place: [meter] for place, meter in first.items()}
    for reader in readers:
        for place, meter in reader.meters.items():
            if meter not in candidates.setdefault(place, []):
                candidates[place].append(meter)
        for place, local in reader.local_meters.items():
            known = candidates.setdefault(place, [])
            known += [meter for meter in local if meter not in known]
    if not candidates or readers[0].is_exact:
        return first
    count = max(len(reader.lengths) for reader in readers)
    places = sorted(candidates)
    meters: dict[Place, Meter] = {}
    current = Meter()
    for place, following in pairwise([*places, (count, 0)]):
        stated = candidates[place]
        if place not in first:
            stated = [*stated, current] if place == (0, 0) else [current, *stated]
        bars = range(place[0], max(following[0], place[0] + 1))
        meter = stated[0]
        if len(set(stated)) > 1 or not _is_kept(meter, readers, bars, grid):
            ends = [_furthest(readers, bar) for bar in bars]
            meter = _best(stated, ends, grid, is_last=following[0] == count)
        if place in first or place == (0, 0) or meter != current:
            meters[place] = current = meter
    return meters


def _is_kept(meter: Meter, readers: Sequence[PartReader], bars: range, grid: int) -> bool:
    """Return whether any of several bars is as long as a meter says."""
    whole = ticks_of(meter, grid)
    return any(_is_near(_furthest(readers, bar), whole, grid // 8) for bar in bars)


def _furthest(readers: Sequence[PartReader], bar: int) -> int:
    """Return the end of the last note in a bar, in ticks; 0 if it has no notes."""
    furthest = 0
    for reader in readers:
        if bar < len(reader.lengths):
            length = reader.lengths[bar]
            if length.sounds and length.furthest > furthest:
                furthest = length.furthest
    return furthest


def _best(stated: Sequence[Meter], bars: Sequence[int], grid: int, *, is_last: bool) -> Meter:
    """Return the meter that most bars keep to; `stated` are the ones of the score."""
    meter = stated[0]
    if len(set(stated)) > 1:
        kept = [sum(_is_near(end, ticks_of(m, grid), grid // 8) for end in bars) for m in stated]
        meter = stated[kept.index(max(kept))]
    length = _common_length(bars, is_last=is_last)
    if not length or _is_near(length, ticks_of(meter, grid), grid // 8):
        return meter
    upper, lower = meter.numerator, meter.denominator
    # Staves of triplets may state the meter that they would have without triplets.
    if upper % 3 == 0 and lower > 1 and 3 * length == 2 * ticks_of(meter, grid):
        return Meter(upper // 3, lower // 2)
    if 2 * length == 3 * ticks_of(meter, grid):
        return Meter(3 * upper, 2 * lower)
    unit = lower
    while unit < LARGEST_UNIT and length * unit % (4 * grid):
        unit *= 2
    beats = length * unit // (4 * grid)
    return Meter(beats, unit) if beats * 4 * grid == length * unit else meter


def _common_length(bars: Sequence[int], *, is_last: bool) -> int:
    """Return the length that all of several bars have; 0 if they differ.

    The first one may be shorter, as a pickup. The last one of the piece may be shorter, too.
    """
    ends = [end for end in bars if end]
    if ends[1:] and ends[0] < ends[1]:
        del ends[0]
    if is_last and ends[1:] and ends[-1] < ends[-2]:
        del ends[-1]
    return ends[0] if len(ends) > 1 and len(set(ends)) == 1 else 0


def bar_lengths(
    readers: Sequence[PartReader], meters: Mapping[Place, Meter], grid: int
) -> list[int]:
    """Return the length of each bar in ticks; it is the same for all parts."""
    changes: dict[int, list[tuple[int, Meter]]] = {}
    for (bar, tick), meter in meters.items():
        changes.setdefault(bar, []).append((tick, meter))
    lengths: list[int] = []
    meter = Meter()
    slack = slack_of(readers[0])
    by_bar: list[list[BarLength]] = [
        [] for _ in range(max(len(reader.lengths) for reader in readers))
    ]
    for reader in readers:
        for bar, length in enumerate(reader.lengths):
            by_bar[bar].append(length)
    whole = ticks_of(meter, grid)
    for bar, voices in enumerate(by_bar):
        in_bar = sorted(changes[bar], key=lambda change: change[0]) if bar in changes else []
        if in_bar and in_bar[0][0] == 0:
            whole = ticks_of(in_bar[0][1], grid)
        ticks = _bar_length(voices, whole, slack, last=bar + 1 == len(by_bar))
        is_inner = bar + 1 < len(by_bar) and (bar > 0 or ticks > whole)  # or no pickup
        if ticks != whole and is_inner and slack:
            ticks = _without_odd_end(voices, ticks, whole, grid)
        lengths.append(ticks)
        if in_bar:
            whole = ticks_of(in_bar[-1][1], grid)
    return lengths


def _bar_length(lengths: Sequence[BarLength], whole: int, slack: int, *, last: bool) -> int:
    """Choose the length of a bar for which the parts may have different lengths.

    `whole` is the length that the meter states. Parts that rest for the whole bar, and rests that
    are longer than it, are ignored. If most voices keep to the meter, those that exceed it are
    taken for mistakes. Otherwise the longest length counts.
    """
    if not last and all(length.furthest == whole for length in lengths):
        return whole
    relevant = [
        length
        for length in lengths
        if length.sounds or (not length.rests and length.furthest <= whole)
    ]
    if not any(length.furthest for length in relevant):
        relevant = [length for length in lengths if length.furthest]
        if any(length.furthest > whole for length in relevant) and all(
            length.rests for length in relevant
        ):
            return whole  # a whole-bar rest that is written as long as a whole note
    ends = [end for length in relevant for end in (length.ends if not last else (length.heard,))]
    longest = max(ends, default=0) or whole
    if longest == whole or _is_near(longest, whole, slack):
        return whole
    if any(_is_near(end, whole, slack) for end in ends) and all(
        length.sounded <= whole for length in relevant
    ):
        return whole  # only rests are longer
    if sum(_is_near(end, whole, slack) for end in ends) > sum(end > whole for end in ends):
        return whole
    return longest


def _without_odd_end(lengths: Sequence[BarLength], ticks: int, whole: int, grid: int) -> int:
    """Correct the length of a bar that ends where no bar ends, within a tuplet.

    Notes of a tuplet are missing, or rests were written twice. A bar that is much too long is not
    corrected.
    """
    sounded = max(length.sounded for length in lengths)
    if ticks < whole:
        return whole if (whole - ticks) * SHORTEST % grid else ticks
    if 4 * ticks > 5 * whole or sounded <= whole or sounded * SHORTEST % grid == 0:
        return ticks
    ends = {end for length in lengths for end in length.ends}
    slightly_longer = range(sounded, whole + grid // 8 + 1)
    plain = [end for end in ends if end in slightly_longer and end * SHORTEST % grid == 0]
    return min(plain, default=whole)


def _is_near(end: int, whole: int, slack: int) -> bool:
    """Return whether two lengths differ by a rounding error only, at most by `slack`."""
    return abs(end - whole) * ROUNDING <= whole and abs(end - whole) <= slack


def fit_to_bars(reader: PartReader, lengths: Sequence[int]) -> None:
    """Fit the notes of bars that are too long or too short by a rounding error.

    The equal notes at the end of a voice, as of a tuplet, share the rest of the bar. Times are
    rounded to ticks.
    """
    slack = slack_of(reader)
    ends_by_bar = {
        bar: {
            end for end in length.ends if end != lengths[bar] and _is_near(end, lengths[bar], slack)
        }
        for bar, length in enumerate(reader.lengths)
        if len(length.ends) > 1 or length.furthest != lengths[bar]
    }
    if not any(ends_by_bar.values()):
        return
    rows_by_bar: dict[int, list[int]] = {}
    for i, row in enumerate(reader.rows):
        if ends_by_bar.get(row[0]):
            rows_by_bar.setdefault(row[0], []).append(i)
    for bar, rows in rows_by_bar.items():
        for end in ends_by_bar[bar]:
            _fit(reader.rows, rows, end, lengths[bar])


def _fit(rows: list[tuple[int, ...]], places: Sequence[int], end: int, length: int) -> None:
    """Move the end of a voice from `end` to `length`.

    `places` are those of the rows of a bar.
    """
    by_end: dict[int, list[int]] = {}
    for i in places:
        by_end.setdefault(rows[i][1] + rows[i][2], []).append(i)
    last = [i for i in by_end.get(end, ()) if rows[i][1] < length]
    if not last:
        return
    duration = rows[last[0]][2]
    run = [[i for i in last if rows[i][2] == duration]]
    while before := [
        i
        for i in by_end.get(rows[run[-1][0]][1], ())
        if abs(rows[i][2] - duration) * 50 <= duration
    ]:
        run.append(before)
    start = rows[run[-1][0]][1]
    times = [start + (length - start) * k // len(run) for k in range(len(run) + 1)]
    for (low, high), group in zip(pairwise(times), reversed(run), strict=True):
        for i in group:
            rows[i] = (rows[i][0], low, high - low, *rows[i][3:])
