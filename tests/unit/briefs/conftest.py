"""A small publication made by hand (tests.publication_fixture), with what briefs ask for besides.

Fiji, 2026-03 (month 39): 2,950 parcels, a year before 2,350; so +25.5 %. Of them 1,475 from China and 590
from Japan; a year before 1,000 and 0 (no row); the sea cargo is confidential. Revenue stops in 2026-02.

Progress (tests.progress_tables): one framework by hand. Points are 3, 2, 1, 0 for full, partial, pilot, none.
    S01  1 full, 1 partial, 1 pilot, 1 none                       6 of 12 points, 50.0 %
    S03  withheld
    S05  2 full, 1 partial, 1 none                                8 of 12, 66.7 %
    S08  1 pilot, 2 none, 1 not known; counts of 2025-Q4          1 of 9, 11.1 %
    S14  no member has reported
Together 15 of 33 points, 45.5 %; if the one not known were none 15 of 36, 41.7 %, if it were full 18 of 36,
50.0 %. In 2025-Q3 it was 36.4 %: 9.1 points less. Kiribati has not reported.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.briefs.pdf import Press
from pacific_parcels.briefs.writing import write_briefs
from tests.progress_tables import PROGRESS_TABLES
from tests.publication_fixture import MONTHS, write_publication

AUDIENCES = ("secretariat", "public", "member_fj", "member_to")
ROW = "null, null, null, null, null"
FOS, TFA = "WCO_FOS_2022", "WTO_TFA"


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
def progressed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of those who have a brief of progress, with all that can be withheld or missing in it."""
    home = tmp_path_factory.mktemp("progress")
    write_publication(home, "00001-hand", members=())
    files = {
        audience: home / "published" / audience / "00001-hand.duckdb"
        for audience in ("secretariat", "public")
    }
    for audience, path in files.items():
        with duckdb.connect(str(path)) as connection:
            write_progress(connection, audience)
    return files


@pytest.fixture(scope="session")
def briefs(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each audience's files."""
    folder = tmp_path_factory.mktemp("written")
    press = Press()
    for audience, path in published.items():
        write_briefs(path, press, folder / audience)
    return {audience: folder / audience for audience in published}


def write_progress(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Tables of progress with the rows that the head of this module tells of, in the place of those there."""
    connection.execute(PROGRESS_TABLES.replace("create table", "create or replace table"))
    rows: dict[str, list[tuple[object, ...]]] = {
        "frameworks": [
            (FOS, "Framework of Standards", "Cadre de normes", 5, False, True, "WCO"),
            (TFA, "Trade Facilitation Agreement", "Accord sur la facilitation", 36, False, True, "WTO"),
        ],
        "measures": [
            (
                FOS,
                "P1",
                "Advance Data",
                "Données préalables",
                "S01",
                "Legal Framework",
                "Cadre juridique",
                True,
                1,
            ),
            (
                FOS,
                "P1",
                "Advance Data",
                "Données préalables",
                "S03",
                "Risk Management",
                "Gestion des risques",
                True,
                2,
            ),
            (
                FOS,
                "P2",
                "Facilitation",
                "Facilitation",
                "S05",
                "Simplified Clearance",
                "Procédure simplifiée",
                True,
                3,
            ),
            (FOS, "P3", "Revenue", "Recettes", "S08", "De Minimis", "Seuils de minimis", False, 4),
            (
                FOS,
                "P7",
                "Measurement",
                "Mesure",
                "S14",
                "Mechanism of Measurement",
                "Mécanisme de mesure",
                False,
                5,
            ),
            (TFA, "ART_10", "Formalities", "Formalités", "10.4", "Single window", "Guichet unique", True, 1),
        ],
        "counts": [
            (FOS, "S01", "2026-Q1", "2026-Q1", 1, 1, 1, 1, 0, 0, 4, "F"),
            (FOS, "S03", "2026-Q1", "2026-Q1", *[None] * 7, "C"),
            (FOS, "S05", "2026-Q1", "2026-Q1", 2, 1, 0, 1, 0, 0, 4, "F"),
            (FOS, "S08", "2026-Q1", "2025-Q4", 0, 0, 1, 2, 1, 0, 4, "F"),
            (FOS, "S01", "2025-Q4", "2025-Q4", 1, 0, 2, 1, 0, 0, 4, "F"),
            (TFA, "10.4", "2026-Q1", "2026-Q1", 1, 0, 0, 3, 0, 0, 4, "F"),
        ],
        "rates": [
            ("_T", FOS, "_T", "2025-Q3", 400 / 11, 400 / 11, 400 / 11, 2, 3),
            ("_T", FOS, "_T", "2025-Q4", None, None, None, 0, 0),
            ("_T", FOS, "_T", "2026-Q1", 1500 / 33, 1500 / 36, 50.0, 3, 4),
            ("_T", FOS, "P1", "2025-Q3", 100 / 3, 100 / 3, 100 / 3, 1, 3),
            ("_T", FOS, "P1", "2026-Q1", 50.0, 50.0, 50.0, 1, 4),
            ("_T", FOS, "P2", "2026-Q1", 200 / 3, 200 / 3, 200 / 3, 1, 4),
            ("_T", FOS, "P3", "2025-Q3", 0.0, 0.0, 0.0, 1, 3),
            ("_T", FOS, "P3", "2026-Q1", 100 / 9, 100 / 12, 400 / 12, 1, 4),
            ("_T", TFA, "_T", "2025-Q3", 0.0, 0.0, 0.0, 1, 4),
            ("_T", TFA, "_T", "2026-Q1", 25.0, 25.0, 25.0, 1, 4),
        ],
        # 54 of 144 commitments are 37.5 %.
        "commitment_shares": [("_T", TFA, 144, 54, 34, 30, 20, 6, 4, "F")],
        # On time 5 of 8, that is 62.5 %; US$200,000 of US$400,000, that is 50.0 %.
        "projects": [
            ("Aid of Atlantis", "Bridges", 3, 6, 4, 3, 0, 1, 0, 3, 300_000.0, 120_000.0, 4, 3, "F"),
            ("Bank", "Data <first>", 2, 5, 4, 2, 1, 1, 1, 3, 100_000.0, 80_000.0, -1, 2, "F"),
            (None, None, 2, 2, 0, 0, 0, 0, 0, 0, None, None, 0, 1, "F"),
            (None, None, *[None] * 12, "C"),
        ],
    }
    if audience == "secretariat":
        rows["stages"] = [
            ("FJ", FOS, "S01", "2026-Q1", "FULL", date(2026, 1, 10), "SELF", True),
            ("NC", FOS, "S01", "2026-Q1", "PARTIAL", date(2026, 1, 11), "SITE_VALIDATION", True),
            ("WS", FOS, "S01", "2026-Q1", "NONE", date(2026, 1, 12), "SELF", False),
            ("TO", FOS, "S01", "2026-Q1", "PILOT", date(2026, 1, 12), "DESK_REVIEW", False),
        ]
        waits = "Ministry of Finance"
        rows["actions"] = [
            _action("FJ", "A-1", "Law of e-commerce", date(2025, 6, 30), True, waits),
            _action("FJ", "A-2", "Later law", date(2025, 7, 31), True, None),
            _action("NC", "B-1", "Scanner", date(2025, 12, 31), True, waits),
            _action("NC", "B-2", "Course", date(2026, 12, 31), False, None),
        ]
        rows["commitments"] = [
            ("FJ", TFA, "10.4", "C", "DEFINITIVE", date(2026, 12, 31), "WITH_SUPPORT", None),
            ("FJ", TFA, "10.1", "B", "DEFINITIVE", date(2027, 4, 20), "WITHOUT_SUPPORT", None),
            ("FJ", TFA, "10.2", "B", "DEFINITIVE", date(2027, 4, 21), "WITHOUT_SUPPORT", None),
            ("NC", TFA, "10.4", "A", None, None, "TO_DATE", None),
        ]
    connection.execute(
        "insert into members by name select 'KI' as member_code, 'Kiribati' as name_en, 'Kiribati' as name_fr"
    )
    for table, values in rows.items():
        places = ", ".join("?" * len(values[0]))
        connection.executemany(f"insert into progress_{table} values ({places})", values)


def _action(
    member_code: str, action_id: str, title: str, first_due: date, is_overdue: bool, waits: str | None
) -> tuple[object, ...]:
    return (
        *(member_code, action_id, "NATIONAL", FOS, "S01", title, "Customs", date(2025, 1, 1), first_due),
        *(first_due, "UNDER_WAY", None, is_overdue, None, 100_000.0, "Bank", "Data <first>", waits),
    )
