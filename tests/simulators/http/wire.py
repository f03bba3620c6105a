"""How values become bytes."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any) -> bytes:
    """Return compact JSON; a lone surrogate leaves as a backslash escape."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
