"""Score files: read them as pieces and write pieces as files."""
