"""Several callbacks as one."""

from __future__ import annotations

from typing import Any

from partimento.training.callbacks import Callback, Callbacks


class Record(Callback):
    """Keep the calls, in a list that several share."""

    def __init__(self, name: str, calls: list[tuple[str, str]], reason: str | None = None) -> None:
        self.name, self.calls, self.reason = name, calls, reason

    def on_note(self, text: str) -> None:
        self.calls.append((self.name, text))

    def on_begin(self, model: Any, data: Any) -> None:
        self.calls.append((self.name, f"{model} {data}"))

    def check(self, epoch: int) -> str | None:
        self.calls.append((self.name, f"check {epoch}"))
        return self.reason

    def on_epoch_end(self, epoch: Any) -> None:
        self.calls.append((self.name, f"end {epoch}"))

    def on_finish(self, run: Any, data: Any, folder: Any) -> None:
        self.calls.append((self.name, f"{run} {data} {folder}"))


def test_each_is_called_in_its_order() -> None:
    calls: list[tuple[str, str]] = []
    both: Any = Callbacks([Record("a", calls), Record("b", calls)])
    both.on_note("note")
    both.on_begin("model", "data")
    both.on_epoch_end(3)
    both.on_finish("run", "data", "folder")
    texts = ["note", "model data", "end 3", "run data folder"]
    assert calls == [(name, text) for text in texts for name in "ab"]


def test_the_first_reason_ends_the_training() -> None:
    calls: list[tuple[str, str]] = []
    names = (("a", None), ("b", "stuck"), ("c", "too late"))
    assert Callbacks([Record(name, calls, reason) for name, reason in names]).check(2) == "stuck"
    assert calls == [("a", "check 2"), ("b", "check 2")]
    assert Callbacks([Record("a", calls)]).check(2) is None


def test_none_at_all_is_false_and_does_nothing() -> None:
    none: Any = Callbacks([])
    assert not none
    assert Callbacks([Callback()])
    for callback in (none, Callback()):
        assert callback.check(1) is None
        callback.on_note("note")
        callback.on_begin(None, None)
        callback.on_epoch_end(None)
        callback.on_finish(None, None, None)
