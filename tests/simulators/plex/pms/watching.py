"""Routes of what is played and was played."""

from __future__ import annotations

import json
from typing import Any

from tests.simulators.http.message import Response
from tests.simulators.plex.containers import Span
from tests.simulators.plex.errors import refuse
from tests.simulators.plex.item import Item, Kind, Play

from .call import LIBRARY, Call, route


@route("GET", "PUT", "/:/scrobble")
def scrobble(call: Call) -> Response:
    """Mark as watched; no history row."""
    call.world.watch(_keyed(call).key, call.viewer.account_id, history=False)
    return Response(content_type="text/html")


@route("GET", "PUT", "/:/unscrobble")
def unscrobble(call: Call) -> Response:
    """Mark as unwatched."""
    call.world.unwatch(_keyed(call).key, call.viewer.account_id)
    return Response(content_type="text/html")


@route("GET", "PUT", "/:/rate")
def rate(call: Call) -> Response:
    """Rate from 0 to 10; -1 takes the rating back."""
    item, rating = _keyed(call), call.query.number("rating")
    if rating is None or not -1 <= rating <= 10:
        refuse(400)
    call.world.rate(item.key, None if rating == -1 else rating, call.viewer.account_id)
    return Response(content_type="text/html")


@route("GET", "PUT", "/:/progress")
def progress(call: Call) -> Response:
    """Keep a position; zero is passed over."""
    item, time = _keyed(call), call.query.number("time")
    if time:
        call.world.progress(item.key, time, call.viewer.account_id)
    return Response(content_type="text/html")


@route("GET", "/status/sessions")
def sessions(call: Call) -> Response:
    """What is playing, to the owner: nothing."""
    call.needs_owner()
    return call.reply(Metadata=[])


@route("GET", "/status/sessions/history/all")
def history(call: Call) -> Response:
    """The plays; everybody but the owner sees his own only."""
    viewer, query = call.viewer, call.query
    plays = [
        each for each in call.world.history if viewer.owner or each.account_id == viewer.account_id
    ]
    since = query.number("viewedAt>") or query.number("viewedAt>>") or 0
    plays = [each for each in plays if each.viewed_at >= since]
    if (account := query.number("accountID")) is not None:
        plays = [each for each in plays if each.account_id == account]
    if (key := query.number("metadataItemID")) is not None:
        plays = [each for each in plays if each.key == key]
    if (section := query.number("librarySectionID")) is not None:
        plays = [each for each in plays if _section_of(call, each) == section]
    plays.sort(
        key=lambda each: (each.viewed_at, each.number),
        reverse="desc" in (query.text("sort") or "desc"),
    )
    return _page(call, [_history_row(call, each) for each in plays])


@route("GET", "/hubs/continueWatching/items")
@route("GET", "/hubs/home/continueWatching/items")
def continue_watching_items(call: Call) -> Response:
    """What was begun."""
    return call.list_reply(_begun(call), {"identifier": LIBRARY})


@route("GET", "/hubs/continueWatching")
@route("GET", "/hubs/home/continueWatching")
def continue_watching(call: Call) -> Response:
    """What was begun, as a hub."""
    return call.reply(identifier=LIBRARY, Hub=[_hub(call)])


@route("GET", "/hubs")
def hubs(call: Call) -> Response:
    """The home page."""
    return call.reply(identifier=LIBRARY, Hub=[_hub(call)])


@route("GET", "/library/onDeck")
def on_deck(call: Call) -> Response:
    """What to see next: what was begun."""
    return call.list_reply(_begun(call), {"identifier": LIBRARY, "mixedParents": True})


def _keyed(call: Call) -> Item:
    key = call.query.text("key") or ""
    if not key.isdigit():
        refuse(400)
    call.parts["key"] = key
    return call.item()


def _begun(call: Call) -> list[Item]:
    states = call.world.states.get(call.viewer.account_id, {})
    begun = [
        (state.last_viewed_at, call.world.items[key])
        for key, state in states.items()
        if state.view_offset and key in call.world.items
    ]
    begun.sort(key=lambda each: (-each[0], each[1].key))
    wanted = [item for _, item in begun if item.kind in (Kind.MOVIE, Kind.EPISODE)]
    return call.visible(wanted)


def _hub(call: Call) -> dict[str, Any]:
    items = _begun(call)
    hub: dict[str, Any] = {
        "hubKey": "/library/metadata/" + ",".join(str(item.key) for item in items),
        "key": "/hubs/home/continueWatching",
        "title": "Continue Watching",
        "type": "mixed",
        "hubIdentifier": "home.continue",
        "context": "hub.home.continue",
        "size": len(items),
        "more": False,
        "style": "hero",
    }
    if items:
        hub["Metadata"] = [json.loads(row) for row in call.rows(items)]
    return hub


def _section_of(call: Call, play: Play) -> int | None:
    item = call.world.items.get(play.key)
    return item.section_id if item else None


def _history_row(call: Call, play: Play) -> dict[str, Any]:
    row: dict[str, Any] = {"historyKey": f"/status/sessions/history/{play.number}"}
    item = call.world.items.get(play.key)
    if item:
        row |= {
            "key": f"/library/metadata/{item.key}",
            "ratingKey": str(item.key),
            "librarySectionID": str(item.section_id),
            "title": item.title,
            "type": item.kind.wire,
            "thumb": f"/library/metadata/{item.key}/thumb/{item.added_at}",
        }
        for name, key in (("parentKey", item.parent), ("grandparentKey", item.grandparent)):
            if key:
                row[name] = f"/library/metadata/{key}"
    return row | {"viewedAt": play.viewed_at, "accountID": play.account_id, "deviceID": 1}


def _page(call: Call, rows: list[dict[str, Any]]) -> Response:
    span = Span(call.request, call.query, len(rows))
    page = rows[span.start : span.stop]
    return call.reply(size=len(page), totalSize=len(rows), offset=span.start, Metadata=page)
