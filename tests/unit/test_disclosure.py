"""What may leave, for whom: tried on tables of a few rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pacific_parcels.disclosure import (
    INDICATOR_COLUMNS,
    MINIMUM_ITEMS,
    MINIMUM_MEMBERS,
    Audience,
    busiest_days_for,
    coverage_for,
    indicators_for,
)

# FJ shares every detail, NC its totals, WS nothing; TO shares every detail from 20 items on.
MEMBERS = [("FJ", "detail", 5), ("NC", "totals", 5), ("WS", "none", 5), ("TO", "detail", 20)]


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(
        "create table m (member_code varchar, sharing_public varchar, minimum_cell_items integer)"
    )
    connection.executemany("insert into m values (?, ?, ?)", MEMBERS)
    connection.execute(
        "create table i (indicator_code varchar, member_code varchar, channel_code varchar, "
        "value_band_code varchar, counterpart_code varchar, commodity_code varchar, frequency varchar, "
        "time_period varchar, obs_value double, unit_measure varchar, unit_mult integer, obs_status varchar, "
        "conf_status varchar, coverage_pct double, revision_lower double, revision_upper double, "
        "model_lower double, model_upper double, "
        "base_items bigint, base_members integer)"
    )
    connection.execute(
        "create table b (member_code varchar, port_code varchar, time_period varchar, busiest_date date, "
        "items bigint, surplus varchar)"
    )
    connection.execute(
        "create table c (member_code varchar, time_period varchar, status varchar, items bigint, "
        "received_at timestamp, days_after_period_end integer)"
    )
    yield connection
    connection.close()


def observe(
    tables: duckdb.DuckDBPyConnection,
    member_code: str,
    *,
    channel: str = "_T",
    band: str = "_T",
    counterpart: str = "_T",
    value: float | None = 100.0,
    items: int | None = 100,
    members: int | None = None,
) -> None:
    tables.execute(
        "insert into i values ('ITEMS', ?, ?, ?, ?, '_T', 'M', '2026-03', ?, 'ITEMS', 0, 'A', 'F', "
        "?, null, null, null, null, ?, ?)",
        [member_code, channel, band, counterpart, value, value, items, members],
    )


def shown(tables: duckdb.DuckDBPyConnection, audience: Audience) -> list[dict[str, Any]]:
    result = tables.execute(indicators_for(audience, "i", "m"))
    names = [column[0] for column in result.description]
    assert tuple(names) == INDICATOR_COLUMNS
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def values(tables: duckdb.DuckDBPyConnection, audience: Audience) -> list[tuple[str, str, float | None, str]]:
    return [
        (row["member_code"], row["channel_code"], row["obs_value"], row["conf_status"])
        for row in shown(tables, audience)
    ]


class TestSharingTerms:
    def test_the_public_sees_of_each_member_what_it_shares(self, tables: duckdb.DuckDBPyConnection) -> None:
        for member_code in ("FJ", "NC", "WS"):
            observe(tables, member_code)
            observe(tables, member_code, channel="POSTAL_PARCEL")

        assert values(tables, "public") == [
            ("FJ", "POSTAL_PARCEL", 100, "F"),
            ("FJ", "_T", 100, "F"),
            ("NC", "_T", 100, "F"),
        ]

    @pytest.mark.parametrize("detail", [{"band": "LE25"}, {"counterpart": "CN"}, {"channel": "AIR_CARGO"}])
    def test_any_detail_is_more_than_a_total(
        self, tables: duckdb.DuckDBPyConnection, detail: dict[str, str]
    ) -> None:
        observe(tables, "NC", **detail)

        assert shown(tables, "public") == []

    def test_the_secretariat_sees_everything(self, tables: duckdb.DuckDBPyConnection) -> None:
        observe(tables, "WS", channel="POSTAL_PARCEL", items=1)
        observe(tables, "_T", members=1)

        assert values(tables, "secretariat") == [("WS", "POSTAL_PARCEL", 100, "F"), ("_T", "_T", 100, "F")]

    def test_a_member_that_nobody_knows_is_not_shown(self, tables: duckdb.DuckDBPyConnection) -> None:
        observe(tables, "ZZ")

        assert shown(tables, "public") == []


class TestMinimumFrequency:
    @pytest.mark.parametrize(
        ("member_code", "items", "is_hidden"),
        [
            ("FJ", MINIMUM_ITEMS - 1, True),
            ("FJ", MINIMUM_ITEMS, False),
            ("FJ", 1, True),
            ("FJ", 0, False),  # nothing came: a true zero tells of nobody
            ("FJ", None, False),  # a figure that rests on no items, such as coverage
            ("TO", 19, True),  # its own minimum is higher
            ("TO", 20, False),
            ("_T", MINIMUM_ITEMS - 1, True),
            ("_T", MINIMUM_ITEMS, False),
        ],
    )
    def test_a_figure_of_few_items_is_confidential_and_has_no_value(
        self, tables: duckdb.DuckDBPyConnection, member_code: str, items: int | None, is_hidden: bool
    ) -> None:
        observe(tables, member_code, items=items)

        (row,) = shown(tables, "public")

        assert (row["obs_value"], row["conf_status"]) == ((None, "C") if is_hidden else (100, "F"))
        assert row["obs_status"] == "A"

    @pytest.mark.parametrize(
        ("members", "is_hidden"),
        [(1, True), (MINIMUM_MEMBERS - 1, True), (MINIMUM_MEMBERS, False), (None, False), (0, False)],
    )
    def test_a_regional_figure_of_few_members_is_confidential(
        self, tables: duckdb.DuckDBPyConnection, members: int | None, is_hidden: bool
    ) -> None:
        observe(tables, "_T", members=members)

        (row,) = shown(tables, "public")

        assert (row["obs_value"], row["conf_status"]) == ((None, "C") if is_hidden else (100, "F"))

    def test_the_number_of_members_behind_a_member_is_no_matter(
        self, tables: duckdb.DuckDBPyConnection
    ) -> None:
        observe(tables, "FJ", members=1)

        assert values(tables, "public") == [("FJ", "_T", 100, "F")]

    def test_a_missing_figure_is_missing_and_not_confidential(
        self, tables: duckdb.DuckDBPyConnection
    ) -> None:
        observe(tables, "FJ", value=None, items=2)

        assert values(tables, "public") == [("FJ", "_T", None, "F")]


class TestBusiestDays:
    def fill(self, tables: duckdb.DuckDBPyConnection) -> None:
        rows = [
            ("FJ", "FJSUV", 5),
            ("FJ", "FJNAN", 4),
            ("NC", "NCNOU", 9),
            ("WS", "WSAPW", 900),
            ("TO", "TOTBU", 19),
        ]
        tables.executemany("insert into b values (?, ?, '2026-03', date '2026-03-05', ?, 'x')", rows)

    def test_the_public_sees_those_of_enough_items_of_members_that_share(
        self, tables: duckdb.DuckDBPyConnection
    ) -> None:
        self.fill(tables)

        rows = tables.execute(busiest_days_for("public", "b", "m")).fetchall()

        assert [(row[1], row[4]) for row in rows] == [("FJSUV", 5), ("NCNOU", 9)]
        assert len(rows[0]) == 5

    def test_the_secretariat_sees_all(self, tables: duckdb.DuckDBPyConnection) -> None:
        self.fill(tables)

        rows = tables.execute(busiest_days_for("secretariat", "b", "m")).fetchall()

        assert [row[1] for row in rows] == ["FJNAN", "FJSUV", "NCNOU", "TOTBU", "WSAPW"]


def test_the_public_sees_who_has_reported_but_not_how_many_items_nor_how_late(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    tables.execute(
        "insert into c values ('FJ', '2026-03', 'REPORTED', 7, timestamp '2026-04-10', 10), "
        "('WS', '2026-03', 'MISSING', null, null, null)"
    )

    assert tables.execute(coverage_for("public", "c", "m")).fetchall() == [("FJ", "2026-03", "REPORTED")]
    assert len(tables.execute(coverage_for("secretariat", "c", "m")).fetchall()) == 2
    assert len(tables.execute(coverage_for("secretariat", "c", "m")).description) == 6
