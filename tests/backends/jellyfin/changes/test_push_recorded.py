"""What each recorded message of a real server's websocket makes msd look at."""

from __future__ import annotations

import json

import pytest

from msd.backend_api.changes import Aspect, PushedChange
from msd.backend_api.http.websocket import WebSocket
from msd.backends.jellyfin.changes.push import _Channel
from msd.errors import UnreachableError
from msd.models import StatusReason
from tests.backends.jellyfin.recorded import VERSIONS, names, recorded

pytestmark = pytest.mark.anyio

QUIET = {
    "ws-activity-log-entry",
    "ws-force-keep-alive",
    "ws-keep-alive",
    "ws-refresh-progress",
    "ws-scheduled-tasks-info",
    "ws-sessions",
}


class SilentSocket(WebSocket):
    """A connection on which nothing happens."""

    def __init__(self) -> None:
        """Need no connection."""


async def changes(version: str, name: str) -> tuple[PushedChange, ...]:
    """Return what one recorded message makes msd look at."""
    message = recorded(version, name)["message"]
    data = message.get("Data")
    user = data.get("UserId") if isinstance(data, dict) else None
    channel = _Channel(SilentSocket(), user or "")
    channel._take(json.dumps(message))
    return tuple(channel._waiting)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_message_about_watch_data_names_every_id_it_tells(version):
    """Leaves, and their parents on disk, a folder among them: `fetch` passes over what is none."""
    found = [name for name in names(version) if name.startswith("ws-user-data-changed")]
    assert found
    for name in found:
        rows = recorded(version, name)["message"]["Data"]["UserDataList"]
        [change] = await changes(version, name)
        assert change.aspect is Aspect.WATCH
        assert set(change.changed) == {row["ItemId"] for row in rows}
        assert not change.removed


async def test_watch_data_of_another_user_is_nothing():
    """A server sends them to the user's own sessions; nobody relies on it."""
    message = recorded("12", "ws-user-data-changed-film")["message"]
    channel = _Channel(SilentSocket(), "f" * 32)
    channel._take(json.dumps(message))

    assert not channel._waiting


@pytest.mark.parametrize("name", ["ws-library-changed-added", "ws-library-changed-updated"])
async def test_a_message_about_the_library_names_added_and_updated(name):
    """Folders and views are among its other lists and are not looked at."""
    data = recorded("12", name)["message"]["Data"]
    [change] = await changes("12", name)

    assert change.aspect is Aspect.METADATA
    assert set(change.changed) == {*data["ItemsAdded"], *data["ItemsUpdated"]}
    assert set(change.removed) == set(data["ItemsRemoved"])


async def test_an_announced_restart_is_a_starting_server():
    """`"Data": ""`, then a close: the source is asked every few seconds until it is ready (S11)."""
    with pytest.raises(UnreachableError) as caught:
        await changes("12", "ws-server-restarting")

    assert caught.value.reason is StatusReason.SERVER_STARTING


async def test_a_renamed_account_makes_msd_look_at_the_libraries():
    """Changed rights send nothing; this message is sent for a new name only."""
    assert await changes("12", "ws-user-updated") == (PushedChange(),)


@pytest.mark.parametrize("name", sorted(QUIET))
async def test_messages_about_the_server_itself_are_passed_over(name):
    """Nothing of the library or the user has changed."""
    assert await changes("12", name) == ()
