"""What a source has and msd leaves out, worst first, a page at a time (Y16)."""

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode

from msd.errors import InvalidArgumentError
from msd.models import LibraryId, SkippedPage, SkippedRow, SourceId, UnixSeconds

_PAGE = """
SELECT severity, place, kind, reason, since, library, title, thing, number FROM omission
WHERE source_id = ? AND (severity, place) > (?, ?) ORDER BY severity, place LIMIT ?
"""
_START = (-1, "")


def skipped(
    connection: sqlite3.Connection, source_id: SourceId, limit: int, cursor: str
) -> SkippedPage:
    """Return one page of what a source has and msd leaves out.

    Args:
        connection: to the cache.
        source_id: the source.
        limit: rows of the page.
        cursor: `next_cursor` of the page before, "" for the first one.

    Raises:
        InvalidArgumentError: the cursor is none of these pages.
    """
    rows = connection.execute(_PAGE, (source_id, *_decoded(cursor), limit + 1)).fetchall()
    total = connection.execute(
        "SELECT count(*) FROM omission WHERE source_id = ?", (source_id,)
    ).fetchone()[0]
    page = rows[:limit]
    return SkippedPage(
        rows=tuple(
            SkippedRow(
                place=place,
                kind=kind,
                reason=reason,
                since=UnixSeconds(since),
                library_id=None if library is None else LibraryId(library),
                title=title,
                thing=thing,
                number=number,
            )
            for _, place, kind, reason, since, library, title, thing, number in page
        ),
        next_cursor=_encoded(*page[-1][:2]) if len(rows) > limit else "",
        total=total,
    )


def _encoded(severity: int, place: str) -> str:
    return urlsafe_b64encode(json.dumps([severity, place]).encode()).decode()


def _decoded(cursor: str) -> tuple[int, str]:
    if not cursor:
        return _START
    try:
        severity, place = json.loads(urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArgumentError("the cursor is not one of this list") from error
    if type(severity) is not int or not 0 <= severity < 2**31 or not isinstance(place, str):
        raise InvalidArgumentError("the cursor is not one of this list")
    try:
        place.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError("the cursor is not one of this list") from error
    return severity, place
