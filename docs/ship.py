"""Make the model that is shipped from a run: python docs/ship.py RUN FOLDER, where FOLDER holds the
scores and their manifest.csv.
"""

from __future__ import annotations

import sys
from pathlib import Path

from partimento.collect import read_manifest
from partimento.training.pretrained import SHIPPED, pack


def main(run: Path, scores: Path) -> None:
    """Into src/partimento/shipped/guitar."""
    name = scores.resolve().name
    credit = {f"{name}/{row['path']}": row.get("maintainer", "") for row in read_manifest(scores)}
    size = pack(run, SHIPPED / "guitar", credit=credit, force=True)
    print(f"{size:,} bytes in {SHIPPED / 'guitar'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
