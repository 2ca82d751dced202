"""Partimento learns from scores that a person loves and composes new ones.

    scores → collect → corpus → encode → models → sample → write → a score, a sound, a page

`collect` brings files, `corpus` reads them as `Piece`s, `encode` turns pieces into arrays and back, `models` learn from the arrays,
`sample` composes with a trained model, `write` makes the result readable and audible; `evaluate` measures, `app` is the way in.
Importing this package loads none of the heavy libraries; each room loads its own when it is entered.
"""

from partimento.piece import Event, Key, Meter, Note, Part, Piece, Source, Tempo

__version__ = "0.1.0"
__all__ = ["Event", "Key", "Meter", "Note", "Part", "Piece", "Source", "Tempo", "__version__"]
