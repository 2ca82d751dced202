"""Files and folders that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.errors import PartimentoError
from partimento.files import check_exists, refuse_existing, write_atomically


def test_a_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_atomically(tmp_path / "new" / "file.txt", "old")
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(PartimentoError, match=r"cannot write .*file\.txt: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    with pytest.raises(PartimentoError, match="force=True"):
        refuse_existing(path, force=False)
    refuse_existing(path, force=True)
    with pytest.raises(PartimentoError, match="is not a folder"):
        refuse_existing(path / "below", force=False)


def test_what_does_not_exist_is_said_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "scores" / "bach").mkdir(parents=True)
    for wrong, near in (
        ("scroes", "scores"),
        ("scores/bahc", "scores/bach"),
        ("scoers/bach", "scores/bach"),
    ):
        with pytest.raises(
            PartimentoError, match=rf"{wrong} does not exist; did you mean {tmp_path}/{near}\?$"
        ):
            check_exists(tmp_path / wrong)
    with pytest.raises(PartimentoError, match=r"xyz does not exist$"):
        check_exists(tmp_path / "xyz")
    with pytest.raises(PartimentoError, match="did you mean bundled:chorales"):
        check_exists("chorales", known=lambda: ["bundled:bach", "bundled:chorales"])
    check_exists(tmp_path / "scores")
