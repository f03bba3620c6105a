"""The Kodi Sync Queue plugin where it is installed: every route is anonymous (contract 6)."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.simulators.jellyfin.service.http import (
    PROBLEM_TEXT,
    Refusal,
    Response,
    json_reply,
    text_reply,
)
from tests.simulators.jellyfin.service.routing import router
from tests.simulators.jellyfin.service.state import Call
from tests.simulators.jellyfin.world.userdata import user_data_members

_PREFIX = "/Jellyfin.Plugin.KodiSyncQueue"


@router.route("GET", f"{_PREFIX}/{{uid}}/GetItems", anonymous=True)
def get_queued_items(call: Call) -> Response:
    """List what was saved since, and what the user touched since; whole seconds, strictly later."""
    if not call.state.has_kodi_queue:
        raise Refusal(Response(status=404))
    user = call.world.users.get(call.parts["uid"])
    if user is None:
        return text_reply(PROBLEM_TEXT, 500)
    since = call.request.query.moment("lastUpdateDt") or datetime.min.replace(tzinfo=UTC)
    saved = [item for item in call.world.items.values() if item.saved > since]
    touched = [
        item
        for item_id, data in user.data.items()
        if (item := call.world.items.get(item_id)) and (data.likes is not None)
    ]
    return json_reply(
        {
            "ItemsAdded": [item.id for item in saved if item.created > since],
            "ItemsRemoved": [],
            "ItemsUpdated": [item.id for item in saved if item.created <= since],
            "UserDataChanged": [
                user_data_members(call.world, item, call.state.version, user) | {"ItemId": item.id}
                for item in touched
            ],
        }
    )
