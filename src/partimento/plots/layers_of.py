"""List the layers of a network and their connections, for a diagram."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

PLAIN = frozenset({"Dropout", "Reshape", "Permute"})  # layers that a diagram omits


class Layer(NamedTuple):
    """A layer of a network.

    Attributes
    ----------
    name, kind : str
        The name of the layer, and of its class.
    shape : str
        The output shape without the batch; a free dimension is ``L``.
    parameters : int
        The number of weights; 0 if the layer is used again.
    inputs : tuple of str
        The names of the layers before it.
    group : str
        The name of the inner network that has the layer, or an empty string.
    """

    name: str
    kind: str
    shape: str
    parameters: int
    inputs: tuple[str, ...]
    group: str


def layers_of(network: Any) -> list[Layer]:
    """List the layers of a network, beginning at its inputs.

    The layers of an inner network form a group. The list is empty if the network is not a graph of
    layers.
    """
    layers: list[Layer] = []
    names: list[str] = []
    for layer in _walk(network, {}, ""):
        times = names.count(layer.name)
        names.append(layer.name)
        layers.append(
            layer._replace(name=f"{layer.name}_{times + 1}", parameters=0) if times else layer
        )  # a layer that is used again has the same weights, which count once
    fed = {name for layer in layers for name in layer.inputs}
    return [layer for layer in layers if layer.inputs or layer.name in fed]


def _walk(network: Any, feeds: dict[int, tuple[str, ...]], group: str) -> Iterator[Layer]:
    """Yield the layers of a network, and fill `feeds` while walking its graph.

    `feeds` maps each tensor to the names of the layers that produce it.
    """
    if not hasattr(network, "_nodes_by_depth"):
        return
    for depth in sorted(network._nodes_by_depth, reverse=True):
        for node in network._nodes_by_depth[depth]:
            operation = node.operation
            sources = tuple(
                dict.fromkeys(
                    name for tensor in node.input_tensors for name in feeds.get(id(tensor), ())
                )
            )
            if hasattr(operation, "_nodes_by_depth"):
                inner = dict(
                    zip(
                        map(id, operation.inputs),
                        [feeds.get(id(t), ()) for t in node.input_tensors],
                        strict=False,
                    )
                )
                yield from _walk(operation, inner, operation.name)
                outer = [inner.get(id(t), ()) for t in operation.outputs]
                feeds.update(zip(map(id, node.output_tensors), outer, strict=False))
                continue
            if not _shown(operation) or (group and id(node.output_tensors[0]) in feeds):
                for tensor in node.output_tensors:
                    feeds.setdefault(id(tensor), sources)
                continue
            yield Layer(
                operation.name,
                type(operation).__name__,
                _shape(node.output_tensors[0]),
                operation.count_params(),
                sources,
                group,
            )
            for tensor in node.output_tensors:
                feeds[id(tensor)] = (operation.name,)


def _shown(operation: Any) -> bool:
    # Compared by name, because this module must not import Keras.
    kinds = {kind.__name__ for kind in type(operation).__mro__}
    return "Layer" in kinds and type(operation).__name__ not in PLAIN


def _shape(tensor: Any) -> str:
    sizes = ["L" if size is None else str(size) for size in tensor.shape[1:]]
    return f"({', '.join(sizes)})" if sizes else ""
