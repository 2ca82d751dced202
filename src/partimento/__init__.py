"""Partimento learns from scores that a person loves and composes new ones.

    scores → collect → io (read) → analysis → corpus → tokens → models + training → generate
           → notation → export (write)

Start with `read`, `load_corpus`, `train`, `load_model` and the methods of the objects that they
return. Importing this package loads none of the heavy libraries: each is loaded when it is needed.

Examples
--------
>>> import partimento as pt
>>> piece = pt.Piece([pt.Note(0, 1, 60), pt.Note(1, 1, 64)], title="Two notes")
>>> piece.transpose(2).notes[0].pitch
62
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]
