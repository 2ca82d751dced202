"""The page of an evaluation."""

from __future__ import annotations

import re

from tests.evaluations import ENTRIES

from partimento.evaluation.evaluate import Evaluation
from partimento.plots.evaluation_page import evaluation_page


def test_the_page_shows_names_as_text(found: Evaluation) -> None:
    told = {**found.to_plain(), "figures": {"<b>": {"<i>": 1.0}}}
    page = evaluation_page(told, found.values, ENTRIES, title="<script>", by="<u>")
    assert not re.search(
        r"<(script|u|i)>|<b><", page.split("<style>")[0] + page.split("</style>")[1]
    )
    assert "&lt;script&gt;" in page


def test_the_page_has_the_measures_of_music(found: Evaluation) -> None:
    results = found.to_plain()
    test = {"accuracy": 0.9, "low": 0.85, "high": 0.95}
    results["music"] |= {"classifier": test, "classifier_real": None}
    page = evaluation_page(results, found.values, ENTRIES, title="Title")
    assert "<b>0.90 (0.85–0.95)</b>" in page
    assert "of two halves of the real pieces: –" in page
    assert re.search(r"loops of more than a bar</th><td>1.000</td>", page)
    without = evaluation_page(found.to_plain() | {"music": None}, found.values, ENTRIES, title="T")
    assert "Part-writing" not in without.split("</style>")[1]
