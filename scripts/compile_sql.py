#!/usr/bin/env python3
"""Compile the statements that the store describes with SQLAlchemy into modules of plain text.

    .venv/bin/python scripts/compile_sql.py   after a change of msd/store/{cache_sql,schema_*}.py

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

from msd.store import cache_sql, schema_cache, schema_state  # noqa: E402
from msd.store.ddl import create_statements  # noqa: E402

STORE = ROOT / "msd/store"
SCHEMAS = {
    "cache_text": (schema_cache.metadata, cache_sql),
    "state_text": (schema_state.metadata, schema_state),
}
HEAD = '''"""The writing statements of {database}.db as text.

Made by scripts/compile_sql.py from {source}.py: change that one.
"""
'''


def compiled(name: str) -> dict[str, str | tuple[str, ...]]:
    """Return what a module of text must hold: `CREATE`, and each named statement."""
    metadata, source = SCHEMAS[name]
    created = tuple(_line(text) for text in create_statements(metadata))
    return {"CREATE": created} | {
        key: _line(text)
        for key, text in vars(source).items()
        if key.isupper() and not key.startswith("_") and isinstance(text, str)
    }


def write(name: str) -> None:
    """Write one module."""
    source: ModuleType = SCHEMAS[name][1]
    lines = [HEAD.format(database=name.removesuffix("_text"), source=source.__name__)]
    for key, text in compiled(name).items():
        if isinstance(text, tuple):
            lines += [f"{key} = (", *(f"{_literal(one)}," for one in text), ")\n"]
        else:
            lines.append(f"{key} = {_literal(text)}")
    path = STORE / f"{name}.py"
    path.write_text("\n".join(lines) + "\n")
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=True)


def _line(text: str) -> str:
    return " ".join(text.split())


def _literal(text: str) -> str:
    parts = wrap(text, 88, break_long_words=False, break_on_hyphens=False)
    spaced = [f"{part} " for part in parts[:-1]] + parts[-1:]
    return f"({' '.join(map(repr, spaced))})"


if __name__ == "__main__":
    for module in SCHEMAS:
        write(module)
