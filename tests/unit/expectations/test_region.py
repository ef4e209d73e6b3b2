"""The indicators suite on a long table of one region, made by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations import indicators, run
from pacific_parcels.settings import Settings

# January to December: FJ has 30 letters and 70 parcels a month, WS 20 and 30; half of each from CN, half from
# AU; all worth up to 25 dollars. So FJ has 100, WS 50, the region 150. WS has not reported December: the
# region's levels are withheld.
REGION = """
    create table mart_coverage as
    select
        member_code,
        '2025-' || lpad(month::varchar, 2, '0') as time_period,
        case when member_code = 'WS' and month = 12 then 'MISSING' else 'REPORTED' end as status,
        case when member_code = 'FJ' then 100 when month < 12 then 50 end as items
    from (select unnest(['FJ', 'WS']) as member_code), range(1, 13) as months(month);

    create table cells as
    select member_code, time_period, channel_code, counterpart_code, quantities.items
    from mart_coverage
    inner join (
        values
        ('FJ', 'POSTAL_LETTER', 15), ('FJ', 'POSTAL_PARCEL', 35),
        ('WS', 'POSTAL_LETTER', 10), ('WS', 'POSTAL_PARCEL', 15)
    ) as quantities(member_code, channel_code, items) using (member_code)
    cross join (select unnest(['CN', 'AU']) as counterpart_code)
    where status = 'REPORTED';

    create table levels as
    select
        'ITEMS' as indicator_code,
        coalesce(member_code, '_T') as member_code,
        coalesce(channel_code, '_T') as channel_code,
        '_T' as value_band_code,
        coalesce(counterpart_code, '_T') as counterpart_code,
        '_T' as commodity_code,
        time_period,
        case when member_code is not null or time_period < '2025-12' then sum(items)::double end as obs_value,
        sum(items) as base_items
    from cells
    group by grouping sets (
        (time_period, member_code), (time_period),
        (time_period, member_code, channel_code), (time_period, channel_code),
        (time_period, member_code, counterpart_code), (time_period, counterpart_code)
    );

    create table totals as
    select * from levels where channel_code = '_T' and counterpart_code = '_T';

    create table mart_indicators as
    with figures as (
        select * from levels
        union all
        select * replace ('LE25' as value_band_code) from totals
        union all
        select * replace ('S12' as commodity_code) from totals
        union all
        select * replace ('DECLARED_VALUE_USD' as indicator_code, 10.01 * obs_value as obs_value) from levels
        union all
        select totals.* replace (others.code as indicator_code, others.amount as obs_value)
        from totals
        cross join (
            values ('SHARE_LE_100_USD_PCT', 100.0), ('ITEMS_GROWTH_YOY_PCT', 25.0), ('TIMELINESS_DAYS', 20.0)
        ) as others(code, amount)
        where member_code <> '_T'
        union all
        select 'ITEMS', 'WS', '_T', '_T', '_T', '_T', '2025-12', null, null
        union all
        select 'ITEMS', 'FJ', '_T', '_T', '_T', '_T', '2025-Q4', sum(obs_value), null
        from totals where member_code = 'FJ' and time_period between '2025-10' and '2025-12'
    )
    select
        *,
        case when time_period like '%Q%' then 'Q' else 'M' end as frequency,
        case when obs_value is null then 'M' else 'A' end as obs_status,
        'F' as conf_status
    from figures
"""

TOTAL = "channel_code = '_T' and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'"
FJ = "member_code = 'FJ'"
FJ_ITEMS = f"indicator_code = 'ITEMS' and {FJ} and {TOTAL}"
SET = "update mart_indicators set"

# One fault a month, in a table judged once: {month: (statement that spoils it, what must fail)}.
CASES = {
    # A total that stands twice is no sum of its parts either.
    "2025-01": (
        f"insert into mart_indicators select * from mart_indicators where {FJ_ITEMS}",
        {"E202", "E212", "E213", "E214", "E215", "E217"},
    ),
    "2025-02": (
        f"{SET} obs_value = 'inf' where indicator_code = 'TIMELINESS_DAYS' and {FJ}",
        {"E203", "E222"},
    ),
    "2025-03": (f"{SET} obs_value = 100.1 where indicator_code = 'SHARE_LE_100_USD_PCT' and {FJ}", {"E204"}),
    "2025-04": (f"{SET} obs_value = -obs_value where indicator_code = 'DECLARED_VALUE_USD'", {"E205"}),
    "2025-05": (f"{SET} obs_status = 'X' where {FJ_ITEMS}", {"E206"}),
    "2025-06": (f"{SET} conf_status = 'C' where {FJ_ITEMS}", {"E207"}),
    "2025-07": (
        f"{SET} obs_value = null where indicator_code = 'SHARE_LE_100_USD_PCT' and {FJ}",
        {"E208"},
    ),
    "2025-08": (
        f"{SET} channel_code = 'PIGEON', value_band_code = 'CHEAP', frequency = 'A'"
        f" where indicator_code = 'SHARE_LE_100_USD_PCT' and {FJ}",
        {"E209", "E210", "E211"},
    ),
    # One item too many in the region: members, channels, bands, partners, sections no longer make its total.
    "2025-09": (
        f"{SET} obs_value = obs_value + 1 where indicator_code = 'ITEMS' and member_code = '_T' and {TOTAL}",
        {"E212", "E213", "E214", "E215", "E217"},
    ),
    # One parcel too many at one member: neither its own total nor the region's parcels.
    "2025-10": (
        f"{SET} obs_value = obs_value + 1"
        f" where indicator_code = 'ITEMS' and {FJ} and channel_code = 'POSTAL_PARCEL'",
        {"E212", "E213"},
    ),
    "2025-Q4": (f"{SET} obs_value = obs_value + 1 where {FJ_ITEMS} and frequency = 'Q'", {"E218"}),
    "2025-11": (f"update mart_coverage set items = 99 where {FJ}", {"E216"}),
    "2025-12": (f"{SET} obs_value = 401 where indicator_code = 'ITEMS_GROWTH_YOY_PCT' and {FJ}", {"E221"}),
}


@pytest.fixture
def region(tmp_path: Path) -> Path:
    path = tmp_path / "region.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(REGION)
    return path


def failures(settings: Settings, path: Path) -> dict[str, set[str]]:
    """{month: expectations that fail there}; what concerns no month stands under ''."""
    found: dict[str, set[str]] = {}
    for result in run.judge_region(settings, path).results:
        for place in result.places:
            found.setdefault(place.get("time_period", ""), set()).add(result.expectation_id)
    return found


def test_a_good_region_passes_and_holds_no_vintage(settings: Settings, region: Path) -> None:
    judgement = run.judge_region(settings, region)
    assert [result.expectation_id for result in judgement.results if result.status != "PASS"] == []
    assert judgement.is_passed
    assert len(judgement.quality_results()) == len(indicators.EXPECTATIONS)


def test_each_fault_is_found_in_its_month_and_nowhere_else(settings: Settings, region: Path) -> None:
    with duckdb.connect(str(region)) as connection:
        for month, (statement, _) in CASES.items():
            connection.execute(f"{statement} and time_period = '{month}'")
    assert failures(settings, region) == {month: expected for month, (_, expected) in CASES.items()}


def test_the_cases_try_every_expectation() -> None:
    tried = {"E201"}.union(*(expected for _, expected in CASES.values()))
    assert tried == {expectation.expectation_id for expectation in indicators.EXPECTATIONS}


def test_a_region_without_figures_fails(settings: Settings, region: Path) -> None:
    with duckdb.connect(str(region)) as connection:
        connection.execute("truncate mart_indicators")
        connection.execute("truncate mart_coverage")
    assert failures(settings, region) == {"": {"E201"}}


@pytest.mark.parametrize(
    "statement",
    [
        # A month that a member reported, without its figure; and a figure of a month that it did not report.
        f"delete from mart_indicators where {FJ_ITEMS} and time_period = '2025-04'",
        "update mart_coverage set status = 'HELD' where member_code = 'FJ' and time_period = '2025-04'",
    ],
)
def test_figures_and_coverage_tell_the_same(settings: Settings, region: Path, statement: str) -> None:
    with duckdb.connect(str(region)) as connection:
        connection.execute(statement)
    assert "E216" in failures(settings, region)["2025-04"]


def test_a_warning_alone_lets_the_region_pass(settings: Settings, region: Path) -> None:
    with duckdb.connect(str(region)) as connection:
        connection.execute(
            "update mart_indicators set obs_value = -1 where indicator_code = 'TIMELINESS_DAYS'"
        )
    judgement = run.judge_region(settings, region)
    assert {result.expectation_id for result in judgement.results if result.status == "FAIL"} == {"E222"}
    assert judgement.is_passed
