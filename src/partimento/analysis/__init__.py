"""What the notes of a piece say: its key, pickup, grace notes, players and octave."""
