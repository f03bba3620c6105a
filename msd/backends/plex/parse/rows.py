"""From a list's answer to its rows, each with its fingerprint; no I/O.

A page is decoded as a whole. Only where that fails is it taken apart row by row, so that a bad
row costs itself and not the page (K5).
"""

from typing import NamedTuple, TypeVar

import msgspec
import xxhash

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode
from msd.backend_api.lenient import decode_leniently, lenient
from msd.backend_api.protocol import RawItem
from msd.backend_api.rows import signed_fingerprint
from msd.backend_api.values import MOST_COUNT
from msd.backends.plex.parse.guids import BY_FILE
from msd.backends.plex.parse.scalars import number
from msd.backends.plex.parse.wire import (
    DetailRow,
    Listed,
    ProvidersListed,
    RawListed,
    RawRows,
    RawSectionsListed,
    RawWatch,
    Row,
    Rows,
    Section,
    key,
    many,
)
from msd.backends.plex.parse.xml import in_json
from msd.errors import BadResponseError
from msd.models import ItemType, RemoteId

PARSER_VERSION = 5  # raise it whenever the same row would give another result

_LISTED_GENRES = 2  # lists show the first few, the full answer shows all
_SEEDS = {item_type: 1_000 * PARSER_VERSION + n for n, item_type in enumerate(ItemType)}
# Only this tells that other members are in the list, or the same in another order.
_LISTS = frozenset({ItemType.COLLECTION, ItemType.PLAYLIST})
_TOTAL = "x-plex-container-total-size"
_IMPOSSIBLE = -1

T = TypeVar("T", bound=msgspec.Struct)

_encode_row = msgspec.msgpack.Encoder().encode


class ListedRow(NamedTuple):
    """What `RawItem.payload` holds: a row, and as what it was listed."""

    type: ItemType
    row: Row


class UnreadableRow(NamedTuple):
    """What `RawItem.payload` holds of a row that could not be fetched or read."""

    why: str


class RowPage(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one answer, in order; a sentence stands in place of an unreadable row."""

    rows: list[Row | str]
    total: int | None
    offset: int | None

    @property
    def is_paged(self) -> bool:
        """Whether this is a window of the list; a list that comes whole has neither of both."""
        return self.total is not None or self.offset is not None


def read_rows(answer: Answer) -> RowPage:
    """Return the rows of a list's answer.

    Raises:
        UnreachableError, BadResponseError: it is no list of a Plex Media Server.
    """
    document = in_json(answer)
    container: Rows | RawRows
    try:
        container = decode(document, Listed, strict=False).container
        rows: list[Row | str] = list(container.metadata or ())
    except BadResponseError:
        container = decode(document, RawListed, strict=False).container
        rows = [_as(raw, Row) for raw in container.metadata or ()]
    total = container.total_size
    if total is None:
        total = answer.headers.get(_TOTAL)
    return RowPage(rows=rows, total=_total(total), offset=number(container.offset))


def _total(value: object) -> int | None:
    """What a server announces, also as text; an unreadable total counts as impossible."""
    if value is None:
        return None
    total = number(value)
    return _IMPOSSIBLE if total is None else total


def decode_sections(answer: Answer) -> list[Section]:
    """Return every library, each read on its own, so that an odd one costs itself alone.

    Raises:
        UnreachableError, BadResponseError: it is no list of libraries.
    """
    rows = many(decode(in_json(answer), RawSectionsListed, strict=False).container.directory)
    sections = (_as(raw, Section) for raw in rows)
    return [Section() if isinstance(section, str) else section for section in sections]


def decode_providers(answer: Answer) -> ProvidersListed:
    """Return what the server offers besides its libraries.

    Raises:
        UnreachableError, BadResponseError: it is no list of providers.
    """
    return decode_leniently(in_json(answer), ProvidersListed, strict=False)


def read_full(answer: Answer) -> tuple[Row, DetailRow] | None:
    """Return the one item of a full answer; None when there is none in it.

    Raises:
        UnreachableError, BadResponseError: it is no answer of a Plex Media Server, or its item
            can't be read.
    """
    for row in read_full_rows(answer):
        if isinstance(row, str):
            raise BadResponseError(row)
        return row
    return None


def read_full_rows(answer: Answer) -> list[tuple[Row, DetailRow] | str]:
    """Return the items of a full answer, in order; a sentence stands for an unreadable one.

    Raises:
        UnreachableError, BadResponseError: it is no answer of a Plex Media Server.
    """
    listed = decode(in_json(answer), RawListed, strict=False).container.metadata or ()
    return [_full(raw) for raw in listed]


def _full(raw: msgspec.Raw) -> tuple[Row, DetailRow] | str:
    row, details = _as(raw, Row), _as(raw, DetailRow)
    if isinstance(row, str):
        return row
    return row, DetailRow() if isinstance(details, str) else details


def row_of(item: RawItem) -> Row:
    """Return the row of an item that this backend listed."""
    assert isinstance(item.payload, ListedRow)  # noqa: S101 - nothing else is made of rows here
    return item.payload.row


def _as(raw: msgspec.Raw, shape: type[T]) -> T | str:
    """Return an object as a `shape`, or why it can't be read."""
    try:
        return msgspec.json.decode(raw, type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            row = lenient(bytes(raw), shape, strict=False)
        except ValueError as error:
            return f"the row can't be read: {error}"[:200]
    if isinstance(row, Row):
        row.has_odd_watch = _has_odd_watch(bytes(raw), row)
    return row


def _has_odd_watch(raw: bytes, row: Row) -> bool:
    """Whether a repaired row lost a value of its watch state.

    Such a row must not say "never watched" (docs/behaviour.md, Y14).
    """
    said = lenient(raw, RawWatch, strict=False)
    return any(
        getattr(said, name) is not None and getattr(row, name) is None
        for name in RawWatch.__struct_fields__
    )


def play_count(value: float | str | None) -> int | None:
    """Return how often an item was played; 1 when it was played an unreadable number of times."""
    if value is None or value == "":
        return None
    try:
        return max(min(int(float(value)), MOST_COUNT), 0)
    except (ValueError, OverflowError):
        return 1


def raw_item(row: Row, item_type: ItemType) -> RawItem | None:
    """Return a row as it is compared and parsed; None when it has no usable id.

    The fingerprint is made of what `parse` reads and of nothing else, so the order of members
    and all that a server counts up by itself do not matter, and a row is the same in a list and
    in the full answer about an item.
    """
    remote_id = key(row.rating_key)
    if remote_id is None:
        return None
    row.view_count = play_count(row.view_count)
    if row.colors is not None:
        row.colors = list(many(row.colors))  # one object in JSON, a list in XML
    if item_type not in BY_FILE:
        row.versions = None
    if item_type is ItemType.ALBUM:
        # Full answers count the tracks of an album, most lists do not: the tracks themselves do.
        row.leaf_count = row.viewed_leaf_count = None
    all_said = row.genres, row.updated_at, row.section
    row.genres, row.section = list(many(row.genres)[:_LISTED_GENRES]), None
    if item_type not in _LISTS:
        row.updated_at = None
    digest = xxhash.xxh3_64_intdigest(_encode_row(row), _SEEDS[item_type])
    row.genres, row.updated_at, row.section = all_said
    return RawItem(RemoteId(remote_id), signed_fingerprint(digest), ListedRow(item_type, row))
