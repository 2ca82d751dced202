"""A corpus in one Parquet file: its rows, how it is built and how it is opened."""
