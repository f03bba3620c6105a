"""XDG paths and the optional `msd.toml` → one frozen `Settings`."""

import os
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from msd.errors import InvalidArgumentError
from msd.models import SecretStore

APP = "msd"
MAX_FILE_BYTES = 256 * 1024
_TABLES = ("artwork", "log", "notifications", "secrets", "sync")


class SyncSettings(Struct, frozen=True, kw_only=True):
    """`[sync]`: how often and how much at once."""

    interval_s: int = 3600  # between syncs of a library whose policy is interval or live
    parallel: int = 3  # sources that sync at the same time
    details: bool = True  # people, versions and chapters of all items, while nothing else happens

    def check(self) -> None:
        """Refuse impossible values."""
        _bounds("sync.interval_s", self.interval_s, 60, 30 * 86_400)
        _bounds("sync.parallel", self.parallel, 1, 16)


class LogSettings(Struct, frozen=True, kw_only=True):
    """`[log]`: what reaches the journal."""

    level: str = "info"  # debug, info, warning, error

    def check(self) -> None:
        """Refuse unknown levels."""
        if self.level not in {"debug", "info", "warning", "error"}:
            raise InvalidArgumentError(
                f"log.level is {self.level!r}; use debug, info, warning or error"
            )


class SecretSettings(Struct, frozen=True, kw_only=True):
    """`[secrets]`: where credentials rest (K1)."""

    store: str = SecretStore.SECRET_SERVICE.value

    def check(self) -> None:
        """Refuse unknown stores."""
        if self.store not in set(SecretStore):
            known = ", ".join(SecretStore)
            raise InvalidArgumentError(f"secrets.store is {self.store!r}; use one of: {known}")


class NotificationSettings(Struct, frozen=True, kw_only=True):
    """`[notifications]`: what is shown on the desktop."""

    enabled: bool = True

    def check(self) -> None:
        """Accept both."""


class ArtworkSettings(Struct, frozen=True, kw_only=True):
    """`[artwork]`: pictures that are kept for frontends."""

    max_mb: int = 500  # the files never take more than this

    def check(self) -> None:
        """Refuse impossible values."""
        _bounds("artwork.max_mb", self.max_mb, 10, 1_000_000)


Section = TypeVar(
    "Section",
    SyncSettings,
    LogSettings,
    SecretSettings,
    NotificationSettings,
    ArtworkSettings,
)


class Settings(Struct, frozen=True, kw_only=True):
    """Where msd keeps its files, and what the user set in `msd.toml`."""

    data_dir: Path
    cache_dir: Path
    config_file: Path
    sync: SyncSettings = SyncSettings()
    log: LogSettings = LogSettings()
    secrets: SecretSettings = SecretSettings()
    notifications: NotificationSettings = NotificationSettings()
    artwork: ArtworkSettings = ArtworkSettings()

    @property
    def state_db(self) -> Path:
        """The durable database."""
        return self.data_dir / "state.db"

    @property
    def cache_db(self) -> Path:
        """The cache, which can be rebuilt."""
        return self.data_dir / "cache.db"


def load(config_file: Path | None = None) -> Settings:
    """Return the settings of this user.

    A missing file means the defaults. Every key is optional; an unknown key is refused, so that
    a typing mistake does not go unnoticed.

    Raises:
        InvalidArgumentError: the file can't be read or has an impossible value.
    """
    import platformdirs  # noqa: PLC0415 - only when the environment doesn't say it all

    path = config_file or Path(platformdirs.user_config_dir(APP)) / "msd.toml"
    settings = Settings(
        data_dir=Path(platformdirs.user_data_dir(APP)),
        cache_dir=Path(platformdirs.user_cache_dir(APP)),
        config_file=path,
    )
    return _with_file(settings, _read(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as exc:
        raise InvalidArgumentError(f"{path} can't be read: {os.strerror(exc.errno or 0)}") from exc
    if len(text) > MAX_FILE_BYTES:
        raise InvalidArgumentError(f"{path} is too large for a settings file")
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidArgumentError(f"{path} is not valid TOML: {exc}") from exc


def _with_file(settings: Settings, tables: dict[str, Any]) -> Settings:
    for name in tables:
        if name not in _TABLES:
            known = ", ".join(f"[{table}]" for table in _TABLES)
            raise InvalidArgumentError(f"unknown table [{name}]; known: {known}")
    return replace(
        settings,
        sync=_section("sync", settings.sync, tables.get("sync", {})),
        log=_section("log", settings.log, tables.get("log", {})),
        secrets=_section("secrets", settings.secrets, tables.get("secrets", {})),
        notifications=_section(
            "notifications", settings.notifications, tables.get("notifications", {})
        ),
        artwork=_section("artwork", settings.artwork, tables.get("artwork", {})),
    )


def _section(name: str, default: Section, table: object) -> Section:
    if not isinstance(table, dict):
        raise InvalidArgumentError(f"{name} must be a table")
    types = get_type_hints(type(default))
    for key, value in table.items():
        if key not in types:
            raise InvalidArgumentError(f"unknown key {name}.{key}; known: {', '.join(types)}")
        if type(value) is not types[key]:
            raise InvalidArgumentError(f"{name}.{key} must be of type {types[key].__name__}")
    section = replace(default, **table)
    section.check()
    return section


def _bounds(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidArgumentError(f"{name} is {value}; it must be {low} to {high}")
