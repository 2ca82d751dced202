"""A piece as a model reads it around the bars that are composed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Key, Meter, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.generate.around import Gap, View, view_of
from partimento.training.trained_model import TrainedModel, load_model

ONE = Fraction(1)


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


@pytest.fixture(scope="module")
def guitar() -> TrainedModel:
    return load_model("guitar")


def chorale(**changes: object) -> Piece:
    rows = zip((72, 74, 76, 77), (67, 67, 67, 69), (60, 59, 60, 60), (48, 43, 48, 41), strict=True)
    chords = [tuple(row) for row in rows] * 4
    notes = [
        Note(ONE * i, ONE, pitch, part=part)
        for i, chord in enumerate(chords)
        for part, pitch in enumerate(chord)
    ]
    parts = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
    return Piece(notes, parts=parts, keys=(Key(0),)).replace(**changes)


def gap(begin: int, end: int, *parts: int, length: int = 16) -> Gap:
    return Gap(ONE * begin, ONE * end, parts or (0, 1, 2, 3), ONE * length)


def before(view: View, trained: TrainedModel) -> Fraction:
    events = trained.tokenizer.decode_events(view.prompt.ids)
    return sum((event.duration for event in events), Fraction(0))


def test_the_prompt_is_the_music_before(chorales: TrainedModel) -> None:
    view = view_of(chorales, chorale(), gap(8, 12))
    assert view.start == 0
    assert before(view, chorales) == 8
    limits = view.limits(4)
    assert (limits.steps, limits.total) == (48, 64)
    scene = view.scene(chorales, limits)
    assert (scene.start * 1.0 / scene.grid, scene.total / scene.grid) == (8, 12)


def test_the_first_bars_have_only_a_header_before(chorales: TrainedModel) -> None:
    view = view_of(chorales, chorale(), gap(0, 4))
    assert len(view.prompt.ids) == chorales.tokenizer.header_rows
    assert not view.prompt.has_events


def test_the_view_begins_where_the_meter_does(chorales: TrainedModel) -> None:
    piece = chorale(meters=(Meter(3, 4), Meter(4, 4, ONE * 6)), length=ONE * 16)
    view = view_of(chorales, piece, gap(10, 14))
    assert view.start == 6
    assert view.prompt.reference.meter.bar_ql == 4
    with pytest.raises(PartimentoError, match="the meter changes"):
        view_of(chorales, piece, gap(3, 10))


def test_the_view_begins_after_what_the_model_does_not_know(guitar: TrainedModel) -> None:
    notes = [Note(ONE * i, ONE, 60) for i in range(16) if i not in (1, 2)]
    notes += [Note(ONE, Fraction(13, 11), 60)]
    view = view_of(guitar, Piece(notes), gap(8, 12, 0))
    assert view.start == 4
    assert before(view, guitar) == 4


def test_notes_over_the_ends_are_locked(chorales: TrainedModel) -> None:
    piece = chorale()
    long = [n for n in piece.notes if not (n.part == 3 and n.onset in (7, 8, 11, 12))]
    long += [Note(ONE * 7, ONE * 2, 43, part=3), Note(ONE * 11, ONE * 2, 41, part=3)]
    view = view_of(chorales, piece.replace(notes=long), gap(8, 12, 1, 2, 3))
    fixed, seam = view.locked()
    kept = {(int(row[0]), row[3]) for row in fixed.notes}  # type: ignore[arg-type]
    assert kept == {(7, 3), (11, 3), *((onset, 0) for onset in range(8, 12))}
    assert list(seam.held) == [(3, 43)]
    decoded = chorale().replace(notes=[n for n in view.item.moved.notes if n.onset < 12])
    change = view.sounding(view.change(decoded))
    assert change.kept == {(Fraction(11), 41, 3)}
    assert {note.part for note in change.notes} == {1, 2, 3}
    assert all(8 <= note.onset < 12 for note in change.notes)
    assert (11, 3) not in {(note.onset, note.part) for note in change.notes}


@pytest.mark.parametrize(("kept", "others"), [(0, "below"), (1, "above")])
def test_a_kept_melody_or_bass_stays_the_outer_voice(
    guitar: TrainedModel, kept: int, others: str
) -> None:
    notes = [Note(ONE * i, ONE, 72 - 24 * part, part=part) for i in range(16) for part in (0, 1)]
    piece = Piece(notes, parts=(Part("Melody"), Part("Bass")))
    fixed, _ = view_of(guitar, piece, gap(4, 8, 1 - kept)).locked()
    assert fixed.others == others
    assert {row[3] for row in fixed.notes} == {kept}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts": (*chorale().parts, Part("Fifth"))}, "writes 4 voices"),
        ({"notes": [*chorale().notes, Note(ONE, ONE, 50, part=2)]}, "several notes at once"),
    ],
)
def test_pieces_that_the_model_cannot_write_are_refused(
    chorales: TrainedModel, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(PartimentoError, match=message):
        view_of(chorales, chorale(**changes), gap(4, 8))
    drums = chorale(parts=(*chorale().parts[:3], Part("Drums", is_drum=True)))
    with pytest.raises(PartimentoError, match="drums"):
        view_of(chorales, drums, gap(4, 8))
