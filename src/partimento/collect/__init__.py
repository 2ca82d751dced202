"""Collect score files from the web, with the source, license and hash of each."""

from partimento.collect.bundled import chorales, resolve
from partimento.collect.catalog import CATALOG, Dataset, fetch
from partimento.collect.downloader import Skip
from partimento.collect.manifest import read_manifest, write_manifest
from partimento.collect.mutopia import Collected, MutopiaQuery, collect_mutopia

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
