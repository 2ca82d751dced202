"""Read the files of Guitar Pro, versions 3 to 8."""
