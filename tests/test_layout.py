"""Each source file has a test file of its own, in the folder that mirrors its room."""

from __future__ import annotations

from pathlib import Path

import partimento

SOURCE = Path(partimento.__file__).parent
TESTS = Path(__file__).parent
PACKAGE_FILES = ("__init__.py", "__main__.py")  # names and a call, without behavior of their own
EXCEPTIONS = {
    "training/backend/with_tensorflow.py": "tested in an environment with TensorFlow",
    "training/backend/with_torch.py": "tested in an environment with PyTorch",
}


def expected_test_file(source: Path) -> Path:
    """Return where the tests of a source file stand; ``_read.py`` has ``test_read.py``."""
    return TESTS / source.parent / f"test_{source.name.lstrip('_')}"


def test_each_source_file_has_a_test_file_of_its_name() -> None:
    sources = [path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py"))]
    checked = [source for source in sources if source.name not in PACKAGE_FILES]
    assert len(checked) > 90
    without = {source.as_posix() for source in checked if not expected_test_file(source).is_file()}
    assert without == set(EXCEPTIONS)
