"""Reads a query string by the server's rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from tests.simulators.jellyfin.world.wire import read_guid


class BadQueryError(Exception):
    """A scalar that cannot be read: the server answers 400."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(name, value)
        self.name = name
        self.value = value


class Query:
    """The parameters of one request, by name in any case."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
            self._values.setdefault(name.lower(), []).append(value)

    def key(self, *, without: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the parameters as a hashable value, leaving some out."""
        dropped = {name.lower() for name in without}
        return tuple(
            (name, tuple(values))
            for name, values in sorted(self._values.items())
            if name not in dropped
        )

    def text(self, name: str) -> str | None:
        """Return one value as it stands, or None when absent or empty."""
        return (self._values.get(name.lower()) or [""])[0] or None

    def texts(self, name: str) -> list[str]:
        """Return a list: one value split at commas, or the repeated values unsplit."""
        values = self._values.get(name.lower(), [])
        parts = values[0].split(",") if len(values) == 1 else values
        return [part.strip() for part in parts if part.strip()]

    def piped(self, name: str) -> list[str]:
        """Return a list whose parts are separated by pipes."""
        return [part for value in self._values.get(name.lower(), []) for part in value.split("|")]

    def members(self, name: str, allowed: dict[str, str]) -> list[str]:
        """Return the known members of an enumeration list; unknown ones are silently dropped."""
        return [allowed[part.lower()] for part in self.texts(name) if part.lower() in allowed]

    def guid(self, name: str) -> str | None:
        """Return one GUID as 32 hex digits, or None when absent."""
        value = self.text(name)
        if value is None:
            return None
        found = read_guid(value)
        if found is None:
            raise BadQueryError(name, value)
        return found

    def guids(self, name: str) -> list[str]:
        """Return a list of GUIDs; values that are none are dropped."""
        return [found for part in self.texts(name) if (found := read_guid(part))]

    def integer(self, name: str) -> int | None:
        """Return one whole number, or None when absent."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise BadQueryError(name, value) from None

    def boolean(self, name: str) -> bool | None:
        """Return one truth value, or None when absent."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in ("true", "false"):
            raise BadQueryError(name, value)
        return value.lower() == "true"

    def moment(self, name: str) -> datetime | None:
        """Return one time; without an offset it is taken as UTC."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise BadQueryError(name, value) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def by_lower_name(members: str) -> dict[str, str]:
    """Return the members of an enumeration, given as words, by their lower-case names."""
    return {member.lower(): member for member in members.split()}
