"""What msd keeps: the durable state and the rebuildable cache, in SQLite; secrets elsewhere."""

from msd.store.cache.database import CacheDatabase
from msd.store.state.store import StateStore

__all__ = ["CacheDatabase", "StateStore"]
