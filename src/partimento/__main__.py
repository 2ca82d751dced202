"""``python -m partimento``: the command line."""

from partimento.cli.cli import main

main()
