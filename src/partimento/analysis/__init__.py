"""Infer from notes the key, pickup, grace notes, players and octave of a piece."""
