"""The model that brings the series of the warehouse to dbt_project/series.py, on tables written by hand."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from types import ModuleType

import duckdb
import pyarrow
import pytest

from dbt_project import series
from dbt_project.build import PROJECT

Row = tuple[str, str, str, str, float | None]


class Table:
    """What dbt says of the table that the model writes."""

    identifier = "int_series_models"

    def __str__(self) -> str:
        return self.identifier


class Dbt:
    """What dbt gives a model: the tables that it names, and the table that it writes."""

    this = Table()

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.ref = connection.table


@pytest.fixture(scope="module")
def model() -> ModuleType:
    path = PROJECT / "models" / "intermediate" / "int_series_models.py"
    specification = importlib.util.spec_from_file_location("int_series_models", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create table int_series (member_code varchar, channel_code varchar, unit_measure varchar,"
        " time_period varchar, obs_value double)"
    )
    connection.execute(
        "create table mart_events (event_code varchar, member_code varchar, channel_code varchar,"
        " starts_on date, ends_on date, is_regressor boolean)"
    )
    return connection


@pytest.fixture
def build(model: ModuleType, connection: duckdb.DuckDBPyConnection) -> Callable[[], pyarrow.Table]:
    """Run the model, as dbt does, into its table."""

    def run() -> pyarrow.Table:
        rows = model.model(Dbt(connection), connection)
        connection.execute("create or replace table int_series_models as select * from rows")
        return rows

    return run


def put(
    connection: duckdb.DuckDBPyConnection, member_code: str, months: int, channel_code: str = "_T"
) -> None:
    """A series from January 2022 on: 100, and 50 more every December."""
    connection.executemany(
        "insert into int_series values (?, ?, ?, ?, ?)",
        [
            (
                member_code,
                channel_code,
                "INDEX" if member_code == "_T" else "NUMBER",
                f"{2022 + month // 12}-{month % 12 + 1:02d}",
                150.0 + month if month % 12 == 11 else 100.0 + month,
            )
            for month in range(months)
        ],
    )


def test_a_series_has_a_row_for_each_month_and_each_month_ahead(
    connection: duckdb.DuckDBPyConnection, build: Callable[[], pyarrow.Table]
) -> None:
    put(connection, "FJ", 36)

    rows = build().to_pylist()

    assert [row["time_period"] for row in rows[:2]] == ["2022-01", "2022-02"]
    assert [row["time_period"] for row in rows if row["is_forecast"]] == [
        f"2025-{month:02d}" for month in range(1, 7)
    ]
    assert {row["series_status"] for row in rows} == {"PROVISIONAL"}
    assert len(rows) == 42
    for row in rows:
        assert row["model_lower"] <= row["obs_value"] <= row["model_upper"]
        assert row["obs_value"] == float(f"{row['obs_value']:.6g}")
        assert row["forecast_error_pct"] < 100


def test_a_short_series_has_its_months_without_figures(
    connection: duckdb.DuckDBPyConnection, build: Callable[[], pyarrow.Table]
) -> None:
    put(connection, "TV", 12)

    rows = build().to_pylist()

    assert len(rows) == 12
    assert {(row["series_status"], row["obs_value"], row["forecast_error_pct"]) for row in rows} == {
        ("SHORT", None, None)
    }


def test_there_may_be_no_series_at_all(build: Callable[[], pyarrow.Table]) -> None:
    assert build().num_rows == 0


def test_only_what_changed_is_fitted_again(
    connection: duckdb.DuckDBPyConnection,
    build: Callable[[], pyarrow.Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for member_code in ("FJ", "TO", "WS"):
        put(connection, member_code, 36)
    before = build().to_pylist()
    analyse, fitted = series.analyse, []

    def watched(first_month, values, events):
        fitted.append(values[35])
        return analyse(first_month, values, events)

    monkeypatch.setattr(series, "analyse", watched)
    assert build().to_pylist() == before
    assert fitted == []

    connection.execute(
        "update int_series set obs_value = 999 where member_code = 'TO' and time_period = '2024-12'"
    )
    connection.execute("delete from int_series where member_code = 'WS'")
    after = build().to_pylist()

    assert fitted == [999]
    assert {row["member_code"] for row in after} == {"FJ", "TO"}
    assert [row for row in after if row["member_code"] == "FJ"] == [
        row for row in before if row["member_code"] == "FJ"
    ]
    # What is fitted alone is what would be fitted in a warehouse built anew.
    connection.execute("drop table int_series_models")
    assert build().to_pylist() == after


def test_events_reach_the_series_of_their_member_and_channel(
    connection: duckdb.DuckDBPyConnection,
    build: Callable[[], pyarrow.Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(connection, "FJ", 2)
    put(connection, "TO", 2)
    put(connection, "_T", 2)
    put(connection, "_T", 2, "SEA_CARGO")
    connection.execute("""
        insert into mart_events values
            ('A', '_T', '_T', '2022-01-01', null, true),
            ('B', 'FJ', '_T', '2022-01-02', '2022-02-01', true),
            ('C', 'FJ', 'POSTAL_PARCEL', '2022-01-03', null, true),
            ('D', '_T', 'SEA_CARGO', '2022-01-04', null, true),
            ('E', 'FJ', '_T', '2022-01-05', null, false)
    """)
    days: list[list[int]] = []

    def watched(first_month, values, events):
        days.append([starts_on.day for starts_on, _ in events])
        return series.Analysis("SHORT")

    monkeypatch.setattr(series, "analyse", watched)
    build()

    # In the order of the series: FJ, TO, the region by sea, the region. E is no step.
    assert days == [[1, 2, 3, 4], [1, 4], [1, 4], [1, 4]]
