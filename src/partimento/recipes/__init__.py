"""Named training runs, one TOML file each."""
