"""Processes that parse files and may crash or hang without harm."""
