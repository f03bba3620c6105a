"""The one place that takes secrets out of what leaves msd (K1).

    log        everything written to standard error and output, by the daemon and its workers
    bus        every reply, error, signal and property
    database   what is stored of accounts and sources, their last errors included

Secrets at hand are known exactly and found wherever they occur. Text that msd writes itself, log
lines and errors, passes patterns too, for unknown secrets. What people call things is
no such text: "Secret: Dare to Dream" is a film.
"""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar, cast
from urllib.parse import quote, quote_plus

from msgspec import Struct

T = TypeVar("T")

SHOWN = "***"
SHORTEST = 6  # what is shorter stands in every second text
TOLD_LATE_S = 60.0
MOST = 4_000  # spellings that are remembered: years of new tokens

_NAMES = r"api_?key|(?:x-[a-z]+-)?(?:access_?|auth_?)?token|password|passwd|pw|secret"
_PATTERNS = (
    # name=value, name="value", name: value, "name": "value"; of quoted values, the whole
    re.compile(
        rf'(?i)(\b(?:{_NAMES})\b["\']?\s*[=:]\s*)("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\s&,;"\']+)'
    ),
    re.compile(r"(?i)(\bauthorization\b[\"']?\s*[=:]\s*[\"']?(?:bearer|basic)\s+)([^\s\"',]+)"),
    re.compile(r"(?<!\w)(\w{1,32}://)([^\s/@]+)(?=@)"),
)


class Outlet(StrEnum):
    """Where text leaves msd."""

    LOG = "log"
    BUS = "bus"
    DATABASE = "database"


class _Passing(Struct):
    """Secrets that are at hand for a while."""

    spellings: tuple[str, ...]
    until: float = math.inf


class Redactor:
    """Knows the secrets of this process and takes them out; any thread may call.

    Args:
        leaking: outlets that let everything through. For tests, which must see themselves fail.
    """

    def __init__(
        self,
        *,
        leaking: Collection[Outlet] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._leaking = frozenset(leaking)
        self._lasting: dict[str, None] = {}  # tokens, the oldest first
        self._encoded: tuple[bytes, ...] = ()
        self._passing: list[_Passing] = []
        self._lock = threading.Lock()

    def learn(self, *secrets: str) -> None:
        """Take these out of everything from now on; too short ones are ignored."""
        for spelling in _spellings(secrets):
            self._lasting.pop(spelling, None)
            self._lasting[spelling] = None
        for oldest in list(self._lasting)[:-MOST]:
            del self._lasting[oldest]
        self._encoded = tuple(spelling.encode(errors="replace") for spelling in self._lasting)

    @contextmanager
    def hiding(self, *secrets: str) -> Iterator[None]:
        """Take these out of logs and errors inside the block, and for a minute after it.

        For passwords, which may be words that titles hold: what the bus serves of a source is
        left as it is. An error of the block may be told only after it.
        """
        passing = _Passing(tuple(_spellings(secrets)))
        with self._lock:
            self._passing.append(passing)
        try:
            yield
        finally:
            passing.until = self._clock() + TOLD_LATE_S

    def text(self, text: str, outlet: Outlet) -> str:
        """Return text that msd wrote itself without any secret."""
        if outlet in self._leaking:
            return text
        for secret in (*self._lasting, *self._passing_now()):
            if secret in text:
                text = text.replace(secret, SHOWN)
        return redact(text)

    def value(self, value: T, outlet: Outlet) -> T:
        """Return a text, or whatever is built of texts, without the secrets at hand."""
        if outlet in self._leaking or not self._lasting:
            return value
        return cast("T", self._value(value))

    def is_in(self, data: bytes, outlet: Outlet) -> bool:
        """Return whether a secret at hand is part of an encoded message."""
        if outlet in self._leaking:
            return False
        return any(secret in data for secret in self._encoded)

    def _passing_now(self) -> list[str]:
        with self._lock:
            now = self._clock()
            self._passing = [passing for passing in self._passing if passing.until > now]
            return [spelling for passing in self._passing for spelling in passing.spellings]

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any message has parts
        match value:
            case str():
                for secret in tuple(self._lasting):
                    value = value.replace(secret, SHOWN)
                return value
            case Mapping():
                return {self._value(key): self._value(inner) for key, inner in value.items()}
            case tuple():
                inner = [self._value(part) for part in value]
                return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
            case list():
                return [self._value(part) for part in value]
        return value


def redact(text: str) -> str:
    """Return the text with the values of what is named like a secret replaced."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{SHOWN}", text)
    return text


def _spellings(secrets: Collection[str]) -> list[str]:
    """The secrets as they may show up in addresses, JSON and reprs; the longest first."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) >= SHORTEST:
            clean = secret.encode(errors="replace").decode()
            quoted = {quote(clean, safe=""), quote(clean), quote_plus(clean)}
            found |= {secret, *quoted, json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return sorted(found, key=len, reverse=True)
