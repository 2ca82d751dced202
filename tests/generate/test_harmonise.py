"""A given part is kept exactly, and the model composes the others."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import partimento as pt
from partimento.analysis.cadences import final_cadence
from partimento.errors import PartimentoError
from partimento.generate.given_part import given_part
from partimento.generate.harmonise import check_model, ending_of, harmonise, harmonise_candidates
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Part
from partimento.training.trained_model import TrainedModel, load_model

PITCHES = (67, 69, 71, 72, 74, 72, 71, 69, 67)
QUICK: dict[str, Any] = {"particles": 6, "seed": 1}


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def melody(*pitches: int, **more: Any) -> Piece:
    notes = [Note(Fraction(n), Fraction(1), pitch) for n, pitch in enumerate(pitches or PITCHES)]
    notes[-1] = replace(notes[-1], duration=Fraction(4))
    return Piece(notes, keys=(Key(1),), parts=(Part("Voice", 73),), title="Song", **more)


def test_the_melody_is_kept_and_its_fermatas_end_phrases(chorales: TrainedModel) -> None:
    song = melody(fermatas=(Fraction(3), Fraction(8)))
    (best,) = harmonise_candidates(chorales, song, best=1, **QUICK)
    piece = best.piece
    assert [part.name for part in piece.parts] == ["Voice", "Alto", "Tenor", "Bass"]
    assert piece.part(0).notes == song.notes
    assert (piece.title, piece.phrase_ends, piece.length) == ("Song", song.phrase_ends, 12)
    assert {part.program for part in piece.parts} == {73}
    assert best.report.holds
    assert [row.constraint for row in best.report] == [
        "FixedNotes",
        "PartWriting",
        "PhraseEnds",
        "End",
        "HeldEnd",
        "Cadences",
    ]
    for part in (1, 2, 3):
        assert len(piece.part(part).notes) > 4
    end = pt.final_chord(piece, Key(1))
    assert end.is_tonic
    assert end.root_in_bass


def test_each_phrase_ends_with_a_cadence(chorales: TrainedModel) -> None:
    """The melody permits it: its phrases end with the second degree and the tonic."""
    song = melody(67, 69, 71, 69, 67, 69, 71, 72, 71, 69, 67, fermatas=(Fraction(3), Fraction(10)))
    best = harmonise_candidates(chorales, song, best=1, particles=24, seed=1)[0]
    assert len(best.piece.phrase_ends) == 2
    assert best.report[-1].achieved == "2 of 2"
    assert final_cadence(best.piece, Key(1)).kind in ("authentic", "plagal")


def test_a_minor_melody_may_end_with_a_major_chord(chorales: TrainedModel) -> None:
    """Nine of ten minor chorales of the corpus do, and the model learned it."""
    corpus = pt.load_corpus("bundled:chorales").pieces
    song = next(piece for piece in corpus if piece.title.startswith("bwv168.6"))
    piece = harmonise(chorales, song.part(0), particles=12, seed=1)
    last = piece.notes.pitch[piece.notes.end == piece.notes.end.max()]
    assert {3, 4} & set(((last - last.min()) % 12).tolist()) == {4}
    assert pt.final_chord(piece, Key(2, "minor")).is_tonic


def test_the_same_seed_gives_the_same_piece(chorales: TrainedModel) -> None:
    one, two = (chorales.harmonise(melody(), **QUICK) for _ in range(2))
    assert one == two
    assert one != chorales.harmonise(melody(), **{**QUICK, "seed": 2})


def test_a_bass_is_kept_below_the_others(chorales: TrainedModel) -> None:
    bass = melody(43, 50, 48, 47, 45, 50, 43)
    piece = harmonise(chorales, bass, **QUICK)
    assert piece.part(3).notes == bass.notes
    assert piece.parts[3].name == "Voice"
    assert piece.parts[0].name == "Soprano"
    assert all(event.chord[0] <= 50 for event in piece.events if event.chord)


def test_triplets_of_the_melody_stay(chorales: TrainedModel) -> None:
    third = Fraction(1, 3)
    triplet = [Note(1 + n * third, third, 69 + n) for n in range(3)]
    song = Piece([Note(0, 1, 67), *triplet, Note(2, 2, 67)], keys=(Key(1),))
    assert harmonise(chorales, song, **QUICK).part(0).notes == song.notes


def test_an_unknown_pickup_and_a_low_melody_come_back_to_their_place(
    chorales: TrainedModel,
) -> None:
    song = melody(*(pitch - 10 for pitch in PITCHES), pickup=Fraction(1, 2))
    piece = harmonise(chorales, song, role="melody", **QUICK)
    assert piece.part(0).notes == song.notes
    assert piece.pickup == song.pickup
    assert piece.length == song.length
    assert min(note.onset for note in piece.part(3).notes) == 0


def test_chords_are_followed_and_written(chorales: TrainedModel) -> None:
    chords = "G | D7 G/B | G"
    (best,) = harmonise_candidates(chorales, melody(), best=1, chords=chords, **QUICK)
    assert best.report.holds
    symbols = [(symbol.onset, symbol.text) for symbol in best.piece.chord_symbols]
    assert symbols == [(0, "G"), (4, "D7"), (6, "G/B"), (8, "G")]
    bass = {note.onset: note.pitch % 12 for note in best.piece.part(3).notes}
    assert [bass[Fraction(time)] for time in (4, 6)] == [2, 11]


def test_the_chords_of_the_score_can_be_used(chorales: TrainedModel) -> None:
    song = melody(chord_symbols=(ChordSymbol("G"), ChordSymbol("D7", Fraction(4))))
    piece = harmonise(chorales, song, chords="own", **QUICK)
    assert [symbol.text for symbol in piece.chord_symbols][:2] == ["G", "D7"]
    with pytest.raises(PartimentoError, match="needs a score with chord symbols"):
        harmonise(chorales, melody(), chords="own", **QUICK)


def test_chord_symbols_are_estimated_if_wanted(chorales: TrainedModel) -> None:
    assert not harmonise(chorales, melody(), **QUICK).chord_symbols
    assert harmonise(chorales, melody(), symbols=True, **QUICK).chord_symbols


def test_further_constraints_hold(chorales: TrainedModel) -> None:
    (best,) = harmonise_candidates(
        chorales, melody(), best=1, constraints=[pt.Durations([1, 2, 4])], **QUICK
    )
    assert best.report.holds
    assert {note.duration for note in best.piece.notes} <= {1, 2, 4}
    with pytest.raises(PartimentoError, match=r"cannot meet|contradict"):
        harmonise(chorales, melody(), constraints=[pt.Range("C2", "C4")], **QUICK)


def test_candidates_differ_from_their_beginning(chorales: TrainedModel) -> None:
    pieces = [c.piece for c in harmonise_candidates(chorales, melody(), best=3, **QUICK)]
    assert len({piece.notes for piece in pieces}) == 3
    assert all(piece.part(0).notes == melody().notes for piece in pieces)


def test_a_model_without_voices_adds_chords() -> None:
    piece = harmonise(load_model("guitar"), melody(), **QUICK)
    assert [part.name for part in piece.parts] == ["Voice", "Accompaniment"]
    assert piece.part(0).notes == melody().notes
    assert len(piece.part(1).notes)


def test_the_last_note_decides_the_end(chorales: TrainedModel) -> None:
    ends = [
        ending_of(given_part(chorales, melody(67, 71, 74, last), key=Key(1)))
        for last in (67, 69, 76)
    ]
    assert ends == ["authentic", "half", "open"]


def test_a_musicxml_file_is_kept(chorales: TrainedModel, tmp_path: Path) -> None:
    melody().save(tmp_path / "song.musicxml")
    text = (tmp_path / "song.musicxml").read_text()
    lyric = "<lyric><text>la</text></lyric></note>"
    (tmp_path / "song.musicxml").write_text(text.replace("</note>", lyric, 3))
    song = pt.read(tmp_path / "song.musicxml")
    piece = harmonise(chorales, song, symbols=True, **QUICK)
    piece.save(tmp_path / "result.musicxml")
    written = (tmp_path / "result.musicxml").read_text()
    assert written.count("<text>la</text>") == 3
    again = pt.read(tmp_path / "result.musicxml")
    assert again.notes == piece.notes
    assert again.chord_symbols == piece.chord_symbols


def test_other_models_are_refused(markov_run: TrainedModel) -> None:
    check_model(markov_run, "harmonise")
    with pytest.raises(PartimentoError, match="at least 1"):
        harmonise(markov_run, melody(), particles=0)
