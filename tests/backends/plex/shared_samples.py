"""The recorded answers beside the checkout: what each holds, in the words of the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from msd.backend_api.http.client import Answer
from tests.support.shared import PROTOCOLS

SAMPLES = PROTOCOLS / "plex" / "samples"


@dataclass(frozen=True)
class Sample:
    """One recorded answer."""

    name: str
    answer: Answer
    document: Any  # None of XML

    @property
    def members(self) -> set[str]:
        """The names of what the container holds."""
        container = self.document.get("MediaContainer") if isinstance(self.document, dict) else None
        return {name for name, value in (container or {}).items() if isinstance(value, list | dict)}


def recorded() -> Iterator[Sample]:
    """Yield every answer of every folder, each once."""
    for path in sorted(SAMPLES.rglob("*")):
        if path.suffix == ".xml":
            yield Sample(_name(path), _answer("text/xml;charset=utf-8", path.read_bytes()), None)
        elif path.suffix == ".json":
            for name, body in _bodies(json.loads(path.read_bytes()), _name(path)):
                content = json.dumps(body).encode()
                yield Sample(name, _answer("application/json", content), body)


def _name(path: Path) -> str:
    return str(path.relative_to(SAMPLES))


def _bodies(document: Any, name: str) -> Iterator[tuple[str, Any]]:
    """An answer may be wrapped in what its authors noted about it."""
    if isinstance(document, dict) and "response" in document:
        response = document["response"]
        is_noted = isinstance(response, dict) and "http_code" in response
        yield name, response.get("body") if is_noted else response
    elif isinstance(document, dict) and all(
        isinstance(one, dict) and "response" in one for one in document.values()
    ):
        for key, one in document.items():
            yield from _bodies(one, f"{name}#{key}")
    else:
        yield name, document


def _answer(content_type: str, body: bytes) -> Answer:
    return Answer(status=200, headers=httpx.Headers({"content-type": content_type}), body=body)
