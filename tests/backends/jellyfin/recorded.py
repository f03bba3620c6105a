"""Answers that real Jellyfin servers gave: one JSON object a file, below ../shared.

Each has `request` (method, path, query), `status`, `headers` and `body`, or `message` of the
websocket; `note` says what was done before. Without the folder the tests that need it are skipped,
visibly; where CI is set its absence is a failure.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[4] / "shared" / "protocols" / "jellyfin" / "samples"
FOLDERS = {"10.11": SAMPLES / "live-10.11", "12": SAMPLES / "live-12.0"}
VERSIONS = tuple(FOLDERS)


def names(version: str) -> list[str]:
    """Return the names of the recorded answers of one version."""
    _require()
    return sorted(path.stem for path in FOLDERS[version].glob("*.json"))


@cache
def recorded(version: str, name: str) -> dict[str, Any]:
    """Return one recorded answer."""
    _require()
    document: dict[str, Any] = json.loads((FOLDERS[version] / f"{name}.json").read_bytes())
    return document


def _require() -> None:
    if not SAMPLES.is_dir():
        assert not os.environ.get("CI"), f"no recorded answers in {SAMPLES}"
        pytest.skip("the recorded answers (../shared) are not here", allow_module_level=True)


def rows(version: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of a recorded list, an array or one item; none for anything else."""
    body = recorded(version, name).get("body")
    if isinstance(body, dict) and isinstance(body.get("Items"), list):
        return [row for row in body["Items"] if isinstance(row, dict)]
    if isinstance(body, list):
        return [row for row in body if isinstance(row, dict)]
    return [body] if isinstance(body, dict) and "Type" in body else []
