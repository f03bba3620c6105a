"""The writing statements of cache.db as text, compiled from Core once per process."""

from sqlalchemy import (
    LargeBinary,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import sqlite

from msd.store.build_time_schema.cache_tables import (
    cursor,
    facet_value,
    item,
    item_detail,
    item_external,
    item_facet,
    item_full,
    library,
    listing,
    member,
    meta,
    omission,
    source_fact,
    withheld,
)
from msd.store.build_time_schema.compiler import sql_text
from msd.store.cache.rows.columns import CONTENT_COLUMNS, SHOWN_COLUMNS, WATCH_COLUMNS

# An item's columns in the order of `item_writer`'s rows.
_STATE_COLUMNS = (
    "listing",
    "remote_id",
    "fingerprint",
    "content",
    "full_content",
    "details_of",
    "identity",
    "revision",
    "deleted_at",
    "withdrawn_at",
)
_UPDATED = (*_STATE_COLUMNS, *CONTENT_COLUMNS, *WATCH_COLUMNS, *SHOWN_COLUMNS)

SET_META = sql_text(sqlite.insert(meta).prefix_with("OR REPLACE"), "key", "value")
NEXT_REVISION = sql_text(
    update(meta)
    .where(meta.c.key == bindparam("of"))
    .values(value=meta.c.value + bindparam("by"))
    .returning(meta.c.value),
    "by",
    "of",
)

RAISE_META = sql_text(
    update(meta)
    .where(meta.c.key == bindparam("of"), meta.c.value < bindparam("than"))
    .values(value=bindparam("to")),
    "to",
    "of",
    "than",
)

INSERT_ITEM = sql_text(insert(item), "pk", "id", *_UPDATED)
UPDATE_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values({name: bindparam(name) for name in _UPDATED}),
    *_UPDATED,
    "of",
)
TOUCH_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values(fingerprint=bindparam("fingerprint"), details_of=bindparam("details_of")),
    "fingerprint",
    "details_of",
    "of",
)
SOFT_DELETE_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values(deleted_at=bindparam("deleted_at"), revision=bindparam("revision")),
    "revision",
    "deleted_at",
    "of",
)
WITHDRAW_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values(
        deleted_at=bindparam("deleted_at"),
        revision=bindparam("revision"),
        withdrawn_at=bindparam("withdrawn_at"),
    ),
    "revision",
    "deleted_at",
    "withdrawn_at",
    "of",
)
SETTLE_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values(
        revision=bindparam("revision"),
        watched=bindparam("watched"),
        unwatched_count=bindparam("unwatched_count"),
        child_count=bindparam("child_count"),
    ),
    "revision",
    "watched",
    "unwatched_count",
    "child_count",
    "of",
)
MARK_CHANGED = sql_text(
    update(item).where(item.c.pk == bindparam("of")).values(revision=bindparam("revision")),
    "revision",
    "of",
)
_REKEYED = ("id", "revision", *WATCH_COLUMNS, "watched")
REKEY_ITEM = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values({name: bindparam(name) for name in _REKEYED}),
    *_REKEYED,
    "of",
)
_children = select(item.c.id).where(item.c.parent_id == bindparam("parent"))
MOVE_SHOW = sql_text(
    update(item)
    .where(item.c.show_id == bindparam("was"))
    .where(or_(item.c.parent_id == bindparam("show"), item.c.parent_id.in_(_children)))
    .values(show_id=bindparam("becomes"), revision=bindparam("revision")),
    "revision",
    "becomes",
    "was",
    "show",
    "parent",
)
MOVE_ALBUM = sql_text(
    update(item)
    .where(item.c.album_id == bindparam("was"), item.c.parent_id == bindparam("album_parent"))
    .values(album_id=bindparam("becomes"), revision=bindparam("revision")),
    "revision",
    "becomes",
    "was",
    "album_parent",
)
MOVE_CHILDREN = sql_text(
    update(item)
    .where(item.c.parent_id == bindparam("was"))
    .values(parent_id=bindparam("becomes"), revision=bindparam("revision")),
    "revision",
    "becomes",
    "was",
)
MOVE_MEMBERS = sql_text(
    update(member).where(member.c.item_id == bindparam("was")).values(item_id=bindparam("becomes")),
    "becomes",
    "was",
)

# The body comes as UTF-8, as it was encoded: SQLite keeps texts like that.
PUT_DETAIL = sql_text(
    sqlite.insert(item_detail)
    .prefix_with("OR REPLACE")
    .values(item=bindparam("item"), body=cast(bindparam("body", type_=LargeBinary), Text)),
    "item",
    "body",
)
PUT_FULL = sql_text(
    sqlite.insert(item_full)
    .prefix_with("OR REPLACE")
    .values(
        item=bindparam("item"),
        fetched=bindparam("fetched"),
        body=bindparam("body"),
        beyond_list=cast(bindparam("beyond_list", type_=LargeBinary), Text),
        is_whole=bindparam("is_whole"),
    ),
    "item",
    "fetched",
    "body",
    "beyond_list",
    "is_whole",
)
ASKED_FOR_DETAILS = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"), item.c.remote_id == bindparam("with_id"))
    .values(details_of=bindparam("details_of")),
    "details_of",
    "of",
    "with_id",
)
SET_FULL_CONTENT = sql_text(
    update(item)
    .where(item.c.pk == bindparam("of"))
    .values(full_content=bindparam("full_content"), revision=bindparam("revision")),
    "full_content",
    "revision",
    "of",
)
PUT_FACET_VALUE = sql_text(sqlite.insert(facet_value).prefix_with("OR IGNORE"), "key", "name")
PUT_ITEM_FACET = sql_text(
    sqlite.insert(item_facet).prefix_with("OR IGNORE"), "value", "listing", "item"
)
PUT_ITEM_EXTERNAL = sql_text(
    sqlite.insert(item_external).prefix_with("OR IGNORE"), "external_id", "item"
)
PUT_MEMBER = sql_text(insert(member), "parent", "position", "item_id")

DELETE_ITEM = sql_text(delete(item).where(item.c.pk == bindparam("of")), "of")
DELETE_DETAIL = sql_text(delete(item_detail).where(item_detail.c.item == bindparam("of")), "of")
DELETE_FULL = sql_text(delete(item_full).where(item_full.c.item == bindparam("of")), "of")
DELETE_MEMBER_ENTRIES = sql_text(
    delete(member).where(member.c.item_id == bindparam("item_id")), "item_id"
)
DELETE_MEMBERS = sql_text(delete(member).where(member.c.parent == bindparam("of")), "of")
DELETE_ITEM_FACET = sql_text(
    delete(item_facet).where(
        item_facet.c.value == bindparam("facet"),
        item_facet.c.listing == bindparam("listed"),
        item_facet.c.item == bindparam("of"),
    ),
    "facet",
    "listed",
    "of",
)
DELETE_ITEM_EXTERNAL = sql_text(
    delete(item_external).where(
        item_external.c.external_id == bindparam("external_id"),
        item_external.c.item == bindparam("of"),
    ),
    "external_id",
    "of",
)

REKEY_LIBRARY = sql_text(
    update(library)
    .where(library.c.id == bindparam("of"))
    .values(
        remote_id=bindparam("remote_id"),
        name=bindparam("name"),
        deleted_at=null(),
        withdrawn_at=null(),
    ),
    "remote_id",
    "name",
    "of",
)
_LIBRARY = ("id", "source_id", "remote_id", "name", "type", "hidden", "position")
_put_library = sqlite.insert(library).values({name: bindparam(name) for name in _LIBRARY})
PUT_LIBRARY = sql_text(
    _put_library.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _put_library.excluded[name] for name in _LIBRARY[3:]}
        | {"deleted_at": null(), "withdrawn_at": null()},
    ),
    *_LIBRARY,
)
SOFT_DELETE_LIBRARY = sql_text(
    update(library)
    .where(library.c.pk == bindparam("of"))
    .values(deleted_at=bindparam("deleted_at"), withdrawn_at=bindparam("withdrawn_at")),
    "deleted_at",
    "withdrawn_at",
    "of",
)
FINISH_LIBRARY = sql_text(
    update(library).where(library.c.pk == bindparam("of")).values(synced_at=bindparam("now")),
    "now",
    "of",
)
FINISH_FULL_ENUMERATION = sql_text(
    update(library)
    .where(library.c.pk == bindparam("of"))
    .values(fully_enumerated_at=bindparam("now")),
    "now",
    "of",
)
PUT_CURSOR = sql_text(sqlite.insert(cursor).prefix_with("OR REPLACE"), "library", "aspect", "value")
DELETE_CURSORS = sql_text(delete(cursor).where(cursor.c.library == bindparam("of")), "of")
DELETE_LIBRARY = sql_text(delete(library).where(library.c.pk == bindparam("of")), "of")

PUT_LISTING = sql_text(
    sqlite.insert(listing)
    .prefix_with("OR IGNORE")
    .values(library=bindparam("library"), type=bindparam("type"), complete_total=text("-1")),
    "library",
    "type",
)
COUNT_ITEMS = sql_text(
    update(listing)
    .where(listing.c.pk == bindparam("of"))
    .values(item_count=listing.c.item_count + bindparam("by")),
    "by",
    "of",
)
FINISH_LISTING = sql_text(
    update(listing)
    .where(listing.c.pk == bindparam("of"))
    .values(
        complete_total=bindparam("total"),
        complete_at=bindparam("now"),
        complete_pk=bindparam("newest"),
    ),
    "total",
    "now",
    "newest",
    "of",
)
EXPECT_ROWS = sql_text(
    update(listing)
    .where(listing.c.pk == bindparam("of"))
    .values(complete_total=bindparam("total")),
    "total",
    "of",
)
GROW_LISTING = sql_text(
    update(listing)
    .where(listing.c.pk == bindparam("of"), listing.c.complete_total >= text("0"))
    .values(complete_total=listing.c.complete_total + bindparam("by")),
    "by",
    "of",
)
RESUME_AT = sql_text(
    update(listing).where(listing.c.pk == bindparam("of")).values(resume_at=bindparam("start")),
    "start",
    "of",
)
RESUMED = sql_text(
    update(listing).where(listing.c.library == bindparam("of")).values(resume_at=text("0")), "of"
)
COUNT_LOST = sql_text(
    update(listing)
    .where(listing.c.pk == bindparam("of"))
    .values(lost=bindparam("lost"), lost_since=bindparam("since")),
    "lost",
    "since",
    "of",
)
DELETE_LISTINGS = sql_text(delete(listing).where(listing.c.library == bindparam("of")), "of")

PUT_WITHHELD = sql_text(
    sqlite.insert(withheld).prefix_with("OR REPLACE"), "item", "library", "type", "since"
)
DELETE_WITHHELD = sql_text(
    delete(withheld).where(
        withheld.c.library == bindparam("of"), withheld.c.type == bindparam("type")
    ),
    "of",
    "type",
)
DELETE_WITHHELD_ITEM = sql_text(delete(withheld).where(withheld.c.item == bindparam("of")), "of")
DELETE_WITHHELD_OF_LIBRARY = sql_text(
    delete(withheld).where(withheld.c.library == bindparam("of")), "of"
)

_OMISSION = (
    *("source_id", "place", "library", "type", "severity", "kind", "reason", "title"),
    *("since", "thing", "number"),
)
_put_omission = sqlite.insert(omission).values({name: bindparam(name) for name in _OMISSION})
PUT_OMISSION = sql_text(
    _put_omission.on_conflict_do_update(
        index_elements=["source_id", "place"],
        set_={name: _put_omission.excluded[name] for name in _OMISSION[2:] if name != "since"},
    ),
    *_OMISSION,
)
DELETE_OMISSION = sql_text(
    delete(omission).where(
        omission.c.source_id == bindparam("of"), omission.c.place == bindparam("at")
    ),
    "of",
    "at",
)
PUT_SOURCE_FACT = sql_text(
    sqlite.insert(source_fact).prefix_with("OR REPLACE"), "source_id", "key", "value"
)
DELETE_SOURCE_FACTS = sql_text(
    delete(source_fact).where(source_fact.c.source_id == bindparam("of")), "of"
)

ADD_TITLE_WORDS = "INSERT INTO search_title (rowid, words) VALUES (?, ?)"
ADD_WORDS = "INSERT INTO search (rowid, words) VALUES (?, ?)"
REMOVE_TITLE_WORDS = "INSERT INTO search_title (search_title, rowid, words) VALUES ('delete', ?, ?)"
REMOVE_WORDS = "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)"
MERGE_TITLE_WORDS = "INSERT INTO search_title (search_title, rank) VALUES ('merge', ?)"
MERGE_WORDS = "INSERT INTO search (search, rank) VALUES ('merge', ?)"
ADD_SEARCH_WORD = "INSERT OR IGNORE INTO search_word (word) VALUES (?)"
