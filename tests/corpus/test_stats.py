"""Counts of tiny corpora, checked by hand; coverage, checked against slow and plain counting."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from partimento import Event, Key, Meter, Note, Part, Piece, Source, Tempo
from partimento.corpus import CorpusEntry, read_piece
from partimento.corpus.stats import Spread, bar_count, stats
from partimento.errors import PartimentoError

Q = Fraction(1)
THIRD, D, G, F = (60, 64), (62,), (67,), (65,)


def piece_of(*events: tuple[tuple[int, ...], Fraction], **more: object) -> Piece:
    return Piece.from_events([Event(chord, duration) for chord, duration in events], **more)


@pytest.fixture
def two() -> list[Piece]:
    """Four events with a rest, and three; they share one chord."""
    first = piece_of(
        (THIRD, Q),
        (D, Q / 2),
        ((), Q / 2),
        (THIRD, Q),
        meters=(Meter(3, 4),),
        tempos=(Tempo.from_bpm(60),),
        parts=(Part("Gtr", 24),),
        composer="Anna",
        source=Source(license="PD"),
    )
    second = piece_of(
        (G, 2 * Q), (THIRD, Q), ((67, 71, 74), Q), parts=(Part("Voice"),), keys=(Key(1),)
    )
    return [first, second]


def test_counts_of_two_pieces(two: list[Piece]) -> None:
    found = stats(iter(two))
    assert (found.pieces, found.different) == (2, 2)
    assert found.notes == 5 + 6
    assert (found.events, found.rests) == (7, 1)
    assert found.quarters == 7
    assert found.seconds == pytest.approx(3 + 2)
    assert (found.distinct_chords, found.chords_seen_once) == (5, 4)
    assert found.durations == {"1": 4, "1/2": 2, "2": 1}
    assert found.distinct_durations == 3
    assert found.meters == {"3/4": 1, "4/4": 1}
    assert found.tempos.least == pytest.approx(60)
    assert found.tempos.most == pytest.approx(120)
    assert found.parts == {1: 2}
    assert found.instruments == {"nylon guitar": 1, "not stated": 1}
    assert found.composers == {"Anna": 1, "unknown": 1}
    assert found.licenses == {"PD": 1, "not stated": 1}
    assert (found.lowest, found.highest) == ("C4", "D5")
    assert found.pitches == {60: 3, 62: 1, 64: 3, 67: 2, 71: 1, 74: 1}
    assert found.chord_sizes == {0: 1, 1: 2, 2: 3, 3: 1}
    assert found.events_per_piece == Spread(3, 3.5, 4)
    assert found.bars_per_piece == Spread(1, 1, 1)
    assert found.declared == 1


def test_held_out_events_equal_counts_by_hand(two: list[Piece]) -> None:
    """Two pieces: each is held out once. The first's D and rest are unknown, two events of four; of
    the second's three events, two.
    """
    chords = stats(two).vocabularies["chords"]
    assert sorted(chords.out_of_vocabulary[1].splits) == pytest.approx([2 / 4, 2 / 3])
    assert chords.out_of_vocabulary[1].mean == pytest.approx((2 / 4 + 2 / 3) / 2)
    assert chords.out_of_vocabulary[1].deviation == pytest.approx((2 / 3 - 2 / 4) / 2**0.5)
    # The second has the common chord only once: asked for twice, the first's four events are all
    # unknown.
    assert sorted(chords.out_of_vocabulary[2].splits) == pytest.approx([2 / 3, 4 / 4])
    durations = stats(two).vocabularies["durations"]
    assert sorted(durations.out_of_vocabulary[1].splits) == pytest.approx([1 / 3, 2 / 4])
    assert chords.commonest.x == [1, 2, 3, 4, 5]
    assert chords.commonest.y == pytest.approx([3 / 7, 4 / 7, 5 / 7, 6 / 7, 1])
    assert chords.growth.x == [1, 2]
    assert chords.growth.y == pytest.approx([3, 5])  # three distinct chords in each
    assert chords.growth_per_doubling == pytest.approx(5 / 3)


def test_coverage_equals_plain_counting(pieces: list[Piece]) -> None:
    """Fewer pieces than folds: each is alone in its fold."""
    events = [Counter(event.chord for event in piece.events) for piece in pieces]
    for least in (1, 2):
        shares = []
        for number, own in enumerate(events):
            rest = sum((other for place, other in enumerate(events) if place != number), Counter())
            shares.append(
                sum(count for chord, count in own.items() if rest[chord] < least) / own.total()
            )
        found = (
            stats(CorpusEntry(piece, group=number) for number, piece in enumerate(pieces))
            .vocabularies["chords"]
            .out_of_vocabulary[least]
        )
        assert sorted(found.splits) == pytest.approx(sorted(shares))
        assert found.mean > 0


def test_transposed_copies_do_not_improve_coverage(two: list[Piece]) -> None:
    from partimento.music.transpose import transpose

    found = stats([two[0], transpose(two[0], 5).replace(title="Another name")])
    assert (found.pieces, found.different) == (2, 1)
    assert found.vocabularies["chords"].out_of_vocabulary == {}
    assert stats([*two, transpose(two[0], 5)]).different == 2
    slower = Piece.from_events([Event(event.chord, event.duration * 2) for event in two[0].events])
    assert stats([two[0], slower]).different == 2


def test_a_common_key_joins_vocabularies() -> None:
    scale = (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)
    tunes = [piece_of(*(((pitch + home,), Q) for pitch in scale)) for home in (60, 62, 57)]
    found = stats(tunes)
    assert found.keys == {"C major": 1, "D major": 1, "A major": 1}
    assert found.vocabularies["chords in the common key"].size == 8
    assert found.vocabularies["chords"].size > 12
    assert (
        stats([tunes[0], piece_of(*(((pitch + 72,), Q) for pitch in scale))])
        .vocabularies["chords in the common key"]
        .size
        == 15
    )
    assert (
        stats([tunes[0], piece_of(*(((pitch + 72,), Q) for pitch in scale))])
        .vocabularies["chords in the common key and octave"]
        .size
        == 8
    )
    low = piece_of(
        *(((pitch,), Q) for pitch in (1, 3, 5, 6, 8, 10, 12, 13, 8, 5, 1))
    )  # D flat major, where no room is below
    assert stats([low]).vocabularies["chords in the common key"].size == 8


def test_drums_are_left_out_of_chords() -> None:
    kit = Part("Kit", is_drum=True)
    both = Piece(
        [Note(Fraction(0), Q, 60), Note(Fraction(0), Q, 36, part=1)], parts=(Part("Flute", 73), kit)
    )
    found = stats([both])
    assert found.notes == 2
    assert found.pitches == {60: 1}
    assert found.chord_sizes == {1: 1}
    assert found.instruments == {"flute": 1, "drums": 1}
    assert found.parts == {2: 1}
    only = stats([Piece([Note(Fraction(0), Q, 36)], parts=(kit,))])
    assert (only.lowest, only.keys, only.rests) == ("", {}, 1)


def test_silent_parts_are_not_counted() -> None:
    found = stats(
        [Piece([Note(Fraction(0), Q, 60, part=1)], parts=(Part("Empty", 40), Part("Piano", 0)))]
    )
    assert found.parts == {1: 1}
    assert found.instruments == {"acoustic grand piano": 1}


def test_the_declared_key_is_the_one_in_force_longest() -> None:
    scale = [((60 + pitch,), Q) for pitch in (0, 2, 4, 5, 7, 9, 11, 12)]
    early, late = Key(0), Key(3, onset=Q)
    assert stats([piece_of(*scale, keys=(early, Key(3, onset=7 * Q)))]).declared_as_analysed == 1
    assert stats([piece_of(*scale, keys=(early, late))]).declared_as_analysed == 0
    raised = [((pitch[0] + 1,), duration) for pitch, duration in scale]
    assert stats([piece_of(*raised, keys=(Key(7),))]).declared_as_analysed == 1  # C sharp is D flat
    assert (
        stats([piece_of(*scale, keys=(Key(0, "minor"),))]).declared_as_analysed == 1
    )  # the signature counts, not the mode
    assert stats([piece_of(*scale)]).declared == 0


def test_seconds_follow_the_tempo() -> None:
    tempos = (
        Tempo.from_bpm(60, onset=2 * Q),
        Tempo.from_bpm(240, onset=3 * Q),
        Tempo.from_bpm(30, onset=99 * Q),
    )
    found = stats([piece_of((D, 5 * Q), tempos=tempos)])
    assert found.seconds == pytest.approx(2 / 2 + 1 + 2 / 4)
    assert found.tempos.median == pytest.approx(120)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"length": 9 * Q},
        {"pickup": Q / 2},
        {"meters": (Meter(3, 8),), "length": Fraction(31, 7)},
        {
            "meters": (Meter(2, 4), Meter(3, 4, onset=Fraction(5, 2)), Meter(6, 8, onset=7 * Q)),
            "length": 17 * Q,
            "pickup": Q,
        },
        {"meters": (Meter(2, 4, onset=3 * Q),), "length": 4 * Q},
        {"meters": (Meter(2, 4), Meter(3, 4, onset=20 * Q))},
        {"meters": ()},
    ],
)
def test_bars_are_counted_as_they_are_made(changes: dict[str, object]) -> None:
    piece = piece_of((D, 4 * Q)).replace(**changes)
    assert bar_count(piece) == len(piece.bars())


def test_pieces_are_released_after_counting(pieces: list[Piece]) -> None:
    alive: list[weakref.ref[Piece]] = []

    def stream() -> Iterator[Piece]:
        for piece in pieces:
            copy = piece.replace(title="copy")
            alive.append(weakref.ref(copy))
            yield copy
            del copy
            assert sum(ref() is not None for ref in alive) <= 1

    assert stats(stream()).pieces == len(pieces)


def test_the_same_seed_gives_the_same_figures(pieces: list[Piece]) -> None:
    assert stats(pieces, seed=4) == stats(iter(pieces), seed=4)


def test_no_pieces_are_refused_and_empty_ones_counted() -> None:
    with pytest.raises(PartimentoError, match="no pieces"):
        stats([])
    empty = stats([Piece([])])
    assert (empty.notes, empty.events, empty.lowest, empty.distinct_chords) == (0, 0, "", 0)
    assert empty.vocabularies["chords"].growth_per_doubling == 1


def test_real_music_counts_as_its_events_do(data_folder: Path) -> None:
    paths = sorted((data_folder / "mutopia-guitar" / "SorF").glob("*.mid"))[:40]
    if not paths:
        pytest.skip("no mutopia-guitar")
    corpus = [read_piece(path) for path in paths]
    found = stats(corpus)
    chords = Counter(event.chord for piece in corpus for event in piece.events)
    assert found.events == chords.total()
    assert found.distinct_chords == len(chords)
    assert found.durations == dict(
        Counter(str(event.duration) for piece in corpus for event in piece.events).most_common()
    )
    assert found.rests == chords[()]
    top = [count for _, count in chords.most_common(10)]
    curve = found.vocabularies["chords"].commonest
    assert curve.y[curve.x.index(10)] == pytest.approx(sum(top) / chords.total())
