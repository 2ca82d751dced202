"""Numbers that describe a piece or a set of pieces, as published by others."""
