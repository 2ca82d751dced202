"""Near-duplicates, shared passages, and the indexes that find them."""
