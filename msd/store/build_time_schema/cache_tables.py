"""The tables of cache.db: everything in it can be fetched again.

    library ─┬─ listing ─┬─ item ─┬─ item_detail     what a listing says and few reads need
             └─ cursor   │        ├─ item_full       what is fetched for one item
                         │        ├─ item_facet      links to genres, studios, content ratings;
                         │        │                  item_detail has the names, too
                         │        ├─ item_external
                         │        └─ member          of a collection or playlist, in order
                         └ one item type of one library, with its count

`omission` lists what a source has and msd leaves out. `source_fact` holds what is remembered of a
source as a whole, such as the digest of its user's rights. `search_title` and `search` are the
full-text indexes over titles and over everything, `search_word` lists the words in them.

Relations between items are item ids, so rows may arrive in any order. A deleted item keeps its
row with `deleted_at` for a time (Y7); the partial indexes know only the live ones.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Integer, nullable=False),
    sqlite_with_rowid=False,
)
library = Table(
    "library",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("source_id", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("synced_at", Integer, nullable=False, server_default=text("0")),
    Column("deleted_at", Integer),
    Column("fully_enumerated_at", Integer, nullable=False, server_default=text("0")),
    Column("withdrawn_at", Integer),  # the user lost the right to see it; None: not so
)
cursor = Table(
    "cursor",
    metadata,
    Column("library", Integer, primary_key=True, autoincrement=False),
    Column("aspect", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
listing = Table(
    "listing",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("library", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("item_count", Integer, nullable=False, server_default=text("0")),
    Column("complete_total", Integer, nullable=False, server_default=text("0")),  # -1: not known
    Column("complete_at", Integer, nullable=False, server_default=text("0")),
    Column("complete_pk", Integer, nullable=False, server_default=text("0")),  # newer: newcomers
    Column("resume_at", Integer, nullable=False, server_default=text("0")),  # of a first sync
    Column("lost", Integer, nullable=False, server_default=text("0")),  # one by one …
    Column("lost_since", Integer, nullable=False, server_default=text("0")),  # … since then
    Index("listing_key", "library", "type", unique=True),
)
withheld = Table(
    "withheld",
    metadata,
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("library", Integer, nullable=False),
    Column("type", Text, nullable=False),  # "" = its whole library is missing
    Column("since", Integer, nullable=False),
    Index("withheld_scope", "library", "type"),
)
omission = Table(
    "omission",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("place", Text, primary_key=True),  # path below a folder, or remote id of a row
    Column("library", Text),  # id of the library; None: of the whole source
    Column("type", Text, nullable=False),  # of the listing that leaves it out, "" = none
    Column("severity", Integer, nullable=False),  # 0 is worst, see OMISSION_KINDS
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("since", Integer, nullable=False),
    Column("thing", Text, nullable=False, server_default=""),  # the server's word, e.g. "photo"
    Column("number", Integer, nullable=False, server_default="1"),  # of such things, 0 = unknown
    Index("omission_order", "source_id", "severity", "place"),
    sqlite_with_rowid=False,
)
source_fact = Table(
    "source_fact",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
item = Table(
    "item",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("listing", Integer, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("fingerprint", Integer, nullable=False),
    Column("content", Integer, nullable=False),  # hash of what the listing said
    Column("full_content", Integer),  # hash of item_full, None without
    Column("details_of", Integer),  # the `content` for which details were last asked for
    Column("identity", Integer),  # hash, None without
    Column("revision", Integer, nullable=False),
    Column("deleted_at", Integer),
    Column("withdrawn_at", Integer),  # deleted because the user may not see it any more
    Column("title", Text, nullable=False),
    Column("sort_title", Text, nullable=False),
    Column("year", Integer),
    Column("released", Text, nullable=False),
    Column("added", Integer, nullable=False),
    Column("duration_ms", Integer),
    Column("rating", Float, nullable=False),  # -1 = unknown
    Column("show_title", Text),
    Column("season_number", Integer),
    Column("episode_number", Integer),
    Column("artist", Text),
    Column("album", Text),
    Column("disc_number", Integer),
    Column("track_number", Integer),
    Column("said_children", Integer),  # what the source says of a container …
    Column("said_unwatched", Integer),
    Column("artwork", Integer, nullable=False),  # bits, see item_columns.ARTWORK
    Column("parent_id", Text),
    Column("show_id", Text),
    Column("album_id", Text),
    Column("place", Text, nullable=False, server_default=text("''")),  # see rows/place
    Column("said_watched", Boolean, nullable=False),  # … and of any item
    Column("play_count", Integer, nullable=False),
    Column("position_ms", Integer, nullable=False),
    Column("last_played", Integer, nullable=False),
    Column("favourite", Boolean, nullable=False),
    Column("user_rating", Float),
    # What is shown: of a container that is what its members are, see writes/containers.
    Column("watched", Boolean, nullable=False),
    Column("unwatched_count", Integer),
    Column("child_count", Integer),
)
_LIVE = text("deleted_at IS NULL")
Index("item_title", item.c.listing, item.c.sort_title, sqlite_where=_LIVE)
Index("item_added", item.c.listing, item.c.added, sqlite_where=_LIVE)
Index("item_released", item.c.listing, item.c.released, sqlite_where=_LIVE)
Index("item_last_played", item.c.listing, item.c.last_played, sqlite_where=_LIVE)
Index("item_rating", item.c.listing, item.c.rating, sqlite_where=_LIVE)
Index("item_year", item.c.listing, item.c.year, item.c.sort_title, sqlite_where=_LIVE)
Index("item_place", item.c.listing, item.c.place, sqlite_where=_LIVE)
Index("item_parent", item.c.parent_id, sqlite_where=text("parent_id IS NOT NULL"))
Index("item_show", item.c.show_id, sqlite_where=text("show_id IS NOT NULL"))
Index("item_withdrawn", item.c.listing, sqlite_where=text("withdrawn_at IS NOT NULL"))
Index("item_deleted", item.c.listing, sqlite_where=text("deleted_at IS NOT NULL"))
Index(
    "item_in_progress",
    item.c.listing,
    item.c.last_played,
    sqlite_where=text("deleted_at IS NULL AND position_ms > 0"),
)
Index("item_revision", item.c.revision)
_UNWATCHED = text("deleted_at IS NULL AND watched = 0")
Index("item_unwatched_title", item.c.listing, item.c.sort_title, sqlite_where=_UNWATCHED)
Index("item_unwatched_added", item.c.listing, item.c.added, sqlite_where=_UNWATCHED)
Index("item_watched", item.c.listing, sqlite_where=text("deleted_at IS NULL AND watched = 1"))
Index(
    "item_favourite",
    item.c.listing,
    item.c.sort_title,
    sqlite_where=text("deleted_at IS NULL AND favourite = 1"),
)
# Details that are missing, or older than their row; `reads/due_details` asks in the same words.
Index(
    "item_details_due",
    item.c.listing,
    sqlite_where=text("deleted_at IS NULL AND details_of IS NOT content"),
)

item_detail = Table(
    "item_detail",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("body", Text, nullable=False),  # JSON object, an item's light details
)
item_full = Table(
    "item_full",
    metadata,
    Column("item", Integer, primary_key=True),
    Column("fetched", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON object of msd.models.ItemDetails
    # JSON object of what a listing could carry and did not, "" = nothing; a listing's value wins.
    Column("beyond_list", Text, nullable=False, server_default=text("''")),
    # 0: it came in a page of many, without what takes a request of its own for each item.
    Column("is_whole", Boolean, nullable=False, server_default=text("1")),
)
facet_value = Table(
    "facet_value",
    metadata,
    Column("key", Integer, primary_key=True),  # see rows/facets
    Column("name", Text, nullable=False),  # one of the spellings that were met
)
item_facet = Table(
    "item_facet",
    metadata,
    Column("value", Integer, primary_key=True, autoincrement=False),
    Column("listing", Integer, primary_key=True, autoincrement=False),  # the item's
    Column("item", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
item_external = Table(
    "item_external",
    metadata,
    Column("external_id", Text, primary_key=True),  # "tmdb:603"
    Column("item", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
member = Table(
    "member",
    metadata,
    Column("parent", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("item_id", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("member_item", member.c.item_id)

search_word = Table(
    "search_word",
    metadata,
    Column("word", Text, primary_key=True),
    sqlite_with_rowid=False,
)
# SQLAlchemy can't describe these: full-text indexes by item.pk that keep no text of their own. The
# words are folded by rows/search_text, so the tokenizer has nothing to do but part them.
_INDEX = "fts5(words, content='', columnsize=0, detail=none, prefix='1 2 3 4', tokenize='ascii')"
VIRTUAL_TABLES = (
    f"CREATE VIRTUAL TABLE search_title USING {_INDEX}",
    f"CREATE VIRTUAL TABLE search USING {_INDEX}",
)
