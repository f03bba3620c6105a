"""Decode a row strictly; where that fails, keep every value that can be understood.

An odd value costs itself alone: one entry of a list, one value of a dictionary, one member of a
nested object. Example: `{"Artists": ["Real", null], "Name": "x"}` becomes a row whose `artists` is
`["Real"]`.
"""

import json
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode, mended
from msd.errors import BadResponseError

T = TypeVar("T", bound=msgspec.Struct)

_LISTS = (list, tuple, set, frozenset)
_fields = cache(msgspec.structs.fields)  # of a class; finding them out costs more than the rest


class _OddValueError(ValueError):
    """A value is not of the wanted type and can't be repaired."""


def decode_leniently(answer: Answer, shape: type[T], *, strict: bool = True) -> T:
    """Return an answer of which values of a wrong type count as absent; see `lenient`.

    Raises:
        UnreachableError: the answer is none of such a server's.
        BadResponseError: it is no JSON object, or lacks a member that `shape` demands.
    """
    try:
        return decode(answer, shape, strict=strict)
    except BadResponseError as error:
        try:
            return lenient(answer.body, shape, strict=strict)
        except ValueError:
            raise error from None


def lenient(raw: bytes, shape: type[T], *, strict: bool = True) -> T:
    """Return a row of which values of a wrong type count as absent.

    Half surrogate pairs, control characters and broken UTF-8 become harmless characters.

    Args:
        raw: JSON.
        shape: what the row is to become.
        strict: whether numbers in quotes and the like are of a wrong type.

    Raises:
        ValueError: it is no JSON object, or lacks a member that `shape` demands.
    """
    try:
        document = json.loads(mended(raw).decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    return repaired(document, shape, strict=strict)


def repaired(document: object, shape: type[T], *, strict: bool = True) -> T:
    """Return a parsed document as a struct, without the values that can't be understood.

    Args:
        document: what a JSON or XML parser returned.
        shape: what it is to become.
        strict: whether numbers in quotes and the like are of a wrong type.

    Raises:
        ValueError: it is no object, or lacks a member that `shape` demands.
    """
    if not isinstance(document, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - the caller knows one kind of failure
    return _struct(document, shape, strict)


def _struct(document: Mapping[Any, object], shape: type[T], strict: bool) -> T:  # noqa: FBT001
    members: dict[str, Any] = {}
    for field in _fields(shape):
        try:
            members[field.name] = _value(document[field.encode_name], field.type, strict)
        except (KeyError, _OddValueError):
            if field.required:
                raise _OddValueError(f"no usable {field.encode_name}") from None
    return shape(**members)


def _value(value: object, wanted: Any, strict: bool) -> object:  # noqa: ANN401, FBT001 - a type form
    """Return one value as the wanted type.

    Raises:
        _OddValueError: it is not of this type.
    """
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in {Union, UnionType}:
        return _union(value, arguments, strict)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        if isinstance(value, Mapping):
            return _struct(value, wanted, strict)
        raise _OddValueError("not an object")
    if origin in _LISTS and isinstance(value, list | tuple):
        return origin(_entries(value, arguments[0], strict))
    if origin is dict and isinstance(value, Mapping):
        return _entries_of_mapping(value, arguments[1], strict)
    if wanted is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # an id written as a number, e.g. {"Tmdb": 603}
    try:
        return msgspec.convert(value, wanted, strict=strict)
    except (msgspec.ValidationError, RecursionError):
        raise _OddValueError("a value of another type") from None


def _union(value: object, members: tuple[Any, ...], strict: bool) -> object:  # noqa: FBT001
    if value is None and type(None) in members:
        return None
    for member in members:
        if member is not type(None):
            try:
                return _value(value, member, strict)
            except _OddValueError:
                continue
    raise _OddValueError("none of the wanted types")


def _entries(values: list[object] | tuple[object, ...], wanted: Any, strict: bool) -> list[object]:  # noqa: ANN401, FBT001
    found = []
    for value in values:
        try:
            found.append(_value(value, wanted, strict))
        except _OddValueError:
            continue
    return found


def _entries_of_mapping(
    values: Mapping[Any, object],
    wanted: Any,  # noqa: ANN401 - a type form
    strict: bool,  # noqa: FBT001
) -> dict[str, object]:
    found = {}
    for key, value in values.items():
        try:
            found[str(key)] = _value(value, wanted, strict)
        except _OddValueError:
            continue
    return found
