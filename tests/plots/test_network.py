"""Diagrams by where their boxes stand."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from partimento.errors import PartimentoError
from partimento.plots import Node, architecture
from partimento.plots.network import TALL, lay_out
from partimento.plots.style import COLORS

LSTM = [
    Node("chords", "InputLayer", "(32,)"),
    Node("durations", "InputLayer", "(32,)"),
    Node("chord_embedding", "Embedding", "(32, 64)", 17_088, ("chords",)),
    Node("duration_embedding", "Embedding", "(32, 64)", 2560, ("durations",)),
    Node("concatenate", "Concatenate", "(32, 128)", 0, ("chord_embedding", "duration_embedding")),
    Node("lstm", "LSTM", "(512,)", 1_312_768, ("concatenate",)),
    Node("chord", "Dense", "(267,)", 68_619, ("lstm",)),
    Node("duration", "Dense", "(40,)", 10_280, ("lstm",)),
]
AUTOENCODER = [
    Node("window", "InputLayer", "(8544,)", group="encoder"),
    Node("latent", "Dense", "(2,)", 17_090, ("window",)),
    Node("again", "Dense", "(8544,)", 25_632, ("latent",), group="decoder"),
]


def place(nodes: list[Node]) -> dict[str, tuple[float, int]]:
    return {box.node.name: (box.x, box.layer) for box in lay_out(nodes)[0] if box.node}


def boxes(axes: Axes) -> dict[str, FancyBboxPatch]:
    """Node → its box; frames of groups are as high as what they hold."""
    return {
        patch.get_label(): patch
        for patch in axes.patches
        if isinstance(patch, FancyBboxPatch) and patch.get_height() == TALL
    }


def words(axes: Axes) -> set[str]:
    return {text.get_text() for text in axes.texts}


def test_inputs_stand_on_top_and_two_branches_side_by_side() -> None:
    at = place(LSTM)
    assert [at[node.name][1] for node in LSTM] == [0, 0, 1, 1, 2, 3, 4, 4]
    assert at["chords"][0] == pytest.approx(at["chord_embedding"][0])
    assert at["chord_embedding"][0] < at["duration_embedding"][0]
    assert at["concatenate"][0] == pytest.approx(
        (at["chord_embedding"][0] + at["duration_embedding"][0]) / 2
    )
    assert at["lstm"][0] == pytest.approx(at["concatenate"][0])
    assert at["chord"][0] < at["lstm"][0] < at["duration"][0]


def test_no_box_covers_another() -> None:
    tangle = [
        Node("a", "InputLayer", "(9,)"),
        Node("b", "Dense", "(999,)", inputs=("a",)),
        Node("c", "Dense", "(99,)", inputs=("a",)),
        Node("d", "Dense", "(9,)", inputs=("a",)),
        Node("e", "Add", "(9,)", inputs=("b", "c", "a")),
        Node("f", "Add", "(9,)", inputs=("e", "d", "a")),
    ]
    for nodes in (LSTM, AUTOENCODER, tangle):
        found, ways = lay_out(nodes)
        for one, other in combinations(found, 2):
            assert one.layer != other.layer or abs(one.x - other.x) >= (one.width + other.width) / 2
        assert len(ways) == sum(len(node.inputs) for node in nodes)
        for way in ways:  # layer by layer, so that no arrow runs through a box
            assert [box.layer for box in way] == list(range(way[0].layer, way[-1].layer + 1))
            assert all(box.node is None for box in way[1:-1])


def test_the_bottleneck_is_narrow() -> None:
    (axes,) = architecture(AUTOENCODER, title="minibach-tutorial").axes
    width = {name: box.get_width() for name, box in boxes(axes).items()}
    assert width["window"] == pytest.approx(width["again"])
    assert width["latent"] < 0.6 * width["window"]
    assert {
        "minibach-tutorial",
        "42,722 weights",
        "encoder",
        "decoder",
        "Dense  ·  (2,)  ·  17,090 weights",
    } <= {word.replace(" · ", "  ·  ") for word in words(axes)}


def test_all_is_on_the_page_and_named() -> None:
    figure = architecture(LSTM)
    (axes,) = figure.axes
    assert boxes(axes).keys() == {node.name for node in LSTM}
    assert len([patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]) == sum(
        len(node.inputs) for node in LSTM
    )
    figure.draw_without_rendering()
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    for box in boxes(axes).values():
        assert left < box.get_x() < box.get_x() + box.get_width() < right
        assert high < box.get_y() < box.get_y() + TALL < low
    for text in axes.texts:  # each within its box or at least the page
        assert text.get_window_extent().x1 <= figure.bbox.width
    for name, box in boxes(axes).items():
        (label,) = [text for text in axes.texts if text.get_text() == name]
        extent = label.get_window_extent().transformed(axes.transData.inverted())
        assert box.get_x() < extent.x0 < extent.x1 < box.get_x() + box.get_width()


def test_kinds_have_colors() -> None:
    (axes,) = architecture(LSTM).axes
    edge = {name: to_hex(box.get_edgecolor()).upper() for name, box in boxes(axes).items()}
    assert edge["chord_embedding"] == edge["duration_embedding"] == COLORS[2]
    assert edge["lstm"] == COLORS[0]
    assert edge["chord"] == COLORS[1]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "at least one"),
        ([Node("a", "Dense"), Node("a", "Dense")], "same name"),
        ([Node("a", "Dense", inputs=("b",))], "has the name b"),
        ([Node("a", "Dense", inputs=("b",)), Node("b", "Dense", inputs=("a",))], "has a cycle"),
    ],
)
def test_what_is_no_network_is_refused(nodes: list[Node], message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        architecture(nodes)


def test_a_node_may_say_little() -> None:
    (axes,) = architecture([Node("only", "InputLayer", "(None,)")]).axes
    assert words(axes) == {"only", "InputLayer · (None,)", ""}
