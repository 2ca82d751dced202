import io
import json
import re
import subprocess
import sys
import wave
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from tests.pieces import LONG, PIECES, Q, chorale, melody

from partimento.errors import PartimentoError
from partimento.export import audio
from partimento.export import write as rendering
from partimento.export.write import WRITERS, write
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part, Tempo

MAGIC = {
    ".mid": b"MThd",
    ".midi": b"MThd",
    ".musicxml": b"<?xml",
    ".xml": b"<?xml",
    ".mxl": b"PK",
    ".svg": b"<svg",
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".wav": b"RIFF",
    ".flac": b"fLaC",
    ".ogg": b"OggS",
    ".mp3": b"ID3",
    ".abc": b"X:1",
    ".gif": b"GIF89a",
    ".json": b"{",
    ".html": b"<!doctype html>",
    ".gp5": b"\x18FICHIER GUITAR PRO v5.10",
    ".tab": b"Chorale\n",
    ".txt": b"Chorale\n",
}


def test_every_writer_has_its_test():
    assert MAGIC.keys() == WRITERS.keys()


@pytest.mark.parametrize("suffix", WRITERS)
def test_writes_a_whole_file(suffix, tmp_path):
    path = tmp_path / f"folder/piece{suffix.upper()}"
    assert write(chorale(), path) == [path]
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", WRITERS)
def test_replaces_nothing_without_force(suffix, tmp_path):
    path = tmp_path / f"piece{suffix}"
    path.write_text("precious")
    with pytest.raises(PartimentoError, match="force=True"):
        write(chorale(), path)
    assert path.read_text() == "precious"
    write(chorale(), path, force=True)
    assert path.read_bytes().startswith(MAGIC[suffix])


@pytest.mark.parametrize("suffix", WRITERS)
def test_leaves_nothing_on_failure(suffix, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises((OSError, PartimentoError), match="disk full"):
        write(chorale(), tmp_path / f"piece{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", WRITERS)
def test_equal_pieces_give_equal_files(suffix, tmp_path):
    first, second = (
        write(chorale(), tmp_path / f"{name}{suffix}")[0].read_bytes() for name in "ab"
    )
    assert first == second


@pytest.mark.parametrize("name", ["piece.doc", "piece", "piece.aac"])
def test_unknown_formats_are_refused_with_the_known_ones(name, tmp_path):
    with pytest.raises(PartimentoError, match=r"choose from \.mid .*\.html"):
        write(chorale(), tmp_path / name)


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "piece.mid").mkdir()
    with pytest.raises(PartimentoError, match="is a folder"):
        write(chorale(), tmp_path / "piece.mid", force=True)


@pytest.mark.parametrize("suffix", rendering.PAGED)
def test_further_pages_have_numbers(suffix, tmp_path):
    path = tmp_path / f"score{suffix}"
    written = write(LONG, path)
    assert len(written) > 2
    assert [p.name for p in written[:3]] == [
        f"score{suffix}",
        f"score-2{suffix}",
        f"score-3{suffix}",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_a_further_page_is_not_replaced_without_force(tmp_path):
    (tmp_path / "score-2.svg").write_text("precious")
    with pytest.raises(PartimentoError, match=r"score-2\.svg already exists"):
        write(LONG, tmp_path / "score.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["score-2.svg"]


def test_force_removes_stale_pages_and_nothing_else(tmp_path):
    write(LONG, tmp_path / "score.svg")
    for other in ("score-99.svg", "score-2.png", "score-02.svg", "score-two.svg", "other-2.svg"):
        (tmp_path / other).write_text("precious")
    write(chorale(), tmp_path / "score.svg", force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "other-2.svg",
        "score-02.svg",
        "score-2.png",
        "score-99.svg",
        "score-two.svg",
        "score.svg",
    ]


@pytest.mark.parametrize(
    "suffix",
    [".svg", pytest.param(".png", marks=pytest.mark.slow)],  # drawing takes a second per page
)
def test_force_replaces_and_removes_further_pages_of_ours(suffix, tmp_path):
    pages = write(LONG, tmp_path / f"t{suffix}")
    assert write(LONG, tmp_path / f"t{suffix}", force=True) == pages
    link = tmp_path / f"t-3{suffix}"
    link.rename(tmp_path / "kept")
    link.symlink_to("kept")
    write(chorale(), tmp_path / f"t{suffix}", force=True)
    assert not pages[1].exists()
    assert link.is_symlink()


def test_json_and_mxl_hold_the_piece(tmp_path):
    piece = PIECES["marked"]
    assert Piece.from_json(write(piece, tmp_path / "a.json")[0].read_text()) == piece
    with zipfile.ZipFile(write(piece, tmp_path / "a.mxl")[0]) as archive:
        assert (
            archive.read("score.musicxml").decode()
            == write(piece, tmp_path / "a.musicxml")[0].read_text()
        )
        assert b"score.musicxml" in archive.read("META-INF/container.xml")


def test_importing_the_room_loads_nothing_heavy():
    code = "import sys, partimento.export; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "verovio",
        "symusic",
        "resvg_py",
        "typst",
        "music21",
        "pretty_midi",
        "matplotlib",
        "midirenderer",
        "mido",
    }
    assert not heavy & set(loaded)


def test_one_page_holds_everything(tmp_path):
    about = {
        "text": "<script>alert(1)</script>",
        "figures": [("Markov", 7.57), ("LSTM", 7.17)],
        "sources": [
            {"title": "BWV 1", "url": "https://example.org/1", "license": "public domain"},
            "BWV 2",
        ],
        "corpus": "chorales",
    }
    (path,) = write(
        PIECES["marked"], tmp_path / "index.html", about=about, files=["a b.mid", "a.pdf"]
    )
    page = path.read_text()
    assert "<script>alert" not in page
    assert page.count("<script") == 2
    assert "Content-Security-Policy" in page
    assert 'href="a%20b.mid" download' in page
    assert all(text in page for text in ("BWV 2", "7.57", "public domain", "chorales", "Étude № 1"))
    for attribute in (
        'src="http',
        "url(http",
        "@import",
        '<link rel="stylesheet',
        'xlink:href="http',
    ):
        assert attribute not in page
    times = json.loads(page.split('id="times">')[1].split("<")[0])
    assert len(times) == len(PIECES["marked"].notes)
    assert times[0] == [0.0, 0.667]


def test_several_files_are_checked_before_the_first_is_written(tmp_path):
    (tmp_path / "b.mid").write_text("precious")
    with pytest.raises(PartimentoError):
        rendering.write_all(rendering.Chain(chorale()), [tmp_path / "a.mid", tmp_path / "b.mid"])
    assert [p.name for p in tmp_path.iterdir()] == ["b.mid"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.mid", "x/../a.mid"], "written twice"),
        (["a.mid", "link/a.mid"], "written twice"),
        (["a.svg", "a-2.svg"], "written twice"),
        (["a.mid", "folder.mid"], "is a folder"),
        (["a.mid", "a.doc"], "cannot write"),
        (["a.mid", "file/deep/b.mid"], "is not a folder"),
        (["a.mid", "a.mid/b.svg"], "the folder of"),
    ],
)
def test_several_files_are_written_all_or_none(names, message, tmp_path):
    for folder in ("folder.mid", "x"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "file").write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PartimentoError, match=message):
        rendering.write_all(rendering.Chain(LONG), [tmp_path / name for name in names], force=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_written_if_a_later_format_cannot_carry_the_piece(tmp_path):
    odd = Piece(melody(Q / 32768 / 3, Q))
    with pytest.raises(PartimentoError, match="MIDI cannot"):
        rendering.write_all(rendering.Chain(odd), [tmp_path / "a.json", tmp_path / "a.mid"])
    assert list(tmp_path.iterdir()) == []


def test_several_pictures_are_engraved_once(tmp_path, monkeypatch):
    from partimento.export import svg

    calls, engrave = [], svg.to_svg
    monkeypatch.setattr(
        svg, "to_svg", lambda *given, **named: calls.append(given) or engrave(*given, **named)
    )
    rendering.write_all(
        rendering.Chain(chorale()), [tmp_path / f"a{suffix}" for suffix in (".svg", ".png", ".pdf")]
    )
    assert len(calls) == 1


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("field", ["title", "part"])
def test_broken_text_is_refused_in_one_line(suffix, field, tmp_path):
    change = {"parts": (Part("Org\ud800el"),)} if field == "part" else {field: "Org\ud800el"}
    with pytest.raises(PartimentoError, match=r"cannot be written: 'Org\\ud800el'"):
        write(chorale().replace(**change), tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "function", ["io.midi.write:to_midi", "io.musicxml.write:to_musicxml", "export.audio:to_wav"]
)
def test_every_writer_refuses_broken_text_by_itself(function):
    module, name = function.split(":")
    with pytest.raises(PartimentoError, match="cannot be written"):
        getattr(import_module(f"partimento.{module}"), name)(chorale().replace(title="\udc80"))


def test_the_page_refuses_broken_text_about_it(tmp_path):
    for about, files in (({"text": "\ud800"}, []), ({}, ["\udc80.mid"])):
        with pytest.raises(PartimentoError, match="cannot be written"):
            write(chorale(), tmp_path / "a.html", about=about, files=files)


def test_wav_is_playable(tmp_path):
    path: Path = write(Piece([Note(Q * 0, Q * 2, 69)]), tmp_path / "a.wav")[0]
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        assert file.getnframes() / file.getframerate() == pytest.approx(1 + 1.5, abs=0.01)


def test_sounds_follow_the_played_piece_and_scores_the_written_one(tmp_path):
    piece = Piece(melody(1, 1), tempos=(Tempo(1_000_000),))
    played = piece.replace(tempos=(Tempo(1_000_000), Tempo(2_000_000, Q)))
    paths = [tmp_path / f"a.{suffix}" for suffix in ("wav", "html", "musicxml")]
    rendering.write_all(rendering.Chain(piece, played=played), paths)
    with wave.open(str(paths[0])) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(3 + audio.TAIL_S)
    (times,) = re.findall(r'id="times">([^<]*)<', paths[1].read_text())
    assert json.loads(times) == [[0, 1], [1, 3]]
    assert paths[2].read_text().count("<sound tempo=") == 1
