"""The weights have one value per class, and what is unusual never helps."""

from itertools import pairwise

from partimento.analysis.voice_links import GAPS, INTERVALS, REGISTERS
from partimento.analysis.voice_weights import PAIR_PENALTIES, PENALTIES, TABLES


def test_each_table_has_one_weight_per_class():
    for name, limits in (
        ("interval", INTERVALS),
        ("interval_after_rest", INTERVALS),
        ("register", REGISTERS),
        ("mean", REGISTERS),
        ("gap", GAPS),
    ):
        assert len(TABLES[name]) == len(limits) + 1
    assert len(TABLES["ratio"]) == 4


def test_wider_and_later_links_are_never_likelier():
    for name, table in TABLES.items():
        first = 1 if name.startswith("interval") else 0  # a repeated note stands apart
        assert all(a >= b for a, b in pairwise(table[first:])), name


def test_crossings_never_help():
    assert all(value <= 0 for value in (*PENALTIES.values(), *PAIR_PENALTIES.values()))
