"""The same music is found under another name, and only the same music."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Note, Part, Piece, Tempo
from partimento.analysis.similarity.duplicates import compare, duplicates_of, group
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint, fingerprint_of
from partimento.corpus import read_piece
from partimento.music.notes import Notes

SCALE = (0, 2, 4, 5, 7, 9, 11)
BARS = 24


def tune(number: int, *, bars: int = BARS, voice: int = 0) -> list[int]:
    """A melody of its own for each number, as scale degrees: four a bar, in small steps and some
    leaps.
    """
    steps = np.random.default_rng([number, voice]).choice([-2, -1, -1, 1, 1, 2, 3, -3], 4 * bars)
    return [int(degree) for degree in np.abs((np.cumsum(steps) + 7) % 28 - 14)]


def pitch(degree: int, low: int) -> int:
    return low + 12 * (degree // 7) + SCALE[degree % 7]


def music(number: int, *, bars: int = BARS, harmony: int | None = None) -> list[Note]:
    """A melody in quarters over an inner voice in halves and a bass in eighths, parts 0 to 2;
    `harmony` numbers the lower voices.
    """
    under = number if harmony is None else harmony
    top = [
        Note(Fraction(t), Fraction(1), pitch(d, 72), part=0)
        for t, d in enumerate(tune(number, bars=bars))
    ]
    inner = [
        Note(Fraction(2 * t), Fraction(2), pitch(d % 7, 60), part=1)
        for t, d in enumerate(tune(under, bars=bars // 2, voice=1))
    ]
    bass = [
        Note(Fraction(t, 2), Fraction(1, 2), pitch(d % 9, 40), part=2)
        for t, d in enumerate(tune(under, bars=2 * bars, voice=2))
    ]
    return [*top, *inner, *bass]


def piece(notes: list[Note], **more: object) -> Piece:
    parts = tuple(Part() for _ in range(max((note.part for note in notes), default=0) + 1))
    return Piece(Notes(notes), **{"parts": parts, **more})  # type: ignore[arg-type]


def changed(note: Note, **more: object) -> Note:
    values = {name: getattr(note, name) for name in Note.__slots__}
    return Note(**{**values, **more})


def moved(notes: list[Note], by: Fraction | int) -> list[Note]:
    return [changed(note, onset=note.onset + by) for note in notes]


def edited(notes: list[Note], share: float, *, seed: int = 5) -> list[Note]:
    rng = np.random.default_rng(seed)
    kept = [note for note in notes if rng.random() > share / 2]
    return [
        changed(note, pitch=note.pitch + 1) if rng.random() < share / 2 else note for note in kept
    ]


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


def test_what_relates_two_pieces_is_said() -> None:
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


def test_tempo_loudness_instruments_drums_and_graces_do_not_matter() -> None:
    notes = music(2)
    drums = [Note(Fraction(t, 4), Fraction(1, 8), 36 + t % 5, part=3) for t in range(300)]
    graces = [
        Note(n.onset + Fraction(3, 4), Fraction(1, 16), n.pitch + 1, grace=True)
        for n in notes
        if n.part == 0
    ]
    other = Piece(
        Notes([*(changed(n, velocity=30) for n in notes), *drums, *graces]),
        parts=(
            Part("Flute", 73),
            Part("Violin", 40),
            Part("Bassoon", 70),
            Part("Drums", is_drum=True),
        ),
        tempos=(Tempo.from_bpm(200),),
        title="Another",
    )
    ours, theirs = fingerprint(piece(notes)), fingerprint(other)
    assert np.array_equal(ours.notes, theirs.notes)
    assert np.array_equal(ours.anchors, theirs.anchors)


def test_different_pieces_stay_apart() -> None:
    assert group(fingerprint(piece(music(number))) for number in range(60)).tolist() == list(
        range(60)
    )


def test_a_common_formula_does_not_make_pieces_one() -> None:
    """A cadence of three bars at the end of each."""
    cadence = music(77, bars=4)[: 4 * 3]
    given = [
        fingerprint(piece([*music(number), *moved(cadence, 4 * BARS)])) for number in range(1, 9)
    ]
    assert len(set(group(given).tolist())) == 8


def test_a_few_bars_are_no_piece_but_equal_small_pieces_are() -> None:
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


def test_another_harmonisation_is_another_setting_unless_the_melody_is_asked_for() -> None:
    given = [fingerprint(piece(music(5, harmony=harmony))) for harmony in (5, 50, 51)] + [
        fingerprint(piece(music(6)))
    ]
    assert group(given).tolist() == [0, 1, 2, 3]
    assert group(given, melody=True).tolist() == [0, 0, 0, 1]
    likeness = compare(given[0], given[1], melody=True)
    assert likeness is not None
    assert likeness.verbatim == 1.0


def test_what_is_tied_in_one_edition_and_repeated_in_another_is_the_same() -> None:
    plain = [note for note in music(8) if note.part != 2]
    chords = VARIANTS["repeated notes"](plain)
    assert group(
        [
            fingerprint(piece(chords[: len(chords) * 3 // 4])),
            fingerprint(piece([*plain, *moved(plain, 4 * BARS)])),
        ]
    ).tolist() == [0, 0]


def test_groups_do_not_hang_on_the_order_of_the_pieces() -> None:
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


def test_links_hold_the_groups_together() -> None:
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
def test_hardly_any_music(notes: list[Note]) -> None:
    small = fingerprint(piece(notes))
    assert len(small.notes) == len(notes)
    assert len(small.anchors) == 0
    assert compare(small, small) is None
    assert group([small, small, fingerprint(piece(music(1)))]).tolist() == [0, 1, 2]


def test_nothing_to_group() -> None:
    assert group([]).tolist() == []
    assert duplicates_of([]) == []


def test_only_drums() -> None:
    drums = Piece(
        Notes([Note(Fraction(t), Fraction(1), 36) for t in range(9)]), parts=(Part(is_drum=True),)
    )
    assert len(fingerprint(drums).notes) == 0


def test_long_pedals_under_many_notes_stay_bounded() -> None:
    """Each of 5,000 notes lasts until the end: 12 million pairs if all were looked at."""
    count = 5000
    onset = np.arange(count) // 2
    wide = fingerprint_of(4, onset, np.full(count, count), 30 + np.arange(count) * 7 % 60)
    assert len(wide.notes) == count


def test_times_far_too_late_are_left_out() -> None:
    late = fingerprint_of(1, np.array([0, 10**6]), np.array([1, 10**6 + 1]), np.array([60, 62]))
    assert len(late.notes) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 30), st.integers(20, 100)),
        min_size=1,
        max_size=120,
    ),
    st.integers(1, 960),
    st.integers(-20, 20),
    st.integers(0, 5000),
)
def test_fingerprints_are_those_of_any_key_tempo_and_beginning(
    notes: list[tuple[int, int, int]], divisions: int, semitones: int, later: int
) -> None:
    onset, duration, pitches = np.array(notes, np.int64).T
    one = fingerprint_of(4, onset, onset + duration, pitches)
    onset = (onset + later) * divisions
    other = fingerprint_of(4 * divisions, onset, onset + duration * divisions, pitches + semitones)
    assert np.array_equal(one.anchors, other.anchors)
    assert np.array_equal(one.notes >> 9, (other.notes >> 9) - 12 * later)


@given(
    st.lists(st.tuples(st.integers(0, 9999), st.integers(1, 99), st.integers(0, 127)), max_size=80)
)
def test_bytes_give_the_fingerprint_back(notes: list[tuple[int, int, int]]) -> None:
    onset, duration, pitches = np.array(notes, np.int64).reshape(-1, 3).T
    one = fingerprint_of(480, onset, onset + duration, pitches)
    other = Fingerprint.from_bytes(one.to_bytes())
    for column, again in zip(one, other, strict=True):
        assert np.array_equal(column, again)
        assert column.dtype == again.dtype


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


def test_a_damaged_fingerprint_is_refused() -> None:
    good = fingerprint(piece(music(1)))
    assert len(good.anchors) > 8
    beyond = Fingerprint(good.notes[:3], good.anchors)
    backward = Fingerprint(good.notes, good.anchors[::-1])
    too_many = Fingerprint(good.notes, np.repeat(good.anchors[:1], 5))
    for bad in (beyond, backward, too_many):
        with pytest.raises(ValueError, match="anchors"):
            Fingerprint.from_bytes(bad.to_bytes())
    for data in (b"", good.to_bytes()[:-1], good.to_bytes() + b"\0"):
        with pytest.raises(ValueError, match="length"):
            Fingerprint.from_bytes(data)


def test_a_fingerprint_in_a_store_stays_what_it_is() -> None:
    """Other fingerprints would not meet those in stores already written: a new version of the store
    goes with any change here.
    """
    assert hashlib.sha256(fingerprint(piece(music(1))).to_bytes()).hexdigest() == STORED


STORED = "979b3676e6418fd0b85a642db4a148a2ecfc9ba9a1aa56cffeca756a1b50a2b8"


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


def test_the_guitar_files_that_are_the_same_music(guitar: Path) -> None:
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
