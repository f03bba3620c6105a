"""SQL text from SQLAlchemy Core, compiled for SQLite with positional parameters."""

from collections.abc import Iterator

from sqlalchemy import MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import ClauseElement

_DIALECT = sqlite.dialect(paramstyle="qmark")


def create_statements(metadata: MetaData) -> Iterator[str]:
    """Return what creates every table and index of a schema."""
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=_DIALECT))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=_DIALECT))


def sql_text(statement: ClauseElement, *parameters: str) -> str:
    """Return the text of a statement whose values stand in the order of `parameters`.

    Raises:
        ValueError: the statement takes other parameters, or in another order.
    """
    compiled = statement.compile(dialect=_DIALECT)
    order = tuple(getattr(compiled, "positiontup", None) or ())
    if order != parameters:
        raise ValueError(f"the statement takes {order}, not {parameters}")
    return str(compiled)
