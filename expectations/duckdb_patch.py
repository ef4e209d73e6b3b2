"""Make Great Expectations 1.24 work on DuckDB through SQLAlchemy (GX issue 11579).

GX closes the connection before it fetches; the close rolls back, and a DuckDB rollback drops the pending
result: every expectation then comes back as failed, with "list index out of range". GX already keeps one
connection open for SQLite and others; this adds DuckDB to that list, which also keeps the temporary tables of
`run.py`. There every judgement proves, with a known-good and a known-bad table, that it still works.
"""

from __future__ import annotations


class _Dialect(str):
    """GX reads `.value` of the entries of its list: members of an enumeration, which has no DuckDB."""

    @property
    def value(self) -> str:
        return str(self)


def apply() -> None:
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    if "duckdb" not in {dialect.value for dialect in engine._PERSISTED_CONNECTION_DIALECTS}:
        engine._PERSISTED_CONNECTION_DIALECTS = (*engine._PERSISTED_CONNECTION_DIALECTS, _Dialect("duckdb"))
