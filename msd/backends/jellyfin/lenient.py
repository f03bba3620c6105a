"""Decode a row strictly, and where that fails keep every member that can be understood."""

import json
from typing import TypeVar

import msgspec

from msd.backend_api.http_json import mended

T = TypeVar("T", bound=msgspec.Struct)


def lenient(raw: bytes, shape: type[T]) -> T:
    """Return a row of which members of a wrong type count as absent.

    Half surrogate pairs and broken UTF-8 become replacement characters.

    Raises:
        ValueError: it is no JSON object, or lacks a member that `shape` demands.
    """
    try:
        document = json.loads(mended(raw).decode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the caller knows one kind of failure
    members = {}
    for field in msgspec.structs.fields(shape):
        try:
            members[field.name] = msgspec.convert(document[field.encode_name], field.type)
        except (KeyError, msgspec.ValidationError):
            if field.required:
                raise ValueError(f"no usable {field.encode_name}") from None
    return shape(**members)
