"""The layers of a network as rows of a diagram."""

from __future__ import annotations

from partimento import Piece
from partimento.models import model_class
from partimento.plots.layers_of import layers_of
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import prepare


def test_a_network_as_rows(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    kind = model_class("lstm")
    network = kind(kind.config_type(units=8, dense=4, embed_size=2), data.tokenizer).network
    rows = {row.name: row for row in layers_of(network)}
    assert set(rows["lstm_1"].inputs) == {"chord_embedding", "duration_embedding"}
    assert rows["lstm_2"].inputs == ("lstm_1",)
    assert rows["chord_embedding_2"].parameters == 0  # the same weights once more
    assert sum(row.parameters for row in rows.values()) == network.count_params()
    kind = model_class("autoencoder")
    groups = {
        row.name: row.group
        for row in layers_of(kind(kind.config_type(), data.tokenizer, 8).network)
    }
    assert groups == {"window": "", "latent": "encoder", "output": "decoder"}
