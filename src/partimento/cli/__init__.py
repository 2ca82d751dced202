"""The way in: the command line. No musical logic here."""
