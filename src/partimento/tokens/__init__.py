"""Pieces become arrays, and arrays pieces: tokenizers, vocabularies, windows, transposition."""
