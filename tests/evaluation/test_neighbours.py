"""Neighbours of chords, their map and the circle of fifths, on vectors made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.errors import PartimentoError
from partimento.evaluation.neighbours import (
    ChordVectors,
    Near,
    fifths,
    map_of_names,
    neighbours,
    plane,
    steps_of_fifths,
)
from partimento.music.chord_names import (
    CLASSES,
    NAME_OF_CLASSES,
    chord_name,
    classes_named,
    spelling,
    voicing,
)

C, A_MINOR, G, REST = (48, 55, 64), (45, 60, 64), (43, 59, 62), ()


def vectors(table: dict[tuple[int, ...], tuple[list[float], int]]) -> ChordVectors:
    """Each vector with its opposite under a rest that is as common: the mean, from which directions
    are taken, is then 0.
    """
    rows = [vector for vector, _ in table.values()]
    counts = np.array([count for _, count in table.values()], float)
    mean = counts @ np.array(rows)
    return ChordVectors(
        (*table, REST),
        np.array([*rows, (-mean / counts.sum()).tolist()]),
        np.array([*counts, counts.sum()]),
    )


BY_HAND = vectors(
    {
        C: ([1, 0], 10),
        A_MINOR: ([0.8, 0.6], 8),
        G: ([0, 1], 6),
        (48, 52, 67, 72): (
            [0, -2],
            10,
        ),  # C in another spacing: with the first one, 45 degrees down
        (50, 62): ([1, 1], 9),  # one note has no name
    }
)


# ---------------------------------------------------------------------- names


def test_every_name_reads_back() -> None:
    for name, classes in CLASSES.items():
        assert classes_named(name) == classes
        assert chord_name([60 + each for each in classes]) == NAME_OF_CLASSES[classes]
    assert len(CLASSES) == 120
    assert (
        len(NAME_OF_CLASSES) == 120 - 8 - 9
    )  # four names for an augmented triad's three notes, four for a diminished seventh's


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Bb", "B♭"),
        ("C#m", "C♯m"),
        ("Dbm", "C♯m"),
        ("G#", "A♭"),
        ("Cb", "B"),
        ("F♯m7b5", "F♯m7♭5"),
        ("Bø", "Bm7♭5"),
        ("Cmaj", "C"),
        ("E°", "Edim"),
    ],
)
def test_names_as_they_are_typed(typed: str, name: str) -> None:
    classes = classes_named(typed)
    assert classes is not None
    assert NAME_OF_CLASSES[classes] == name


def test_what_is_no_name() -> None:
    for text in ("", "H", "c", "Cx", "C4", "C+E", "60"):
        assert classes_named(text) is None
    for text in ("", "C", "Am", "C4+", "C4 E4", "C10"):
        assert voicing(text) is None
    assert voicing("F#3+Bb3+C#4") == (54, 58, 61)
    assert voicing("C-1") == (0,)
    assert voicing("Cb4+B#3") == (59, 60)


def test_spelt_notes_read_back() -> None:
    for chord in ((40,), (48, 55, 64), tuple(range(0, 128, 7))):
        assert voicing(spelling(chord)) == chord


# ---------------------------------------------------------------------- neighbours


def test_the_table_by_hand() -> None:
    """C is the mean of (1, 0) and (0, -1), each ten times; Am is at 36.9 degrees, G at 90, C at
    -45.
    """
    first, second = neighbours(BY_HAND, ["C", "Am"])
    assert (first.name, first.times) == ("C", 20)
    assert first.near == [
        Near("Am", round(float(np.cos(np.radians(45) + np.arctan2(0.6, 0.8))), 4), 8),
        Near("G", -0.7071, 6),
    ]
    assert second.near == [Near("G", 0.6, 6), Near("C", 0.1414, 20)]
    assert neighbours(BY_HAND, ["C"], most=1)[0].near == first.near[:1]


def test_by_default_the_most_frequent_are_shown() -> None:
    assert [each.name for each in neighbours(BY_HAND)] == ["C", "Am", "G"]


def test_the_common_chords_of_c_major_are_shown_where_they_are() -> None:
    circle = on_a_circle()
    assert [each.name for each in neighbours(circle)] == ["C", "Dm", "Em", "F", "G", "Am"]


def test_spacings_are_compared_with_spacings() -> None:
    (found,) = neighbours(BY_HAND, ["48+55+64"])
    assert found.name == "C3+G3+E4"
    assert [near.name for near in found.near] == ["A2+C4+E4", "D3+D4", "C3+E3+G4+C5", "G2+B3+D4"]
    assert [near.cosine for near in found.near] == [0.8, 0.7071, 0.0, 0.0]
    with pytest.raises(
        PartimentoError, match=r"the chord C3\+G3 did not occur in training: try C, Am, G …"
    ):
        neighbours(BY_HAND, ["C3+G3"])
    with pytest.raises(PartimentoError, match="the chord D7 did not occur"):
        neighbours(BY_HAND, ["D7"])


def test_what_is_rare_is_asked_for_but_no_neighbour() -> None:
    common = {
        C: ([1.0, 0.0], 9000),
        A_MINOR: ([0.5, 0.5], 9000),
        G: ([0.9, 0.1], 2),
        (50, 53, 57): ([0.0, 1.0], 9),
    }
    (asked,) = neighbours(vectors(common), ["G"])
    assert asked.times == 2
    assert [near.name for near in neighbours(vectors(common), ["C"])[0].near] == ["Am", "Dm"]


def test_chords_without_a_vector_are_passed_over() -> None:
    table = ChordVectors(
        (C, A_MINOR, G), np.array([[1.0, 0.0], [np.nan, np.nan], [0.0, 1.0]]), np.ones(3)
    )
    assert [each.name for each in neighbours(table)] == ["C", "G"]
    with pytest.raises(PartimentoError, match="no chord vectors"):
        neighbours(ChordVectors((C,), np.full((1, 2), np.nan), np.ones(1)))
    with pytest.raises(PartimentoError, match="no chord vectors"):
        neighbours(ChordVectors((REST,), np.ones((1, 2)), np.ones(1)))


def test_in_a_melody_notes_stand_for_chords() -> None:
    melody = vectors(
        {(60,): ([1, 0], 4), (72,): ([1, 0.1], 3), (67,): ([0, 1], 3), (69,): ([-1, 1], 2)}
    )
    assert [each.name for each in neighbours(melody)] == ["C alone", "G alone", "A alone"]
    assert [near.name for near in neighbours(melody, ["C4"])[0].near][:2] == ["C5", "G4"]


# ---------------------------------------------------------------------- the plane


def test_the_plane_keeps_distances_and_turns_the_picture() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(9, 2)) * [3, 1]
    turned = flat @ np.linalg.qr(rng.normal(size=(5, 5)))[0][:2]  # in a plane of five dimensions
    points = plane(turned + 7, top=3, right=5)
    apart = [np.linalg.norm(some[:, None] - some, axis=-1) for some in (points, flat)]
    np.testing.assert_allclose(*apart, atol=1e-9)
    assert points[3, 0] == pytest.approx(0, abs=1e-9)
    assert points[3, 1] > 0
    assert points[5, 0] > 0
    mirrored = plane(turned, top=3, right=int(np.argmin(points[:, 0])))
    np.testing.assert_allclose(mirrored, points * [-1, 1], atol=1e-9)


def test_a_plane_of_hardly_anything() -> None:
    assert plane(np.ones((1, 4)), top=0).tolist() == [[0, 0]]
    np.testing.assert_allclose(np.abs(plane(np.array([[0.0], [2.0]]))), [[1, 0], [1, 0]])


# ---------------------------------------------------------------------- the circle of fifths


def on_a_circle(order: int = 7, *, minor_at: int = 3) -> ChordVectors:
    """Triads on a circle: majors `order` semitones apart, minors a little beside the major triad
    `minor_at` semitones above.
    """
    table = {}
    for root in range(12):
        for third, at, beside in ((4, root, 0.0), (3, root + minor_at, 0.01)):
            angle = 2 * np.pi * (at * order % 12 + beside) / 12
            table[tuple(48 + (root + step) % 12 for step in (0, third, 7))] = (
                [np.sin(angle), np.cos(angle)],
                5,
            )
    return ChordVectors(tuple(table), np.array([v for v, _ in table.values()]), np.full(24, 5.0))


def test_a_perfect_circle() -> None:
    found = fifths(on_a_circle())
    assert (found.major, found.minor) == (pytest.approx(1), pytest.approx(1))
    assert (found.majors, found.minors) == (12, 12)
    assert found.nearest_minor["C"] == ("Am", "relative")
    assert found.relations == {"relative": 12}
    assert fifths(on_a_circle(minor_at=0)).relations == {"parallel": 12}


def test_a_circle_of_semitones_is_another_one() -> None:
    assert fifths(on_a_circle(order=1)).major < 0.5


def test_noise_breaks_ties() -> None:
    """The steps have six values for 66 pairs: what `Fifths` says of the most that noisy distances
    reach.
    """
    circle = on_a_circle()
    noise = np.random.default_rng(0).normal(size=circle.vectors.shape) * 1e-6
    found = fifths(ChordVectors(circle.chords, circle.vectors + noise, circle.counts))
    assert found.major == pytest.approx(0.985, abs=0.001)


def test_too_few_triads_say_nothing() -> None:
    found = fifths(BY_HAND)
    assert np.isnan(found.major)
    assert np.isnan(found.minor)
    assert (found.majors, found.minors) == (2, 1)
    assert found.nearest_minor == {"C": ("Am", "relative"), "G": ("Am", "supertonic")}
    same = ChordVectors(on_a_circle().chords, np.ones((24, 2)), np.ones(24))
    assert np.isnan(fifths(same).major)


def test_the_map_turns_like_the_circle_on_paper() -> None:
    points, shown = map_of_names(on_a_circle())
    at = dict(zip(shown.names, points, strict=True))
    np.testing.assert_allclose(at["C"], [0, 1], atol=1e-6)
    for root, name in enumerate(("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")):
        clock = np.degrees(np.arctan2(*at[name])) % 360
        assert clock == pytest.approx(root * 7 % 12 * 30, abs=1e-3) or clock == pytest.approx(
            360, abs=1e-3
        )
        assert steps_of_fifths(0, root) == min(root * 7 % 12, 12 - root * 7 % 12)
    assert len(map_of_names(on_a_circle(), most=5)[1].names) == 5
