"""Writing without half-written files: everything appears whole, under its name, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partimento.config import UserError


def write_atomically(path: Path | str, data: bytes | str) -> Path:
    """Write `data` (text as UTF-8) beside `path`, then move it there in one step; folders on the way are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


@contextmanager
def new_folder(path: Path | str, *, force: bool = False) -> Iterator[Path]:
    """Give a folder beside `path` to fill; it takes the name `path` only when the block ends without an error.

    Raises
    ------
    UserError
        If `path` is there already and `force` is not set.
    """
    path = Path(path)
    refuse_existing(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    try:
        yield work
        work.chmod(0o777 & ~_umask())
        if path.is_dir() and not path.is_symlink():
            old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".old"))
            path.replace(old)
            work.replace(path)
            shutil.rmtree(old)
        else:
            path.unlink(missing_ok=True)
            work.replace(path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def refuse_existing(path: Path | str, *, force: bool) -> None:
    """Say no, before any work is done, to writing over what is there."""
    if not force and os.path.lexists(path):
        raise UserError(f"{path} is there already (--force replaces it)")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
