"""The aggregate in the shape of PACComtrade, worked by hand on a few items."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.open_data.folders import write_for_secretariat
from pacific_parcels.open_data.inputs import inputs_of
from pacific_parcels.settings import Settings

# The columns of PACComtrade's own files, in their order.
COLUMNS = [
    "DATAFLOW", "FREQ", "TIME_PERIOD", "GEO_PICT", "INDICATOR", "TRADE_FLOW", "INCOTERMS", "COMMODITY",
    "COUNTERPART", "TRANSPORT", "TRADE_AGREEMENT", "OBS_VALUE", "UNIT_MEASURE", "UNIT_MULT", "OBS_STATUS",
    "OBS_COMMENT", "CONF_STATUS",
]  # fmt: skip
# March 2026 of Tonga (T$ 2 = US$ 1), values in T$:
#   610910 CN post CIF  4,000.40 -> 4,000
#   610910 CN post CIF  US$ 750 -> 1,500        together 5,500: half way, to the even 6 thousand
#   620342 NZ sea  FOB  3,000                   section XI with the above: 8,500 -> 8 thousand
#   930100 AU post CIF  2,000                   arms: OTH
#   no code    post INTRINSIC 7,000             _U, in the totals of INCOTERMS only
#   851712 CN air  CIF  400                     rounds to nothing, and counts in the sums above it
# In all 4,000 + 1,500 + 3,000 + 2,000 + 7,000 + 400 = 17,900 -> 18 thousand.
SNAPSHOT = """
create table w.int_periods as
select '2026-0' || n as time_period, n > 1 as is_provisional from range(1, 5) as t (n)
union all select '2025-12', false;
create table w.stg_members as select 'TO' as member_code, 'TOP' as currency_code;
create table w.mart_exchange_rates as
select 'TOP' as currency_code, '2026-03' as time_period, 2.0 as units_per_usd
union all select 'TOP', '2026-01', 2.0;
create table w.hs_sections as select * from (values
    ('S11', 50, 63), ('S16', 84, 85), ('S19', 93, 93), ('_U', null, null)
) as t (commodity_code, first_chapter, last_chapter);
create table w.mart_items as select * from (values
    ('TO', '2026-03', 'POSTAL_PARCEL', 'CN', '610910', 'CIF', 'TOP', 4000.40, 2000.20),
    ('TO', '2026-03', 'POSTAL_LETTER', 'CN', '61091000', 'CIF', 'USD', 750, 750),
    ('TO', '2026-03', 'SEA_CARGO', 'NZ', '620342', 'FOB', 'TOP', 3000, 1500),
    ('TO', '2026-03', 'EXPRESS_CARRIER', 'AU', '930100', 'CIF', 'TOP', 2000, 1000),
    ('TO', '2026-03', 'POSTAL_PARCEL', '_U', null, 'INTRINSIC', 'TOP', 7000, 3500),
    ('TO', '2026-03', 'AIR_CARGO', 'CN', '851712', 'CIF', 'TOP', 400, 200),
    ('TO', '2026-03', 'AIR_CARGO', 'CN', '851712', 'CIF', 'XXX', 99, null),
    ('TO', '2026-01', 'POSTAL_PARCEL', 'CN', '610910', 'CIF', 'TOP', 1000, 500),
    ('TO', '2025-12', 'POSTAL_PARCEL', 'CN', '610910', 'CIF', 'TOP', 1000, 500)
) as t (
    member_code, time_period, channel_code, counterpart_code, hs_code, valuation_basis_code,
    declared_currency_code, declared_value, declared_value_usd
);
create table w.mart_receipts as select 'to-1' as extract_id, repeat('a', 64) as content_sha256
union all select 'to-0', repeat('b', 64);
create table w.int_vintages as select * from (values
    ('to-1', 'TO', 'items', '2026-03', 'IN_FORCE'), ('to-1', 'TO', 'items', '2026-01', 'IN_FORCE'),
    ('to-0', 'TO', 'items', '2026-03', 'SUPERSEDED')
) as t (extract_id, member_code, stream_code, time_period, vintage_status);
create table w.stg_gap_reports as select * from (values
    ('to-gap-1', 'TO', 'gap_actions', '2026-03', 'ACCEPTED', repeat('c', 64)),
    ('to-gap-0', 'TO', 'gap_actions', '2026-02', 'REFUSED', repeat('d', 64))
) as t (extract_id, member_code, stream_code, time_period_start, status, content_sha256);
"""
Cell = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("it's home")
    (home / "members").mkdir()
    (home / "members" / "to.yml").write_text("code: TO\n", encoding="utf-8")
    settings = Settings(home=home, member_directories=(home / "members",))
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as w")
        connection.execute(SNAPSHOT)
        inputs = inputs_of(connection, settings, "00001-0", {"version": "0.1.0"})
        write_for_secretariat(connection, inputs, True, home / "out")
    return home / "out"


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "paccomtrade.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        found = list(reader)
        assert reader.fieldnames == COLUMNS
    return found


@pytest.fixture(scope="module")
def march(rows: list[dict[str, str]]) -> dict[Cell, int]:
    """Thousands of March by INCOTERMS, COMMODITY, COUNTERPART and TRANSPORT."""
    found = [row for row in rows if row["TIME_PERIOD"] == "2026-03"]
    cells = {
        (row["INCOTERMS"], row["COMMODITY"], row["COUNTERPART"], row["TRANSPORT"]): int(row["OBS_VALUE"])
        for row in found
    }
    assert len(cells) == len(found)
    return cells


@pytest.mark.parametrize(
    ("cell", "thousands"),
    [
        (("_T", "_T", "_T", "_T"), 18),
        (("CIF", "610910", "CN", "42"), 6),  # letters and parcels are post; eight digits are cut to six
        (("CIF", "6109", "CN", "42"), 6),
        (("CIF", "61", "_T", "_T"), 6),
        (("FOB", "620342", "NZ", "21"), 3),
        (("_T", "XI", "_T", "_T"), 8),  # 8,500 is half way, to the even
        (("CIF", "XI", "_T", "_T"), 6),
        (("CIF", "OTH", "AU", "42"), 2),
        (("_T", "_U", "_U", "42"), 7),
        (("_T", "_T", "_U", "_T"), 7),
        (("CIF", "_T", "CN", "_T"), 6),  # 5,500 + 400 = 5,900
        (("CIF", "_T", "_T", "_T"), 8),  # 5,500 + 2,000 + 400 = 7,900
        (("_T", "_T", "_T", "42"), 14),  # 5,500 + 2,000 + 7,000 = 14,500, to the even
    ],
)
def test_sums_are_in_thousands_of_the_member_s_currency(
    march: dict[Cell, int], cell: Cell, thousands: int
) -> None:
    assert march[cell] == thousands


def test_what_rounds_to_nothing_is_left_out(march: dict[Cell, int]) -> None:
    assert not [cell for cell in march if cell[1] in ("851712", "8517", "85", "XVI")]
    assert 0 not in march.values()


def test_values_of_the_goods_alone_are_no_incoterm(march: dict[Cell, int]) -> None:
    assert {cell[0] for cell in march} == {"CIF", "FOB", "_T"}
    assert ("CIF", "_U", "_T", "_T") not in march


def test_four_months_are_given_and_the_last_three_are_provisional(rows: list[dict[str, str]]) -> None:
    """December is older than the four; nothing came in February and April."""
    assert {(row["TIME_PERIOD"], row["OBS_STATUS"]) for row in rows} == {("2026-01", "A"), ("2026-03", "P")}


def test_what_is_the_same_in_every_row(rows: list[dict[str, str]]) -> None:
    assert rows
    same = {
        "DATAFLOW": "OCO:DF_SMALL_PARCELS_PACCOMTRADE(1.0)",
        "FREQ": "M",
        "GEO_PICT": "TO",
        "INDICATOR": "VALUE",
        "TRADE_FLOW": "M1",
        "TRADE_AGREEMENT": "_T",
        "UNIT_MEASURE": "TOP",
        "UNIT_MULT": "3",
        "OBS_COMMENT": "SYNTHETIC",
        "CONF_STATUS": "N",
    }
    assert all(row[name] == value for row in rows for name, value in same.items())


def test_the_secretariat_is_told_each_extract_in_force_and_each_gap_report_by_its_hash(folder: Path) -> None:
    inputs = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
    assert inputs["extracts"] == [
        {
            "extract_id": "to-1",
            "member_code": "TO",
            "stream_code": "items",
            "time_periods": ["2026-01", "2026-03"],
            "content_sha256": "a" * 64,
        },
        {
            "extract_id": "to-gap-1",
            "member_code": "TO",
            "stream_code": "gap_actions",
            "time_periods": ["2026-03"],
            "content_sha256": "c" * 64,
        },
    ]
    assert inputs["member_files"] == [
        # pragma: allowlist nextline secret  # sha256sum of "code: TO\n"
        {"file": "to.yml", "sha256": "fdfef48cd67705893903074cf6824792160b134b1da317b96161de56b8693b7b"}
    ]
    assert "exchange_rates.csv" in {one["file"] for one in inputs["code_lists"]}
    assert inputs["exchange_rates"]["count"] == 2
