"""A small publication made by hand (tests.publication_fixture), with what briefs ask for besides.

Fiji, 2026-03 (month 39): 2,950 parcels, a year before 2,350; so +25.5 %. Of them 1,475 from China and 590
from Japan; a year before 1,000 and 0 (no row); the sea cargo is confidential. Revenue stops in 2026-02.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.writing import write_briefs
from tests.publication_fixture import MONTHS, write_publication

AUDIENCES = ("secretariat", "public", "member_fj", "member_to")
ROW = "null, null, null, null, null"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of four audiences."""
    home = tmp_path_factory.mktemp("briefs")
    write_publication(home, "00001-hand", members=("fj", "to"))
    files = {audience: home / "published" / audience / "00001-hand.duckdb" for audience in AUDIENCES}
    for audience, path in files.items():
        with duckdb.connect(str(path)) as connection:
            if audience in ("secretariat", "member_fj"):
                _of_fiji(connection)
            if audience == "secretariat":
                connection.execute(
                    "update indicators set obs_status = 'E', obs_value = 5050, coverage_pct = 96.25 where "
                    "indicator_code = 'ITEMS' and member_code = '_T' and time_period = '2026-03' "
                    "and channel_code = '_T' and value_band_code = '_T'"
                )
    return files


def _of_fiji(connection: duckdb.DuckDBPyConnection) -> None:
    growth = {month: 100 * 600 / (400 + 50 * i) for i, month in enumerate(MONTHS) if i >= 12}
    revenue = {month: 1000.0 * i for i, month in enumerate(MONTHS[:39])}
    rows: list[tuple[object, ...]] = [
        ("ITEMS", "_T", "CN", "2026-03", 1475, "NUMBER", "F"),
        ("ITEMS", "_T", "JP", "2026-03", 590, "NUMBER", "F"),
        ("ITEMS", "_T", "CN", "2025-03", 1000, "NUMBER", "F"),
        ("ITEMS", "SEA_CARGO", "_T", "2026-03", None, "NUMBER", "C"),
        *(("ITEMS_GROWTH_YOY_PCT", "_T", "_T", month, pct, "PERCENT", "F") for month, pct in growth.items()),
        *(("REVENUE_USD", "_T", "_T", month, usd, "USD", "F") for month, usd in revenue.items()),
    ]
    connection.execute("delete from indicators where member_code = 'FJ' and counterpart_code <> '_T'")
    connection.executemany(
        "insert into indicators select $1, 'FJ', $2, '_T', $3, '_T', 'M', $4, $5, $6, 0, "
        f"case when $4 >= '2026-01' then 'P' else 'A' end, $7, {ROW}",
        rows,
    )
    connection.execute("insert into counterparts values ('JP', 'Japan', 'Japon')")


@pytest.fixture(scope="session")
def briefs(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of the four files of each audience."""
    folder = tmp_path_factory.mktemp("written")
    press = Press()
    for audience, path in published.items():
        write_briefs(path, press, folder / audience)
    return {audience: folder / audience for audience in published}
