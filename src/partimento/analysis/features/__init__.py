"""Features: numbers that describe a piece, most of them by published definitions."""
