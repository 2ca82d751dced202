"""Pieces become arrays, and arrays pieces: codecs, vocabularies, windows, transposition."""
