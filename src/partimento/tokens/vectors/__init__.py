"""Chords as one-hot and many-hot vectors."""
