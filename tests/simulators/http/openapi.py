"""The published OpenAPI documents as an oracle for what the simulator answers.

Documents mark nothing as required, and formats (dashes of an id) differ from the wire;
so formats are not checked, and every member, its type and its enumeration are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError


class Oracle:
    """One document.

    Args:
        path: where it is.
        twins: for a route that it does not have, the one that answers the same.
    """

    def __init__(self, path: Path, twins: Mapping[str, str] | None = None) -> None:
        document = json.loads(path.read_text())
        self._twins = twins or {}
        self._paths = {_nameless(path): item for path, item in document["paths"].items()}
        self._schemas = {
            name: _with_null(schema) for name, schema in document["components"]["schemas"].items()
        }

    def knows(self, template: str, method: str) -> bool:
        """Whether the document, or for a hidden old route its newer twin, has this route."""
        return self._operation(template, method) is not None

    def complaints(self, template: str, method: str, value: Any) -> list[str]:
        """Return what is wrong with the JSON a route answered with status 200."""
        operation = self._operation(template, method)
        assert operation is not None
        content = operation["responses"]["200"].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            return ["the document has no JSON for this route"]
        root = _with_null(schema) | {"components": {"schemas": self._schemas}}
        found = Draft202012Validator(root).iter_errors(value)
        return [
            f"{leaf.json_path}: {leaf.message[:200]}" for error in found for leaf in _leaf(error)
        ]

    def _operation(self, template: str, method: str) -> dict[str, Any] | None:
        path = _nameless(template)
        for candidate in (path, self._twins.get(path, path)):
            operation: dict[str, Any] | None = self._paths.get(candidate, {}).get(method.lower())
            if operation:
                return operation
        return None


def _leaf(error: ValidationError) -> list[ValidationError]:
    """Return the deepest causes of an error, leaving out that it is not null either."""
    causes = [cause for cause in error.context if cause.validator_value != "null"]
    return [leaf for cause in causes for leaf in _leaf(cause)] or [error]


def _nameless(template: str) -> str:
    return re.sub(r"\{\w+\}", "{}", template).lower()


def _with_null(schema: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into what JSON Schema understands."""
    if isinstance(schema, list):
        return [_with_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _with_null(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain
