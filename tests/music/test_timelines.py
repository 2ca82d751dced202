"""Keys, meters and tempos: names that are read, values that are refused."""

from fractions import Fraction

import pytest

from partimento import Key, Meter, Tempo
from partimento.music.timelines import from_start


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("C major", "C major"),
        ("C", "C major"),
        ("a minor", "A minor"),
        ("Dm", "D minor"),
        ("d minor", "D minor"),
        ("DMaj", "D major"),
        ("DM", "D major"),
        ("d-minor", "D minor"),
        ("d-moll", "D minor"),
        ("D-Dur", "D major"),
        ("ddur", "D major"),
        ("Bb", "B♭ major"),
        ("B♭", "B♭ major"),
        ("B-", "B♭ major"),
        ("B- major", "B♭ major"),
        ("bb minor", "B♭ minor"),
        ("B flat minor", "B♭ minor"),
        ("e- minor", "E♭ minor"),
        ("F#m", "F♯ minor"),
        ("f♯ minor", "F♯ minor"),
        ("C sharp minor", "C♯ minor"),
        ("es-moll", "E♭ minor"),
        ("Es-Dur", "E♭ major"),
        ("As-Dur", "A♭ major"),
        ("fis-moll", "F♯ minor"),
        ("Ges Dur", "G♭ major"),
        ("H-moll", "B minor"),
        ("h moll", "B minor"),
        ("B-Dur", "B♭ major"),
        ("b-moll", "B♭ minor"),
        ("B major", "B major"),
        ("b minor", "B minor"),
        ("Bm", "B minor"),
        ("Bb-Dur", "B♭ major"),
        (" Ces-dur ", "C♭ major"),
    ],
)
def test_a_key_is_read_as_people_write_it(words: str, name: str) -> None:
    assert Key.from_name(words).name == name


@pytest.mark.parametrize(
    "words", ["", "J major", "D dorian", "Bbb", "ds-moll", "minor", "C-is-moll", "7"]
)
def test_invalid_keys_are_refused_with_examples(words: str) -> None:
    with pytest.raises(ValueError, match=r"no such key.*es-moll"):
        Key.from_name(words)


def test_a_key_with_too_many_accidentals_suggests_its_equivalent() -> None:
    with pytest.raises(
        ValueError, match=r"'G# major' needs more than seven accidentals \(write A♭ major\)"
    ):
        Key.from_name("G# major")


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("fifths", range(-7, 8))
def test_both_names_of_every_key_are_read_back(fifths: int, mode: str) -> None:
    key = Key(fifths, mode)
    assert Key.from_name(key.name) == key
    assert Key.from_name(key.code) == key
    assert key.name.isascii() == (key.code.translate({45: None, 35: None}) == key.code)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 4), (256, 4), (4, 3), (4, 0), (4, 256)])
def test_a_meter_that_no_score_has_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match=f"no such meter: {numerator}/{denominator}"):
        Meter(numerator, denominator)


def test_a_key_on_a_tonic_has_the_fewest_accidentals() -> None:
    for mode in ("major", "minor"):
        keys = [Key.from_tonic(tonic, mode) for tonic in range(12)]
        assert [key.tonic for key in keys] == list(range(12))
        assert max(abs(key.fifths) for key in keys) == 6
    assert Key.from_tonic(6, "major").name == "F♯ major"
    assert Key.from_tonic(3, "minor").name == "E♭ minor"
    for fifths, mode in ((8, "major"), (0, "dorian")):
        with pytest.raises(ValueError, match="no such key"):
            Key(fifths, mode)


def test_the_stored_name_of_a_minor_key_is_lower_case() -> None:
    assert (Key(3, "minor").code, Key(3).code) == ("f# minor", "A major")
    assert (Key(-5, "minor").code, Key(-2).code) == ("b- minor", "B- major")
    assert Key.from_tonic(9, "minor") == Key(0, "minor", Fraction(0))


def test_a_tempo_is_read_in_quarters_per_minute() -> None:
    assert Tempo.from_bpm(120) == Tempo(500_000)
    assert Tempo(600_000, Fraction(2)).bpm == 100
    for microseconds in (0, 2**24):
        with pytest.raises(ValueError, match="no such tempo"):
            Tempo(microseconds)


def test_a_timeline_begins_with_its_default_or_its_first_mark() -> None:
    late = Meter(3, 4, Fraction(4))
    assert from_start((), Meter()) == (Meter(),)
    assert from_start((late,), Meter()) == (Meter(), late)
    assert from_start([Meter(6, 8), late], Meter()) == (Meter(6, 8), late)
