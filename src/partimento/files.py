"""Write files and folders that appear whole, under their name, or not at all."""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from partimento.errors import PartimentoError


def write_atomically(path: Path | str, data: bytes | str, *, durable: bool = True) -> Path:
    """Write `data` (text as UTF-8) beside `path`, then move it there in one step.

    Missing folders are created.
    """
    raw = (
        data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    )  # file names may hold any bytes
    with new_file(path, durable=durable) as work:
        work.write_bytes(raw)
    return Path(path)


@contextmanager
def new_file(path: Path | str, *, durable: bool = True) -> Iterator[Path]:
    """Yield an empty file beside `path` to fill.

    It takes the name `path` in one step, when the block ends without an error. Unless it is
    `durable`, a power cut (but no kill) may still damage it: use that for files that can be made
    again.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:200]}.", suffix=".part"
        )
        work = Path(name)
        try:
            os.close(handle)
            yield work
            with work.open("rb+") as file:
                os.fchmod(file.fileno(), 0o666 & ~_umask())
                if durable:
                    os.fsync(file.fileno())
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)
    except OSError as error:
        raise PartimentoError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def new_folder(path: Path | str, *, mark: str, force: bool = False) -> Iterator[Path]:
    """Yield a folder beside `path` to fill.

    It takes the name `path` only when the block ends without an error.

    Raises
    ------
    PartimentoError
        If `path` exists. With `force`, only if it is neither empty nor a folder of this kind: one
        that holds a file named `mark`.
    """
    path = Path(path)
    refuse_folder(path, mark=mark, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    try:
        yield work
        become(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def become(work: Path, path: Path) -> None:
    """Give the folder `work` the name `path`, in one step; a folder of that name goes."""
    work.chmod(0o777 & ~_umask())
    if path.is_dir():
        old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".old"))
        path.replace(old)
        work.replace(path)
        shutil.rmtree(old)
    else:
        work.replace(path)


def remove_folder(path: Path) -> None:
    """Remove a folder with everything in it."""
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def exclusive(lock: Path, *, busy: str) -> Iterator[None]:
    """Let one process at a time do something; a dead process frees its lock.

    Raises
    ------
    PartimentoError
        With the message `busy`, if another process holds the lock.
    """
    try:
        import fcntl
    except ImportError:  # Windows: no lock
        yield
        return
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock.stat().st_ino != os.fstat(file.fileno()).st_ino:
                raise PartimentoError(
                    busy
                )  # the holder has just deleted the lock file: another process may hold a new one
        except OSError as error:
            raise PartimentoError(busy) from error
        yield


def check_exists(path: Path | str, *, known: Callable[[], Iterable[str]] = list) -> None:
    """Raise PartimentoError if nothing has this name, and suggest the nearest name.

    Parameters
    ----------
    path : path
        A file or folder that the user named.
    known : callable, optional
        Returns other names that the user may have meant.
    """
    path = Path(path)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            return  # a dangling link: whoever opens it says so
    except (OSError, ValueError):
        return
    else:
        return
    names = list(known())
    near = [name for name in names if name.endswith(f":{path}")] or difflib.get_close_matches(
        str(path), names, n=1, cutoff=0.7
    )
    offer = near[0] if near else _near_path(path)
    raise PartimentoError(f"{path} does not exist" + (f"; did you mean {offer}?" if offer else ""))


def _near_path(path: Path) -> Path | None:
    """Return an existing path that differs from `path` in the spelling of one name."""
    missing = path
    while not os.path.lexists(missing.parent):
        missing = missing.parent
    try:
        entries = [entry for entry in missing.parent.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return None
    near = difflib.get_close_matches(missing.stem, {entry.stem for entry in entries}, n=3)
    candidates = (entry / path.relative_to(missing) for entry in entries if entry.stem in near)
    return next((candidate for candidate in candidates if candidate.exists()), None)


def refuse_existing(path: Path | str, *, force: bool) -> None:
    """Raise PartimentoError before any work if a file exists or cannot be written.

    With `force`, an existing file is allowed.
    """
    if not force and os.path.lexists(path):
        raise PartimentoError(f"{path} is there already (force=True replaces it)")
    above = next(parent for parent in (Path(path).absolute()).parents if os.path.lexists(parent))
    if not above.is_dir():
        raise PartimentoError(f"cannot write {path}: {above} is no folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise PartimentoError(f"cannot write {path}: {above} does not allow it")


def refuse_folder(path: Path | str, *, mark: str, force: bool) -> None:
    """Raise PartimentoError before any work if a folder must not be written.

    Even with `force`, only an empty folder or one that holds a file named `mark` is replaced.
    """
    refuse_existing(path, force=force)
    path = Path(path)
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        raise PartimentoError(f"{path} is there already, and no folder")
    if any(path.iterdir()) and not (path / mark).is_file():
        raise PartimentoError(
            f"{path} is not replaced: it has no {mark}, so it holds something else"
        )
    if path.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise PartimentoError(f"{path} is not replaced: it is the folder you work in")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
