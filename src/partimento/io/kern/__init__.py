"""Read Humdrum files with kern spines."""
