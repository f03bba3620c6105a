"""Answers that real Jellyfin servers gave: one JSON object a file, below ../shared.

Each has `request` (method, path, query), `status`, `headers` and `body`, or `message` of the
websocket; `note` says what was done before. Without the folder the tests that need it are skipped,
visibly; where CI is set its absence is a failure.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.support.shared import PROTOCOLS, require

SAMPLES = PROTOCOLS / "jellyfin" / "samples"
FOLDERS = {"10.11": SAMPLES / "live-10.11", "12": SAMPLES / "live-12.0"}
VERSIONS = tuple(FOLDERS)


def names(version: str) -> list[str]:
    """Return the names of the recorded answers of one version."""
    require(SAMPLES)
    return sorted(path.stem for path in FOLDERS[version].glob("*.json"))


@cache
def recorded(version: str, name: str) -> dict[str, Any]:
    """Return one recorded answer."""
    require(SAMPLES)
    document: dict[str, Any] = json.loads((FOLDERS[version] / f"{name}.json").read_bytes())
    return document


def rows(version: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a recorded list, an array or one item; none for anything else."""
    body = recorded(version, name).get("body")
    if isinstance(body, dict) and isinstance(body.get("Items"), list):
        return [row for row in body["Items"] if isinstance(row, dict)]
    if isinstance(body, list):
        return [row for row in body if isinstance(row, dict)]
    return [body] if isinstance(body, dict) and "Type" in body else []
