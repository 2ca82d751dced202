"""Lets the tests of this folder import their helpers, `write_pieces` and `write_scores`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
