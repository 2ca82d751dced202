"""The command line, in this process: the whole way on a tiny corpus, and what is said when
something is wrong.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from tests.commands import SMALL, loaded_by, run

from partimento import Key, Piece
from partimento.corpus import read_piece
from partimento.export.write import WRITERS, write


@pytest.fixture(scope="module")
def folder(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    (folder / "broken.mid").write_bytes((folder / "0.mid").read_bytes()[:60])
    (folder / "text.mid").write_text("not music")
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "one"
    assert run("train", folder, "--model", "lstm", *SMALL, "-o", out) == 0
    return out


def test_a_run_tells_what_it_learned_from(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "run.json",
        "pieces.json",
        "vocabulary.json",
        "model.weights.h5",
        "history.csv",
        "history.json",
        "held_out.json",
        "rejects.csv",
        "samples",
        "seen",
    }
    rejects = (trained / "rejects.csv").read_text().splitlines()
    assert [line.split(",")[0].rpartition("/")[2] for line in rejects[1:]] == [
        "broken.mid",
        "text.mid",
    ]
    assert len(read_piece(next((trained / "samples").glob("*.mid"))).events) > 4
    figures = json.loads((trained / "held_out.json").read_text())
    assert set(figures) == {"unigram", "markov", "lstm", "reconstruction"}
    assert figures.pop("reconstruction") is None  # an LSTM gives no window back
    assert all(row["total"] > 0 for row in figures.values())


def test_compose_to_every_format_at_once(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / f"piece{suffix}" for suffix in WRITERS]
    words = [word for path in outputs for word in ("-o", path)]
    assert (
        run(
            "compose",
            trained,
            "--bars",
            4,
            "--seed",
            3,
            "--key",
            "D major",
            "--title",
            "Étude",
            *words,
            "--json",
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["seed"] == 3
    assert told["key"] == "D major"
    assert {Path(path) for path in told["written"]} >= set(outputs)
    assert all(path.stat().st_size > 100 for path in outputs)
    midi = read_piece(tmp_path / "piece.mid")
    assert midi.title == "Étude"
    assert midi.keys[0].name == "D major"
    assert midi.parts[0].program == 24
    assert midi.length == 16
    assert read_piece(tmp_path / "piece.musicxml").notes.pitch.tolist() == midi.notes.pitch.tolist()


def test_the_same_seed_the_same_file_and_a_drawn_seed_is_told(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compose", trained, "--events", 9, "-o", tmp_path / "a.mid", "--json") == 0
    seed = json.loads(capsys.readouterr().out)["seed"]
    assert run("compose", trained, "--events", 9, "--seed", seed, "-o", tmp_path / "b.mid") == 0
    assert f"seed {seed}" in capsys.readouterr().out
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert len(read_piece(tmp_path / "a.mid").events) == 9


def test_begin_from_a_file_and_render_it(trained: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "on.musicxml"
    assert (
        run(
            "compose",
            trained,
            "--bars",
            4,
            "--seed",
            1,
            "--start",
            folder / "2.mid",
            "--opening",
            4,
            "-o",
            out,
        )
        == 0
    )
    assert read_piece(out).events[:4] == read_piece(folder / "2.mid").events[:4]
    assert run("render", out, "-o", tmp_path / "on.svg", "-o", tmp_path / "on.mid") == 0
    assert (tmp_path / "on.svg").read_text().lstrip().startswith("<")


def test_stats(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("corpus", "stats", folder, "--json", "--rejects", tmp_path / "rejects.csv") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pieces"] == 8
    assert len(told["rejected"]) == 2
    assert told["meters"] == {"4/4": 8}
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 3
    assert run("corpus", "stats", folder) == 0
    shown = capsys.readouterr()
    assert "distinct chords" in shown.out
    assert "broken.mid" in shown.err


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["missing"] == []
    assert ".sf2" in told["soundfont"]
    assert {"keras", "symusic", "verovio"} <= set(told["packages"])
    assert run("doctor") == 0
    assert "nothing is missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compose", "nowhere"], "nowhere does not exist"),
        (["compose", "{folder}", "-o", "{new}.mid"], "no run"),
        (["train", "{folder}x", "-o", "{new}"], "does not exist; did you mean"),
        (["train", "chorales", "-o", "{new}"], "did you mean bundled:chorales"),
        (["compose", "{run}", "-o", "piece.doc"], "cannot write .doc"),
        (["compose", "{run}", "-o", "x.mid", "-o", "x.mid"], "twice"),
        (["compose", "{run}", "--bars", "4", "--events", "5", "-o", "{new}.mid"], "not both"),
        (["compose", "{run}", "--bars", "0", "-o", "{new}.mid"], "at least 1"),
        (["compose", "{run}", "--key", "J major", "-o", "{new}.mid"], "no such key"),
        (["compose", "{run}", "--top-p", "2", "-o", "{new}.mid"], "top_p"),
        (["compose", "{run}", "--program", "128", "-o", "{new}.mid"], "program"),
        (
            ["compose", "{run}", "--start", "nowhere.mid", "-o", "{new}.mid"],
            "nowhere.mid does not exist",
        ),
        (["compose", "{run}", "--start", "silense", "-o", "{new}.mid"], "did you mean silence"),
        (
            ["compose", "{run}", "--start", "999", "-o", "{new}.mid"],
            "no training piece of this number: they go from 0 to 7",
        ),
        (
            ["compose", "{run}", "--start", "-1", "-o", "{new}.mid"],
            "no training piece of this number",
        ),
        (
            ["compose", "{run}", "--start", "{folder}/text.mid", "-o", "{new}.mid"],
            "not a midi file",
        ),
        (["compose", "{run}", "--program", "guitr", "-o", "{new}.mid"], "did you mean guitar"),
        (["compose", "{run}", "-o", "{run}/run.json", "--seed", "1"], "already exists"),
        (["train", "{empty}", "-o", "{new}"], "empty corpus"),
        (["train", "{folder}", "--model", "lsmt", "-o", "{new}"], "did you mean lstm"),
        (
            ["train", "{folder}", "--set", "train.epoch=5", "-o", "{new}"],
            "did you mean train.epochs",
        ),
        (["train", "{folder}", "--recipe", "lsmt", "-o", "{new}"], "did you mean lstm"),
        (["train", "{folder}", "-o", "{run}"], "already exists"),
        (["train", "{folder}/0.mid", "-o", "{new}"], "at least two different pieces"),
        (["corpus", "stats", "{folder}/text.mid"], "text.mid: not a midi file"),
        (["corpus", "stats", "bundled:everything"], "no bundled collection"),
        (["corpus", "stats", "{folder}", "--quantize", "yes"], "auto, exact or music21"),
        (["render", "{folder}/text.mid", "-o", "{new}.svg"], "text.mid: not a midi file"),
        (["render", "{folder}/0.mid", "-o", "{folder}/1.mid"], "already exists"),
        (["compose", "{run}", "--no-such-option"], "no such option"),
        (["compose", "{run}", "--start", "{folder}", "-o", "{new}.mid"], "is a folder"),
        (
            ["compose", "{run}", "--key", "G# major", "-o", "{new}.mid"],
            "than seven accidentals",
        ),
        (["compose", "{run}", "--title", "bad\udcff", "-o", "{new}.mid"], "printable"),
        (["compose", "{run}", "-o", "{new}.mid", "-o", "{new}/../new.mid"], "twice"),
        (["compose", "{run}", "-o", "{folder}/0.mid/x.mid"], "is not a folder"),
        (["render", "{folder}", "-o", "{new}.mid"], "is a folder"),
        (["train", "{folder}", "-o", "{folder}", "--force"], "holds something else"),
        (["train", "{folder}", "-o", "{folder}/0.mid/run"], "is not a folder"),
        (["train", "{folder}", "--set", "train.seed=-1", "-o", "{new}"], "train.seed"),
        (["demo", "--seed", "-1", "-o", "{new}"], "invalid value"),
        (["demo", "-o", "{folder}/0.mid"], "is not a folder"),
        (["collect", "mutopia", "-o", "{new}"], "an instrument or a composer"),
        (["collect", "fetch", "maestro", "-o", "{new}"], "cannot be fetched"),
        (["render", "{folder}/0.mid"], "missing option"),
    ],
)
def test_one_clear_line_and_nothing_written(
    words: list[str],
    message: str,
    trained: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    places = {
        "run": trained,
        "folder": folder,
        "new": tmp_path / "new",
        "empty": tmp_path / "empty",
    }
    before = sorted(path for top in (trained, folder, tmp_path) for path in top.rglob("*"))
    assert run(*(word.format(**places) for word in words)) == 2
    shown = capsys.readouterr().err
    assert message.lower() in shown.lower()
    assert "Traceback" not in shown
    assert sorted(path for top in (trained, folder, tmp_path) for path in top.rglob("*")) == before


@pytest.mark.parametrize("wrong", ["999", "nowhere.mid", "{folder}/text.mid"])
def test_a_wrong_start_is_refused_before_the_framework_is_loaded(
    wrong: str, trained: Path, folder: Path, tmp_path: Path
) -> None:
    words = [
        "compose",
        str(trained),
        "--start",
        wrong.format(folder=folder),
        "-o",
        str(tmp_path / "a.mid"),
    ]
    code = f"from partimento.cli.cli import main\nmain({words})"
    assert loaded_by(code, ("keras", "jax"), status=2) == ("", [])


def test_bars_are_counted_without_the_pickup(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = read_piece(folder / "2.mid")
    write(piece.replace(pickup=Fraction(1), length=piece.length + 1), tmp_path / "upbeat.musicxml")
    out = tmp_path / "a.musicxml"
    words = [
        "compose",
        trained,
        "--bars",
        16,
        "--seed",
        1,
        "--start",
        tmp_path / "upbeat.musicxml",
        "--opening",
        4,
        "-o",
        out,
    ]
    assert run(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["bars"] == 16
    made = read_piece(out)
    assert (made.pickup, made.length) == (1, 1 + 16 * 4)
    assert run(*words, "--force") == 0
    assert "16 bars" in capsys.readouterr().out


def test_an_instrument_by_its_name(trained: Path, tmp_path: Path) -> None:
    assert (
        run(
            "compose",
            trained,
            "--bars",
            2,
            "--seed",
            1,
            "--program",
            "Orgel",
            "-o",
            tmp_path / "a.mid",
        )
        == 0
    )
    assert read_piece(tmp_path / "a.mid").parts[0].program == 19


def test_training_says_in_words_how_good_the_model_is(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", folder, "--model", "markov", "-o", tmp_path / "a") == 0
    sentence = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("markov is ")
    )
    assert "nats per event" in sentence
    assert run("train", folder, "--model", "markov", "-o", tmp_path / "b", "--json") == 0
    assert json.loads(capsys.readouterr().out)["summary"] == sentence


def test_min_steps_that_override_the_epochs_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", "train.epochs=1", "--set", "train.min_steps=20", "-o", tmp_path / "run"]
    assert run("train", folder, "--model", "lstm", *SMALL, *words) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if "min_steps" in line]
    assert len(notes) == 1
    assert "train.epochs = 1 gives" in notes[0]
    assert "epochs are trained" in notes[0]


def test_force_replaces(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.mid"
    out.write_text("old")
    assert run("compose", trained, "--bars", 2, "--seed", 1, "-o", out) == 2
    assert out.read_text() == "old"
    assert run("compose", trained, "--bars", 2, "--seed", 1, "-o", out, "--force") == 0
    assert read_piece(out).length == 8


HEAVY = (
    "httpx",
    "bs4",
    "protego",
    "pooch",
    "lxml",
    "keras",
    "jax",
    "music21",
    "symusic",
    "verovio",
    "typst",
    "matplotlib",
    "pretty_midi",
    "resvg_py",
    "h5py",
)


@pytest.mark.parametrize(
    "code",
    [
        "import partimento",
        "import partimento.cli.cli",
        "import partimento.export",
        "import partimento.models",
    ],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code, HEAVY) == ("", [])


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"]])
def test_help_in_a_process_of_its_own_loads_nothing_heavy(words: list[str]) -> None:
    output, loaded = loaded_by(f"from partimento.cli.cli import main\nmain({words})", HEAVY)
    assert loaded == []
    assert "partimento" in output


def test_it_runs_as_a_module() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "partimento", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.startswith("partimento ")


def test_names_that_are_no_text_and_names_that_look_like_markup(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [os.fsdecode(b"b\xff.mid"), "x[/red].mid", "[bold]y.mid"]
    (tmp_path / "x[").mkdir()
    (tmp_path / "bad[").mkdir()
    (tmp_path / "z[").mkdir()
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes((folder / f"{number}.mid").read_bytes())
    (tmp_path / "bad[/red].mid").write_text("no")
    (tmp_path / os.fsdecode(b"bad\xff.mid")).write_text("no")
    out = tmp_path / "run"
    assert run("train", tmp_path, "--model", "lstm", *SMALL, "-o", out) == 0
    capsys.readouterr()
    rejected = (out / "rejects.csv").read_bytes()
    assert len(rejected.splitlines()) == 3
    assert b"bad[/red].mid" in rejected
    assert b"bad\xff.mid" in rejected
    assert run("compose", out, "--bars", 1, "--seed", 1, "-o", tmp_path / "z[/red].mid") == 0


def test_why_files_were_lost_is_said_when_too_few_are_left(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.mid").write_bytes((folder / "0.mid").read_bytes())
    (tmp_path / "broken.mid").write_bytes((folder / "0.mid").read_bytes()[:60])
    assert run("train", tmp_path, "--model", "lstm", *SMALL, "-o", tmp_path / "run") == 2
    shown = capsys.readouterr().err
    assert "truncated" in shown
    assert "at least two different pieces" in shown


@pytest.mark.parametrize("backend", ["nonsense", "numpy", "torch"])
def test_a_backend_that_is_not_there(backend: str, trained: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec(backend) and backend == "torch":
        pytest.skip("PyTorch is installed here")
    words = [
        sys.executable,
        "-m",
        "partimento",
        "compose",
        str(trained),
        "-o",
        str(tmp_path / "a.mid"),
    ]
    done = subprocess.run(
        words,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "backend" in done.stderr.lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("seconds", [2.5, 6.0])
def test_an_interrupt_ends_it_with_a_word_and_without_a_trace(
    seconds: float, folder: Path, tmp_path: Path
) -> None:
    """SIGINT while the framework loads, and while it trains."""
    long = ["--set", "train.epochs=100000", "--set", "train.patience=100000"]
    words = [
        sys.executable,
        "-m",
        "partimento",
        "train",
        str(folder),
        "--model",
        "lstm",
        *SMALL,
        *long,
        "-o",
        str(tmp_path / "run"),
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "partimento: stopped" in shown
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([".run.training"] if "train --resume" in shown else [])
    if left and seconds > 4:
        assert (
            run("train", "--resume", tmp_path / "run", "--seed", 1) == 2
        )  # as it was begun, or not at all


@pytest.mark.slow
def test_a_killed_training_leaves_no_run(folder: Path, tmp_path: Path) -> None:
    """SIGKILL at several moments: the run's folder is whole or not there."""
    from partimento.errors import PartimentoError
    from partimento.training.trained_model import load_model

    for number, seconds in enumerate((1.0, 3.0, 5.0, 7.0, 9.0, 11.0)):
        out = tmp_path / str(number)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "partimento",
                "train",
                str(folder),
                "--model",
                "lstm",
                *SMALL,
                "-o",
                str(out),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if out.exists():
            assert load_model(out).best.val_loss > 0
        else:
            with pytest.raises(PartimentoError, match="no run"):
                load_model(out)


@pytest.mark.slow
def test_the_demo_learns_and_replaces_only_its_own(tmp_path: Path) -> None:
    """The whole demo, twice: it beats both baselines, and leaves what is not its own alone."""
    out = tmp_path / "demo"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-m", "partimento", "demo", "-o", str(out)],
            check=True,
            capture_output=True,
        )
        figures = json.loads((out / "run" / "held_out.json").read_text())
        assert (
            figures["notewise"]["total"] < figures["markov"]["total"] < figures["unigram"]["total"]
        )
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "chorale.mid",
        "chorale.musicxml",
        "chorale.svg",
        "chorale.png",
        "chorale.pdf",
        "chorale.wav",
        "index.html",
        "run",
    }
    assert (out / "mine.txt").read_text() == "mine"


def test_the_demo_names_the_keys_of_its_sources_as_people_do(trained: Path) -> None:
    from partimento.cli.demo import _about
    from partimento.models.likelihood import Likelihood
    from partimento.training.trained_model import load_model

    loaded = load_model(trained)
    table = {"lstm": Likelihood({"chord": 10.0}, events=10)}
    sources = _about(loaded, table)["sources"]
    learned = [piece for piece in loaded.pieces if piece.split == "train"]
    assert [source.rpartition("(")[2] for source in sources] == [
        f"{Key.from_name(piece.key).name})" for piece in learned
    ]
    assert any("♭" in source or "♯" in source for source in sources)


@pytest.fixture(scope="module")
def latent(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small VAE, its pictures made as it was trained."""
    out = tmp_path_factory.mktemp("runs") / "vae"
    small = [
        "tokens.window=8",
        "model.units=8",
        "model.latent=3",
        "model.embed_size=4",
        "train.epochs=3",
        "train.batch_size=8",
    ]
    assert (
        run(
            "train",
            folder,
            "--recipe",
            "vae",
            *(word for each in small for word in ("--set", each)),
            "-o",
            out,
            "--watch",
        )
        == 0
    )
    return out


def test_watch_makes_the_pictures_of_a_training(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {path.name for path in (latent / "watch").iterdir()}
    assert made >= {
        "index.html",
        "losses.png",
        "latent.gif",
        "latent.html",
        "window.gif",
        "window.html",
        "network.png",
        "encodings.png",
    }
    page = (latent / "watch" / "index.html").read_text()
    assert f"<title>{latent.name}: vae" in page
    assert ".training" not in page
    assert run("watch", trained, "-o", tmp_path / "pictures", "--json") == 0
    told = json.loads(capsys.readouterr().out)["written"]
    assert told[0].endswith("index.html")
    assert all(Path(path).stat().st_size > 100 for path in told)
    assert "latent.gif" not in {Path(path).name for path in told}  # an LSTM has no latent space
    assert run("watch", trained, "-o", tmp_path / "pictures") == 0  # again, over the old ones
    assert run("watch", tmp_path / "nowhere") == 2
    assert run("watch", trained, "-o", latent / "run.json") == 2


def test_compose_between_two_pieces(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--events", 8, "--seed", 2, "--start", 0]
    assert run("compose", latent, *words, "--towards", 1, "-o", tmp_path / "between.mid") == 0
    assert run("compose", latent, *words, "-o", tmp_path / "near.mid") == 0
    assert len(read_piece(tmp_path / "between.mid").events) == 8
    assert run("compose", trained, "--towards", 1, "-o", tmp_path / "no.mid") == 2
    assert "latent space" in capsys.readouterr().err
    assert run("compose", latent, "--towards", 99, "-o", tmp_path / "no.mid") == 2


def test_compare_puts_runs_side_by_side(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    assert run("compare", latent, trained, "-o", table, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["run"]: row for row in told["runs"]}
    figures = json.loads((trained / "held_out.json").read_text())
    assert rows["one"]["total"] == figures["lstm"]["total"]
    assert rows["one"]["accuracy"] is None
    assert 0 <= rows["vae"]["accuracy"] <= 1
    assert rows["vae"]["parts"]["kl"] > 0  # its total is a bound
    assert {
        "(unigram, transpose=key)",
        "(markov, transpose=key)",
        "(markov, transpose=all)",
    } <= set(rows)  # each view has its own
    assert len(table.read_text().splitlines()) == 1 + len(rows)
    assert (
        run(
            "compare", latent, trained, "-o", tmp_path / "table.md", "-o", tmp_path / "learning.svg"
        )
        == 0
    )
    told_beside = capsys.readouterr().err
    assert "learning.svg leaves out vae: the validation loss of vae is not in nats" in " ".join(
        told_beside.split()
    )
    drawn = (tmp_path / "learning.svg").read_text()
    assert "one: " in drawn  # the best value stands at the curve's end
    assert "vae: " not in drawn  # its loss is another
    assert "| (markov, transpose=key) |" in (tmp_path / "table.md").read_text()
    words = ["compare", latent, trained, "-o", tmp_path / "t.tex", "-o", tmp_path / "l.pdf"]
    assert run(*words, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["not_drawn"]) == {"vae"}
    assert (tmp_path / "l.pdf").read_bytes()[:5] == b"%PDF-"
    table_of_runs = (tmp_path / "t.tex").read_text()
    assert table_of_runs.count(r"\begin{tabular}") == table_of_runs.count(r"\end{tabular}") == 2
    assert "one & lstm & 0 & " in table_of_runs
    assert r"$\pm$" in table_of_runs
    assert run("compare", latent, "-o", tmp_path / "none.png") == 2
    assert "no run has a learning curve to draw" in capsys.readouterr().err
    for words in (
        [latent, latent],
        [latent, tmp_path],
        [latent, "-o", tmp_path / "table.doc"],
        [latent, "-o", table],
    ):
        assert run("compare", *words) == 2


def test_runs_of_other_pieces_do_not_compare(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [folder / f"{number}.mid" for number in range(7)]
    assert run("train", *files, "--model", "markov", "-o", tmp_path / "other") == 0
    capsys.readouterr()
    assert run("compare", trained, tmp_path / "other") == 2
    assert "same pieces" in capsys.readouterr().err
    assert run("train", folder, "--model", "markov", "--seed", 5, "-o", tmp_path / "seed") == 0
    capsys.readouterr()
    assert run("compare", trained, tmp_path / "seed") == 2
    assert "train from a store" in capsys.readouterr().err


def test_listen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np
    from scipy.io import wavfile

    wavfile.write(
        tmp_path / "a.wav",
        8000,
        (np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000) * 16000).astype(np.int16),
    )
    assert run("listen", tmp_path / "a.wav", "-o", tmp_path / "a.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rate_hz"] == 8000
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "b.wav").write_text("no sound")
    assert run("listen", tmp_path / "b.wav") == 2


def test_tensorboard_reads_what_is_written(folder: Path, tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    assert (
        run("train", folder, "--model", "lstm", *SMALL, "-o", tmp_path / "run", "--tensorboard")
        == 0
    )
    (log,) = (tmp_path / "tensorboard" / "run").iterdir()
    data, at = log.read_bytes(), 0
    seen: dict[str, list[tuple[int, float]]] = {}
    while at < len(
        data
    ):  # records: a length of 8 bytes, a checksum of 4, the event, a checksum of 4
        size = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + size])
        at += 16 + size
        for value in event.summary.value:
            seen.setdefault(value.tag, []).append((event.step, value.simple_value))
    history = json.loads((tmp_path / "run" / "history.json").read_text())
    assert [step for step, _ in seen["loss/validation"]] == [1, 2]
    assert [value for _, value in seen["loss/train"]] == pytest.approx(
        [epoch["loss"] for epoch in history], rel=1e-5
    )
    assert {"validation/chord", "speed/events_per_s"} <= set(seen)
