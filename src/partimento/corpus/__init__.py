"""Files become `Piece`s: reading, the view that reads as music21 does, keys, selecting."""
