"""A `Piece` becomes a file that can be played, read or heard: one file a format.

`WRITERS` says which; `write` picks by the name's suffix. Writers never import each other: `render` alone chains them
(PDF and PNG ← SVG ← MusicXML). Importing this package loads none of the libraries behind them.
"""

from partimento.write.render import WRITERS, write, write_page

__all__ = ["WRITERS", "write", "write_page"]
