"""The same music is found under another name, and only the same music."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.similarity.tunes import BARS, changed, edited, moved, music, piece

from partimento import Note
from partimento.analysis.similarity.duplicates import compare, duplicates_of, group
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint
from partimento.corpus import read_piece

VARIANTS: dict[str, Callable[[list[Note]], list[Note]]] = {
    "transposed": lambda notes: [changed(note, pitch=note.pitch - 5) for note in notes],
    "an octave higher": lambda notes: [changed(note, pitch=note.pitch + 12) for note in notes],
    "bass an octave lower": lambda notes: [
        changed(note, pitch=note.pitch - 12 * (note.part == 2)) for note in notes
    ],
    "doubled values": lambda notes: [
        changed(note, onset=2 * note.onset, duration=2 * note.duration) for note in notes
    ],
    "halved values": lambda notes: [
        changed(note, onset=note.onset / 2, duration=note.duration / 2) for note in notes
    ],
    "triplets for compound time": lambda notes: [
        changed(note, onset=note.onset * Fraction(2, 3), duration=note.duration * Fraction(2, 3))
        for note in notes
    ],
    "after a rest": lambda notes: moved(notes, Fraction(7, 2)),
    "without its beginning": lambda notes: moved([note for note in notes if note.onset >= 3], -3),
    "without bass": lambda notes: [note for note in notes if note.part != 2],
    "without inner voice": lambda notes: [note for note in notes if note.part != 1],
    "without melody": lambda notes: [note for note in notes if note.part != 0],
    "melody alone": lambda notes: [note for note in notes if note.part == 0],
    "all in one part": lambda notes: [changed(note, part=0) for note in notes],
    "8 % edited": lambda notes: edited(notes, 0.08),
    "first half": lambda notes: [note for note in notes if note.onset < 2 * BARS],
    "first half repeated": lambda notes: [
        *(note for note in notes if note.onset < 2 * BARS),
        *moved(notes, 2 * BARS),
    ],
    "a section left out": lambda notes: [
        *(note for note in notes if note.onset < 30),
        *moved([note for note in notes if note.onset >= 60], -30),
    ],
    "staccato": lambda notes: [changed(note, duration=note.duration / 3) for note in notes],
    "let ring": lambda notes: [
        changed(note, duration=note.duration + Fraction(3, 4)) for note in notes
    ],
    "with grace notes": lambda notes: [
        *notes,
        *(
            Note(note.onset - Fraction(9, 80), Fraction(9, 80), note.pitch + 2)
            for note in notes
            if note.part == 0 and note.onset % 4 == 2
        ),
    ],
    "repeated notes": lambda notes: [
        half
        for note in notes
        for half in (
            changed(note, duration=note.duration / 2),
            changed(note, onset=note.onset + note.duration / 2, duration=note.duration / 2),
        )
    ],
    "in a larger work": lambda notes: [
        *music(101),
        *moved(notes, 4 * BARS),
        *moved(music(102), 8 * BARS),
    ],
    "transposed, halved, no bass, edited": lambda notes: [
        changed(note, pitch=note.pitch + 3, onset=note.onset / 2, duration=note.duration / 2)
        for note in edited([note for note in notes if note.part != 2], 0.05)
    ],
}


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_variant_is_found_among_other_pieces(kind: str) -> None:
    others = [fingerprint(piece(music(number))) for number in range(1, 9)]
    variant = fingerprint(piece(VARIANTS[kind](music(3))))
    groups = group([*others, variant]).tolist()
    assert groups[-1] == groups[2]
    assert len(set(groups)) == 8


def test_the_relation_of_two_pieces_is_reported() -> None:
    notes = music(1)
    whole = fingerprint(piece(notes))
    part = fingerprint(
        piece(
            [
                changed(n, pitch=n.pitch - 2, onset=n.onset / 2, duration=n.duration / 2)
                for n in notes
                if n.part != 1
            ]
        )
    )
    for likeness in (compare(whole, part), compare(part, whole)):
        assert likeness is not None
        assert (likeness.semitones, likeness.scale, likeness.share, likeness.verbatim) == (
            2,
            2,
            1.0,
            1.0,
        )
        assert likeness.sizes[0] < likeness.sizes[1]
        assert likeness.same_music


def test_different_pieces_are_not_grouped() -> None:
    assert group(fingerprint(piece(music(number))) for number in range(60)).tolist() == list(
        range(60)
    )


def test_a_common_cadence_does_not_group_pieces() -> None:
    """A cadence of three bars at the end of each."""
    cadence = music(77, bars=4)[: 4 * 3]
    given = [
        fingerprint(piece([*music(number), *moved(cadence, 4 * BARS)])) for number in range(1, 9)
    ]
    assert len(set(group(given).tolist())) == 8


def test_an_excerpt_of_a_few_bars_is_no_duplicate_but_equal_small_pieces_are() -> None:
    few = [note for note in music(4) if note.onset < 4 and note.part == 0] + [
        note for note in music(4) if note.onset < 8 and note.part == 2
    ]
    assert 12 < len(few) < 24
    assert group([fingerprint(piece(music(4))), fingerprint(piece(few))]).tolist() == [0, 1]
    assert group(
        [fingerprint(piece(few)), fingerprint(piece(VARIANTS["transposed"](few)))]
    ).tolist() == [
        0,
        0,
    ]


def test_other_harmonizations_are_duplicates_only_by_melody() -> None:
    given = [fingerprint(piece(music(5, harmony=harmony))) for harmony in (5, 50, 51)] + [
        fingerprint(piece(music(6)))
    ]
    assert group(given).tolist() == [0, 1, 2, 3]
    assert group(given, melody=True).tolist() == [0, 0, 0, 1]
    likeness = compare(given[0], given[1], melody=True)
    assert likeness is not None
    assert likeness.verbatim == 1.0


def test_tied_and_repeated_notes_are_the_same_music() -> None:
    plain = [note for note in music(8) if note.part != 2]
    chords = VARIANTS["repeated notes"](plain)
    assert group(
        [
            fingerprint(piece(chords[: len(chords) * 3 // 4])),
            fingerprint(piece([*plain, *moved(plain, 4 * BARS)])),
        ]
    ).tolist() == [0, 0]


def test_groups_do_not_depend_on_the_order_of_the_pieces() -> None:
    given = [
        fingerprint(piece(way(music(number))))
        for number in range(6)
        for way in (list, *list(VARIANTS.values())[::3])
    ]
    given += [
        fingerprint(piece(edited(music(9), 0.15, seed=copy))) for copy in range(60)
    ]  # hardly alike: who meets whom matters
    groups = group(given)
    assert 1 < groups.max() < 60
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(given))
        again = group(given[place] for place in order)
        assert (
            len(np.unique(np.stack([groups[order], again]), axis=1).T)
            == len(set(groups.tolist()))
            == again.max() + 1
        )
        first = np.unique(again, return_index=True)[1]
        assert (np.diff(first) > 0).all()  # numbered as they first come


def test_links_connect_the_pieces_of_a_group() -> None:
    given = [
        fingerprint(piece(way(music(number))))
        for number in range(3)
        for way in (list, *list(VARIANTS.values())[:4])
    ]
    groups, links = group(given), duplicates_of(given)
    assert len(links) == len(given) - 3
    for link in links:
        assert groups[link.part] == groups[link.whole]
        assert len(given[link.part].notes) <= len(given[link.whole].notes)
        assert link.likeness.same_music


def test_many_copies_are_not_all_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    from partimento.analysis.similarity import duplicates

    calls = []
    monkeypatch.setattr(duplicates, "compare", lambda *a, **k: calls.append(0) or compare(*a, **k))
    given = [
        fingerprint(piece(VARIANTS["transposed"](edited(music(number), 0.1, seed=copy))))
        for number in range(3)
        for copy in range(40)
    ]
    assert len(set(group(given).tolist())) == 3
    assert len(calls) < 2 * len(given)


@pytest.mark.parametrize(
    "notes",
    [
        [],
        [Note(Fraction(0), Fraction(1), 60)],
        [Note(Fraction(t), Fraction(1), 60) for t in range(99)],
    ],
)
def test_tiny_pieces_match_nothing(notes: list[Note]) -> None:
    small = fingerprint(piece(notes))
    assert len(small.notes) == len(notes)
    assert len(small.anchors) == 0
    assert compare(small, small) is None
    assert group([small, small, fingerprint(piece(music(1)))]).tolist() == [0, 1, 2]


def test_no_pieces_give_no_groups() -> None:
    assert group([]).tolist() == []
    assert duplicates_of([]) == []


@given(
    st.one_of(st.binary(max_size=80), st.binary(max_size=80).map(lambda tail: b"\x03\0\0\0" + tail))
)
def test_bytes_that_are_no_fingerprint_are_refused_or_harmless(data: bytes) -> None:
    try:
        strange = Fingerprint.from_bytes(data)
    except ValueError:
        return
    for melody in (False, True):
        assert len(group([strange, strange, fingerprint(piece(music(1)))], melody=melody)) == 3


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(-12, 12),
    st.sampled_from([1, 2, Fraction(1, 2)]),
    st.integers(0, 2),
)
def test_any_piece_is_found_transposed_stretched_and_without_a_voice(
    number: int, semitones: int, scale: Fraction, voice: int
) -> None:
    notes = music(number, bars=16)
    other = [
        changed(n, pitch=n.pitch + semitones, onset=n.onset * scale, duration=n.duration * scale)
        for n in notes
        if n.part != voice
    ]
    assert group([fingerprint(piece(notes)), fingerprint(piece(other))]).tolist() == [0, 0]


def test_duplicates_of_the_guitar_set_are_the_known_ones(guitar: Path) -> None:
    """Each group was looked at: movements and their complete file, parts and score, da capos, two
    publications of one study.
    """
    paths = sorted(guitar.rglob("*.mid"))
    groups = group(fingerprint(read_piece(path)) for path in paths)
    found = {
        frozenset(paths[place].stem for place in np.flatnonzero(groups == number))
        for number in range(groups.max() + 1)
    }
    assert {names for names in found if len(names) > 1} == {
        frozenset(names.split()) for names in SAME_MUSIC
    }


SAME_MUSIC = (
    "bach-bwv1087-bwv-1087-01-g bach-bwv1087-bwv-1087-03-g bach-bwv1087-bwv-1087-04-g",
    "bach-bwv988-bwv-988-guitar-1 bach-bwv988-bwv-988-guitar-2",
    "bach-bwvanh114-anna-magdalena-04-guitar bach-bwvanh114-anna-magdalena-04-guitar-tab",
    "bach-preludio-bwv997 bach-bwv997-bwv997-01prelude",
    "carcassimethodpreludes carcassi-o59-twominorpreludes-1 carcassi-o59-twominorpreludes-2",
    "foster-oldfolks-1 foster-oldfolks-2 foster-oldfolks-3",
    (
        "gershwin-rialto-ripples-1 gershwin-rialto-ripples-2 gershwin-rialto-ripples-3"
        " gershwin-rialto-ripples-4"
    ),
    " ".join(f"lutkin-thelordblessyou-guitar-duo-{number}" for number in range(1, 7)),
    "mozart-kv265-guitar-duo-complete mozart-kv265-guitar-duo-varv",
    "sor-guitar-skole-no-02 sorf-op35-no1",
    "sor-guitar-skole-no-18 sorf-op35-no8",
    "sor-op-1-5-1 sor-op-1-5-3",
)
