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
