"""45,519 import declarations of a stranger, with one member file and no line of code, to the published file.

Source: Seondong/Customs-Declaration-Datasets (MIT), synthetic, drawn from real Korean declarations. The
expected figures are counted here in plain SQL over the CSV files, by another way than the pipeline's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.landing import ReceiveOutcome, receive_member
from pacific_parcels.members import load_members
from pacific_parcels.publishing import commit, stage
from pacific_parcels.settings import REPOSITORY, Settings

SOURCE = REPOSITORY.parent / "shared" / "data" / "transactions" / "korea"
MEMBERS = Path(__file__).parent / "members"
ROWS = {"df_syn_train_eng.csv": 37_385, "df_syn_valid_eng.csv": 8_134}  # SOURCES.md of the data
CHANNELS = "map {'10': 'SEA_CARGO', '40': 'AIR_CARGO', '50': 'POSTAL_PARCEL'}"
SENT = 1_620_000_000  # 3 May 2021

pytestmark = [
    pytest.mark.skipif(
        not SOURCE.is_dir(), reason="the real public data lies beside the repository and is not there"
    ),
    # The first test waits for a whole run.
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("korea")
    inbox = home / "inbox" / "kr"
    inbox.mkdir(parents=True)
    for name in ROWS:
        shutil.copyfile(SOURCE / name, inbox / name)
        os.utime(inbox / name, (SENT, SENT))
    packaged = Settings(home=home)
    return replace(packaged, member_directories=(*packaged.member_directories, MEMBERS))


@pytest.fixture(scope="module")
def outcome(settings: Settings) -> ReceiveOutcome:
    return receive_member(settings, load_members(settings)["KR"])


@pytest.fixture(scope="module")
def published(settings: Settings, outcome: ReceiveOutcome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The secretariat's file, after the build and all three judgements."""
    from dbt_project.build import build
    from expectations.run import judge_publication, judge_region, judge_vintages

    assert outcome.status == "OK"
    built = build(settings)
    vintages = judge_vintages(settings, built.snapshot)
    region = judge_region(settings, built.snapshot)
    staged = stage(settings, built.snapshot, [*vintages.quality_results(), *region.quality_results()])
    assert not vintages.held
    assert region.is_passed
    assert judge_publication(settings, staged.files).is_passed
    commit(settings, staged)
    connection = duckdb.connect(str(staged.files["secretariat"]), read_only=True)
    yield connection
    connection.close()


def counted(question: str) -> list[tuple[object, ...]]:
    """An answer in plain SQL over the two files: `declarations`, every column as text."""
    files = [str(SOURCE / name) for name in ROWS]
    return duckdb.sql(
        f"with declarations as (select * from read_csv({files}, all_varchar = true, header = true)) "
        f"{question}"
    ).fetchall()


def test_every_row_is_accounted_for(outcome: ReceiveOutcome) -> None:
    assert outcome.extracts_accepted == len(ROWS)
    assert outcome.rows_in == sum(ROWS.values())
    assert outcome.rows_in == outcome.rows_accepted + outcome.rows_rejected + outcome.rows_duplicate
    [(accepted,)] = counted(
        """select count(*) from declarations where "Mode of Transport" in ('10', '40', '50')"""
    )
    assert outcome.rows_accepted == accepted
    assert outcome.rows_duplicate == 0


def test_rejected_rows_are_kept_with_their_reason(settings: Settings, outcome: ReceiveOutcome) -> None:
    rejected = duckdb.sql(
        "select faults, count(*) as n "
        f"from read_parquet('{settings.rejected}/**/*.parquet', hive_partitioning = false) "
        "group by all order by all"
    ).fetchall()
    expected = counted(
        """select ['R109:channel_code'], count(*) from declarations
        where "Mode of Transport" not in ('10', '40', '50') group by all order by all"""
    )
    assert expected
    assert rejected == expected


def test_items_by_month_and_channel(published: duckdb.DuckDBPyConnection) -> None:
    expected = counted(
        f"""select "Date"[1:7] as month, {CHANNELS}["Mode of Transport"] as channel, count(*)::double
        from declarations where "Mode of Transport" in ('10', '40', '50') group by all order by all"""
    )
    assert len(expected) == 15 * 3
    assert (
        expected
        == published.execute(
            """select time_period, channel_code, obs_value from indicators
        where indicator_code = 'ITEMS' and member_code = 'KR' and channel_code <> '_T'
        and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
        and frequency = 'M' order by all"""
        ).fetchall()
    )


def test_value_is_the_sum_at_the_published_rate_of_the_month(published: duckdb.DuckDBPyConnection) -> None:
    """Customs rates of the United Kingdom, as in the code list; none of Korea's is corrected."""
    rates = REPOSITORY / "dbt_project" / "seeds" / "codes" / "exchange_rates.csv"
    expected = counted(
        f""", rates as (select time_period, units_per_usd::double as rate
            from read_csv('{rates}', all_varchar = true)
            where currency_code = 'KRW' and source_code = 'HMRC' and frequency = 'M')
        select "Date"[1:7], sum("Item Price"::decimal(18, 2)) / any_value(rate) from declarations
        join rates on rates.time_period = "Date"[1:7]
        where "Mode of Transport" in ('10', '40', '50') group by 1 order by 1"""
    )
    found = published.execute(
        """select time_period, obs_value from indicators
        where indicator_code = 'DECLARED_VALUE_USD' and member_code = 'KR' and channel_code = '_T'
        and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
        and frequency = 'M' order by 1"""
    ).fetchall()
    assert not published.execute(
        "select 1 from exchange_rates where currency_code = 'KRW' and is_flagged"
    ).fetchall()
    assert [month for month, _ in found] == [month for month, _ in expected]
    assert len(found) == 15
    for (_, value), (_, wanted) in zip(found, expected, strict=True):
        assert value == pytest.approx(wanted, rel=1e-6)


def test_it_is_not_called_synthetic_by_us_and_knows_no_threshold(
    published: duckdb.DuckDBPyConnection,
) -> None:
    assert published.execute("select is_synthetic from catalogue").fetchone() == (False,)
    thresholds = published.execute(
        "select count(*) from indicators where indicator_code = 'SHARE_LE_DE_MINIMIS_PCT' "
        "and member_code = 'KR' and obs_value is not null"
    ).fetchone()
    assert thresholds == (0,)


# ---- the indicators beside plain SQL over the two files

RATES = REPOSITORY / "dbt_project" / "seeds" / "codes" / "exchange_rates.csv"
KEPT = f"""
    , rates as (
        select time_period, units_per_usd::double as rate from read_csv('{RATES}', all_varchar = true)
        where currency_code = 'KRW' and source_code = 'HMRC' and frequency = 'M'
    ),
    kept as (
        select
            "Date"[1:7] as month,
            {CHANNELS}["Mode of Transport"] as channel,
            "HS6 Code"[1:2]::integer as chapter,
            coalesce(nullif("Country of Origin", 'ZZ'), nullif("Country of Departure", 'ZZ'), '_U') as origin,
            round("Item Price"::decimal(18, 2) / rate, 2) as usd
        from declarations join rates on rates.time_period = "Date"[1:7]
        where "Mode of Transport" in ('10', '40', '50')
    )
"""
MONTH_BEFORE = "strftime((a.month || '-01')::date - interval {} month, '%Y-%m') = b.month"
COUNTS = "(select month, count(*) as n from kept group by month)"
# Indicator, which cells of it, and the same in plain SQL: period, code of the cell (or the period), figure.
BESIDE = {
    "ITEMS by partner country": (
        "ITEMS",
        "counterpart_code",
        "M",
        "select month, origin, count(*) from kept group by all",
    ),
    "ITEMS by quarter": (
        "ITEMS",
        None,
        "Q",
        "select q, q, n from (select month[1:4] || '-Q' || ((month[6:7]::integer + 2) // 3) as q,"
        " count(*) as n, count(distinct month) as months from kept group by 1) where months = 3",
    ),
    "ITEMS of textiles and of machinery": (
        "ITEMS",
        "commodity_code",
        "M",
        "select month, case when chapter between 50 and 63 then 'S11' else 'S16' end, count(*) from kept"
        " where chapter between 50 and 63 or chapter in (84, 85) group by all",
    ),
    "MEAN_VALUE_USD": (
        "MEAN_VALUE_USD",
        "channel_code",
        "M",
        "select month, channel, avg(usd) from kept group by all",
    ),
    "MEDIAN_VALUE_USD": (
        "MEDIAN_VALUE_USD",
        None,
        "M",
        "select month, month, quantile_disc(case when usd < 1000 then round(usd)"
        " else round(usd, (2 - floor(log10(usd)))::integer) end, 0.5) from kept group by all",
    ),
    "SHARE_LE_100_USD_PCT": (
        "SHARE_LE_100_USD_PCT",
        "channel_code",
        "M",
        "select month, channel, 100 * avg((usd <= 100)::integer) from kept group by all",
    ),
    "ORIGIN_HHI": (
        "ORIGIN_HHI",
        None,
        "M",
        "select month, month, round(10000 * sum(n * n) / (sum(n) * sum(n))) from"
        " (select month, origin, count(*)::double as n from kept where origin <> '_U' group by all)"
        " group by all",
    ),
    "ITEMS_GROWTH_MOM_PCT": (
        "ITEMS_GROWTH_MOM_PCT",
        None,
        "M",
        f"select a.month, a.month, 100 * (a.n / b.n - 1) from {COUNTS} a join {COUNTS} b on "
        + MONTH_BEFORE.format(1),
    ),
    "ITEMS_GROWTH_YOY_PCT": (
        "ITEMS_GROWTH_YOY_PCT",
        None,
        "M",
        f"select a.month, a.month, 100 * (a.n / b.n - 1) from {COUNTS} a join {COUNTS} b on "
        + MONTH_BEFORE.format(12),
    ),
}
DIMENSIONS = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")


@pytest.mark.parametrize("name", BESIDE)
def test_the_indicator_is_what_plain_sql_says(published: duckdb.DuckDBPyConnection, name: str) -> None:
    indicator, dimension, frequency, question = BESIDE[name]
    totals = " and ".join(f"{one} = '_T'" for one in DIMENSIONS if one != dimension)
    cells = f"and {dimension} <> '_T'" if dimension else ""
    found = {
        (period, code): value
        for period, code, value in published.execute(
            f"select time_period, {dimension or 'time_period'}, obs_value from indicators"
            f" where indicator_code = ? and member_code = 'KR' and frequency = '{frequency}'"
            f" and obs_value is not null and {totals} {cells}",
            [indicator],
        ).fetchall()
    }
    expected = {(period, code): float(value) for period, code, value in counted(f"{KEPT} {question}")}
    assert len(expected) >= 3
    if "textiles" in name:
        found = {key: found[key] for key in expected}
    assert found == {key: pytest.approx(value, rel=1e-6, abs=1e-6) for key, value in expected.items()}
