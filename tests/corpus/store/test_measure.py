"""One file read and measured, as a parser does it."""

import hashlib
import zipfile
from fractions import Fraction

import pytest
from tests.io.musicxml.documents import REPEAT, START, note, score
from tests.pieces import waltz

from partimento import Part, read
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.store.measure import read_row, read_view
from partimento.corpus.store.rows import piece_of
from partimento.errors import ReadError


@pytest.fixture
def flute(midi, write):
    """A melody of four quarters, the second one split into thirds."""
    track = midi.track(
        [
            (0, b"\xc0\x49"),
            *midi.notes(60),
            *midi.notes(62, 64, 65, length=160),
            *midi.notes(67, 69),
        ]
    )
    return write("a.mid", midi.file(track))


def test_a_row_has_the_exact_notes_and_their_origin(flute):
    row = read_row(str(flute), "", AS_WRITTEN, "Gitarre")
    assert row.plain["sha256"] == hashlib.sha256(flute.read_bytes()).hexdigest()
    assert (row.plain["bytes"], row.plain["format"]) == (flute.stat().st_size, "mid")
    assert row.plain["instrument"] == "Gitarre"
    written = read(flute)
    assert piece_of(row.plain, row.arrays).notes == written.notes
    assert written.parts == (Part("", 73),)


def test_a_view_has_its_source_and_its_facts(flute):
    view, facts = read_view(str(flute), "", AS_WRITTEN)
    assert view == read(flute)
    assert (facts["events"], facts["instruments"], facts["solo"]) == (6, ["flute"], True)
    with zipfile.ZipFile(flute.with_suffix(".zip"), "w") as archive:
        archive.write(flute, "inside/b.mid")
    inside, again = read_view(str(flute.with_suffix(".zip")), "inside/b.mid", AS_WRITTEN)
    assert inside.source.path.endswith("a.zip/inside/b.mid")
    assert (inside.notes, again) == (view.notes, facts)


def test_the_events_of_a_row_are_those_of_the_view(flute, midi, write):
    late = midi.file(midi.track([midi.on(7, 60), midi.off(473, 60), *midi.notes(62)]))
    path = str(write("late.mid", late))
    exact = read_row(path, "", AS_WRITTEN)
    grid = read_row(path, "", DataSettings(quantize="music21"))
    assert piece_of(exact.plain, exact.arrays) == piece_of(grid.plain, grid.arrays)
    first = Fraction(int(exact.arrays["durations"][0]), exact.plain["event_divisions"])
    assert first == Fraction(7, 480)
    view, facts = read_view(path, "", DataSettings(quantize="music21"))
    assert all((12 * event.duration).denominator == 1 for event in view.events)
    assert facts["events"] == grid.plain["events"] == len(view.events)


@pytest.mark.parametrize("measure", [read_view, read_row])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.mid", "words", "not a MIDI file"),
        ("a.xml", "<html/>", "not MusicXML"),
        ("a.doc", "words", r"\.doc is none of"),
        ("no.mid", None, "no such file"),
    ],
)
def test_unreadable_files_are_refused_with_path_and_reason(
    measure, name, content, reason, write, tmp_path
):
    path = tmp_path / name if content is None else write(name, content)
    with pytest.raises(ReadError, match=reason) as refused:
        measure(str(path), "", AS_WRITTEN)
    assert refused.value.path == str(path)


def test_repeats_are_played_out_only_if_configured(write):
    path = str(write("a.musicxml", score([START + note("C4", 16) + REPEAT])))
    unfolded = AS_WRITTEN.model_copy(update={"repeats": "unfolded"})
    for config, notes in ((AS_WRITTEN, 1), (unfolded, 2)):
        assert len(read_view(path, "", config)[0].notes) == notes
        assert read_row(path, "", config).plain["notes"] == notes


@pytest.mark.parametrize("quantize", ["exact", "music21"])
def test_upbeats_are_inferred_for_each_row_and_used_in_views_if_configured(quantize, tmp_path):
    (path,) = waltz(Fraction(1)).save(tmp_path / "waltz.mid")
    for pickup, upbeat in (("inferred", 1), ("declared", 0)):
        config = DataSettings(quantize=quantize, pickup=pickup)
        row = read_row(str(path), "", config)
        assert row.plain["pickup"] == 0
        assert row.plain["pickup_inferred"] == row.plain["divisions"]  # one quarter
        if quantize == "exact":
            assert read_view(str(path), "", config)[0].pickup == upbeat


def test_only_the_music21_view_is_quantized(tmp_path, midi):
    path = tmp_path / "late.mid"
    late = [event for n in range(4) for event in (midi.on(7, 60 + n), midi.off(473, 60 + n))]
    path.write_bytes(midi.file(midi.track(late)))
    exact, _ = read_view(str(path), "", AS_WRITTEN)
    grid, _ = read_view(str(path), "", DataSettings(quantize="music21"))
    assert exact.notes.divisions == 480
    assert grid.notes.divisions <= 12
