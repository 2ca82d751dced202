"""MusicXML files, read and written."""
