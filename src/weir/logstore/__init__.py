"""Records at rest: write-ahead log, Parquet segments, tails by cursor, snapshots for queries."""
