"""A small region worked by hand, from items to indicators, with the code lists as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_project.build import PROJECT, BuildOutcome, build_models
from tests.compiled_models import GROWTH_MODELS, compiled, growth_of
from tests.data.conftest import Region


def item(item_id: str, day: str, value: str, **others: str) -> dict[str, object]:
    return {
        "item_id": item_id,
        "channel_code": "POSTAL_PARCEL",
        "port_code": "FJSUV",
        "origin_country_code": "CN",
        "declared_value": value,
        "declared_currency_code": "USD",
        "valuation_basis_code": "CIF",
        "duty_amount": None,
        "revenue_currency_code": "USD",
        "arrival_date": day,
        **others,
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Region, BuildOutcome]:
    """Fourteen months, January 2025 to February 2026.

    FJ   2 items in January 2025, 4 in each month after; parcels up to 100 FJD are free until 14 February 2025
    TO   begins in February 2025 with 10 items a month, is silent in March 2025, has 15 in February 2026
    WS   never sends anything
    """
    region = Region(tmp_path_factory.mktemp("region"))
    region.allow("FJ", "100.00", valid_to="2025-02-15")
    months = [f"{2025 + number // 12}-{number % 12 + 1:02d}" for number in range(14)]
    for month in months:
        if month == "2025-01":
            rows = [
                item("a", "2025-01-10", "25.00", duty_amount="1.10"),
                item("b", "2025-01-10", "100.01", duty_amount="0.00"),
            ]
        elif month == "2025-02":
            rows = [
                item("c", "2025-02-14", "100.00"),
                item("d", "2025-02-14", "90.00", declared_currency_code="TOP", valuation_basis_code="FOB"),
                item("e", "2025-02-15", "100.00", port_code="FJNAN"),
                item("f", "2025-02-16", "250.00", port_code="FJNAN", channel_code="AIR_CARGO"),
            ]
        else:
            rows = [item(f"g{n}", f"{month}-05", "10.00") for n in range(4)]
        region.land(f"fj-{month}", "FJ", month, rows, vintage_at="2026-03-10 08:00:00")
        if month not in ("2025-01", "2025-03"):
            count = 15 if month == "2026-02" else 10
            rows = [item(f"t{n}", f"{month}-05", "10.00", port_code="TOTBU") for n in range(count)]
            region.land(f"to-{month}", "TO", month, rows, vintage_at="2026-03-12 08:00:00")
    region.write_inputs()
    return region, build_models(region.settings, unit_tests=True)


@pytest.fixture(scope="module")
def warehouse(built: tuple[Region, BuildOutcome]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built[1].snapshot), read_only=True) as connection:
        yield connection


def figure(warehouse: duckdb.DuckDBPyConnection, indicator_code: str, time_period: str, **cell: str) -> Any:
    """(obs_value, obs_status, base_items, base_members) of one cell; None where there is no row."""
    key = {
        "member_code": "_T",
        "channel_code": "_T",
        "value_band_code": "_T",
        "counterpart_code": "_T",
        "commodity_code": "_T",
    } | cell
    where = " and ".join(f"{name} = '{code}'" for name, code in key.items())
    rows = warehouse.execute(
        "select obs_value, obs_status, base_items, base_members from mart_indicators"
        f" where indicator_code = '{indicator_code}' and time_period = '{time_period}' and {where}"
    ).fetchall()
    assert len(rows) <= 1
    return rows[0] if rows else None


def test_every_unit_test_of_the_models_ran_and_passed(built: tuple[Region, BuildOutcome]) -> None:
    region, outcome = built
    target = region.settings.warehouse / "dbt" / "target"
    results = json.loads((target / "run_results.json").read_text())["results"]
    manifest = json.loads((target / "manifest.json").read_text())
    passed = {result["unique_id"] for result in results if result["status"] == "pass"}

    assert len(results) == outcome.nodes
    assert len(manifest["unit_tests"]) >= 24
    assert set(manifest["unit_tests"]) <= passed


def test_every_indicator_has_a_unit_test(built: tuple[Region, BuildOutcome]) -> None:
    manifest = json.loads((built[0].settings.warehouse / "dbt" / "target" / "manifest.json").read_text())
    indicators = {path.stem for path in (PROJECT / "models" / "indicators").glob("ind_*.sql")}
    tested = {unit_test["model"] for unit_test in manifest["unit_tests"].values()}

    assert len(indicators) >= 12
    assert indicators - tested == set()


@pytest.mark.parametrize(
    ("time_period", "member_code", "expected"),
    [
        ("2025-01", "_T", (2, "A", 2, 1)),  # TO has not begun
        ("2025-01", "TO", None),
        ("2025-02", "_T", (14, "A", 14, 2)),
        ("2025-03", "_T", (None, "M", None, None)),  # TO is missing: no total
        ("2025-03", "FJ", (4, "A", 4, 1)),
        ("2025-03", "TO", (None, "M", None, None)),
        ("2025-11", "_T", (14, "A", 14, 2)),
        ("2025-12", "_T", (14, "P", 14, 2)),  # the last three months
        ("2026-02", "_T", (19, "P", 19, 2)),
    ],
)
def test_items(
    warehouse: duckdb.DuckDBPyConnection, time_period: str, member_code: str, expected: object
) -> None:
    assert figure(warehouse, "ITEMS", time_period, member_code=member_code) == expected


def test_items_by_channel_band_and_counterpart(warehouse: duckdb.DuckDBPyConnection) -> None:
    february = {
        "AIR_CARGO": figure(warehouse, "ITEMS", "2025-02", channel_code="AIR_CARGO"),
        "up to 25": figure(warehouse, "ITEMS", "2025-02", value_band_code="LE25"),
        "parcels over 50 to 100": figure(
            warehouse, "ITEMS", "2025-02", channel_code="POSTAL_PARCEL", value_band_code="GT50_LE100"
        ),
        "CN": figure(warehouse, "ITEMS", "2025-02", counterpart_code="CN"),
    }
    # f; the ten of TO; c and e (d is 90 pa'anga, about 37 dollars); all.
    assert february == {
        "AIR_CARGO": (1, "A", 1, 1),
        "up to 25": (10, "A", 10, 1),
        "parcels over 50 to 100": (2, "A", 2, 1),
        "CN": (14, "A", 14, 2),
    }


def test_declared_value_takes_the_rate_of_the_month_of_arrival(warehouse: duckdb.DuckDBPyConnection) -> None:
    # Customs rate of February 2025: 2.431982 pa'anga to the dollar; 90 of them are 37.01.
    # 100 + 37.01 + 100 + 250 = 487.01; with the ten times 10.00 of TO 587.01.
    assert figure(warehouse, "DECLARED_VALUE_USD", "2025-02", member_code="FJ") == (487.01, "A", 4, 1)
    assert figure(warehouse, "DECLARED_VALUE_USD", "2025-02") == (587.01, "A", 14, 2)


@pytest.mark.parametrize(
    ("time_period", "index"),
    [
        ("2025-01", 100),
        ("2025-02", 200),  # FJ alone is in both months: 4 / 2. The ten of TO are new, not growth.
        ("2025-03", 200),  # FJ alone: 4 / 4. That TO is missing is no fall.
        ("2025-04", 200),  # FJ alone: that TO is back is no growth.
        ("2026-01", 200),  # Both: 14 / 14 in each month.
        ("2026-02", 271.428571),  # Both: 19 / 14.
    ],
)
def test_index_of_the_region(warehouse: duckdb.DuckDBPyConnection, time_period: str, index: float) -> None:
    assert figure(warehouse, "ITEMS_INDEX", time_period)[0] == index


def test_growth_on_a_year(warehouse: duckdb.DuckDBPyConnection) -> None:
    code = "ITEMS_GROWTH_YOY_PCT"
    # Region 271.428571 / 200; TO 15 / 10; FJ in January 4 / 2. December 2025 has no month a year before.
    assert figure(warehouse, code, "2026-02") == (35.714286, "P", 2, 1)
    assert figure(warehouse, code, "2026-02", member_code="TO") == (50, "P", 10, 1)
    assert figure(warehouse, code, "2026-01", member_code="FJ") == (100, "P", 2, 1)
    assert figure(warehouse, code, "2025-12") is None
    assert figure(warehouse, "ITEMS_GROWTH_3Y_PCT", "2026-02") is None


def test_share_up_to_100_dollars(warehouse: duckdb.DuckDBPyConnection) -> None:
    code = "SHARE_LE_100_USD_PCT"
    # January: 25.00, but not 100.01. February: all but f of FJ; with the ten of TO 13 of 14.
    # March: FJ stands for the region.
    assert figure(warehouse, code, "2025-01") == (50, "A", 1, 1)
    assert figure(warehouse, code, "2025-02", member_code="FJ") == (75, "A", 1, 1)
    assert figure(warehouse, code, "2025-02") == (92.857143, "A", 1, 2)
    assert figure(warehouse, code, "2025-03") == (100, "E", 4, 1)


def test_share_up_to_the_de_minimis(warehouse: duckdb.DuckDBPyConnection) -> None:
    code = "SHARE_LE_DE_MINIMIS_PCT"
    # 100 FJD are about 43 dollars. January: a is under, b over. February: c is over; d is FOB, e is a day
    # late, f came by air.
    assert figure(warehouse, code, "2025-01", member_code="FJ") == (50, "A", 1, 1)
    assert figure(warehouse, code, "2025-02", member_code="FJ") == (0, "A", 1, 1)
    assert figure(warehouse, code, "2025-04", member_code="FJ") == (None, "M", None, None)
    assert figure(warehouse, code, "2025-02", member_code="TO") == (None, "M", None, None)


def test_busiest_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    code = "BUSIEST_DAY_ITEMS"
    # FJ in February: c and d on one day in FJSUV. Region: the ten of TO; in March, without TO, FJ's four.
    assert figure(warehouse, code, "2025-02", member_code="FJ") == (2, "A", 2, 1)
    assert figure(warehouse, code, "2025-02") == (10, "A", 10, 2)
    assert figure(warehouse, code, "2025-03") == (4, "E", 4, 1)
    # e and f came to FJNAN on two days: of equal days the earlier.
    days = "select busiest_date::varchar, items from mart_busiest_days where port_code = 'FJNAN'"
    assert warehouse.execute(days).fetchall() == [("2025-02-15", 1)]


def test_duty(warehouse: duckdb.DuckDBPyConnection) -> None:
    # FJ gives it in January only: 1.10 on a, nought on b. After that it is not known, nor is the region's.
    assert figure(warehouse, "DUTY_USD", "2025-01") == (1.1, "A", 1, 1)
    assert figure(warehouse, "DUTY_USD", "2025-02") == (None, "M", None, None)
    assert figure(warehouse, "TAX_USD", "2025-01") == (None, "M", None, None)


def test_coverage_and_timeliness(warehouse: duckdb.DuckDBPyConnection) -> None:
    statuses = warehouse.execute(
        "select member_code, list(status order by time_period)[:3]"
        " from mart_coverage group by all order by all"
    ).fetchall()
    assert statuses == [
        ("FJ", ["REPORTED", "REPORTED", "REPORTED"]),
        ("TO", ["NOT_YET_REPORTING", "REPORTED", "MISSING"]),
        ("WS", ["NOT_YET_REPORTING"] * 3),
    ]
    # Two of three members; one of three in March. Ten and twelve days after the end of February 2026.
    assert figure(warehouse, "COVERAGE_MEMBERS_PCT", "2025-02") == (66.666667, "A", None, 2)
    assert figure(warehouse, "COVERAGE_MEMBERS_PCT", "2025-03") == (33.333333, "A", None, 1)
    assert figure(warehouse, "TIMELINESS_DAYS", "2026-02") == (11, "P", None, 2)


def test_a_profile_stands_beside_the_month_before(warehouse: duckdb.DuckDBPyConnection) -> None:
    profile = warehouse.execute(
        """
        select
            items, receipt_items, distinct_item_ids, median_value_usd::double, items_with_duty,
            items_with_port, first_arrival_date::varchar, last_arrival_date::varchar,
            previous_period_items, previous_vintage_items
        from mart_vintage_profiles
        where member_code = 'FJ' and time_period = '2025-02'
        """
    ).fetchone()
    # 37.01, 100, 100, 250: the median is 100. January had 2 items; there is no earlier vintage.
    assert profile == (4, 4, 4, 100.0, 0, 4, "2025-02-14", "2025-02-16", 2, None)


def test_the_rate_of_the_paanga_is_flagged_until_it_was_mended(warehouse: duckdb.DuckDBPyConnection) -> None:
    # HMRC gave TOP the rate of AUD until September 2023; the annual average of the IMF for 2023 is 2.3637.
    flagged = warehouse.execute(
        "select currency_code, max(time_period), count(*) from int_exchange_rates"
        " where is_flagged group by all"
    ).fetchall()
    assert flagged == [("TOP", "2023-09", 57)]
    rates = warehouse.execute(
        "select round(units_per_usd, 4)::double, source_code from int_exchange_rates"
        " where currency_code = 'TOP' and time_period in ('2023-09', '2023-10') order by time_period"
    ).fetchall()
    assert rates == [(2.3637, "IMF"), (2.3923, "HMRC")]


# ---- growth is never members' coming and going


MONTHS = 15
PERIODS = [f"{2025 + number // 12}-{number % 12 + 1:02d}" for number in range(MONTHS)]
Members = dict[str, tuple[int | None, ...]]
Figures = Mapping[tuple[str, str], float | None]

steady = st.lists(st.integers(1, 5_000), min_size=MONTHS, max_size=MONTHS).map(tuple)
reports = st.lists(st.booleans(), min_size=MONTHS, max_size=MONTHS).filter(any)
others = st.lists(steady, min_size=1, max_size=3).map(
    lambda rows: {f"A{number}": row for number, row in enumerate(rows)}
)


@pytest.fixture(scope="module")
def statements(built: tuple[Region, BuildOutcome]) -> dict[str, str]:
    return compiled(built[0].settings.warehouse / "dbt" / "target", GROWTH_MODELS)


def assert_same(found: Figures, expected: Figures) -> None:
    assert found
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == (value if value is None else pytest.approx(value, rel=1e-9, abs=2e-6)), key


@settings(max_examples=12, deadline=None)
@given(others=others, factor=st.integers(1, 50), reports=reports)
def test_a_member_that_grows_as_the_others_moves_nothing_whenever_it_reports(
    statements: dict[str, str], others: Members, factor: int, reports: list[bool]
) -> None:
    """It joins, is silent, comes back, leaves: every level of the region changes, and no growth does."""
    totals = [sum(items or 0 for items in month) for month in zip(*others.values(), strict=True)]
    newcomer = [factor * total if is_there else None for total, is_there in zip(totals, reports, strict=True)]
    assert_same(growth_of(statements, PERIODS, {**others, "ZZ": newcomer}), growth_of(statements, PERIODS, others))


@settings(max_examples=12, deadline=None)
@given(others=others, newcomer=steady, first=st.integers(1, MONTHS - 1))
def test_the_month_in_which_a_member_begins_grows_as_without_it(
    statements: dict[str, str], others: Members, newcomer: tuple[int, ...], first: int
) -> None:
    joined = {**others, "ZZ": (*(None for _ in range(first)), *newcomer[first:])}
    found, without = growth_of(statements, PERIODS, joined), growth_of(statements, PERIODS, others)
    upto = {key: value for key, value in without.items() if key[1] <= PERIODS[first]}
    assert_same({key: found[key] for key in upto}, upto)


@settings(max_examples=12, deadline=None)
@given(others=others, late=steady, months_late=st.integers(1, 4))
def test_a_member_that_is_late_changes_no_earlier_month_and_is_no_fall(
    statements: dict[str, str], others: Members, late: tuple[int, ...], months_late: int
) -> None:
    """Up to its last month the figures are those with it; from then on the links are those of the others."""
    there = MONTHS - months_late
    in_time = growth_of(statements, PERIODS, {**others, "ZZ": late})
    delayed = growth_of(statements, PERIODS, {**others, "ZZ": (*late[:there], *(None for _ in range(months_late)))})
    without = growth_of(statements, PERIODS, others)
    earlier = {key: value for key, value in in_time.items() if key[1] < PERIODS[there]}
    assert_same({key: delayed[key] for key in earlier}, earlier)
    links = {
        key: value
        for key, value in without.items()
        if key[0] == "ITEMS_GROWTH_MOM_PCT" and key[1] >= PERIODS[there]
    }
    assert_same({key: delayed[key] for key in links}, links)
