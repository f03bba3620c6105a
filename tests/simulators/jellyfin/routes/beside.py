"""What belongs to an item and stands in no list: parts, extras, themes, lyrics, segments."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.simulators.jellyfin.answers.fields import Shape
from tests.simulators.jellyfin.routes.items import the_item
from tests.simulators.jellyfin.service.http import Refusal, Response, json_reply, not_found
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Extra, Item
from tests.simulators.jellyfin.world.wire import make_id

_OF_TYPE = {"Trailer": {"Type": "Trailer"}, "ThemeSong": {"HasLyrics": False}}
_THEMES = ("ThemeSong", "ThemeVideo")


@router.route("GET", "/Videos/{id}/AdditionalParts")
def get_parts(call: Call) -> Response:
    """List the further files of a film, which no other list has."""
    film = the_item(call)
    rows = [
        {
            "Id": part_id,
            "Name": film.name,
            "Type": "Video",
            "ParentId": None,
            "RunTimeTicks": film.runtime_ticks,
            "IsFolder": False,
        }
        for part_id in film.part_ids
    ]
    return json_reply(_page(rows))


@router.route("GET", "/Items/{id}/LocalTrailers", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/{id}/LocalTrailers")
def get_trailers(call: Call) -> Response:
    """List an item's trailers on the server as a bare array."""
    item = the_item(call)
    return json_reply([_row(call, item, each) for each in item.extras if each.type == "Trailer"])


@router.route("GET", "/Items/{id}/SpecialFeatures", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/{id}/SpecialFeatures")
def get_extras(call: Call) -> Response:
    """List an item's other extras as a bare array."""
    item = the_item(call)
    others = [each for each in item.extras if each.type not in ("Trailer", *_THEMES)]
    return json_reply([_row(call, item, each) for each in others])


@router.route("GET", "/Items/{id}/ThemeMedia")
def get_themes(call: Call) -> Response:
    """List what is played while an item is looked at; of its parents too when that is asked."""
    item = the_item(call)
    owner = item
    while call.request.query.boolean("inheritFromParent") and not _themes(owner):
        parent = call.world.items.get(owner.parent_id)
        if parent is None:
            break
        owner = parent
    pages = {
        kind: _page([_row(call, owner, each) for each in owner.extras if each.type == kind])
        for kind in ("ThemeVideo", "ThemeSong", "Soundtrack")
    }
    return json_reply(
        {
            "ThemeVideosResult": {"OwnerId": owner.id, **pages["ThemeVideo"]},
            "ThemeSongsResult": {"OwnerId": owner.id, **pages["ThemeSong"]},
            "SoundtrackSongsResult": {"OwnerId": owner.id, **pages["Soundtrack"]},
        }
    )


@router.route("GET", "/Audio/{id}/Lyrics", since=(10, 9))
def get_lyrics(call: Call) -> Response:
    """Return the words of a track; 404 where there are none."""
    item = the_item(call)
    if not item.lyrics:
        raise Refusal(not_found())
    cues: dict[str, Any] = {"Cues": []} if call.state.version.rank >= (10, 11) else {}
    lines = [
        {"Text": text, **({} if start is None else {"Start": start}), **cues}
        for start, text in item.lyrics
    ]
    return json_reply({"Metadata": {}, "Lyrics": lines})


@router.route("GET", "/MediaSegments/{id}", since=(10, 10))
def get_segments(call: Call) -> Response:
    """List intro, credits and the like; none without a plug-in that finds them."""
    item = the_item(call)
    rows = [
        {
            "Id": make_id("segment", item.id, place),
            "ItemId": item.id,
            "Type": kind,
            "StartTicks": start,
            "EndTicks": end,
        }
        for place, (kind, start, end) in enumerate(item.segments)
    ]
    return json_reply(_page(rows))


def _themes(item: Item) -> list[Extra]:
    return [each for each in item.extras if each.type in _THEMES]


def _page(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Items": rows, "TotalRecordCount": len(rows), "StartIndex": 0}


def _row(call: Call, owner: Item, extra: Extra) -> dict[str, Any]:
    """Return an extra as the server shows it: a row without a parent, with its own type."""
    state = call.state
    item = replace(
        owner,
        id=extra.id,
        name=extra.name,
        type="Audio" if extra.type == "ThemeSong" else "Video",
        runtime_ticks=extra.runtime_ticks,
        extras=(),
        overrides={"ExtraType": extra.type, "ParentId": None, **_OF_TYPE.get(extra.type, {})},
    )
    shape = Shape.everything(state.version)
    parts = state.rows.parts([item], shape, state.version, call.user())
    row: dict[str, Any] = json.loads(b"".join(parts))
    return row
