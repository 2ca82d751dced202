"""Divide the notes of a part among staves and voices, bar by bar.

Voices that a piece states are kept, up to four on a staff. Otherwise they follow from the notes;
see `voices`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from partimento.notation import voices
from partimento.notation.drums import drum_voices
from partimento.notation.grace_layout import StaffSpans
from partimento.notation.hands import hands_of
from partimento.notation.rests import Kind
from partimento.notation.staves import Texture
from partimento.notation.voices import LOWER, MIDDLE, UPPER, Span

LINES = 4  # of the texture "lines"
FOURTH = 3
# The numbers of the voices on a staff from the top, by how many there are.
NUMBERS = ((), (UPPER,), (UPPER, LOWER), (UPPER, MIDDLE, LOWER), (UPPER, MIDDLE, FOURTH, LOWER))


class PartVoices:
    """The staff and the voice of each note of a part.

    Parameters
    ----------
    spans : sequence of Span
        The notes of the part.
    texture : {"lines", "hands", "single"}
        From `staves.texture_of`.
    kind : {"instrument", "choir", "drums", "lines"}
    stated : mapping of int to int
        The voice of each note index in the piece. They count if there are several.
    bar_starts : sequence of int
        The beginnings of all bars, in ticks.
    quarter : int
        Ticks per quarter note.
    """

    def __init__(
        self,
        spans: Sequence[Span],
        texture: Texture,
        kind: Kind,
        stated: Mapping[int, int],
        bar_starts: Sequence[int],
        quarter: int,
    ) -> None:
        self.texture, self.kind = texture, kind
        self.staves = 1 if texture == "single" else 2
        self.rank = _ranks(spans, stated, bar_starts) if kind != "drums" else {}
        self.earlier: dict[int, int] = {}  # note → its voice in an earlier bar
        self.before: dict[int, int] = {}
        # Note → line 0 to 3 (texture "lines"), staff ("hands") or nothing ("single").
        self.place: dict[int, int] = {}
        if texture == "lines":
            self.place = _lines(spans, self.rank)
        elif kind != "drums":
            self.before = (
                _notes_before(spans, self.rank)
                if self.rank
                else voices.lines_before(spans, quarter)
            )
        if texture == "hands":
            self.place = hands_of(spans, self.before)
            if self.rank:
                self.place = _by_majority(spans, self.place, self.rank, bar_starts)

    def in_bar(self, spans: Sequence[Span], start: int, beat: int) -> list[StaffSpans]:
        """Return the staves of the next bar, with the notes and voices of each.

        Parameters
        ----------
        spans : sequence of Span
            The notes of the bar, cut at its bar lines.
        start : int
            The beginning of the bar, in ticks.
        beat : int
            The length of a beat in ticks.
        """
        if self.texture == "lines":
            staves = [[s for s in spans if self.place[s.note] // 2 == staff] for staff in (0, 1)]
            return [
                StaffSpans(own, {s.note: self.place[s.note] % 2 for s in own}) for own in staves
            ]
        return [
            self._staff([s for s in spans if self.place.get(s.note, 0) == staff], start, beat)
            for staff in range(self.staves)
        ]

    def _staff(self, spans: list[Span], start: int, beat: int) -> StaffSpans:
        if self.kind == "drums":
            return StaffSpans(spans, drum_voices(spans))
        ranks = sorted({self.rank[s.note] for s in spans}) if self.rank else []
        if self.rank and len(ranks) < len(NUMBERS):
            number = dict(zip(ranks, NUMBERS[len(ranks)], strict=True))
            voice = {s.note: number[self.rank[s.note]] for s in spans}
        else:
            voice = voices.voices_on_staff(spans, self.earlier, start, self.before, beat)
        self.earlier |= voice
        return StaffSpans(spans, voice)


def _ranks(
    spans: Sequence[Span], stated: Mapping[int, int], bar_starts: Sequence[int]
) -> dict[int, int]:
    """Return the rank of each note's voice from the top.

    Voices are compared in the bars that have both, so that one with few notes has its place there.
    Others are compared by their mean pitch. There are no ranks if the part states a single voice.
    """
    pitches: dict[int, dict[int, list[int]]] = {}  # voice → bar → pitches
    bars = np.searchsorted(bar_starts, [span.start for span in spans], side="right").tolist()
    for span, bar in zip(spans, bars, strict=True):
        pitches.setdefault(stated[span.note], {}).setdefault(bar, []).append(span.pitch)
    if len(pitches) < 2:
        return {}
    means = {
        voice: {bar: float(np.mean(own)) for bar, own in by_bar.items()}
        for voice, by_bar in pitches.items()
    }
    whole = {voice: float(np.mean(list(own.values()))) for voice, own in means.items()}

    def is_above(voice: int, other: int) -> bool:
        shared = [bar for bar in means[voice] if bar in means[other]]
        difference = whole[voice] - whole[other]
        if shared:
            difference = sum(means[voice][bar] - means[other][bar] for bar in shared)
        return difference > 0

    above = {
        voice: sum(is_above(voice, other) for other in means if other != voice) for voice in means
    }
    order = sorted(means, key=lambda voice: (-above[voice], -whole[voice], voice))
    rank = {voice: place for place, voice in enumerate(order)}
    return {span.note: rank[stated[span.note]] for span in spans}


def _lines(spans: Sequence[Span], rank: Mapping[int, int]) -> dict[int, int]:
    """Return the line of each note: its stated voice if there are four."""
    return dict(rank) if len(set(rank.values())) == LINES else voices.lines_of(spans)


def _notes_before(spans: Sequence[Span], rank: Mapping[int, int]) -> dict[int, int]:
    """Map each note index to the note before it in its stated voice."""
    before: dict[int, int] = {}
    latest: dict[int, int] = {}
    for span in sorted(spans, key=lambda s: (s.start, -s.pitch)):
        if rank[span.note] in latest:
            before[span.note] = latest[rank[span.note]]
        latest[rank[span.note]] = span.note
    return before


def _by_majority(
    spans: Sequence[Span],
    hand: Mapping[int, int],
    rank: Mapping[int, int],
    bar_starts: Sequence[int],
) -> dict[int, int]:
    """Give the notes of a voice in each bar to the hand that most of them are in.

    A note belongs to the bar in which it begins.
    """
    bars = np.searchsorted(bar_starts, [span.start for span in spans], side="right").tolist()
    votes: dict[tuple[int, int], Counter[int]] = {}
    for span, bar in zip(spans, bars, strict=True):
        votes.setdefault((bar, rank[span.note]), Counter())[hand[span.note]] += 1
    return {
        span.note: max(sorted(counts), key=counts.__getitem__)
        for span, bar in zip(spans, bars, strict=True)
        for counts in (votes[bar, rank[span.note]],)
    }
