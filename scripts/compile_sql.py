#!/usr/bin/env python3
"""Compile the statements that the store describes with SQLAlchemy into modules of plain text.

    .venv/bin/python scripts/compile_sql.py   after a change in msd/store/build_time_schema

msd runs on the text alone, so neither the daemon nor a sync worker loads SQLAlchemy, which costs
each a third of a second and 15 MB. A test fails while the text is not what its source says.
"""

import subprocess
import sys
from pathlib import Path
from textwrap import wrap
from types import ModuleType

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from msd.store.build_time_schema import (  # noqa: E402
    cache_statements,
    cache_tables,
    state_tables,
)
from msd.store.build_time_schema.compiler import create_statements  # noqa: E402

STORE = ROOT / "msd/store"
DATABASES = {
    "cache": (cache_tables.metadata, cache_statements),
    "state": (state_tables.metadata, state_tables),
}
HEAD = '''"""The statements of {database}.db as text: what creates its tables, and what writes.

Made by scripts/compile_sql.py; change this instead: {source}.py
"""
'''


def compiled(database: str) -> dict[str, str | tuple[str, ...]]:
    """Return the content of a database's `statements.py`: `CREATE`, and each named statement."""
    metadata, source = DATABASES[database]
    virtual: tuple[str, ...] = cache_tables.VIRTUAL_TABLES if database == "cache" else ()
    created = tuple(_line(text) for text in (*create_statements(metadata), *virtual))
    return {"CREATE": created} | {
        key: _line(text)
        for key, text in vars(source).items()
        if key.isupper() and not key.startswith("_") and isinstance(text, str)
    }


def write(database: str) -> None:
    """Write the `statements.py` of one database."""
    source: ModuleType = DATABASES[database][1]
    lines = [HEAD.format(database=database, source=source.__name__)]
    for key, text in compiled(database).items():
        if isinstance(text, tuple):
            lines += [f"{key} = (", *(f"{_literal(statement)}," for statement in text), ")\n"]
        else:
            lines.append(f"{key} = {_literal(text)}")
    path = STORE / database / "statements.py"
    path.write_text("\n".join(lines) + "\n")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=True)


def _line(text: str) -> str:
    return " ".join(text.split())


def _literal(text: str) -> str:
    parts = wrap(text, 88, break_long_words=False, break_on_hyphens=False)
    spaced = [f"{part} " for part in parts[:-1]] + parts[-1:]
    return f"({' '.join(map(repr, spaced))})"


if __name__ == "__main__":
    for name in DATABASES:
        write(name)
