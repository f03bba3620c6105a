"""An item as a page, from whatever a server or a file says of it."""

import pytest

from msd.cli.terminal.item_page import decision_lines, details, headline, summary
from msd.cli.terminal.text import safe

HOSTILE = "x\x1b[31m\u202e\x07\x9b"
TEXTS = (
    *("id", "type", "title", "year", "edition", "artist", "album", "show_title", "content_rating"),
    *("status", "original_title", "released", "ended"),
)
LISTS = ("genres", "badges", "studios", "tags", "external_ids")
ROWS = ("people", "versions", "parts", "extras", "trailers", "chapters", "lyrics", "markers")
NAMES = (
    *("name", "job", "role", "title", "container", "kind", "text"),
    *("subject", "value", "evidence", "origin"),
)
ROW = dict.fromkeys(NAMES, HOSTILE)
STREAMS = [
    {"kind": kind, "codec": HOSTILE, "hdr": HOSTILE, "layout": HOSTILE, "language": HOSTILE}
    for kind in ("video", "audio", "subtitle")
]
ITEM = (
    dict.fromkeys(TEXTS, HOSTILE)
    | {key: [HOSTILE] for key in LISTS}
    | {key: [ROW | {"streams": STREAMS}] for key in (*ROWS, "decisions")}
    | {"path": "file:///srv/%1B%5B31m"}
)


def lines_of(item):
    pairs = [text for pair in details(item, "") for text in pair]
    return [headline(item), summary(item), *pairs, *decision_lines(item)]


@pytest.mark.parametrize("item_type", [HOSTILE, "movie", "episode"])
@pytest.mark.parametrize("title", [HOSTILE, ""])
def test_no_text_of_an_item_is_obeyed(item_type, title):
    """Each is one line that a terminal only shows."""
    lines = lines_of(ITEM | {"type": item_type, "title": title})

    assert [safe(line) for line in lines] == lines
    assert {"parts", "extras", "trailers", safe(HOSTILE)} <= set(lines)


def test_a_name_that_only_repeats_the_title_is_left_out():
    """Also one that is shown in another way than it is written."""
    version = {"name": HOSTILE, "container": "mkv"}
    item = {"title": HOSTILE, "original_title": HOSTILE, "versions": [version]}

    lines = dict(details(item, ""))

    assert (lines["original title"], lines["version"]) == ("", "mkv")
