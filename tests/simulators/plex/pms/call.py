"""One routed request to a media server, and the table of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.http.message import Request, Response
from tests.simulators.http.routing import Route, pattern_of
from tests.simulators.plex.containers import Span, container, page_of_rows
from tests.simulators.plex.errors import refuse
from tests.simulators.plex.item import Item, Kind, Section
from tests.simulators.plex.members import Shape
from tests.simulators.plex.query import Query
from tests.simulators.plex.rows import Rows
from tests.simulators.plex.viewer import Grants, Viewer
from tests.simulators.plex.world import World

LIBRARY = "com.plexapp.plugins.library"


@dataclass(slots=True)
class PmsState:
    """Everything the routes of one server work on."""

    world: World
    grants: Grants = field(default_factory=Grants)
    version: str = "1.43.2.10687-563d026ea"
    claimed: bool = True
    allows_deletion: bool = True
    # The most rows in one page, whatever is asked; collections have a limit of their own.
    page_cap: int | None = None
    collection_cap: int = 100
    shows_users_sections_paths: bool = False
    preferences: dict[str, Any] = field(
        default_factory=lambda: {
            "FriendlyName": "",
            "LibraryVideoPlayedThreshold": 90,
            "LibraryVideoPlayedAtBehaviour": 3,
            "OnDeckWindow": 16,
            "autoEmptyTrash": True,
        }
    )
    rows: Rows = field(init=False)
    selections: dict[object, list[Item]] = field(default_factory=dict)
    selections_revision: int = -1

    def __post_init__(self) -> None:
        self.rows = Rows(self.world)

    def selected(self, key: object, find: Callable[[], list[Item]]) -> list[Item]:
        """Return a list found before, or find it; every change of the world forgets them."""
        if self.selections_revision != self.world.revision:
            self.selections.clear()
            self.selections_revision = self.world.revision
        found = self.selections.get(key)
        if found is None:
            found = self.selections[key] = find()
        return found


@dataclass(slots=True, kw_only=True)
class Call:
    """One request of a known viewer."""

    state: PmsState
    request: Request
    query: Query
    viewer: Viewer
    parts: dict[str, str]

    @property
    def world(self) -> World:
        """The world behind this server."""
        return self.state.world

    def section(self) -> Section:
        """Return the section in the path, or refuse when it is not there for this viewer."""
        section = self.world.sections.get(_number(self.parts["section"]))
        if section is None or not self.viewer.sees_section(section):
            refuse(404)
        return section

    def item(self, *kinds: Kind) -> Item:
        """Return the item in the path, or refuse when it is not there for this viewer."""
        item = self.world.items.get(_number(self.parts["key"]))
        if item is None or not self.viewer.sees(item) or (kinds and item.kind not in kinds):
            refuse(404)
        return item

    def needs_owner(self) -> None:
        """Refuse everybody but the owner."""
        if not self.viewer.owner:
            refuse(403)

    def reply(self, **members: Any) -> Response:
        """Return a whole container."""
        return container(self.request, self.query, members)

    def list_reply(
        self,
        items: list[Item],
        members: Mapping[str, Any],
        *,
        detail: bool = False,
        cap: int | None = None,
        numbered: bool = False,
    ) -> Response:
        """Return the asked page of a list.

        Rows name their section where the container does not; `numbered` ones their place in
        a playlist.
        """
        limit = self.query.number("limit")
        if limit is not None:
            items = items[:limit]
        span = Span(self.request, self.query, len(items), cap or self.state.page_cap)
        page = items[span.start : span.stop]
        rows = self.rows(page, detail=detail, section="librarySectionID" not in members)
        if numbered:
            rows = [
                b'%s,"playlistItemID":%d}' % (row[:-1], place)
                for place, row in enumerate(rows, span.start + 1)
            ]
        return page_of_rows(self.request, self.query, rows, span, members)

    def rows(self, items: list[Item], *, detail: bool = False, section: bool = True) -> list[bytes]:
        """Return rows as this viewer asks for them."""
        shape = Shape.asked(self.query, detail=detail, section=section)
        return self.state.rows.of(items, shape, self.viewer.account_id)

    def visible(self, items: Iterable[Item]) -> list[Item]:
        """Return the items this viewer sees."""
        viewer = self.viewer
        return [item for item in items if viewer.sees(item)]


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class PmsRoute(Route[Handler]):
    """One route of the server; an anonymous one asks for no token."""

    anonymous: bool


ROUTES: list[PmsRoute] = []


def route(*methods_and_template: str, anonymous: bool = False) -> Callable[[Handler], Handler]:
    """Register a function: `route("GET", "PUT", "/:/scrobble")`; HEAD goes with GET."""
    *methods, template = methods_and_template

    def register(handler: Handler) -> Handler:
        ROUTES.extend(
            PmsRoute(
                method=method,
                template=template,
                pattern=pattern_of(template),
                handler=handler,
                anonymous=anonymous,
            )
            for method in [*methods, *(["HEAD"] if "GET" in methods else [])]
        )
        return handler

    return register


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
