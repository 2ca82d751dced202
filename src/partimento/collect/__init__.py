"""Files, each with its source, license and hash."""

from partimento.collect.bundled import chorales, resolve
from partimento.collect.catalog import CATALOG, Dataset, fetch
from partimento.collect.manifest import read_manifest, write_manifest
from partimento.collect.mutopia import Collected, MutopiaQuery, collect_mutopia
from partimento.collect.taking import Skip

__all__ = [
    "CATALOG",
    "Collected",
    "Dataset",
    "MutopiaQuery",
    "Skip",
    "chorales",
    "collect_mutopia",
    "fetch",
    "read_manifest",
    "resolve",
    "write_manifest",
]
