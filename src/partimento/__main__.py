"""``python -m partimento``: the command line."""

from partimento.app.cli import main

main()
