"""Answers from the cache: SQL over a read-only connection."""
