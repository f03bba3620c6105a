"""What msd keeps: the durable state and the rebuildable cache, in SQLite; secrets elsewhere.

`msd.store.sync_writer.SyncWriter` is imported from its module: it brings SQLAlchemy along.
"""

from msd.store.cache.database import CacheStore
from msd.store.state.store import StateStore

__all__ = ["CacheStore", "StateStore"]
