"""Build a self-contained web page of an evaluation, with pictures and a table."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from partimento.export.page import web_page
from partimento.plots.evaluation import overlap_plot, profile_plot, value_plot
from partimento.plots.style import style

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

HEADER = (
    "feature",
    "generated",
    "real",
    "overlapping area",
    "real to real",
    "divergence, nats",
    "real to real",
)
MUSIC_HEADER = ("measure", "generated", "real", "half of real", "other half")
METHODS = {
    "voices": "Voices are those of the pieces.",
    "chords": "Not all pieces have voices, so all sounding chords are sorted by pitch.",
}
READING = (
    (
        "Overlapping area: the overlap of two densities, at most 1. The first is of the distances"
        " between real pieces, the second of the distances from generated to real pieces. Even"
        " other real pieces do not reach 1: the next column shows their overlap, for comparison."
    ),
    "Divergence: Kullback-Leibler divergence of the second density from the first; at least 0.",
    (
        "If the generated pieces are all alike, means and areas may look good, but the standard"
        " deviation (±) is too small."
    ),
    (
        "The Frechet distance uses this program's own features: do not compare it with results of"
        " other programs, only with that of real pieces."
    ),
    (
        "Measures of music: rates per 1,000 or shares, with two random halves of the real pieces"
        " for comparison. The last chord and the cadences are those of whole pieces."
    ),
    (
        "Classifier: the accuracy of a classifier that was trained on other pieces. At 0.5 it only"
        " guesses. It should be as near to 0.5 as that of two halves of the real pieces."
    ),
    (
        "Results are means over draws of equally many real and generated pieces. ± is the standard"
        " deviation over the draws; in the columns generated and real, over the pieces."
    ),
)


def evaluation_page(
    results: Mapping[str, Any],
    values: Mapping[str, tuple[np.ndarray, np.ndarray]],
    entries: Mapping[str, Sequence[str]],
    *,
    title: str,
    by: str = "",
) -> str:
    """Return the page of an evaluation as HTML.

    Parameters
    ----------
    results : mapping
        The result of `evaluation.evaluate.Evaluation.to_plain`.
    values : mapping
        Feature → values of the generated and of the real pieces, each of shape ``(pieces, size)``.
    entries : mapping
        Feature → names of the entries of a histogram, for those that are drawn.
    title, by : str
    """
    rows = results["rows"]
    scalars = [row for row in rows if len(row["real"]) == 1]
    histograms = [row for row in rows if row["name"] in entries]
    exhibits = (
        (
            overlap_plot(rows, results["overlap"], results["ceiling"]),
            "Overlapping areas of generated pieces and of other real pieces with real ones.",
        ),
        (
            value_plot(scalars, values),
            "Scalar features: histograms of their values over the pieces.",
        ),
        (
            profile_plot(histograms, entries),
            "Features that are histograms: their means over the pieces.",
        ),
    )
    shown = "\n".join(_exhibit(figure, caption) for figure, caption in exhibits)
    reading = "".join(f"<li>{html.escape(line)}</li>" for line in READING)
    body = f"""<main>
{_tiles(results)}
{_music(results["music"])}
{shown}
{_table(rows)}
<section aria-labelledby="reading"><h2 id="reading">How to read it</h2><ul class="reading">{reading}</ul></section>
</main>
<footer>Made by Partimento.</footer>"""  # noqa: E501
    return web_page(title, by, body, assets=("page.css", "animation.css", "evaluation.css"))


def _tiles(results: Mapping[str, Any]) -> str:
    tiles = [
        (
            f"{results['generated']:,}",
            f"generated pieces, compared with {results['real']:,} real ones; {what_of(results)}",
        ),
        (
            number(results["overlap"]),
            f"mean overlapping area; of other real pieces: {number(results['ceiling'])}",
        ),
        (
            mean(results["frechet"]),
            (
                "Frechet distance on Partimento's features; of other real pieces:"
                f" {mean(results['frechet_real'])}"
            ),
        ),
    ]
    if (results["music"] or {}).get("classifier"):
        tiles.append(
            (
                accuracy(results["music"]["classifier"]),
                "of pieces recognized as real or generated; of two halves of the real pieces:"
                f" {accuracy(results['music']['classifier_real'])}",
            )
        )
    for heading, figures in results["figures"].items():
        (first, value), *rest = figures.items()
        others = "; ".join(f"{name} {number(other)}" for name, other in rest)
        tiles.append((number(value), f"{first}: {heading}" + (f"; {others}" if others else "")))
    items = "".join(
        f"<li><b>{html.escape(value)}</b> <span>{html.escape(words)}</span></li>"
        for value, words in tiles
    )
    return f'<ul class="tiles">{items}</ul>'


def what_of(results: Mapping[str, Any]) -> str:
    """Describe which bars of each piece were used."""
    if not results["bars"]:
        return "whole pieces"
    short = ", ".join(
        f"{results[f'{kind}_shorter']:,} {kind}"
        for kind in ("generated", "real")
        if results[f"{kind}_shorter"]
    )
    return f"the first {results['bars']} bars of each" + (f" (shorter: {short})" if short else "")


def _exhibit(figure: Figure, caption: str) -> str:
    data = io.BytesIO()
    with style():
        figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
    words = html.escape(caption)
    source = base64.b64encode(data.getvalue()).decode()
    return (
        f'<figure><img src="data:image/svg+xml;base64,{source}"'
        f' alt="{words}"><figcaption>{words}</figcaption></figure>'
    )


def music_cells(row: Mapping[str, Any]) -> list[str]:
    """Return the cells of a measure in the order of `MUSIC_HEADER`, without the name."""
    return [number(value) for value in (row["generated"], row["real"], *row["halves"])]


def accuracy(test: Mapping[str, Any] | None) -> str:
    """Format the accuracy of a classifier and its interval.

    >>> accuracy({"accuracy": 0.61, "low": 0.55, "high": 0.672}), accuracy(None)
    ('0.61 (0.55–0.67)', '–')
    """
    return f"{test['accuracy']:.2f} ({test['low']:.2f}–{test['high']:.2f})" if test else "–"


def _music(music: Mapping[str, Any] | None) -> str:
    if not music:
        return ""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in MUSIC_HEADER)
    body = ""
    for row in music["rows"]:
        unit = f' <span class="unit">{html.escape(row["unit"])}</span>' if row["unit"] else ""
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in music_cells(row))
        body += f'<tr><th scope="row">{html.escape(row["label"])}{unit}</th>{cells}</tr>'
    note = METHODS[music["method"]]
    return (
        '<section aria-labelledby="music"><h2 id="music">Part-writing, cadences and structure</h2>'
        f'<p>{note}</p><div class="scroll"><table class="report"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in HEADER)
    body = ""
    for group, members in groupby(rows, key=lambda row: str(row["group"])):
        body += (
            f'<tr class="group"><th colspan="{len(HEADER)}"'
            f' scope="colgroup">{html.escape(group)}</th></tr>'
        )
        for row in members:
            size = f"{len(row['real'])} numbers" if len(row["real"]) > 1 else row["unit"]
            unit = f' <span class="unit">{html.escape(size)}</span>' if size else ""
            cells = "".join(f"<td>{_spread(cell)}</td>" for cell in cells_of(row))
            body += f'<tr><th scope="row">{html.escape(row["label"])}{unit}</th>{cells}</tr>'
    return (
        '<section aria-labelledby="all"><h2 id="all">All results</h2>'
        '<div class="scroll"><table'
        f' class="report"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>'  # noqa: E501
    )


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """Return the cells of a table row in the order of `HEADER`, without the name."""
    scalar = len(row["real"]) == 1
    means = [
        _with_spread(row[kind][0], row[f"{kind}_deviation"]) if scalar else ""
        for kind in ("generated", "real")
    ]
    return [*means, *(mean(row[name]) for name in ("overlap", "ceiling", "kl", "ceiling_kl"))]


def mean(value: Mapping[str, float | None] | None) -> str:
    """Format a mean and its standard deviation; a mean of None stands for infinity."""
    if value is None:
        return "–"
    return "∞" if value["mean"] is None else _with_spread(value["mean"], value["deviation"])


def _with_spread(value: float | None, deviation: float | None) -> str:
    if value is None or deviation is None:
        return number(value)
    return f"{number(value)} ± {deviation:,.{_digits(value)}f}"


def _spread(cell: str) -> str:
    value, sign, deviation = cell.partition(" ± ")
    return html.escape(value) + (
        f' <span class="spread">± {html.escape(deviation)}</span>' if sign else ""
    )


def number(value: float | None) -> str:
    """Format a number with about three significant digits; a dash for None.

    >>> number(0.87213), number(12.04), number(1234.5), number(None)
    ('0.872', '12.0', '1,234', '–')
    """
    if value is None:
        return "–"
    return f"{value:,.{_digits(value)}f}"


def _digits(value: float) -> int:
    return 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
