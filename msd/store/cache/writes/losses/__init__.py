"""Rows that go: withheld, withdrawn, deleted, purged."""
