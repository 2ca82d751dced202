"""Infer from the notes of a piece its key, pickup, grace notes, players and octave."""
