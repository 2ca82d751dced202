"""Turn a piece into something to look at or hear: one file per format; `export.write` chains them."""
