"""Decode a row strictly, and where that fails keep every member that can be understood."""

import json
from typing import TypeVar

import msgspec

from msd.backend_api.http.json import mended

T = TypeVar("T", bound=msgspec.Struct)


def lenient(raw: bytes, shape: type[T], *, strict: bool = True) -> T:
    """Return a row of which members of a wrong type count as absent.

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
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the caller knows one kind of failure
    members = {}
    for field in msgspec.structs.fields(shape):
        try:
            members[field.name] = msgspec.convert(
                document[field.encode_name], field.type, strict=strict
            )
        except (KeyError, msgspec.ValidationError):
            if field.required:
                raise ValueError(f"no usable {field.encode_name}") from None
    return shape(**members)
