"""Who may ask a Plex Media Server, by which token, and what of it they see."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .item import Item, Section

OWNER_ACCOUNT = 1


@dataclass(slots=True, kw_only=True, eq=False)
class Viewer:
    """One account as a server knows it.

    `sections` are the shared ones, None for all; `items` are shared one by one.
    """

    account_id: int
    name: str
    owner: bool = False
    sections: set[int] | None = None
    items: set[int] = field(default_factory=set)

    def sees_section(self, section: Section) -> bool:
        """Whether the section is shared with this account."""
        return self.sections is None or section.id in self.sections

    def sees(self, item: Item) -> bool:
        """Whether an item is shared with this account, by its section or by itself."""
        if item.playlist_of is not None:
            return item.playlist_of == self.account_id
        if {item.key, item.parent, item.grandparent} & self.items:
            return True
        return self.sections is None or item.section_id in self.sections


class Grants:
    """The access tokens of one server. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[str, Viewer] = {}
        self.allows_anyone = False  # "allowed without auth" networks act as the owner
        # Asked about tokens unknown here: an owner's account token often works too.
        self.account_tokens: Callable[[str], Viewer | None] = lambda _: None
        self.owner = Viewer(account_id=OWNER_ACCOUNT, name="owner", owner=True)

    def viewer(self, token: str | None) -> Viewer | None:
        """Return whose token this is, or None when it is worthless here."""
        found = self._by_token.get(token or "") or self.account_tokens(token or "")
        return found or (self.owner if self.allows_anyone else None)

    def token_of(self, viewer: Viewer) -> str:
        """Return an account's token, made on first asking."""
        with self._lock:
            for token, each in self._by_token.items():
                if each is viewer:
                    return token
            return self._new(viewer)

    def accept(self, token: str, viewer: Viewer) -> None:
        """Let a given token stand for an account too."""
        with self._lock:
            self._by_token[token] = viewer

    def rotate(self, viewer: Viewer) -> str:
        """Replace an account's token."""
        self.withdraw(viewer)
        with self._lock:
            return self._new(viewer)

    def withdraw(self, viewer: Viewer) -> None:
        """Make every token of an account worthless."""
        with self._lock:
            for token in [key for key, each in self._by_token.items() if each is viewer]:
                del self._by_token[token]

    def _new(self, viewer: Viewer) -> str:
        token = secrets.token_urlsafe(15)
        self._by_token[token] = viewer
        return token
