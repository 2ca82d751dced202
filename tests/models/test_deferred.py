"""Keras is loaded when something in it is first asked for."""

from __future__ import annotations

import subprocess
import sys

import keras

from partimento.models import deferred


def test_the_stand_ins_give_what_keras_has() -> None:
    assert deferred.ops.matmul is keras.ops.matmul
    assert deferred.layers.Dense is keras.layers.Dense
    assert deferred.keras.Model is keras.Model


def test_reading_a_model_file_loads_no_framework() -> None:
    code = (
        "import sys\n"
        "from partimento.models import model_class\n"
        "for name in ('notewise', 'lstm', 'autoencoder'):\n"
        "    assert model_class(name).config_type\n"
        "assert not {'keras', 'jax'} & set(sys.modules)\n"
        "from partimento.models.deferred import ops\n"
        "assert not hasattr(ops, '__path__') and 'keras' not in sys.modules\n"
        "ops.abs\n"
        "assert 'keras' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
