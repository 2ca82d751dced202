"""Frozen dataclasses are schema and defaults; TOML recipes and ``--set section.name=value`` only override them."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class UserError(Exception):
    """What a person can mend: shown as one line, without a traceback, with exit code 2."""
