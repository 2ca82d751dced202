"""Play music on a guitar: tunings, what a hand can hold, fingering and tablature.

Examples
--------
>>> import partimento as pt
>>> pt.guitar.is_playable([40, 47, 52, 56, 59, 64])  # E major
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
