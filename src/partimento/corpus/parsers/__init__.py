"""Parse files in separate processes, which may crash or hang without harm."""
