"""Short texts for all public objects: no `repr` floods a terminal.

The classes are found in the source, so that a new one without a short `repr` fails here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import partimento as pt
from partimento.corpus.reading import Reject
from partimento.corpus.settings import DataSettings
from partimento.models.likelihood import Likelihood
from partimento.short_repr import represent, short_repr, short_text
from partimento.tokens.base import Tokens
from partimento.training.loop import Epoch
from partimento.training.settings import Settings

SOURCE = Path(pt.__file__).parent
# Rooms whose objects no public function returns.
INTERNAL = ("cli", "web", "io", "notation", "plots")
NUMBERS = ("int", "float", "bool", "None", "Fraction", "Mode", "Literal")
MOST_NUMBERS = 12  # fields of a class that needs no short text
# Their `repr` is short, or they have no instances.
SHORT_BASES = (
    "Protocol",
    "Error",
    "Exception",
    "Warning",
    "TypedDict",
    "Enum",
    "layers.",
    "keras.",
)
LONGEST, MOST_LINES = 500, 5


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        if place.parts[0] not in INTERNAL:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield f"{place}:{node.name}", node


def inherits(node: ast.ClassDef, short: set[str]) -> bool:
    bases = [ast.unparse(base) for base in node.bases]
    return any(name in base for base in bases for name in SHORT_BASES) or bool(short & set(bases))


def is_generated(node: ast.ClassDef) -> bool:
    """Whether Python writes the `repr`, of all fields."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    bases = [ast.unparse(base) for base in node.bases]
    return any(name.startswith("dataclass") for name in decorators) or "NamedTuple" in bases


def has_own(node: ast.ClassDef) -> bool:
    return any(ast.unparse(name) == "short_repr" for name in node.decorator_list) or any(
        isinstance(item, ast.FunctionDef) and item.name == "__repr__" for item in node.body
    )


def has_numbers_only(node: ast.ClassDef) -> bool:
    kinds = [
        kind
        for item in node.body
        if isinstance(item, ast.AnnAssign)
        for kind in ast.unparse(item.annotation).split(" | ")
        if not kind.startswith("ClassVar")
    ]
    return len(kinds) <= MOST_NUMBERS and all(kind.startswith(NUMBERS) for kind in kinds)


def long_classes(found: list[tuple[str, ast.ClassDef]]) -> list[str]:
    """Return the classes that have no short `repr`."""
    short = {node.name for _, node in found if has_own(node)}
    for _ in range(3):  # grandchildren, too
        short |= {n.name for _, n in found if not is_generated(n) and inherits(n, short)}
    return [
        place
        for place, node in found
        if node.name not in short
        and not inherits(node, set())
        and not (is_generated(node) and has_numbers_only(node))
    ]


def test_every_class_has_a_short_repr() -> None:
    found = list(classes())
    assert len(found) > 150
    assert long_classes(found) == []


@pytest.mark.parametrize(
    "source",
    [
        "@dataclass\nclass A:\n    names: list[str]",
        "class A(NamedTuple):\n    values: np.ndarray",
        "class A:\n    def __init__(self):\n        self.notes = []",
    ],
)
def test_a_new_class_without_a_short_repr_is_found(source: str) -> None:
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.ClassDef)
    assert long_classes([("a.py:A", node)]) == ["a.py:A"]
    (node,) = ast.parse(f"@short_repr\n{source}").body
    assert isinstance(node, ast.ClassDef)
    assert long_classes([("a.py:A", node)]) == []


def long_piece() -> pt.Piece:
    notes = [pt.Note(Fraction(i, 4), Fraction(1, 4), 60, part=i % 40) for i in range(4000)]
    parts = tuple(pt.Part(f"Instrument number {i}") for i in range(40))
    title = "A title\nof several lines " * 50
    source = pt.Source("folder/" * 200, "0" * 64)
    keys = tuple(pt.Key(1, onset=Fraction(i)) for i in range(300))
    return pt.Piece(notes, title=title, composer="Sor " * 99, parts=parts, source=source, keys=keys)


def objects() -> list[Any]:
    piece = long_piece()
    many = pt.Corpus.of([piece] * 3)
    return [
        piece,
        piece.notes,
        piece.notes[0],
        piece.source,
        piece.tempo_map,
        piece.bars()[0],
        pt.Event(tuple(range(128)), Fraction(1, 3), tuple(range(128))),
        pt.Part("x" * 9999),
        many,
        many[0],
        Reject("x" * 9999, "y" * 9999),
        Tokens(np.zeros((999, 3)), {"key": np.zeros(999)}),
        Epoch(1, 2.0, 3.0, {f"term {i}": 1.0 for i in range(99)}),
        Likelihood({f"part {i}": 1.0 for i in range(99)}, 3, is_bound=False),
        DataSettings(),
        Settings.from_plain({}),
        pt.Sampling(),
        pt.InKey("d minor"),
        pt.Range("E2", "B5"),
        pt.Callback(),
    ]


@pytest.mark.parametrize("item", objects(), ids=lambda item: type(item).__name__)
def test_public_objects_are_short(item: Any) -> None:
    text = repr(item)
    assert len(text) < LONGEST
    assert text.count("\n") < MOST_LINES
    assert type(item).__name__ in text or text.startswith("<")
    assert " object at 0x" not in text


def test_a_model_and_its_parts_are_short() -> None:
    model = pt.load_model("guitar")
    text = repr(model)
    assert re.fullmatch(
        r"<TrainedModel notewise in .*guitar: \d+ training pieces, \d+ epochs, best loss .*>", text
    )
    for item in (model, model.settings, model.tokenizer, model.pieces[0], model.history[0]):
        assert len(repr(item)) < LONGEST
        assert "\n" not in repr(item)


def test_results_are_short() -> None:
    pieces = [
        pt.Piece([pt.Note(Fraction(i), Fraction(1), 60 + i * k % 12) for i in range(64)])
        for k in range(1, 9)
    ]
    corpus = pt.Corpus.of(pieces[4:])
    for item in (pt.evaluate(pieces[:4], against=corpus), pt.originality(pieces[:2], corpus)):
        assert len(repr(item)) < LONGEST
        assert "\n" not in repr(item)


def test_a_piece_says_what_it_is() -> None:
    notes = [pt.Note(Fraction(0), Fraction(3), 50), pt.Note(Fraction(3), Fraction(3), 62)]
    piece = pt.Piece(
        notes,
        meters=(pt.Meter(3, 4),),
        keys=(pt.Key(-1, "minor"),),
        title="Étude",
        composer="Sor",
        parts=(pt.Part("Guitar"),),
    )
    assert repr(piece) == (
        "<Piece 'Étude' by Sor: 2 bars in 3/4, D minor, 1 part (Guitar), 2 notes>"
    )


def test_values_are_shortened() -> None:
    assert short_text(np.zeros((2, 3))) == "<2×3 float64>"
    assert short_text((1,)) == "(1,)"
    assert short_text([]) == "[]"
    assert short_text(list(range(20))) == "[20 × int]"
    assert short_text({i: i for i in range(20)}) == "{20 items}"
    assert short_text(b"abc") == "3 bytes"
    assert short_text(len) == "len"
    assert short_text(2 / 3) == "0.666667"
    assert short_text(0.5) == "0.5"


def test_fields_without_repr_are_left_out_and_many_are_cut() -> None:
    @short_repr
    @dataclass
    class Shown:
        name: str
        cache: dict[str, int] = field(default_factory=dict, repr=False)

    class Plain:
        def __init__(self) -> None:
            self._hidden = 1
            for i in range(200):
                setattr(self, f"attribute_{i}", i)

    assert repr(Shown("a")) == "Shown(name='a')"
    text = represent(Plain())
    assert text.startswith("Plain(attribute_0=0, ")
    assert text.endswith(", …)")
    assert "_hidden" not in text
