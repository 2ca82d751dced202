"""``evaluate``: folders of scores, and a run, beside real pieces; the table, the JSON and the
report.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.commands import run_checked as run
from tests.conftest import small_piece

from partimento import Event, Piece
from partimento.analysis.features.table import FEATURES, SCALARS
from partimento.errors import PartimentoError
from partimento.evaluation.evaluate import Evaluation, evaluate, held_out_figures
from partimento.export.write import write
from partimento.music.bars import first_bars
from partimento.plots.evaluation import overlap_plot, profile_plot, value_plot
from partimento.plots.evaluation_page import cells_of, evaluation_page
from partimento.training.train import learn

ENTRIES = {name: feature.entries for name, feature in FEATURES.items() if feature.entries}


@pytest.fixture(scope="module")
def real() -> list[Piece]:
    return [small_piece(number, shift=number % 5) for number in range(12)]


@pytest.fixture(scope="module")
def dull() -> list[Piece]:
    """One chord a bar, the same one."""
    return [
        Piece.from_events([Event((60, 64 + number % 2), Fraction(4))] * 16) for number in range(5)
    ]


@pytest.fixture(scope="module")
def folders(
    real: list[Piece], dull: list[Piece], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    made, corpus = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("corpus")
    for folder, pieces in ((made, dull), (corpus, real)):
        for number, piece in enumerate(pieces):
            write(piece, folder / f"{number}.mid")
    (made / "broken.mid").write_text("not music")
    return made, corpus


@pytest.fixture(scope="module")
def found(real: list[Piece], dull: list[Piece]) -> Evaluation:
    return evaluate(dull, real, draws=4)


def rows(found: Evaluation) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in found.to_plain()["rows"]}


def test_real_pieces_are_nearer_than_dull_ones(found: Evaluation, real: list[Piece]) -> None:
    assert (found.generated, found.real, found.size) == (5, 12, 5)
    assert found.overlap is not None
    assert found.ceiling is not None
    assert found.overlap + 0.2 < found.ceiling < 1
    assert found.frechet.mean > 3 * found.frechet_real.mean > 0
    same = evaluate(real[:6], real[6:], draws=4)
    assert same.overlap == pytest.approx(same.ceiling, abs=0.15)


def test_rows_hold_the_means(found: Evaluation, dull: list[Piece], real: list[Piece]) -> None:
    told = rows(found)
    assert set(told) == set(FEATURES)
    assert told["polyphony"]["generated"] == [2]
    assert told["polyphony"]["generated_deviation"] == 0
    assert told["repeated_bars"]["generated"] == [15 / 16]
    assert told["note_count"]["real"] == [
        pytest.approx(np.mean([len(piece.notes) for piece in real]))
    ]
    assert len(told["pitch_class_histogram"]["real"]) == 12
    assert told["pitch_class_histogram"]["real_deviation"] is None


def test_the_same_seed_the_same_figures(
    found: Evaluation, real: list[Piece], dull: list[Piece]
) -> None:
    assert evaluate(dull, real, draws=4).to_plain() == found.to_plain()
    assert evaluate(dull, real, draws=4, seed=1).overlap != found.overlap


def test_figures_that_are_infinite_are_none_in_json(found: Evaluation) -> None:
    (row, *_) = found.rows
    far = replace(row, kl=replace(row.overlap, mean=math.inf, deviation=math.inf))
    told = replace(found, rows=(far,)).to_plain()
    assert told["rows"][0]["kl"] == {"mean": None, "deviation": None}
    json.dumps(told, allow_nan=False)
    assert cells_of(told["rows"][0])[4] == "∞"


def test_pieces_without_a_feature_are_left_out_of_it(real: list[Piece]) -> None:
    silent = [Piece([], length=Fraction(8)) for _ in range(3)]
    told = rows(evaluate([*real[:5], *silent], real, draws=3))
    assert told["polyphony"]["generated_undefined"] == 3
    assert told["pitch_range"]["generated_undefined"] == 0
    nothing = evaluate([Piece([])] * 4, real, draws=3)
    row = rows(nothing)["polyphony"]
    assert (row["overlap"], row["generated"], row["generated_deviation"]) == (None, [None], None)
    assert cells_of(row)[0] == cells_of(row)[2] == "–"
    assert len(value_plot([row], nothing.values).axes) == 4  # the real ones alone


def test_so_many_bars(real: list[Piece], dull: list[Piece]) -> None:
    short = [*real, first_bars(real[0], 2)]
    cut = evaluate(dull, short, bars=4, draws=3)
    assert (cut.generated_shorter, cut.real_shorter) == (0, 1)
    told = rows(cut)
    assert told["note_count"]["generated"] == [8]
    assert told["repeated_bars"]["generated"] == [3 / 4]


def test_too_few_pieces(real: list[Piece]) -> None:
    with pytest.raises(
        PartimentoError,
        match="evaluation needs at least 4 generated pieces, but there are 3",
    ):
        evaluate(real[:3], real)


def test_a_folder(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, corpus = folders
    report = tmp_path / "report.html"
    run("evaluate", made, "--against", corpus, "-o", report)
    shown = capsys.readouterr()
    assert "5 generated pieces compared with 12 real ones" in shown.out
    assert re.search(r"polyphony +2.000 ", shown.out)
    assert "Frechet distance on Partimento's features" in shown.out
    assert max(map(len, shown.out.splitlines()[:30])) <= 80
    assert "1 not read" in shown.err
    page = report.read_text()
    assert page.count("data:image/svg+xml;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "url(" not in page
    run("evaluate", made, "--against", corpus, "-o", report, code=2)
    assert "already exists" in capsys.readouterr().err


def test_json_has_everything(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, corpus = folders
    run("evaluate", made, "--against", corpus, "--bars", 8, "--seed", 3, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["generated"], told["real"], told["bars"], told["seed"]) == (5, 12, 8, 3)
    assert {row["name"] for row in told["rows"]} == set(FEATURES)
    assert told["rejected"] == [str(made / "broken.mid")]
    assert set(told["frechet"]) == {"mean", "deviation"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "report.pdf"], "must be an .html file"),
        (["--bars", 0], "--bars must be between"),
        (["--pieces", 0], "--pieces must be between"),
    ],
)
def test_wishes_that_cannot_be(
    words: list[object],
    message: str,
    folders: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("evaluate", folders[0], "--against", folders[1], *words, code=2)
    assert message in capsys.readouterr().err


def test_a_run_composes_what_is_measured(
    real: list[Piece],
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = learn(real, settings={"model": {"name": "markov"}}, out=tmp_path / "run")[0].folder
    assert made is not None
    (made / "held_out.json").write_text('{"markov": {"total": 3.25}, "reconstruction": null}')
    run("evaluate", made, "--against", folders[1], "--pieces", 5, "--bars", 4, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["generated"], told["bars"]) == (5, 4)
    assert told["figures"]["nats per event of held-out pieces"] == {"markov": 3.25}
    shared = told["figures"]["longest passage of chords shared with the corpus"]
    assert 0 <= shared["median"] <= shared["95 %"] <= shared["most"]
    assert shared["real median"] <= shared["real most"]
    assert 0.5 < told["overlap"] <= 1


def test_figures_of_training_are_shown_only_where_there_are_any(tmp_path: Path) -> None:
    assert held_out_figures(tmp_path) == {}
    (tmp_path / "held_out.json").write_text('{"lstm": {"total": 5.5}, "reconstruction": null}')
    assert held_out_figures(tmp_path) == {"nats per event of held-out pieces": {"lstm": 5.5}}
    (tmp_path / "held_out.json").write_text("[1]")
    assert held_out_figures(tmp_path) == {}


def test_the_page_shows_names_as_text(found: Evaluation) -> None:
    told = {**found.to_plain(), "figures": {"<b>": {"<i>": 1.0}}}
    page = evaluation_page(told, found.values, ENTRIES, title="<script>", by="<u>")
    assert not re.search(
        r"<(script|u|i)>|<b><", page.split("<style>")[0] + page.split("</style>")[1]
    )
    assert "&lt;script&gt;" in page


def drawn_inside(figure: Figure) -> bool:
    """Whether all texts that are shown lie within the figure."""
    figure.draw_without_rendering()
    shown = [axes._left_title for axes in figure.axes]
    for axes in figure.axes:
        for axis, (low, high) in (
            (axes.xaxis, axes.get_xlim()),
            (axes.yaxis, sorted(axes.get_ylim())),
        ):
            shown += [
                tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high
            ]
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [text.get_window_extent() for text in shown]
    return all(
        box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
        for box in boxes
        if box.width
    )


def test_plots_hold_what_they_are_given(found: Evaluation) -> None:
    told = found.to_plain()
    overlaps = overlap_plot(told["rows"], told["overlap"], told["ceiling"])
    (axes,) = overlaps.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == len(FEATURES) + 1 + len({feature.group for feature in FEATURES.values()})
    points = {
        labels[round(float(line.get_ydata()[0]))]: line.get_xdata()[0]
        for line in axes.lines
        if line.get_marker() == "o"
    }
    for row in told["rows"]:
        if row["overlap"] is not None:
            assert points[row["label"]] == row["overlap"]["mean"]
    scalars = [row for row in told["rows"] if row["name"] in SCALARS]
    values = value_plot(scalars, found.values)
    assert [
        axes.get_title(loc="left").partition(",")[0] for axes in values.axes[: len(scalars)]
    ] == [row["label"] for row in scalars]
    profiles = profile_plot([row for row in told["rows"] if row["name"] in ENTRIES], ENTRIES)
    heights = [patch.get_height() for patch in profiles.axes[0].patches]
    assert heights == pytest.approx(
        rows(found)["pitch_class_histogram"]["generated"]
        + rows(found)["pitch_class_histogram"]["real"]
    )
    assert all(map(drawn_inside, (overlaps, values, profiles)))
