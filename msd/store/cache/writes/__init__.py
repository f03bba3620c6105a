"""What changes the cache: syncs, pushed rows, refreshed items and the purge."""
