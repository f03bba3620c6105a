#!/usr/bin/env python3
"""Write docs/faults.md from `msd.backend_api.faults`; `--check` only says whether it is current."""

import sys
from collections.abc import Sequence
from pathlib import Path

from msd.backend_api.faults import EVIDENCE, SCOPES, Evidence

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "faults.md"
MEANINGS = {
    Evidence.SOURCE: "the source as a whole, by itself",
    Evidence.REQUEST: "what was asked for, and nothing else",
    Evidence.ASK: (
        "what was asked for; the source as a whole only when the server's identity call fails, too"
    ),
}
HEAD = """# Which fault concerns what

This file is made by `scripts/make_fault_table.py` from `msd/backend_api/faults.py`.

A fault belongs to the smallest thing that it was said of: value, row, listing (one item type of
one library), library, source ([behaviour.md](behaviour.md), S9). Two tables decide. The first says
what an error is evidence of, the second what the failed request costs when the error concerns that
request alone. A value or a row that can't be read inside an answer that came is no error: it is
left out by the decoder, and listed as an omission.
"""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def document() -> str:
    """Return the whole document."""
    errors = [
        (f"`{error.__name__}`", f"`{error.code}`", MEANINGS[evidence])
        for error, evidence in EVIDENCE.items()
    ]
    requests = [
        (f"`{request.value}`", scope.value, effect) for request, (scope, effect) in SCOPES.items()
    ]
    return (
        f"{HEAD}\n## What an error concerns\n\n"
        f"{table(('error', 'code on D-Bus', 'it concerns'), errors)}\n\n"
        "## What a failed request costs\n\n"
        f"{table(('request to the backend', 'scope', 'what becomes of it'), requests)}\n\n"
        "Each fault is in the report of the sync with library, listing, request and status, in\n"
        "`LastSyncError`, in `Explain` and once in the log. It is tried again by the next sync.\n"
    )


def main(arguments: list[str]) -> int:
    """Write the document, or compare it."""
    if arguments == ["--check"]:
        return 0 if DOCUMENT.read_text() == document() else 1
    DOCUMENT.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
