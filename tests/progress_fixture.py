"""Progress of the four members of tests/publication_fixture.py, worked by hand, as each audience is given it.

New Caledonia has consented to be named; the others have not. Stages of the WCO framework at the end of
2025-Q3, 2025-Q4 and 2026-Q1 (points: full 3, partial 2, pilot 1, none 0):

            S01 (P1)                  S02 (P1)                 S05 (P2)
    FJ      PARTIAL PARTIAL FULL      PILOT PARTIAL PARTIAL    NONE    NONE    NONE
    NC      FULL    FULL    FULL      PILOT PILOT   PILOT      PARTIAL PARTIAL FULL
    TO      PILOT   PARTIAL PARTIAL   NONE  NONE    NONE       not known
    WS      NONE    NONE    PILOT     NONE  NONE    NONE       NONE    NONE    NONE

Of the region, per cent of the most points of what is known, in 2025-Q3, 2025-Q4 and 2026-Q1:
    secretariat    P1  8, 10, 12 of 24      P2  2, 2, 3 of 9      all  10, 12, 15 of 33
    the others     S02 is withheld, and the counts of S05 stand as in 2025-Q3: too few have moved since
                   P1  6,  7,  9 of 12      P2  2, 2, 2 of 9      all   8,  9, 11 of 21

Actions as of 2026-04-20: of six four are due, one of these was done on time, one late, two are overdue; one
is stopped. Ends against first due dates: 181, -29, 0, 30 and 20 days, so the median slippage is 20.
"""

from __future__ import annotations

from datetime import date

import duckdb

from tests.progress_tables import PROGRESS_TABLES

QUARTERS = ("2025-Q3", "2025-Q4", "2026-Q1")
CONSENTED = "NC"
WCO, TFA = "WCO_FOS_2022", "WTO_TFA"
POINTS = {"FULL": 3, "PARTIAL": 2, "PILOT": 1, "NONE": 0}
AREAS = {"P1": ("S01", "S02"), "P2": ("S05",)}
STAGES = {
    ("FJ", "S01"): ("PARTIAL", "PARTIAL", "FULL"),
    ("FJ", "S02"): ("PILOT", "PARTIAL", "PARTIAL"),
    ("FJ", "S05"): ("NONE", "NONE", "NONE"),
    ("NC", "S01"): ("FULL", "FULL", "FULL"),
    ("NC", "S02"): ("PILOT", "PILOT", "PILOT"),
    ("NC", "S05"): ("PARTIAL", "PARTIAL", "FULL"),
    ("TO", "S01"): ("PILOT", "PARTIAL", "PARTIAL"),
    ("TO", "S02"): ("NONE", "NONE", "NONE"),
    ("TO", "S05"): ("NOT_KNOWN", "NOT_KNOWN", "NOT_KNOWN"),
    ("WS", "S01"): ("NONE", "NONE", "PILOT"),
    ("WS", "S02"): ("NONE", "NONE", "NONE"),
    ("WS", "S05"): ("NONE", "NONE", "NONE"),
}
ASSESSED_ON = {"2025-Q3": date(2025, 9, 10), "2025-Q4": date(2025, 12, 8), "2026-Q1": date(2026, 3, 12)}
FRAMEWORKS = [
    (WCO, "WCO framework", "Cadre de l’OMD", 3, False, True, "CLECAT newsletter"),
    (TFA, "WTO agreement", "Accord de l’OMC", 2, False, True, "WTO TFA Database"),
    ("WCO_RKC", "Kyoto Convention", "Convention de Kyoto", None, True, True, "OCO gap analysis"),
]
MEASURES = [
    (
        *(WCO, "P1", "Advance data", "Données préalables"),
        *("S01", "Legal framework", "Cadre juridique", True, 1),
    ),
    (
        *(WCO, "P1", "Advance data", "Données préalables"),
        *("S02", "Standards <of data>", "Normes <de données>", False, 2),
    ),
    (
        *(WCO, "P2", "Simplification", "Simplification des formalités"),
        *("S05", "Simplified clearance", "Dédouanement simplifié", True, 3),
    ),
    (TFA, "ART_1", "Information", "Renseignements", "1.1", "Publication", "Publication des lois", False, 1),
    (TFA, "ART_7", "Release", "Mainlevée", "7.8", "Expedited shipments", "Envois accélérés", True, 2),
]
# Full, partial, pilot, none, not known, not applicable, in the three quarters.
COUNTS = {
    "S01": ((1, 1, 1, 1, 0, 0), (1, 2, 0, 1, 0, 0), (2, 1, 1, 0, 0, 0)),
    "S02": ((0, 0, 2, 2, 0, 0), (0, 1, 1, 2, 0, 0), (0, 1, 1, 2, 0, 0)),
    "S05": ((0, 1, 0, 2, 1, 0), (0, 1, 0, 2, 1, 0), (1, 0, 0, 2, 1, 0)),
}
FORECASTS = [
    ("FJ", WCO, "GIVEN", date(2028, 6, 30), date(2027, 3, 31), None),
    ("FJ", TFA, "TOO_FEW", None, None, None),
    ("NC", WCO, "GIVEN", date(2027, 9, 30), date(2027, 1, 31), date(2029, 5, 31)),
    ("TO", WCO, "TOO_SHORT", None, None, None),
    ("WS", WCO, "NO_PROGRESS", None, None, None),
]
COMMITMENTS = [
    ("FJ", TFA, "1.1", "A", None, None, "TO_DATE", None),
    ("FJ", TFA, "7.8", "C", "DEFINITIVE", date(2026, 12, 31), "WITH_SUPPORT", "Drafting <of a law>"),
    ("NC", TFA, "1.1", "A", None, None, "TO_DATE", None),
    ("NC", TFA, "7.8", "B", "INDICATIVE", date(2027, 6, 30), "WITHOUT_SUPPORT", None),
    ("TO", TFA, "1.1", "A", None, None, "TO_DATE", None),
    ("TO", TFA, "7.8", None, None, None, "NOT_DESIGNATED", None),
    ("WS", TFA, "1.1", "B", None, None, "UNKNOWN", None),
    ("WS", TFA, "7.8", "C", "DEFINITIVE", date(2028, 1, 1), "WITH_SUPPORT", None),
]
# Measures, to date, without support, with support, not designated, unknown, members.
COMMITMENT_SHARES = [
    ("_T", TFA, 8, 3, 1, 2, 1, 1, 4, "F"),
    ("FJ", TFA, 2, 1, 0, 1, 0, 0, 1, "F"),
    ("NC", TFA, 2, 1, 1, 0, 0, 0, 1, "F"),
    ("TO", TFA, 2, 1, 0, 0, 1, 0, 1, "F"),
    ("WS", TFA, 2, 0, 0, 1, 0, 1, 1, "F"),
]
# Start, due, first due; status, completed on; overdue, slippage, budget; donor, project, blocked by.
ACTIONS = [
    (
        *("FJ", "FJ-1", "NATIONAL", WCO, "S02", "Risk engine <live>", "Customs IT"),
        *(date(2025, 1, 1), date(2026, 6, 30), date(2025, 12, 31), "UNDER_WAY", None, True, 181, 40_000.0),
        *("ADB", "Single Window", "Ministry of Finance"),
    ),
    (
        *("FJ", "FJ-2", "NATIONAL", WCO, "S01", "Law on advance data", "Legal office"),
        *(date(2025, 1, 1), date(2025, 6, 30), date(2025, 6, 30), "DONE", date(2025, 6, 1), False, -29),
        *(10_000.0, "ADB", "Single Window", None),
    ),
    (
        *("FJ", "FJ-3", "REGIONAL", TFA, "7.8", "Express lane", "Border division"),
        *(date(2026, 5, 1), date(2027, 3, 31), date(2027, 3, 31), "PLANNED", None, False, 0, None),
        *(None, None, None),
    ),
    (
        *("NC", "NC-1", "NATIONAL", WCO, "S02", "Data model", "Data office"),
        *(date(2025, 7, 1), date(2026, 3, 31), date(2026, 3, 31), "UNDER_WAY", None, True, 20, 30_000.0),
        *("EU", "PACER", "Ministry of Finance"),
    ),
    (
        *("TO", "TO-1", "REGIONAL", WCO, "S01", "Model law", "Crown law"),
        *(date(2025, 2, 1), date(2025, 9, 30), date(2025, 9, 30), "DONE", date(2025, 10, 30), False, 30),
        *(20_000.0, "EU", "PACER", None),
    ),
    (
        *("WS", "WS-1", "NATIONAL", WCO, "S05", "Simplified form", "Customs"),
        *(date(2024, 9, 1), date(2025, 3, 31), date(2025, 3, 31), "STOPPED", None, False, 385, 5_000.0),
        *(None, None, None),
    ),
]
# Members, actions, due, on time, late, overdue, stopped, done; budget, of that done; stages gained, measures.
PROJECTS = [
    ("ADB", "Single Window", 1, 2, 2, 1, 0, 1, 0, 1, 50_000.0, 10_000.0, 2, 2, "F"),
    ("EU", "PACER", 2, 2, 2, 0, 1, 1, 0, 1, 50_000.0, 20_000.0, 1, 2, "F"),
    (None, None, 2, 2, 0, 0, 0, 0, 1, 0, 5_000.0, 0.0, 0, 2, "F"),
]
TRAININGS = [("_T", 3, 45, 2, "F"), ("FJ", 2, 30, 1, "F"), ("TO", 1, 15, 1, "F")]
MEASURED = [
    (
        *("FJ", WCO, "S01", "SHARE_LE_100_USD_PCT", "FULL", 8.5, "PERCENT", 12, "CLAIMED_NOT_SEEN"),
        *("A law can be in force before data come.", "Une loi peut précéder les données."),
    ),
    (
        *("FJ", WCO, "S05", "SHARE_LE_DE_MINIMIS_PCT", "NONE", 71.4, "PERCENT", 12, "SEEN_NOT_CLAIMED"),
        *("It shows in the declarations.", "Cela se voit aux déclarations."),
    ),
    (
        *("FJ", WCO, "S02", "RELEASE_HOURS", "PARTIAL", 5.0, "HOURS", 3, "TOO_LITTLE"),
        *("It should shorten the release.", "Cela devrait raccourcir la mainlevée."),
    ),
]


def write_progress(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """The tables of progress, with what this audience is given: `secretariat`, `public` or `member_fj`."""
    sees_all = audience == "secretariat"
    own = audience.removeprefix("member_").upper() if audience.startswith("member_") else None
    named = {member for member, _ in STAGES} if sees_all else {CONSENTED, own}
    connection.execute(PROGRESS_TABLES)

    def insert(table: str, rows: list[tuple[object, ...]]) -> None:
        """One statement for all rows: row by row takes a hundred times as long."""
        if rows:
            one = f"({', '.join('?' * len(rows[0]))})"
            every = [value for row in rows for value in row]
            connection.execute(f"insert into {table} values {', '.join([one] * len(rows))}", every)

    insert("progress_frameworks", list(FRAMEWORKS))
    insert("progress_measures", list(MEASURES))
    insert("progress_stages", [row for row in _stages() if row[0] in named])
    insert("progress_counts", _counts(sees_all))
    insert("progress_rates", [*_region_rates(sees_all), *(r for r in _member_rates() if r[0] in named)])
    insert("progress_forecasts", [row for row in FORECASTS if row[0] in named])
    insert("progress_commitments", [row for row in COMMITMENTS if row[0] in named])
    insert("progress_commitment_shares", [row for row in COMMITMENT_SHARES if row[0] in {"_T", *named}])
    insert("progress_actions", [row for row in ACTIONS if row[0] in named])
    withheld = (None, None, *[None] * 12, "C")
    insert("progress_projects", [p if sees_all or p[0] != "ADB" else withheld for p in PROJECTS])
    total = TRAININGS[0] if sees_all else ("_T", None, None, None, "C")
    insert("progress_trainings", [total, *(row for row in TRAININGS[1:] if row[0] in named)])
    insert("progress_measured", [row for row in MEASURED if row[0] == own])


def _stages() -> list[tuple[object, ...]]:
    """An assessment stands until the next one; a stage that stayed was assessed in the first quarter."""
    rows: list[tuple[object, ...]] = []
    for (member, measure), stages in STAGES.items():
        assessed_on = ASSESSED_ON[QUARTERS[0]]
        for place, (quarter, stage) in enumerate(zip(QUARTERS, stages, strict=True)):
            if place and stage != stages[place - 1]:
                assessed_on = ASSESSED_ON[quarter]
            rows.append((member, WCO, measure, quarter, stage, assessed_on, "SELF", stage == "FULL"))
    return rows


def _counts(sees_all: bool) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for measure, counts in COUNTS.items():
        for quarter, count in zip(QUARTERS, counts, strict=True):
            key = (WCO, measure, quarter)
            if sees_all or measure == "S01":
                rows.append((*key, quarter, *count, 4, "F"))
            elif measure == "S05":
                rows.append((*key, QUARTERS[0], *counts[0], 4, "F"))
            else:
                rows.append((*key, None, *[None] * 6, None, "C"))
    return rows


def _region_rates(sees_all: bool) -> list[tuple[object, ...]]:
    """Points, most points of what is known, cells that are not known, measures: see the top of this file."""
    points = {
        "P1": ((8, 10, 12) if sees_all else (6, 7, 9), 24 if sees_all else 12, 0, 2 if sees_all else 1),
        "P2": ((2, 2, 3) if sees_all else (2, 2, 2), 9, 1, 1),
        "_T": ((10, 12, 15) if sees_all else (8, 9, 11), 33 if sees_all else 21, 1, 3 if sees_all else 2),
    }
    return [
        ("_T", WCO, area, quarter, *_rate(got, most, not_known), measures, 4)
        for area, (gained, most, not_known, measures) in points.items()
        for quarter, got in zip(QUARTERS, gained, strict=True)
    ]


def _member_rates() -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for member in sorted({member for member, _ in STAGES}):
        for area, measures in {**AREAS, "_T": ("S01", "S02", "S05")}.items():
            for place, quarter in enumerate(QUARTERS):
                stages = [STAGES[member, measure][place] for measure in measures]
                known = [POINTS[stage] for stage in stages if stage in POINTS]
                rate = _rate(sum(known), 3 * len(known), len(stages) - len(known))
                rows.append((member, WCO, area, quarter, *rate, len(measures), 1))
    return rows


def _rate(points: int, most: int, not_known: int) -> tuple[float | None, float, float]:
    """The rate, and its bounds if all that is not known were none, or full."""
    every = most + 3 * not_known
    return (
        100 * points / most if most else None,
        100 * points / every,
        100 * (points + 3 * not_known) / every,
    )
