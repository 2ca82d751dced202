"""A `Piece` becomes a file that can be played, read or heard: one file a format."""
