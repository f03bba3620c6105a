"""Artists, albums and tracks, made from tags."""
