"""Makes rows and items of single members, for the tests of parsing."""

import json
from pathlib import Path

import httpx
from hypothesis import strategies as st

from msd.backend_api.http.client import Answer
from msd.backends.plex.parse.item import parsed
from msd.backends.plex.parse.rows import raw_item, read_rows
from msd.models import ItemType, MediaItem

DATA = Path(__file__).parent / "data"
XML = {"content-type": "text/xml;charset=utf-8"}
JSON = {"content-type": "application/json"}
TEXTS = st.text(max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # no JSON has others
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
NAMES = st.sampled_from(["Video", "Directory", "Genre", "Media"])


def answer(body, headers=JSON):
    return Answer(status=200, headers=httpx.Headers(headers), body=body)


def listed(*rows, **members):
    return answer(json.dumps({"MediaContainer": {"Metadata": list(rows)} | members}).encode())


def row(**members):
    return {"ratingKey": "7", "type": "movie", "title": "Title"} | members


def raw(item_type=ItemType.MOVIE, /, **members):
    [found] = read_rows(listed(row(**members))).rows
    return raw_item(found, item_type)


def item(item_type=ItemType.MOVIE, /, **members):
    found = parsed(raw(item_type, **members))
    assert isinstance(found, MediaItem), found
    return found


def written(node):
    name, content = node
    if isinstance(content, dict):
        from xml.sax.saxutils import quoteattr  # noqa: PLC0415 - of this test only

        attributes = "".join(f" {key}={quoteattr(value)}" for key, value in content.items())
        return f"<{name}{attributes}/>"
    return f"<{name}>{''.join(map(written, content))}</{name}>"
