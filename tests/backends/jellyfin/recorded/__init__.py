"""Answers that real Jellyfin servers gave; see README.md."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
VERSIONS = ("10.11", "12")


def names(version: str) -> list[str]:
    """Return the names of the recorded answers of one version."""
    return sorted(path.stem for path in (FOLDER / version).glob("*.json"))


@cache
def recorded(version: str, name: str) -> dict[str, Any]:
    """Return one recorded answer."""
    document: dict[str, Any] = json.loads((FOLDER / version / f"{name}.json").read_bytes())
    return document


def rows(version: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a recorded list, an array or one item; none for anything else."""
    body = recorded(version, name).get("body")
    if isinstance(body, dict) and isinstance(body.get("Items"), list):
        return [row for row in body["Items"] if isinstance(row, dict)]
    if isinstance(body, list):
        return [row for row in body if isinstance(row, dict)]
    return [body] if isinstance(body, dict) and "Type" in body else []
