"""The log that TensorBoard reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import SMALL, run


def test_tensorboard_reads_what_is_written(folder: Path, tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    assert (
        run("train", folder, "--model", "lstm", *SMALL, "-o", tmp_path / "run", "--tensorboard")
        == 0
    )
    (log,) = (tmp_path / "tensorboard" / "run").iterdir()
    data, at = log.read_bytes(), 0
    seen: dict[str, list[tuple[int, float]]] = {}
    while at < len(
        data
    ):  # records: a length of 8 bytes, a checksum of 4, the event, a checksum of 4
        size = int.from_bytes(data[at : at + 8], "little")
        event = Event.FromString(data[at + 12 : at + 12 + size])
        at += 16 + size
        for value in event.summary.value:
            seen.setdefault(value.tag, []).append((event.step, value.simple_value))
    history = json.loads((tmp_path / "run" / "history.json").read_text())
    assert [step for step, _ in seen["loss/validation"]] == [1, 2]
    assert [value for _, value in seen["loss/train"]] == pytest.approx(
        [epoch["loss"] for epoch in history], rel=1e-5
    )
    assert {"validation/chord", "speed/events_per_s"} <= set(seen)
