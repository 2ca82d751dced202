"""Files, each with its source, licence and hash."""
