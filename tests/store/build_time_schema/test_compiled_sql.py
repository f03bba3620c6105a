"""The SQL text that msd runs on is what SQLAlchemy makes of the tables."""

import importlib
import subprocess
import sys

import pytest

from scripts.compile_sql import DATABASES, compiled


@pytest.mark.parametrize("database", DATABASES)
def test_the_text_is_what_its_source_compiles_to(database: str) -> None:
    """The text is what its source compiles to.

    One description of the tables; after a change of it run scripts/compile_sql.py.
    """
    module = importlib.import_module(f"msd.store.{database}.statements")
    text = {key: value for key, value in vars(module).items() if key.isupper()}

    assert compiled(database) == text


@pytest.mark.parametrize(
    "module", ["msd.app", "msd.worker", "msd.store.cache.writes.refreshed_item"]
)
def test_neither_the_daemon_nor_a_worker_loads_sqlalchemy(module: str) -> None:
    """Neither the daemon nor a worker loads sqlalchemy (Y4).

    It would cost each of them 15 MB.
    """
    program = f"import sys, {module}; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
