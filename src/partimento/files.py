"""Write files and folders atomically: they appear complete, or not at all."""

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
    """Write a file atomically: a temporary file takes the name `path` when complete.

    Parameters
    ----------
    path : path
        Missing folders are created.
    data : bytes or str
        Text is written as UTF-8.
    durable : bool
        As for `new_file`.

    Returns
    -------
    Path

    Raises
    ------
    PartimentoError
        If the file cannot be written.
    """
    # The text may quote file names, which may hold any bytes.
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    with new_file(path, durable=durable) as work:
        work.write_bytes(raw)
    return Path(path)


@contextmanager
def new_file(path: Path | str, *, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary file to fill; it becomes `path` if the block succeeds.

    Parameters
    ----------
    path : path
        Missing folders are created.
    durable : bool
        Wait until the file is on disk. Without this, a power cut may leave a damaged file: use that
        only for files that can be created again. A killed process never damages the file.

    Raises
    ------
    PartimentoError
        If the file cannot be written.
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
    """Yield a temporary folder to fill; it becomes `path` if the block succeeds.

    Parameters
    ----------
    path : path
    mark : str
        The name of a file that every folder of this kind contains.
    force : bool
        Replace an existing folder if it is empty or contains a file named `mark`.

    Raises
    ------
    PartimentoError
        If `path` exists and must not be replaced, or cannot be written.
    """
    path = Path(path)
    refuse_folder(path, mark=mark, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part"))
    try:
        yield work
        replace_folder(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def replace_folder(work: Path, path: Path) -> None:
    """Rename the folder `work` to `path`, replacing a folder of that name."""
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
    """Hold a file lock while the block runs; it is released if the process dies.

    Parameters
    ----------
    lock : Path
        The lock file; created if missing.
    busy : str
        The error message if another process holds the lock.

    Raises
    ------
    PartimentoError
        If another process holds the lock.
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
                # The holder has just deleted the lock file: another process may hold a new one.
                raise PartimentoError(busy)
        except OSError as error:
            raise PartimentoError(busy) from error
        yield


def check_exists(path: Path | str, *, known: Callable[[], Iterable[str]] = list) -> None:
    """Raise PartimentoError if a path does not exist, and suggest the nearest name.

    Parameters
    ----------
    path : path
        A file or folder that the user named.
    known : callable, optional
        Returns further names that may be suggested.
    """
    path = Path(path)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            return  # a dangling link: the code that opens it reports that
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
    """Raise PartimentoError if a file exists or cannot be written.

    Called before long work, so that the user does not wait for a result that cannot be saved. With
    `force`, an existing file is allowed.
    """
    if not force and os.path.lexists(path):
        raise PartimentoError(f"{path} already exists (force=True replaces it)")
    above = next(parent for parent in (Path(path).absolute()).parents if os.path.lexists(parent))
    if not above.is_dir():
        raise PartimentoError(f"cannot write {path}: {above} is not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise PartimentoError(f"cannot write {path}: no permission to write in {above}")


def refuse_folder(path: Path | str, *, mark: str, force: bool) -> None:
    """Raise PartimentoError if a folder exists or cannot be written.

    Called before long work, as `refuse_existing` is. With `force`, an existing folder is allowed if
    it is empty or contains a file named `mark`.
    """
    refuse_existing(path, force=force)
    path = Path(path)
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        raise PartimentoError(f"{path} already exists and is not a folder")
    if any(path.iterdir()) and not (path / mark).is_file():
        raise PartimentoError(
            f"{path} was not replaced: it contains no {mark}, so it is something else"
        )
    if path.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise PartimentoError(f"{path} was not replaced: it contains the current folder")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
