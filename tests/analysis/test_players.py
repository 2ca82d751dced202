"""Who plays: tracks become players by what sounds."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from partimento import Note, Part, Piece
from partimento.analysis.players import Players, instruments_of_text, players_of
from partimento.collect import resolve
from partimento.corpus import read_piece

TUNE = (72, 74, 76, 77, 79, 77, 76, 74)
BASS = (48, 55, 48, 53, 55, 50, 48, 43)
GUITAR, VIOLIN, CELLO, FLUTE, CLARINET, CHOIR = 24, 40, 42, 73, 71, 52

Line = Sequence[int | tuple[int, ...]]  # a pitch or a chord each quarter


def made(*lines: Line, parts: Sequence[Part] = (), starts: Sequence[int] = ()) -> Piece:
    """A piece of one part a line; parts without program or name where none are given."""
    notes = [
        Note(Fraction(start + beat), Fraction(1), pitch, part=part)
        for part, (line, start) in enumerate(zip(lines, starts or [0] * len(lines), strict=True))
        for beat, chord in enumerate(line)
        for pitch in (chord if isinstance(chord, tuple) else (chord,))
    ]
    return Piece(notes, parts=tuple(parts) or (Part(),) * len(lines))


def played(*lines: Line, programs: Sequence[int | None], starts: Sequence[int] = ()) -> Players:
    return players_of(
        made(*lines, parts=[Part("", program) for program in programs], starts=starts)
    )


def named(
    *names: str, programs: Sequence[int | None] = (), lines: Sequence[Line] = ()
) -> tuple[str, ...]:
    lines = lines or [[pitch + 5 * i for pitch in TUNE] for i in range(len(names))]
    parts = [
        Part(name, program)
        for name, program in zip(names, programs or [None] * len(names), strict=True)
    ]
    return players_of(made(*lines, parts=parts)).instruments


def test_one_track_is_one_player_of_its_program() -> None:
    players = played(TUNE, programs=[GUITAR])
    assert (players.kind, players.instruments, players.solo, players.single_instrument) == (
        "solo",
        ("guitar",),
        True,
        True,
    )
    player = players.players[0]
    assert (player.is_declared, player.parts, player.lowest, player.highest) == (True, (0,), 72, 79)


def test_a_piece_without_notes_has_no_players() -> None:
    players = players_of(Piece([]))
    assert (players.kind, players.players, players.solo, players.single_instrument) == (
        "none",
        (),
        False,
        False,
    )
    assert not players.could_be_only("guitar")


def test_a_track_without_notes_has_no_player() -> None:
    piece = made(TUNE, (), parts=[Part("Guitar", GUITAR), Part("Flute", FLUTE)])
    assert players_of(piece).instruments == ("guitar",)


def test_different_programs_are_different_players_in_the_order_of_the_score() -> None:
    players = played(TUNE, TUNE[::-1], BASS, programs=[FLUTE, VIOLIN, GUITAR])
    assert (players.kind, players.instruments) == ("trio", ("flute", "violin", "guitar"))
    assert not players.single_instrument
    assert not players.could_be_only("guitar")


def test_guitars_that_each_have_a_program_are_two_players() -> None:
    players = played(TUNE, BASS, programs=[GUITAR, GUITAR])
    assert (players.kind, players.single_instrument, players.solo) == ("duo", True, False)
    assert players.could_be_only("guitar")


def test_a_second_guitar_voice_without_program_is_one_player_unless_crossing() -> None:
    players = played(TUNE, BASS, programs=[GUITAR, None])
    assert (players.instruments, players.players[0].parts) == (("guitar",), (0, 1))
    assert played(TUNE, [*TUNE[::-1]], programs=[GUITAR, None]).instruments == ("guitar", "unknown")


def test_unlabeled_voices_are_one_player_unless_crossing() -> None:
    assert played(TUNE, BASS, programs=[None, None]).kind == "solo"
    assert played(TUNE, TUNE[::-1], programs=[None, None]).kind == "duo"


def test_four_unlabeled_lines_are_several_players() -> None:
    lines = [[pitch - 7 * i for pitch in TUNE] for i in range(4)]
    assert played(*lines[:3], programs=[None] * 3).kind == "solo"
    assert played(*lines, programs=[None] * 4).kind == "quartet"


def test_lines_with_distinct_names_are_players() -> None:
    assert players_of(made(TUNE, BASS, parts=[Part("Anna"), Part("Bertha")])).kind == "duo"
    assert players_of(made(TUNE, BASS, parts=[Part("upper:1"), Part("lower:2")])).kind == "solo"
    assert (
        players_of(made(TUNE, BASS, parts=[Part(":upperVoice"), Part(":lowerVoice")])).kind
        == "solo"
    )


def test_two_piano_tracks_are_two_hands_unless_they_share_a_key() -> None:
    assert played(TUNE, BASS, programs=[0, 0]).kind == "solo"
    assert played(TUNE, TUNE[:4] + BASS[4:], programs=[0, 0]).kind == "duo"
    # The same keys, but not at the same time:
    assert played(TUNE, (*BASS, *TUNE), programs=[0, 0]).kind == "solo"
    assert played((*TUNE, *BASS), TUNE, programs=[0, 0], starts=[0, 8]).kind == "solo"


def test_more_piano_tracks_are_one_player_if_two_hands_reach_the_chords() -> None:
    close = [[pitch - shift for pitch in TUNE] for shift in (0, 4, 24, 31)]
    wide = [[pitch - shift for pitch in TUNE] for shift in (0, 20, 33, 52)]
    parts = [Part("Piano", 0)] * 4
    assert players_of(made(*close, parts=parts)).kind == "solo"
    assert players_of(made(*wide, parts=parts)).kind == "quartet"


def test_named_pianos_are_two_players_and_named_hands_are_one() -> None:
    assert named("Piano 1", "Piano 2", lines=(TUNE, BASS)) == ("piano", "piano")
    assert named("Piano right", "Piano left", lines=(TUNE, BASS)) == ("piano",)


def test_an_organist_has_feet() -> None:
    assert played(TUNE, [52] * 8, [24] * 8, programs=[19, 19, 19]).kind == "solo"


def test_successive_movements_are_one_player() -> None:
    assert played(TUNE, TUNE, BASS, programs=[GUITAR] * 3, starts=[0, 8, 16]).kind == "solo"
    duo = played(TUNE, BASS, BASS, TUNE, programs=[VIOLIN] * 4, starts=[0, 0, 8, 8])
    assert [player.parts for player in duo.players] == [
        (0, 3),
        (1, 2),
    ]  # to each the one nearest in pitch
    names = [Part("Soprano"), Part("Alto")]
    assert (
        players_of(made(TUNE, BASS, parts=names, starts=[0, 8])).kind == "duo"
    )  # they take turns but have names


def test_a_tablature_doubles_its_staff() -> None:
    chords = [(pitch, pitch - 12) for pitch in TUNE]
    high = [(upper + 12, lower + 12) for upper, lower in chords]
    players = played(high, chords, programs=[89, GUITAR])
    assert (players.instruments, players.players[0].parts) == (("guitar",), (1,))
    assert [
        player.parts for player in played(chords, chords, programs=[GUITAR, GUITAR]).players
    ] == [(0,)]
    assert played(chords, [(a, b + 1) for a, b in chords], programs=[GUITAR, GUITAR]).kind == "duo"


def test_parts_in_unison_are_two_players() -> None:
    assert played(TUNE, TUNE, programs=[FLUTE, VIOLIN]).instruments == ("flute", "violin")


def test_a_staff_of_voices_or_winds_in_chords_is_several_players() -> None:
    thirds = [(pitch, pitch - 3) for pitch in TUNE]
    assert played(thirds, BASS, programs=[CHOIR, GUITAR]).instruments == (
        "voice",
        "voice",
        "guitar",
    )
    assert (
        played([*TUNE[:6], *thirds[6:]], programs=[FLUTE]).kind == "solo"
    )  # now and then is not enough
    assert played(thirds, programs=[GUITAR]).kind == "solo"


def test_drums_are_one_player() -> None:
    parts = [Part("Kit", 0, is_drum=True), Part("", 0, is_drum=True), Part("", GUITAR)]
    players = players_of(made([36] * 8, [42] * 8, TUNE, parts=parts))
    assert players.instruments == ("drums", "guitar")
    assert not players.could_be_only("guitar")


def test_names_identify_players_without_programs() -> None:
    assert named("Flute", "Gitarre") == ("flute", "guitar")
    assert named("Soprano", "Alto", "Tenor", "Bass", programs=[0, 0, 0, 0]) == ("voice",) * 4
    assert named("Vocals", "Guitar", "Bass") == ("voice", "guitar", "bass")
    assert named("Violin I", "Cello", programs=[48, 48]) == ("violin", "cello")
    assert named("Violin I", "Viola", programs=[42, 40]) == (
        "violin",
        "viola",
    )  # all named: the score's own names


def test_a_program_counts_more_than_one_name() -> None:
    assert named("Guitar study", programs=[FLUTE], lines=[TUNE]) == ("flute",)
    assert named("Lute", programs=[GUITAR], lines=[TUNE]) == ("lute",)  # finer, of the same family
    assert named("Guitar Concerto", "Guitar Concerto", programs=[VIOLIN, CELLO]) == (
        "violin",
        "cello",
    )


def test_a_voice_is_a_singer_or_a_line_of_music() -> None:
    assert named("Voice", lines=[TUNE]) == ("voice",)
    assert named("Voice 1", "Voice 2", lines=[TUNE, BASS]) == ("unknown",)
    assert named("Guitar:first voice", lines=[TUNE]) == ("guitar",)


def test_an_unnamed_piano_counts_as_undeclared() -> None:
    assert not played(TUNE, programs=[0]).players[0].is_declared
    assert [player.is_declared for player in played(TUNE, BASS, programs=[FLUTE, 0]).players] == [
        True,
        True,
    ]
    assert players_of(made(TUNE, parts=[Part("Piano", 0)])).players[0].is_declared


def test_unlabeled_music_may_be_a_guitar_within_its_range() -> None:
    assert played(BASS, programs=[None]).could_be_only("guitar")
    assert played([pitch + 12 for pitch in TUNE], programs=[0]).could_be_only(
        "guitar"
    )  # E6 is written an octave high
    assert not played([28, 40], programs=[0]).could_be_only("guitar")
    assert not played([40, 100], programs=[None]).could_be_only("guitar")
    assert not played(TUNE, programs=[CLARINET]).could_be_only("guitar")
    assert played(TUNE, programs=[None]).could_be_only("theremin")  # whose range we do not know


def test_the_manifest_names_unlabeled_players() -> None:
    duo = played(TUNE, TUNE[::-1], programs=[None, None])
    assert duo.named(instruments_of_text("2 Guitars")).instruments == ("guitar", "guitar")
    assert duo.named(instruments_of_text("Recorder, Guitar")).instruments == ("recorder", "guitar")
    assert duo.named(instruments_of_text("Flute, violin and guitar")) == duo
    assert duo.named(()) == duo
    assert played(TUNE, programs=[CLARINET]).named(["guitar"]).instruments == ("clarinet",)


def test_more_tracks_than_any_score_has_are_an_ensemble() -> None:
    piece = made(*[[60 + i % 30] for i in range(300)], parts=[Part("", VIOLIN)] * 300)
    assert players_of(piece).kind == "ensemble"


@pytest.mark.parametrize(
    ("text", "instruments"),
    [
        ("2 Guitars", "guitar guitar"),
        ("Flute, violin and guitar", "flute violin guitar"),
        ("Classical Guitar", "guitar"),
        ("2 guitars and 2 optional voices", "guitar guitar voice voice"),
        ("Recorder, Guitar", "recorder guitar"),
        ("Flute, and 'Cello or Guitar", "flute cello guitar"),
        ("Voice (SA) and Guitar", "voice guitar"),
        ("Guitare", "guitar"),
        ("Gitarre", "guitar"),
        ("chitarra", "guitar"),
        ("violão", "guitar"),
        ("deux guitares, flûte à bec", "guitar guitar recorder"),
        ("zwei Gitarren und Querflöte", "guitar guitar flute"),
        ("Флейта и гитара", "flute guitar"),
        ("Guitar duo", "guitar guitar"),
        ("6 string guitar", "guitar"),
        ("2nd violin", "violin"),
        ("chitarrone", "lute"),
        ("bass guitar, bass clarinet", "bass clarinet"),
        ("Soprano, Alto, Tenor, Bass", "voice voice voice voice"),
        ("Guitar, bass and drums", "guitar bass drums"),
        ("String quartet", "violin violin viola cello"),
        ("cor anglais, French horn", "english_horn horn"),
        ("GuitarStaff", "guitar"),
        ("guitarists and lutenists", ""),
        ("", ""),
    ],
)
def test_words_for_instruments_are_understood_in_several_languages(
    text: str, instruments: str
) -> None:
    assert instruments_of_text(text) == tuple(
        name.replace("_", " ") for name in instruments.split()
    )


def test_players_of_the_guitar_set_agree_with_its_manifest(guitar: Path) -> None:
    """The figures of benchmarks/players.py, which explains each miss."""
    with (guitar / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    players = [players_of(read_piece(guitar / row["path"])) for row in rows]
    alone = [
        one.could_be_only("guitar") == (row["guitar_alone"] == "yes")
        for row, one in zip(rows, players, strict=True)
    ]
    assert sum(alone) >= 0.98 * len(rows)
    # Nothing but a guitar is never lost; and most of what is more than guitars is found, as saying
    # "alone" of all would not.
    assert all(
        one.could_be_only("guitar")
        for row, one in zip(rows, players, strict=True)
        if row["guitar_alone"] == "yes"
    )
    assert sum(not one.could_be_only("guitar") for one in players) >= 20
    # "Several tracks" does not say how many players: those are looked at one by one in the
    # benchmark.
    told = [
        (row, one)
        for row, one in zip(rows, players, strict=True)
        if row["ensemble"] != "guitar (several tracks)"
    ]
    assert sum(one.solo == (row["ensemble"] == "solo") for row, one in told) >= 0.98 * len(told)
    # Bach's Goldberg Variations, in parts for two to four guitars.
    variations = [one for row, one in zip(rows, players, strict=True) if "bwv988" in row["path"]]
    assert len(variations) == 32
    assert not any(one.solo for one in variations)
    assert all(one.instruments == ("guitar",) * len(one.players) for one in variations)


@pytest.mark.parametrize(
    ("stem", "instruments"),
    [
        ("brahms-vals3", "guitar"),  # one guitar's two voices as two tracks
        ("carcassimethodpreludes", "unknown"),  # 16 preludes one after another
        ("bach-bwvanh114-anna-magdalena-04-guitar-tab", "guitar"),
        ("sorf-op35-no22", "unknown"),
        ("gershwin-rialto-ripples-4", "guitar guitar guitar"),
        (
            "mozart-kv265-guitar-duo-complete",
            "piano piano",
        ),  # 26 tracks on program 0, two at a time
        ("gruber-stille-orig", "voice voice guitar"),  # soprano and alto on one staff
        ("lullabybrahms-c", "unknown unknown"),
        ("loeillet-op2no12-1", "flute violin guitar"),
    ],
)
def test_players_of_real_scores_are_recognized(guitar: Path, stem: str, instruments: str) -> None:
    path = next(guitar.rglob(f"{stem}.mid"))
    assert " ".join(players_of(read_piece(path)).instruments) == instruments


@pytest.mark.parametrize(
    ("collection", "stem", "instruments"),
    [
        ("bach", "bwv66.6", "voice voice voice voice"),
        ("bach", "bwv165.6", "voice voice voice voice"),  # named singers on a harpsichord's program
        ("joplin", "maple_leaf_rag", "piano"),
        ("haydn", "opus74no1/movement1", "violin violin viola cello"),
        ("schubert", "Lindenbaum", "voice piano"),
        ("weber", "concertino_clarinet", "clarinet piano"),
    ],
)
def test_players_of_bundled_scores_are_recognized(
    collection: str, stem: str, instruments: str
) -> None:
    path = next(
        path
        for path in resolve(f"bundled:{collection}")
        if path.with_suffix("").as_posix().endswith(stem)
    )
    assert " ".join(players_of(read_piece(path)).instruments) == instruments
