"""The kinds of sources that can be added, as ListBackends describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msd.cli.daemon.client import Client, Fields


class Option(NamedTuple):
    """One option of AddSource or BeginLogin."""

    name: str
    signature: str  # its D-Bus type: s, b or a whole number
    help: str
    is_required: bool
    is_secret: bool
    is_path: bool


class Backend(NamedTuple):
    """One kind of sources."""

    name: str  # what AddSource calls it, e.g. "jellyfin"
    title: str
    options: tuple[Option, ...]
    login_options: tuple[Option, ...] | None  # None where nobody signs in

    @property
    def places(self) -> list[Option]:
        """The options that plain arguments of `msdctl add` stand for."""
        return [option for option in self.options if option.is_required and not option.is_secret]

    @property
    def secrets(self) -> list[str]:
        """The secrets that are asked for: the required ones, else the first of all."""
        secrets = [option for option in self.options if option.is_secret]
        required = [option.name for option in secrets if option.is_required]
        return required or [option.name for option in secrets[:1]]

    def option(self, name: str) -> Option | None:
        """Return the option of AddSource of this name."""
        return next((option for option in self.options if option.name == name), None)

    def has_login_option(self, name: str) -> bool:
        """Whether BeginLogin takes an option of this name."""
        return any(option.name == name for option in self.login_options or ())


def list_backends(client: Client) -> list[Backend]:
    """Return every kind that can be added, sorted by name."""
    (rows,) = client.call("ListBackends")
    return [_backend(row) for row in cast("list[Fields]", rows)]


def find_backend(client: Client, name: str) -> Backend | None:
    """Return the kind of this name, None when the daemon describes none."""
    return next((backend for backend in list_backends(client) if backend.name == name), None)


def _backend(row: Fields) -> Backend:
    logins = row.get("login_options")
    return Backend(
        str(row["kind"]),
        str(row.get("name", "")),
        _options(row.get("options")),
        None if logins is None else _options(logins),
    )


def _options(rows: object) -> tuple[Option, ...]:
    return tuple(
        Option(
            str(row["name"]),
            str(row.get("type", "s")),
            str(row.get("help", "")),
            bool(row.get("required")),
            bool(row.get("secret")),
            row.get("format") == "path",
        )
        for row in cast("Sequence[Fields]", rows or [])
    )
