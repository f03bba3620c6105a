"""cache.db: what can always be fetched again from the sources."""
