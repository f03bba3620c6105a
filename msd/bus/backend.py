"""Kinds of sources as ListBackends shows them."""

from collections.abc import Mapping, Sequence

from msd.dbus.messages.variant import Variant, variants
from msd.models import BackendView, OptionSpec

BACKEND_TYPES: Mapping[str, str] = {
    "kind": "s",
    "name": "s",
    "options": "aa{sv}",
    "login_options": "aa{sv}",
    "discoverable": "b",
}
OPTION_TYPES: Mapping[str, str] = {
    "name": "s",
    "type": "s",
    "help": "s",
    "required": "b",
    "secret": "b",
    "format": "s",
}
_INTEGER = "x"


def backend_entry(backend: BackendView) -> dict[str, Variant]:
    """Return a kind as the wire shows it; `login_options` is absent where no sign-in exists."""
    values: dict[str, object] = {
        "kind": backend.kind,
        "name": backend.name,
        "options": _options(backend.options),
        "discoverable": backend.is_discoverable,
    }
    if backend.login_options is not None:
        values["login_options"] = _options(backend.login_options)
    return variants(BACKEND_TYPES, values)


def _options(options: Sequence[OptionSpec]) -> list[dict[str, Variant]]:
    return [_option(option) for option in options]


def _option(option: OptionSpec) -> dict[str, Variant]:
    values = {
        "name": option.name,
        "type": option.signature,
        "help": option.description,
        "required": option.required,
        "secret": option.secret,
        "format": option.format,
    }
    entry = variants(OPTION_TYPES, values)
    if option.default is not None:
        entry["default"] = Variant(_signature(option.default), option.default)
    return entry


def _signature(value: str | bool | int) -> str:  # noqa: FBT001 - any value of an option
    if isinstance(value, bool):
        return "b"
    return _INTEGER if isinstance(value, int) else "s"
