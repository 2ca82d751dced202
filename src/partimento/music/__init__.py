"""The data model: pieces, notes and timelines, and what can be said of them without any file
format.
"""
