"""The data model: pieces, notes, timelines and events, without any file format."""
