"""Routes of libraries and their lists."""

from __future__ import annotations

from typing import Any

from tests.simulators.http.message import Response
from tests.simulators.plex.item import LEAF_OF_SECTION, TOP_KINDS, Item, Kind, Section
from tests.simulators.plex.query import BadQueryError, Look, sorted_by, tests_of

from .call import LIBRARY, Call, route
from .meta import meta_members

_UNFILTERED = ("X-Plex-", "include", "exclude")


@route("GET", "/library")
def library(call: Call) -> Response:
    """What is below /library."""
    names = ("sections", "recentlyAdded", "onDeck")
    return call.reply(
        title1="Plex Library", identifier=LIBRARY, Directory=[{"key": n, "title": n} for n in names]
    )


@route("GET", "/library/sections")
@route("GET", "/library/sections/all")
def sections(call: Call) -> Response:
    """The libraries this viewer has."""
    found = [each for each in call.world.sections.values() if call.viewer.sees_section(each)]
    return call.reply(
        allowSync=False,
        title1="Plex Library",
        Directory=[_section_members(call, each) for each in found],
    )


@route("GET", "/library/sections/{section}")
def section(call: Call) -> Response:
    """What is below one library, or its details."""
    found = call.section()
    if call.query.flag("includeDetails"):
        return call.reply(Directory=[_section_members(call, found)])
    names = ("all", "unwatched", "newest", "recentlyAdded", "collection", "genre", "folder")
    return call.reply(
        **_around(found, "Plex Library"), Directory=[{"key": n, "title": n} for n in names]
    )


@route("GET", "/library/sections/{section}/all")
def section_all(call: Call) -> Response:
    """The items of one type of a library."""
    found = call.section()
    kind = _kind(call, TOP_KINDS[found.type])
    members = _around(found, f"All {found.title}")
    if call.query.flag("includeMeta"):
        members["Meta"] = meta_members(found, kind)
    return call.list_reply(_selected(call, kind, found), members)


@route("GET", "/library/sections/{section}/allLeaves")
def all_leaves(call: Call) -> Response:
    """Every episode, track, photo or movie of a library."""
    found = call.section()
    kind = LEAF_OF_SECTION[found.type]
    return call.list_reply(_selected(call, kind, found), _around(found, "All Leaves"))


@route("GET", "/library/sections/{section}/collections")
def collections(call: Call) -> Response:
    """The collections of a library."""
    found = call.section()
    return call.list_reply(_selected(call, Kind.COLLECTION, found), _around(found, "Collections"))


@route("GET", "/library/sections/{section}/recentlyAdded")
def recently_added(call: Call) -> Response:
    """The newest items of a library."""
    found = call.section()
    items = _selected(call, TOP_KINDS[found.type], found)
    newest = sorted(items, key=lambda item: -item.added_at)[:50]
    return call.list_reply(newest, _around(found, "Recently Added"))


@route("GET", "/library/recentlyAdded")
def recently_added_anywhere(call: Call) -> Response:
    """The newest movies, shows and albums of the whole server."""
    items = call.visible(call.world.of_kind(Kind.MOVIE, Kind.SHOW, Kind.ALBUM))
    newest = sorted(items, key=lambda item: -item.added_at)[:50]
    return call.list_reply(newest, {"identifier": LIBRARY, "mixedParents": True})


@route("GET", "/library/all")
def everything(call: Call) -> Response:
    """The items of one type of the whole server."""
    return call.list_reply(_selected(call, _kind(call, Kind.MOVIE), None), {"identifier": LIBRARY})


@route("GET", "/library/shared/all")
def shared(call: Call) -> Response:
    """What was shared with this viewer item by item."""
    items = [call.world.items[key] for key in sorted(call.viewer.items) if key in call.world.items]
    if (kind := call.query.number("type")) is not None:
        items = [item for item in items if item.kind == kind]
    return call.list_reply(items, {"identifier": LIBRARY, "title1": "Shared With Me"})


@route("GET", "/library/sections/{section}/timeline")
def timeline(call: Call) -> Response:
    """When a library changed last."""
    found = call.section()
    return call.reply(latestEntryTime=found.scanned_at, updateQueueSize=0)


@route("GET", "POST", "DELETE", "/library/sections/{section}/refresh")
def refresh(call: Call) -> Response:
    """Scan a library, as its owner."""
    call.needs_owner()
    call.world.scan(call.section())
    return Response(content_type="text/html")


@route("PUT", "/library/sections/{section}/emptyTrash")
def empty_trash(call: Call) -> Response:
    """Empty a library's trash, as its owner."""
    call.needs_owner()
    call.section()
    return Response(content_type="text/html")


def _kind(call: Call, default: Kind) -> Kind:
    number = call.query.number("type")
    if number is None:
        return default
    try:
        return Kind(number)
    except ValueError:
        raise BadQueryError("type") from None


def _selected(call: Call, kind: Kind, section: Section | None) -> list[Item]:
    """Return the filtered and sorted list, kept as long as nothing changes."""
    pairs = tuple(pair for pair in call.query.pairs if not pair[0].startswith(_UNFILTERED))

    def find() -> list[Item]:
        look = Look(call.world, call.viewer.account_id)
        tests = tests_of(call.query, call.world.now())
        # An item that hangs on another one only, like a trailer, is in no list.
        listed = [item for item in call.world.of_kind(kind, section=section) if not item.unlisted]
        items = [item for item in call.visible(listed) if all(test(look, item) for test in tests)]
        return sorted_by(items, call.query.text("sort") or "titleSort", look)

    key = (kind, section and section.id, pairs, call.viewer)
    return call.state.selected(key, find)


def _around(section: Section, title: str) -> dict[str, Any]:
    return {
        "allowSync": True,
        "art": f"/:/resources/{section.type}-fanart.jpg",
        "content": "secondary",
        "identifier": LIBRARY,
        "librarySectionID": section.id,
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
        "mediaTagPrefix": "/system/bundle/media/flags/",
        "mediaTagVersion": 1_734_362_201,
        "thumb": f"/:/resources/{section.type}.png",
        "title1": section.title,
        "title2": title,
        "viewGroup": section.type,
    }


def _section_members(call: Call, section: Section) -> dict[str, Any]:
    members = {
        "allowSync": True,
        "art": f"/:/resources/{section.type}-fanart.jpg",
        "composite": f"/library/sections/{section.id}/composite/{section.scanned_at}",
        "filters": True,
        "refreshing": section.refreshing,
        "thumb": f"/:/resources/{section.type}.png",
        "key": str(section.id),
        "type": section.type,
        "title": section.title,
        "agent": section.agent,
        "scanner": section.scanner,
        "language": section.language,
        "uuid": section.uuid,
        "updatedAt": section.updated_at,
        "createdAt": section.created_at,
        "scannedAt": section.scanned_at,
        "content": True,
        "directory": True,
        "contentChangedAt": section.content_changed_at,
        "hidden": section.hidden,
    }
    if call.viewer.owner:
        members["Location"] = [{"id": section.id, "path": section.path}]
    return members
