"""Describes the tables with SQLAlchemy; only scripts/compile_sql.py imports this, at build time."""
