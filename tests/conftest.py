"""Tiny pieces made in code, and the data folder."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.evaluations import dull, found, real  # noqa: F401  (fixtures)
from tests.files import chorales, guitar, midi, write  # noqa: F401  (fixtures)

from partimento import Event, Meter, Part, Piece, Tempo

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

os.environ.setdefault("KERAS_BACKEND", "jax")
if os.environ["KERAS_BACKEND"] == "jax":
    # Tests are bound by compiling, not by computing, so XLA optimizes little. Tests that need the
    # last bit are slow tests.
    os.environ.setdefault(
        "XLA_FLAGS",
        "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
    )

EMBEDDINGS = {
    "model": {"name": "embeddings", "embed_size": 8, "reach": 2, "negatives": 16},
    "tokens": {"min_count": 1, "transpose": "key"},
    "train": {"epochs": 2, "batch_size": 8, "learning_rate": 0.02},
}


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> None:
    """Keep what XLA compiles in ``.cache``, for the other worker and for the next session."""
    if os.environ["KERAS_BACKEND"] == "jax":
        import jax
        import jaxlib

        folder = Path(__file__).parents[1] / ".cache" / f"xla-{jaxlib.__version__}"
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def small_piece(number: int, *, shift: int = 0) -> Piece:
    """Sixteen bars of a held bass under a wandering third; pieces of different numbers differ."""
    quarter, events, held = Fraction(1), [], ()
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    for t in range(64):
        top = scale[(t * (1 + number % 3) + number) % 8] + shift
        bass = 48 + shift + (5 if t // 8 % 2 else 0)
        chord = (bass, top) if t % 16 != 15 else ()
        events.append(
            Event(
                chord,
                quarter if t % 4 else quarter / 2,
                tuple(p for p in held if p == bass and p in chord),
            )
        )
        held = chord
    return Piece.from_events(
        events,
        meters=(Meter(4, 4),),
        tempos=(Tempo.from_bpm(90),),
        parts=(Part("Guitar", 24),),
        title=f"Study {number}",
        composer="Nobody",
    )


@pytest.fixture(scope="session")
def pieces() -> list[Piece]:
    return [small_piece(number, shift=number % 4) for number in range(8)]


@pytest.fixture(scope="session")
def markov_run(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Return a whole run of a model that counts, which takes no time to train."""
    from partimento import train

    out = tmp_path_factory.mktemp("runs") / "markov"
    return train(pieces, settings={"model": {"name": "markov"}}, out=out)


@pytest.fixture(scope="session")
def embeddings_run(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Return a small run of chord embeddings, trained on `pieces`."""
    from partimento.training.train import learn

    return learn(pieces, settings=EMBEDDINGS, out=tmp_path_factory.mktemp("runs") / "embeddings")[0]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """../shared/data, or where PARTIMENTO_DATA points."""
    folder = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder} (set PARTIMENTO_DATA)")
    return folder
