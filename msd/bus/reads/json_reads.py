"""org.msd.Msd1.Json on the bus: the reads of the other interfaces, as JSON text.

A page of 500 items costs a JavaScript client 150 ms of the thread that draws as `aa{sv}`, and one
as text; `dbus-send` and PySide can't read `a{sv}` at all. Each method here is the method of the
same name of another interface: arguments and results have the names that the XML gives them there.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import anyio
import anyio.to_thread
import msgspec

from msd.bus.gate import Gate
from msd.bus.served import RootInterface
from msd.contract import ARTWORK, JSON, LIBRARY, SOURCE_COORDINATOR
from msd.dbus.messages.marshal import cleaned
from msd.dbus.messages.unmarshal import MAX_LIST_LENGTH
from msd.dbus.messages.variant import Typed, Variant
from msd.dbus.serving.interface import Interface
from msd.dbus.serving.spec import InterfaceSpec, MethodSpec
from msd.errors import InvalidArgumentError, LimitExceededError

READS: Mapping[str, str] = {
    "ListSources": SOURCE_COORDINATOR,
    "ListLibraries": LIBRARY,
    "QueryItems": LIBRARY,
    "Search": LIBRARY,
    "GetFacets": LIBRARY,
    "GetItems": LIBRARY,
    "GetChanges": LIBRARY,
    "GetArtworks": ARTWORK,
}
"""Method → interface whose method it is: what this interface offers, and nothing else."""

_ENCODERS = 2  # threads; a third answer waits
_INTEGERS = "ynqiuxt"
_ABSENT: Mapping[str, object] = {"s": "", "a": (), "b": False, **dict.fromkeys(_INTEGERS, 0)}

JsonMethod = Callable[["JsonInterface", str], Awaitable[str]]


def _read(member: str) -> JsonMethod:
    async def read(self: "JsonInterface", arguments: str) -> str:
        return await self.answer(member, arguments)

    return read


class JsonInterface(RootInterface):
    """The same reads as text."""

    name = JSON
    calls_at_once = 8
    ends_with_caller = True
    list_sources = _read("ListSources")
    list_libraries = _read("ListLibraries")
    query_items = _read("QueryItems")
    search = _read("Search")
    get_facets = _read("GetFacets")
    get_items = _read("GetItems")
    get_changes = _read("GetChanges")
    get_artworks = _read("GetArtworks")

    def __init__(
        self, gate: Gate, adapters: Iterable[Interface], specs: Mapping[str, InterfaceSpec]
    ) -> None:
        super().__init__(gate)
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._specs = specs
        self._encoders = anyio.CapacityLimiter(_ENCODERS)

    async def answer(self, member: str, arguments: str) -> str:
        """Call a read and return its results as a JSON object, encoded off the event loop."""
        adapter = self._adapters[READS[member]]
        method = self._specs[adapter.name].methods[member]
        values = typed_arguments(method, arguments)
        await adapter.ready()
        result = await getattr(adapter, method.attribute)(*values)
        return await anyio.to_thread.run_sync(
            encoded_results, method, result, limiter=self._encoders
        )


def typed_arguments(method: MethodSpec, text: str) -> list[object]:
    """Return the arguments of a method that a JSON object holds by name; "" = none.

    Raises:
        InvalidArgumentError: no JSON object, an unknown name, or a value of another type.
        LimitExceededError: a list is too long.
    """
    values = _object(text)
    known = dict(method.arguments)
    for name in values:
        if name not in known:
            names = ", ".join(known) or "none"
            raise InvalidArgumentError(f"unknown argument {name[:40]!r}; known are {names}")
    return [
        _typed(name, signature, values[name]) if name in values else _absent(signature)
        for name, signature in method.arguments
    ]


def _object(text: str) -> dict[str, object]:
    try:
        values = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidArgumentError(f"the arguments are no JSON: {str(error)[:200]}") from error
    if not isinstance(values, dict):
        raise InvalidArgumentError("the arguments must be a JSON object")
    return values


def _absent(signature: str) -> object:
    return {} if signature == "a{sv}" else _ABSENT[signature[0]]


def _typed(name: str, signature: str, value: object) -> object:
    match signature, value:
        case "a{sv}", dict():
            _check_length(name, value)
            return {key: _variant(key, entry) for key, entry in value.items()}
        case "as", list() if all(isinstance(entry, str) for entry in value):
            _check_length(name, value)
            return value
        case "s", str():
            return value
        case (("u" | "t"), int()) if not isinstance(value, bool):
            bits = 32 if signature == "u" else 64
            if 0 <= value < 2**bits:
                return value
    raise InvalidArgumentError(f"{name} must be of the type {signature}")


def _variant(key: str, value: object) -> Variant:
    match value:
        case bool():
            return Variant("b", value)
        case int():
            return Variant("x", value)
        case float():
            return Variant("d", value)
        case str():
            return Variant("s", value)
        case list() if all(isinstance(entry, str) for entry in value):
            _check_length(key, value)
            return Variant("as", value)
        case list() if all(type(entry) is int for entry in value):
            _check_length(key, value)
            return Variant("ax", value)
    raise InvalidArgumentError(f"{key[:40]} must be a text, a number, true, false or a list")


def _check_length(name: str, value: Sequence[object] | Mapping[str, object]) -> None:
    if len(value) > MAX_LIST_LENGTH:
        raise LimitExceededError(f"{name[:40]} has more than {MAX_LIST_LENGTH} elements")


def encoded_results(method: MethodSpec, result: object) -> str:
    """Return the results of a method as a JSON object with their names."""
    names = [name for name, _ in method.results]
    values = [result] if method.result_count == 1 else list(_sequence(result))
    return msgspec.json.encode(
        {name: plain(value) for name, value in zip(names, values, strict=True)}
    ).decode()


def _sequence(result: object) -> Sequence[object]:
    if not isinstance(result, tuple):
        raise TypeError("several results come as a tuple")
    return result


def plain(value: Any) -> object:  # noqa: ANN401 - any result of a read
    """Return a value as the wire shows it, without its types: what does not fit is left out."""
    match value:
        case Variant():
            return plain(value.value)
        case Typed():
            return _plain_entries(value)
        case str():
            return _text(value)
        case Mapping():
            return {str(key): plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [plain(entry) for entry in value]
    return value


def _plain_entries(item: Typed) -> dict[str, object]:
    """Return the entries that fit their types: pages hold thousands, so none is encoded to try."""
    found: dict[str, object] = {}
    types = item.entries.types
    for key, value in item.values.items():
        read = _PLAIN.get(types.get(key, ""))
        if read is not None and (shown := read(value)) is not None:
            found[key] = shown
    return found


def _text(value: str) -> str:
    if value.isascii() and "\0" not in value:
        return str(value)
    return cleaned(value).decode()


def _plain_text(value: object) -> str | None:
    return _text(value) if isinstance(value, str) else None


def _plain_texts(value: object) -> list[str] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        return None
    return [_text(entry) for entry in value]


def _plain_numbers(value: object) -> object:
    fits = isinstance(value, list | tuple) and all(
        isinstance(entry, int) and 0 <= entry < 2**32 for entry in value
    )
    return value if fits else None


def _plain_list(value: object) -> object:
    return plain(value) if isinstance(value, list | tuple) else None


def _plain_number(value: object) -> object:
    return value if isinstance(value, int | float) else None


def _whole_number(low: int, high: int) -> Callable[[object], object]:
    return lambda value: value if isinstance(value, int) and low <= value <= high else None


_PLAIN: Mapping[str, Callable[[object], object]] = {
    "s": _plain_text,
    "b": bool,
    "d": _plain_number,
    "i": _whole_number(-(2**31), 2**31 - 1),
    "u": _whole_number(0, 2**32 - 1),
    "x": _whole_number(-(2**63), 2**63 - 1),
    "as": _plain_texts,
    "au": _plain_numbers,
    "aa{sv}": _plain_list,
}
"""Type of a key → what is shown of a value, None when it does not fit; all types that keys have."""
