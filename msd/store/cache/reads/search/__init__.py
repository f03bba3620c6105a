"""Full-text search over the cache."""
