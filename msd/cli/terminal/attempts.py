"""The history of a source's connection as sentences, repeated attempts folded into one."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msd.cli.hints import with_flags
from msd.cli.terminal.text import cell, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msd.cli.daemon.client import Fields


def attempt_lines(steps: Sequence[Fields]) -> Iterator[str]:
    """Yield one sentence for each run of equal attempts, oldest first, then what comes next."""
    for (step, outcome, detail), run in groupby(steps, key=_what):
        attempts = list(run)
        yield _sentence(step, outcome, detail, attempts)


def _what(step: Fields) -> tuple[str, str, str]:
    words = (cell(step.get(name)) for name in ("step", "outcome", "detail"))
    first, second, third = words
    return first, second, with_flags(third)


def _sentence(step: str, outcome: str, detail: str, attempts: Sequence[Fields]) -> str:
    first, last = (moment(attempts[index].get("at")) for index in (0, -1))
    when = first if first == last else f"{first} to {last.rpartition(' ')[2]}"
    if outcome == "planned":
        return f"next, at {first}: {detail or step}" if first else f"next: {detail or step}"
    times = f"{len(attempts)} times: " if len(attempts) > 1 else ""
    text = f"{when}  {times}{step}: {outcome.replace('-', ' ')}"
    latency = attempts[-1].get("latency_ms")
    if latency:
        text += f" after {latency} ms"
    return f"{text}; {detail}" if detail else text
