"""Play state: marking, user data and playback reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.simulators.jellyfin.answers.query import BadQueryError
from tests.simulators.jellyfin.routes.items import the_item
from tests.simulators.jellyfin.service.http import PROBLEM_TEXT, Response, json_reply, text_reply
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.item import Item, User
from tests.simulators.jellyfin.world.userdata import affected, favor, mark, reach, user_data_members
from tests.simulators.jellyfin.world.wire import read_guid

_RESUMABLE = ("Movie", "Episode", "Video", "MusicVideo")


def _data_reply(call: Call, item: Item) -> Response:
    members = user_data_members(call.world, item, call.state.version, call.needs_user())
    return json_reply(members)


@router.route("POST", "DELETE", "/UserPlayedItems/{id}", since=(10, 9))
@router.route("POST", "DELETE", "/Users/{uid}/PlayedItems/{id}")
def set_played(call: Call) -> Response:
    """Mark an item as played, or as not played."""
    item, user = the_item(call), call.needs_user()
    played = call.request.method == "POST"
    mark(call.world, user, item, played=played, at=_date_played(call))
    return _data_reply(call, item)


def _date_played(call: Call) -> datetime | None:
    text = call.request.query.text("datePlayed")
    try:
        return datetime.strptime(text or "", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return call.request.query.moment("datePlayed")


@router.route("POST", "DELETE", "/UserFavoriteItems/{id}", since=(10, 9))
@router.route("POST", "DELETE", "/Users/{uid}/FavoriteItems/{id}")
def set_favorite(call: Call) -> Response:
    """Make an item a favourite, or end that."""
    item, user = the_item(call), call.needs_user()
    favor(call.world, user, item, favorite=call.request.method == "POST")
    return _data_reply(call, item)


@router.route("POST", "DELETE", "/UserItems/{id}/Rating", since=(10, 9))
@router.route("POST", "DELETE", "/Users/{uid}/Items/{id}/Rating")
def set_rating(call: Call) -> Response:
    """Like or dislike an item, or take that back."""
    item, user = the_item(call), call.needs_user()
    likes = call.request.query.boolean("likes") if call.request.method == "POST" else None
    call.world.data(user, item.id).likes = likes
    call.world.data_changed(user, *affected(call.world, item))
    return _data_reply(call, item)


@router.route("GET", "/UserItems/{id}/UserData", since=(10, 9))
@router.route("GET", "/Users/{uid}/Items/{id}/UserData", since=(10, 9))
def get_user_data(call: Call) -> Response:
    """Show a user's data of an item."""
    return _data_reply(call, the_item(call))


@router.route("POST", "/UserItems/{id}/UserData", since=(10, 9))
@router.route("POST", "/Users/{uid}/Items/{id}/UserData", since=(10, 9))
def post_user_data(call: Call) -> Response:
    """Store the given members as they are, without resume rules."""
    item, user, body = the_item(call), call.needs_user(), call.request.json()
    data = call.world.data(user, item.id)
    names = {
        "playbackpositionticks": "position_ticks",
        "playcount": "play_count",
        "isfavorite": "favorite",
        "played": "played",
        "likes": "likes",
    }
    for name, member in names.items():
        if body.get(name) is not None:
            setattr(data, member, body[name])
    if body.get("lastplayeddate"):
        data.last_played = datetime.fromisoformat(body["lastplayeddate"])
    call.world.data_changed(user, *affected(call.world, item))
    return _data_reply(call, item)


@router.route("POST", "/Sessions/Playing")
def report_start(call: Call) -> Response:
    """Note that something began to play."""
    body, user = call.request.json(), call.device.user if call.device else None
    item = _reported_item(call, body)
    if item and user:
        data = call.world.data(user, item.id)
        data.play_count += 1
        data.last_played = call.world.clock.now()
        if item.type not in _RESUMABLE:
            data.played = True
        call.world.data_changed(user, *affected(call.world, item))
    return Response(status=204)


@router.route("POST", "/Sessions/Playing/Progress")
def report_progress(call: Call) -> Response:
    """Save a position; nobody is told."""
    body, user = call.request.json(), call.device.user if call.device else None
    item = _reported_item(call, body)
    if item and user:
        _save_position(call, user, item, body.get("positionticks"))
        call.world.data_changed(user, item.id, quiet=True)
    return Response(status=204)


@router.route("POST", "/Sessions/Playing/Stopped")
def report_stop(call: Call) -> Response:
    """Save the last position; a report without one counts as played to the end."""
    body, user = call.request.json(), call.device.user if call.device else None
    position = body.get("positionticks")
    item = _reported_item(call, body)
    if isinstance(position, int) and position < 0:
        return text_reply(PROBLEM_TEXT, 400)
    if item and user and not body.get("failed"):
        data = call.world.data(user, item.id)
        if position is None:
            data.play_count, data.played, data.position_ticks = data.play_count + 1, True, 0
        _save_position(call, user, item, position)
        call.world.data_changed(user, *affected(call.world, item))
    return Response(status=204)


@router.route("POST", "/Sessions/Playing/Ping")
def report_alive(call: Call) -> Response:
    """Keep a transcode alive."""
    return Response(status=204)


def _save_position(call: Call, user: User, item: Item, position: object) -> None:
    if isinstance(position, int) and item.type in _RESUMABLE:
        reach(call.world.data(user, item.id), item, position)


def _reported_item(call: Call, body: dict[str, Any]) -> Item | None:
    named = body.get("itemid")
    if named is None:
        return None
    found = read_guid(str(named))
    if found is None:
        raise BadQueryError("ItemId", str(named))
    return call.world.items.get(found)
