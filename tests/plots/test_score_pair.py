"""Original and reconstruction in one score: what is right, what is marked, and labels."""

from __future__ import annotations

from tests.plots.studies import SVG, Q, learned, study, wrong_and_right

from partimento import Event, Part, Piece
from partimento.plots import Reconstruction, chords_right


def test_chords_that_are_right() -> None:
    original = study([(60,), (62,), (), (64,)])
    assert chords_right(original, original) == (4, 4)
    assert chords_right(original, study([(60,), (61,), (), (64, 67)])) == (2, 4)
    assert chords_right(original, Piece.from_events([Event((60,), 2 * Q)])) == (
        2,
        4,
    )  # where it ends, it rests
    assert [caption.split(", ")[1] for caption in learned().captions] == [
        "0 of 16 chords right",
        "7 of 16 chords right",
        "16 of 16 chords right",
    ]


def test_wrong_chords_are_marked_and_wrong_rests_too(reconstruction: Reconstruction) -> None:
    first, second, last = reconstruction.pages
    assert wrong_and_right(first) == [16, 0]
    assert wrong_and_right(second) == [9, 7]
    assert wrong_and_right(last) == [0, 16]
    (rest,) = [
        group for group in second.iter(f"{SVG}g") if group.get("class", "").startswith("rest")
    ]
    assert rest.get("class") == "rest wrong"
    for page in reconstruction.pages:  # the original is in ink
        for measure in [group for group in page.iter(f"{SVG}g") if group.get("class") == "measure"]:
            upper = next(child for child in measure if child.get("class") == "staff")
            assert not [group for group in upper.iter() if "wrong" in group.get("class", "")]


def test_a_window_for_two_hands_has_a_label_for_both_staves() -> None:
    hands = [(48, 55, 64, 72), (53, 57, 65, 72), (55, 59, 62, 74), (48, 55, 64, 72)] * 2
    original = Piece.from_events([Event(chord, Q) for chord in hands], parts=(Part("Organ", 19),))
    (page,) = Reconstruction(original, [original], ["now"]).pages
    measure = next(group for group in page.iter(f"{SVG}g") if group.get("class") == "measure")
    assert sum(child.get("class") == "staff" for child in measure) == 4
    assert [text.text for text in page.iter(f"{SVG}text")] == ["original", "model"]
