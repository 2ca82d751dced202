"""``corpus stats``: from pieces to tables, JSON and a folder of pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.commands import run_checked as run

from partimento import Piece
from partimento.cli.stats import MARK, _Sample, show_stats
from partimento.corpus import CorpusEntry, Reject
from partimento.errors import PartimentoError
from partimento.export.write import write

PLOTS = {"keys.png", "durations.png", "pitches.png", "coverage.png", "growth.png"}


def test_tables(pieces: list[Piece], capsys: pytest.CaptureFixture[str]) -> None:
    show_stats(pieces, title="my pieces", rejects=[Reject("bad.mid", "no MIDI")])
    shown = capsys.readouterr()
    out = " ".join(shown.out.replace("│", " ").split())
    assert "my pieces" in out
    assert "distinct chords" in out
    assert "4/4: 8" in out
    assert "nylon guitar: 8" in out
    assert "Nobody: 8" in out
    assert "events per piece" in out
    assert "share of events in held-out pieces" in out
    assert "bad.mid" in shown.err


def test_json_has_everything(pieces: list[Piece], capsys: pytest.CaptureFixture[str]) -> None:
    show_stats(iter(pieces), title="", rejects=[Reject("bad.mid", "no MIDI")], as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["pieces"] == 8
    assert told["rejected"] == [{"path": "bad.mid", "reason": "no MIDI", "read": "no"}]
    assert sum(told["pitches"].values()) == told["notes"]
    assert set(told["vocabularies"]) == {
        "chords",
        "chords in the common key",
        "chords in the common key and octave",
        "durations",
    }
    chords = told["vocabularies"]["chords"]
    assert chords["size"] == told["distinct_chords"] == chords["growth"]["y"][-1]
    assert len(chords["out_of_vocabulary"]["2"]["splits"]) == told["different"]


def test_a_folder_of_pictures(
    pieces: list[Piece], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plots"
    show_stats(pieces, title="", plots=folder)
    assert str(folder) in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {
        MARK,
        *PLOTS,
        *(f"piano-roll-{n}.png" for n in (1, 2, 3)),
    }
    assert json.loads((folder / MARK).read_text())["pieces"] == 8
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(PartimentoError, match="already exists"):
        show_stats(pieces, title="", plots=folder)
    show_stats(pieces, title="", plots=folder, force=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    show_stats(pieces[:2], title="", plots=folder, force=True, as_json=True)
    assert {path.name for path in folder.iterdir()} == {
        MARK,
        *PLOTS,
        "piano-roll-1.png",
        "piano-roll-2.png",
    }


def test_a_store_is_streamed_and_selected_from(
    pieces: list[Piece], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, pictures = tmp_path / "all.parquet", tmp_path / "plots"
    for number, piece in enumerate(pieces):
        write(piece, tmp_path / "scores" / f"{number}.mid")
    run("corpus", "build", tmp_path / "scores", "-o", store)
    capsys.readouterr()
    run(
        "corpus",
        "stats",
        store,
        "--json",
        "--plots",
        pictures,
        "--rejects",
        tmp_path / "rejects.csv",
    )
    told = json.loads(capsys.readouterr().out)
    run("corpus", "stats", tmp_path / "scores", "--json")
    assert {**told, "vocabularies": 0} == {**json.loads(capsys.readouterr().out), "vocabularies": 0}
    assert json.loads((pictures / MARK).read_text()) == told
    assert (tmp_path / "rejects.csv").read_text() == "path,reason,read\n"
    run("corpus", "stats", store, "--min-events", 10_000, code=2)
    assert "no piece in" in capsys.readouterr().err


def test_another_folder_is_never_replaced_and_refused_before_counting(
    pieces: list[Piece], tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("mine")

    def stream() -> Iterator[Piece]:
        pytest.fail("counted before it was refused")
        yield from pieces

    with pytest.raises(PartimentoError, match="so it is something else"):
        show_stats(stream(), title="", plots=tmp_path, force=True)


def test_nothing_is_left_of_a_broken_run(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="no pieces"):
        show_stats([], title="", plots=tmp_path / "plots")
    assert list(tmp_path.iterdir()) == []


def test_a_piece_without_notes_can_be_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_stats([Piece([])], title="", plots=tmp_path / "plots")
    assert "none" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "plots").iterdir()} >= PLOTS


def test_every_piece_may_be_drawn(pieces: list[Piece]) -> None:
    """Of a stream, three are kept, by the same draw each time, and all pass on; over lengths, all
    places come up.
    """
    places = set()
    for length in range(1, 60):
        numbered = [CorpusEntry(pieces[0].replace(title=str(number))) for number in range(length)]
        sample, again = _Sample(3), _Sample(3)
        assert list(sample.passing(iter(numbered))) == list(again.passing(numbered)) == numbered
        kept = [piece.title for piece in sample.kept]
        assert kept == [piece.title for piece in again.kept]
        assert len(set(kept)) == min(3, length)
        places |= {int(title) / length for title in kept}
    assert max(places) > 0.9
    assert sum(0.3 < place < 0.6 for place in places) > 20


def test_stats(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("corpus", "stats", folder, "--json", "--rejects", tmp_path / "rejects.csv")
    told = json.loads(capsys.readouterr().out)
    assert told["pieces"] == 8
    assert len(told["rejected"]) == 2
    assert told["meters"] == {"4/4": 8}
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 3
    run("corpus", "stats", folder)
    shown = capsys.readouterr()
    assert "distinct chords" in shown.out
    assert "broken.mid" in shown.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["corpus", "stats", "{folder}/text.mid"], "text.mid: not a midi file"),
        (["corpus", "stats", "bundled:everything"], "no bundled collection"),
        (["corpus", "stats", "{folder}", "--quantize", "yes"], "auto, exact, beats or music21"),
    ],
)
def test_stats_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
