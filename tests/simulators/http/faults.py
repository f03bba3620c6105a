"""The fault script: what goes wrong, for which requests, and how often."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .message import Request, Response, html_reply, json_reply, text_reply
from .wire import to_json

PORTAL_PAGE = "<!DOCTYPE html><html><body>Please sign in to the hotel network.</body></html>"
FOREVER = 1_000_000_000


@dataclass(slots=True, kw_only=True)
class Trouble:
    """What happens to one reply.

    The parts combine: a reply may be late, replaced, rewritten and then cut.
    """

    before: Callable[[], object] | None = None
    delay_s: float = 0.0
    delay_for: Callable[[str], float] | None = None  # a delay that depends on the query string
    instead: Response | None = None
    rewrite: Callable[[dict[str, Any]], Any] | None = None
    exchange: Callable[[Response], Response] | None = None  # another reply, by what is in it
    keep_bytes: int | None = None  # a body that ends early, with a matching Content-Length
    cut_after: int | None = None  # the connection ends after this many bytes of the reply
    endless: bytes = b""  # the body never ends: after `endless_start` this for ever
    endless_start: bytes = b""
    chunk_bytes: int = 0  # with chunk_pause_s: the body comes in drops
    chunk_pause_s: float = 0.0
    hang: bool = False  # no reply at all until the client leaves

    def apply(self, response: Response) -> Response:
        """Return the reply as this trouble leaves it, before it is sent."""
        changed = self.instead or response
        if self.exchange:
            changed = self.exchange(changed)
        if self.rewrite and "json" in (changed.content_type or ""):
            changed = replace(changed, body=to_json(self.rewrite(json.loads(changed.body))))
        if self.keep_bytes is not None:
            changed = replace(changed, body=changed.body[: self.keep_bytes])
        return changed


@dataclass(slots=True)
class Fault:
    """A trouble, the requests it meets, and how often it still will."""

    trouble: Trouble
    pattern: re.Pattern[str]
    skip: int = 0
    times: int = FOREVER
    where: Callable[[Request], bool] | None = None
    met: int = 0
    fired: threading.Event = field(default_factory=threading.Event)

    def take(self, request: Request) -> bool:
        """Return whether this request is met, counting it."""
        if not self.pattern.search(request.path) or (self.where and not self.where(request)):
            return False
        self.met += 1
        if self.met <= self.skip or self.met > self.skip + self.times:
            return False
        self.fired.set()
        return True


class FaultScript:
    """The faults set on one server; the first that meets a request acts on it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(
        self,
        path: str,
        trouble: Trouble,
        *,
        skip: int = 0,
        times: int = FOREVER,
        where: Callable[[Request], bool] | None = None,
    ) -> Fault:
        """Let requests whose path matches (a regular expression, any case) meet a trouble.

        Args:
            path: searched in the path without its query.
            trouble: what happens.
            skip: leave this many matching requests alone first.
            times: how many are met after that.
            where: looks at the rest of the request as well.
        """
        fault = Fault(trouble, re.compile(path, re.IGNORECASE), skip, times, where)
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one fault back."""
        self._faults.remove(fault)

    def clear(self) -> None:
        """Take every fault back."""
        self._faults.clear()

    def meet(self, request: Request) -> Trouble | None:
        """Return the trouble a request meets, or None."""
        for fault in list(self._faults):
            if fault.take(request):
                return fault.trouble
        return None


# The troubles tests ask for by name.


def status(code: int, body: str = "") -> Trouble:
    """Another status, with a text body or none."""
    return Trouble(instead=text_reply(body, code) if body else Response(status=code))


def bad_gateway() -> Trouble:
    """What a proxy says when the server behind it is away."""
    return Trouble(instead=html_reply("<html><h1>502 Bad Gateway</h1></html>", 502))


def gateway(code: int = 401) -> Trouble:
    """What a gateway says that asks for a sign-in of its own before it lets anybody through."""
    basic = ("WWW-Authenticate", 'Basic realm="gateway"')
    page = html_reply(f"<html><h1>{code} Sign in</h1></html>", code, basic)
    page.is_foreign = True
    return Trouble(instead=page)


def gateway_timeout() -> Trouble:
    """What a proxy says when the server behind it is too slow."""
    return Trouble(instead=html_reply("<html><h1>504 Gateway Time-out</h1></html>", 504))


def captive_portal() -> Trouble:
    """An HTML page with status 200 instead of JSON."""
    return Trouble(instead=html_reply(PORTAL_PAGE, 200))


def redirect(location: str, code: int = 302) -> Trouble:
    """A redirect to another place."""
    return Trouble(instead=Response(status=code, headers=[("Location", location)]))


def refused_token() -> Trouble:
    """401 with an empty body, as for a worthless token."""
    return Trouble(instead=Response(status=401))


def late(seconds: float) -> Trouble:
    """A reply that comes late."""
    return Trouble(delay_s=seconds)


def hang() -> Trouble:
    """No reply at all."""
    return Trouble(hang=True)


def cut_after(count: int) -> Trouble:
    """A connection that breaks after this many bytes of the reply, its head included."""
    return Trouble(cut_after=count)


def truncated(keep: int) -> Trouble:
    """A complete HTTP reply whose JSON stops in the middle."""
    return Trouble(keep_bytes=keep)


def slow(chunk_bytes: int, pause_s: float) -> Trouble:
    """A body that arrives in drops."""
    return Trouble(chunk_bytes=chunk_bytes, chunk_pause_s=pause_s)


def before(action: Callable[[], object]) -> Trouble:
    """Something else happens first: the world changes between two pages."""
    return Trouble(before=action)


def replace_json(value: Any) -> Trouble:
    """Another JSON value."""
    return Trouble(instead=json_reply(value))


def rewrite(change: Callable[[dict[str, Any]], Any]) -> Trouble:
    """The JSON value, changed by a function."""
    return Trouble(rewrite=change)
