"""Convert a piece to scores, sound and web pages, one module per format.

`export.write` combines the conversions.
"""
