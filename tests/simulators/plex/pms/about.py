"""Routes that describe the server itself."""

from __future__ import annotations

from typing import Any

from tests.simulators.http.message import Response, html_reply
from tests.simulators.plex.errors import refuse
from tests.simulators.plex.item import Section

from .call import LIBRARY, Call, route


@route("GET", "/identity", anonymous=True)
def identity(call: Call) -> Response:
    """Who this is; nobody has to say who asks."""
    return call.reply(
        size=0,
        claimed=call.state.claimed,
        machineIdentifier=call.world.machine_id,
        version=call.state.version,
    )


@route("GET", "/web/index.html", anonymous=True)
def web(call: Call) -> Response:
    """The web client."""
    return html_reply("<!doctype html><title>Plex</title>", 200)


@route("GET", "/")
def root(call: Call) -> Response:
    """What the server can do."""
    names = ("activities", "butler", "channels", "hubs", "library", "livetv", "media", "playlists")
    directories = [{"count": 1, "key": name, "title": name} for name in names]
    return call.reply(**_about(call), Directory=directories)


@route("GET", "/media/providers")
def providers(call: Call) -> Response:
    """The libraries and the features of the server."""
    provider = {
        "identifier": LIBRARY,
        "title": "Library",
        "types": "video,audio,photo",
        "protocols": "stream,download",
        "Feature": _features(call),
    }
    return call.reply(**_about(call), MediaProvider=[provider])


@route("GET", "/:/prefs")
def preferences(call: Call) -> Response:
    """Every setting, to the owner."""
    call.needs_owner()
    return call.reply(Setting=[_setting(name, each) for name, each in _all(call).items()])


@route("GET", "/:/prefs/get")
def preference(call: Call) -> Response:
    """One setting."""
    name = call.query.text("id") or ""
    if name not in _all(call):
        refuse(404)
    return call.reply(Setting=[_setting(name, _all(call)[name])])


@route("GET", "/accounts")
def accounts(call: Call) -> Response:
    """The accounts the server knows, to the owner."""
    call.needs_owner()
    found = [{"id": number, "key": f"/accounts/{number}", "name": ""} for number in (0, 1)]
    return call.reply(identifier="com.plexapp.system.accounts", Account=found)


@route("GET", "/activities")
def activities(call: Call) -> Response:
    """What the server is doing: nothing."""
    return call.reply(Activity=[])


def _all(call: Call) -> dict[str, Any]:
    return call.state.preferences | {"FriendlyName": call.world.name}


def _setting(name: str, value: Any) -> dict[str, Any]:
    kind = {bool: "bool", int: "int"}.get(type(value), "text")
    return {
        "id": name,
        "label": name,
        "summary": "",
        "type": kind,
        "default": value,
        "value": value,
        "hidden": False,
        "advanced": False,
        "group": "library",
    }


def _about(call: Call) -> dict[str, Any]:
    owner = call.viewer.owner
    deletion = {"allowMediaDeletion": True} if owner and call.state.allows_deletion else {}
    return {
        "allowSync": True,
        "backgroundProcessing": True,
        "certificate": True,
        "countryCode": "usa",
        "eventStream": True,
        "friendlyName": call.world.name,
        "machineIdentifier": call.world.machine_id,
        "multiuser": True,
        "myPlex": call.state.claimed,
        "myPlexSigninState": "ok",
        "myPlexSubscription": True,
        **({"myPlexUsername": call.state.grants.owner.name} if owner else {}),
        "platform": "Linux",
        "platformVersion": "6.1",
        "transcoderActiveVideoSessions": 0,
        "transcoderAudio": True,
        "transcoderVideo": True,
        "updatedAt": 1_700_000_000,
        "version": call.state.version,
        **deletion,
    }


def _features(call: Call) -> list[dict[str, Any]]:
    timeline = {"scrobbleKey": "/:/scrobble", "unscrobbleKey": "/:/unscrobble"}
    return [
        {"type": "content", "key": "/library/sections", "Directory": _content(call)},
        {"type": "search", "key": "/hubs/search"},
        {"type": "metadata", "key": "/library/metadata"},
        {"type": "timeline", "key": "/:/timeline", **timeline},
        {"type": "rate", "key": "/:/rate"},
        {"type": "promoted", "key": "/hubs/promoted"},
        {"type": "continuewatching", "key": "/hubs/continueWatching"},
        {"type": "imagetranscoder", "key": "/photo/:/transcode"},
        {"type": "playlist", "key": "/playlists", "flavor": "universal"},
        {"type": "playqueue", "key": "/playQueues", "flavor": "full"},
        {"type": "collection", "key": "/library/collections"},
        {"type": "actions", "key": "/actions"},
    ]


def _content(call: Call) -> list[dict[str, Any]]:
    viewer = call.viewer
    sections = [each for each in call.world.sections.values() if viewer.sees_section(each)]
    found: list[dict[str, Any]] = [{"hubKey": "/hubs", "title": "Home"}]
    found.extend(_library(each) for each in sections)
    found.append({"id": "playlists", "key": "/playlists", "type": "playlist", "title": "Playlists"})
    if viewer.items:
        found.append(
            {
                "id": "shared",
                "key": "/library/shared",
                "hubKey": "/hubs/sections/shared",
                "type": "mixed",
                "title": "Shared With Me",
            }
        )
    return found


def _library(section: Section) -> dict[str, Any]:
    return {
        "agent": section.agent,
        "language": section.language,
        "refreshing": section.refreshing,
        "scanner": section.scanner,
        "uuid": section.uuid,
        "id": str(section.id),
        "key": f"/library/sections/{section.id}",
        "hubKey": f"/hubs/sections/{section.id}",
        "type": section.type,
        "title": section.title,
        "updatedAt": section.updated_at,
        "scannedAt": section.scanned_at,
    }
