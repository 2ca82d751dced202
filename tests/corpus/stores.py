"""Build a store of scores, and compare stores."""

import hashlib

from partimento.corpus.store.build import build_store


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(scores, *more, out="store.parquet", **options):
    return build_store([scores, *more], scores.parent / out, **options)
