"""Convert a piece to files to see or hear, one module per format.

`export.write` chains the conversions.
"""
