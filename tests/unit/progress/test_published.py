"""What is published of progress: six members, two measures, a year; every figure worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels.landing import receive_member
from pacific_parcels.members import load_members
from pacific_parcels.policy import audiences_of
from pacific_parcels.progress.published import (
    Quarter,
    note_measured,
    note_progress,
    quarters_between,
    tables_of,
)
from pacific_parcels.receipts import input_rows
from pacific_parcels.settings import Settings
from tests.small_member import member_file, put, small_member
from tests.unit.gap.test_judging import text_of

pytestmark = pytest.mark.usefixtures("one_child")

AS_OF = date(2026, 8, 20)
# Fiji is named to everyone, Samoa to members; four are counted only.
NAMED = {"FJ": ("named", "named"), "WS": ("counted", "named")}
COUNTED = ("KI", "SB", "TO", "VU")
SNAPSHOT = """
attach ':memory:' as w;
create table w.stg_members as select unnest(['FJ', 'KI', 'SB', 'TO', 'VU', 'WS']) as member_code;
create table w.stg_member_terms as select * from (values
    ('FJ', 'public', 'PROGRESS', 'detail'), ('FJ', 'peers', 'PROGRESS', 'detail'),
    ('WS', 'public', 'PROGRESS', 'none'), ('WS', 'peers', 'PROGRESS', 'detail'),
    ('TO', 'public', 'PROGRESS', 'none'), ('TO', 'peers', 'VOLUME', 'detail')
) as t (member_code, audience_class, indicator_group, detail);
create table w.mart_exchange_rates as select * from (values
    ('FJD', '2025-12', 2.0), ('FJD', '2026-02', 2.5), ('XPF', '2026-03', 110.0)
) as t (currency_code, time_period, units_per_usd);
"""
# Sent on (month, day) of 2026, by whom: {measure: (stage, assessed on)}. In order:
#   February   S01 of all six: FJ full, WS partial; KI and SB full, TO and VU none
#   May        KI goes back to partial: one of four, so the count of the four stands
#   August     the three others move: SB partial, TO pilot, VU pilot; now all four have changed
Stages = dict[str, tuple[str, str]]
ASSESSED: list[tuple[str, str, Stages]] = [
    ("02-01", "FJ", {"S01": ("FULL", "2026-01-10")}),
    ("02-02", "WS", {"S01": ("PARTIAL", "2026-01-10")}),
    ("02-03", "KI", {"S01": ("FULL", "2026-01-10"), "S02": ("NONE", "2026-01-10")}),
    ("02-04", "SB", {"S01": ("FULL", "2026-01-10"), "S02": ("NONE", "2026-01-10")}),
    ("02-05", "TO", {"S01": ("NONE", "2026-01-10"), "S02": ("NONE", "2026-01-10")}),
    ("02-06", "VU", {"S01": ("NONE", "2026-01-10"), "S02": ("NONE", "2026-01-10")}),
    ("05-03", "KI", {"S01": ("PARTIAL", "2026-04-20")}),
    ("08-04", "SB", {"S01": ("PARTIAL", "2026-07-20")}),
    ("08-05", "TO", {"S01": ("PILOT", "2026-07-20")}),
    ("08-06", "VU", {"S01": ("PILOT", "2026-07-20")}),
]
# Actions of one project, begun on 10 January and due on 30 April: by whom, budget, done on.
ACTIONS = [
    ("FJ", "1000", "FJD", "2026-04-20"),
    ("KI", "200", "USD", ""),
    ("SB", "300", "USD", "2026-05-10"),
    ("TO", "400", "USD", ""),
    ("VU", "100", "USD", "2026-04-01"),
]
# What one member alone has in its plan, with a name that would tell which.
OF_ONE = {
    "member_code": "TO",
    "action_id": "A2",
    "donor": "D",
    "project": "Customs of Tonga",
    "status_code": "PLANNED",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("progress")
    settings = Settings(home=folder / "home", member_directories=(folder / "members",), quiet_seconds=0)
    for code in ("FJ", "WS", *COUNTED):
        public, peers = NAMED.get(code, ("counted", "counted"))
        sharing = small_member().sharing.model_copy(
            update={
                "progress": small_member().sharing.progress.model_copy(
                    update={"public": public, "peers": peers}
                )
            }
        )
        member_file(folder / "members", small_member(code=code).model_copy(update={"sharing": sharing}))
    for day, code, stages in ASSESSED:
        send(
            settings, code, day, "assessments",
            [
                {
                    "member_code": code,
                    "measure_code": measure,
                    "stage_code": stage,
                    "assessed_on": on,
                    "reason": "R",
                }
                for measure, (stage, on) in stages.items()
            ],
        )  # fmt: skip
    for code, amount, currency, done in ACTIONS:
        row = {
            "member_code": code, "action_id": "A1", "measure_code": "S01", "start_date": "2026-01-10",
            "due_date": "2026-04-30", "status_code": "DONE" if done else "UNDER_WAY", "completed_on": done,
            "budget_amount": amount, "budget_currency_code": currency, "donor": "D", "project": "P",
        }  # fmt: skip
        send(settings, code, "08-10", "actions", [row, OF_ONE] if code == "TO" else [row])
    for code, member in load_members(settings).items():
        outcome = receive_member(settings, member)
        assert (outcome.status, outcome.rows_rejected) == ("OK", 0), code
    return settings


def send(settings: Settings, code: str, day: str, table: str, rows: list[dict[str, str]]) -> None:
    month = f"{int(day[:2]) - 1:02d}"
    path = settings.inbox / code.lower() / day / f"{code}_gap_{table}_2026-{month}.synthetic.csv"
    put(path, text_of(table, *rows), datetime.fromisoformat(f"2026-{day}T08:00:00").replace(tzinfo=UTC))


def take_snapshot(connection: duckdb.DuckDBPyConnection, home: Settings) -> None:
    reports = [row["extract_id"] for row in input_rows(home)["gap_reports"]]
    connection.execute(SNAPSHOT)
    connection.execute(
        "create table w.stg_gap_reports as select unnest(?::varchar[]) as extract_id", [reports]
    )


@pytest.fixture(scope="module")
def warehouse(home: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        take_snapshot(connection, home)
        note_progress(connection, home, AS_OF)
        yield connection


def seen(warehouse: duckdb.DuckDBPyConnection, audience: str, table: str, what: str) -> list[tuple[Any, ...]]:
    """`what`: columns, and what may follow the name of a table."""
    columns, _, rest = what.partition(" where ")
    query = f"select {columns} from ({tables_of(audience)[f'progress_{table}']})"
    return warehouse.execute(f"{query} {f'where {rest}' if rest else ''} order by all").fetchall()


# Seven months in which 2 % of Fiji's parcels were announced.
FIGURES = """
create table indicator_definitions as
select 'SHARE_ADVANCE_DATA_PCT' as indicator_code, 'Announced' as title_en, 'Annoncés' as title_fr;
create table indicators as
select
    'SHARE_ADVANCE_DATA_PCT' as indicator_code, 'M' as frequency, 'FJ' as member_code, 2.0 as obs_value,
    '2026-0' || month as time_period, 'PERCENT' as unit_measure, '_T' as channel_code,
    '_T' as value_band_code, '_T' as counterpart_code, '_T' as commodity_code
from range(1, 8) as months(month)
"""
# (audience, who is in it by name)
READERS = [
    ("secretariat", {"FJ", "WS", *COUNTED}),
    ("public", {"FJ"}),
    ("member_fj", {"FJ", "WS"}),
    ("member_ws", {"FJ", "WS"}),
    ("member_to", {"FJ", "TO", "WS"}),
]


@pytest.mark.parametrize(("audience", "named"), READERS)
def test_members_are_named_to_whom_they_agreed(
    warehouse: duckdb.DuckDBPyConnection, audience: str, named: set[str]
) -> None:
    for table in ("stages", "actions", "rates", "forecasts"):
        found = {code for (code,) in seen(warehouse, audience, table, "member_code")}
        with_actions = {code for code, *_ in ACTIONS} if table == "actions" else named
        assert found - {"_T"} == named & with_actions, table


def counts(warehouse: duckdb.DuckDBPyConnection, audience: str, measure: str) -> dict[str, tuple[Any, ...]]:
    """{quarter: (counted in, full, partial, pilot, none, members, status)}"""
    columns = (
        "time_period, counted_in, full_count, partial_count, pilot_count, none_count, members_count, "
        "conf_status"
    )
    return {
        quarter: row
        for quarter, *row_ in seen(
            warehouse, audience, "counts", f"{columns} where measure_code = '{measure}'"
        )
        for row in [tuple(row_)]
    }


def test_the_secretariat_has_the_counts_as_they_are(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert counts(warehouse, "secretariat", "S01") == {
        "2026-Q1": ("2026-Q1", 3, 1, 0, 2, 6, "F"),
        "2026-Q2": ("2026-Q2", 2, 2, 0, 2, 6, "F"),
        "2026-Q3": ("2026-Q3", 1, 3, 2, 0, 6, "F"),
    }


@pytest.mark.parametrize("audience", ["public", "member_fj", "member_to"])
def test_the_others_see_a_count_move_on_once_enough_have_moved(
    warehouse: duckdb.DuckDBPyConnection, audience: str
) -> None:
    """The four not named to anybody: two full and two none; in the third quarter two partial, two pilot."""
    assert counts(warehouse, audience, "S01") == {
        "2026-Q1": ("2026-Q1", 3, 1, 0, 2, 6, "F"),
        "2026-Q2": ("2026-Q1", 3, 1, 0, 2, 6, "F"),
        "2026-Q3": ("2026-Q3", 1, 3, 2, 0, 6, "F"),
    }


@pytest.mark.parametrize("audience", ["public", "member_fj", "member_to"])
def test_a_count_of_members_that_all_say_the_same_is_withheld(
    warehouse: duckdb.DuckDBPyConnection, audience: str
) -> None:
    nothing = (None, None, None, None, None, None, "C")
    assert counts(warehouse, audience, "S02") == dict.fromkeys(("2026-Q1", "2026-Q2", "2026-Q3"), nothing)
    assert counts(warehouse, "secretariat", "S02")["2026-Q1"] == ("2026-Q1", 0, 0, 0, 4, 4, "F")


# The story as it was published: on which day of 2026, the quarter of the count, and what is in it (full,
# partial, pilot, none, members) of S01 for the public and for the secretariat. Until Vanuatu makes four, no
# more than Fiji's name is told; Kiribati's step back in May is not told by itself.
AS_PUBLISHED = [
    ("02-01", "2026-Q1", (1, 0, 0, 0, 1), (1, 0, 0, 0, 1)),
    ("02-02", "2026-Q1", (1, 0, 0, 0, 1), (1, 1, 0, 0, 2)),
    ("02-03", "2026-Q1", (1, 0, 0, 0, 1), (2, 1, 0, 0, 3)),
    ("02-04", "2026-Q1", (1, 0, 0, 0, 1), (3, 1, 0, 0, 4)),
    ("02-05", "2026-Q1", (1, 0, 0, 0, 1), (3, 1, 0, 1, 5)),
    ("02-06", "2026-Q1", (3, 1, 0, 2, 6), (3, 1, 0, 2, 6)),
    ("03-31", "2026-Q1", (3, 1, 0, 2, 6), (3, 1, 0, 2, 6)),
    ("05-02", "2026-Q2", (3, 1, 0, 2, 6), (3, 1, 0, 2, 6)),
    ("05-03", "2026-Q2", (3, 1, 0, 2, 6), (2, 2, 0, 2, 6)),
    ("08-04", "2026-Q3", (3, 1, 0, 2, 6), (1, 3, 0, 2, 6)),
    ("08-05", "2026-Q3", (3, 1, 0, 2, 6), (1, 3, 1, 1, 6)),
    ("08-06", "2026-Q3", (1, 3, 2, 0, 6), (1, 3, 2, 0, 6)),
]


def test_a_year_as_it_was_published_month_by_month(home: Settings) -> None:
    """What a later publication says of an earlier quarter was said then, or enough have changed it."""
    said: dict[str, list[tuple[Any, ...]]] = {}
    for day, quarter, public, secretariat in AS_PUBLISHED:
        with duckdb.connect() as connection:
            take_snapshot(connection, home)
            note_progress(connection, home, date.fromisoformat(f"2026-{day}"))
            for audience, expected in (("public", public), ("secretariat", secretariat)):
                _, *found, status = counts(connection, audience, "S01")[quarter]
                assert (tuple(found), status) == (expected, "F"), (day, audience)
            for earlier, (_, *figures, _) in counts(connection, "public", "S01").items():
                said.setdefault(earlier, []).append(tuple(figures))
    # Of the first quarter: Fiji alone, then six at once; of the third as it was, then four have moved.
    assert {quarter: sorted(set(figures)) for quarter, figures in said.items()} == {
        "2026-Q1": [(1, 0, 0, 0, 1), (3, 1, 0, 2, 6)],
        "2026-Q2": [(3, 1, 0, 2, 6)],
        "2026-Q3": [(1, 3, 2, 0, 6), (3, 1, 0, 2, 6)],
    }


def test_the_rate_of_the_region_is_that_of_the_counts_its_reader_sees(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """S01 alone: (3·3 + 2·1) / 18, then of the third quarter (3·1 + 2·3 + 1·2) / 18, are 61.1 %.

    The secretariat has S02 too: 0 of 12 points more.
    """
    what = (
        "time_period, round(rate_pct, 1), measures_count, members_count "
        "where member_code = '_T' and area_code = '_T'"
    )
    public = [("2026-Q1", 61.1, 1, 6), ("2026-Q2", 61.1, 1, 6), ("2026-Q3", 61.1, 1, 6)]
    assert seen(warehouse, "public", "rates", what) == public
    assert seen(warehouse, "member_ws", "rates", what) == public
    # Of 30 points 11, then 10 (KI has lost one), then 11.
    assert seen(warehouse, "secretariat", "rates", what) == [
        ("2026-Q1", 36.7, 2, 6), ("2026-Q2", 33.3, 2, 6), ("2026-Q3", 36.7, 2, 6),
    ]  # fmt: skip


def test_the_rate_of_a_member_says_what_it_would_be_if_the_rest_were_known(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Of the 16 standards one is known: 3 of 3 points, and of 48 between 3 and 48."""
    what = (
        "rate_pct, lowest_pct, highest_pct "
        "where member_code = 'FJ' and area_code = '_T' and time_period = '2026-Q3'"
    )
    assert seen(warehouse, "public", "rates", what) == [(100.0, 6.25, 100.0)]


def test_a_project_beside_its_budget(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Fiji's 1,000 at the rate of December, the last one before: US$ 500. Of 1,500 are done 900.

    On time are Fiji and Vanuatu, Solomon Islands is ten days late, two are overdue. From 10 January to
    10 August Kiribati and the Solomon Islands have lost a stage, Tonga and Vanuatu won one.
    """
    expected = ("D", "P", 5, 5, 5, 2, 1, 2, 0, 3, 1500.0, 900.0, 0, 5, "F")
    for audience in ("secretariat", "public", "member_to"):
        assert expected in seen(warehouse, audience, "projects", "*")


def test_a_project_of_too_few_has_no_name_either(warehouse: duckdb.DuckDBPyConnection) -> None:
    what = "donor, project, members_count, actions_count, conf_status where project is distinct from 'P'"
    assert seen(warehouse, "secretariat", "projects", what) == [("D", "Customs of Tonga", 1, 1, "F")]
    for audience in ("public", "member_fj", "member_to"):
        assert seen(warehouse, audience, "projects", what) == [(None, None, None, None, "C")]


def test_a_report_that_came_in_after_the_snapshot_is_for_the_next_publication(home: Settings) -> None:
    with duckdb.connect() as connection:
        take_snapshot(connection, home)
        connection.execute("delete from w.stg_gap_reports")
        note_progress(connection, home, AS_OF)
        assert seen(connection, "secretariat", "stages", "*") == []


def test_nothing_is_told_where_nothing_was_reported(home: Settings, tmp_path: Path) -> None:
    empty = Settings(home=tmp_path, member_directories=home.member_directories)
    for day in (AS_OF, None):
        with duckdb.connect() as connection:
            take_snapshot(connection, empty)
            note_progress(connection, empty, day)
            for audience in audiences_of(["FJ"]):
                for name, query in tables_of(audience).items():
                    is_empty = connection.execute(f"select count(*) = 0 from ({query})").fetchall() == [
                        (True,)
                    ]
                    assert is_empty == (name not in ("progress_frameworks", "progress_measures")), name


def test_a_member_finds_its_stage_beside_its_figure_in_its_own_file_alone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """S01 beside the share of advance data: full, while 2 % come with them."""
    for audience in ("member_fj", "public", "secretariat"):
        warehouse.execute("attach ':memory:' as audience_file; use audience_file")
        warehouse.execute(
            f"{FIGURES}; create table progress_stages as {tables_of(audience)['progress_stages']}"
        )
        note_measured(warehouse, audience, AS_OF)
        found = warehouse.execute(
            "select member_code, measure_code, stage_code, obs_value, months_count, verdict_code "
            "from progress_measured"
        ).fetchall()
        warehouse.execute("use memory; detach audience_file")
        expected = [("FJ", "S01", "FULL", 2.0, 7, "CLAIMED_NOT_SEEN")] if audience == "member_fj" else []
        assert found == expected


@pytest.mark.parametrize(
    ("day", "code", "last_day"),
    [
        (date(2026, 1, 1), "2026-Q1", date(2026, 3, 31)),
        (date(2026, 3, 31), "2026-Q1", date(2026, 3, 31)),
        (date(2026, 4, 1), "2026-Q2", date(2026, 6, 30)),
        (date(2026, 12, 31), "2026-Q4", date(2026, 12, 31)),
    ],
)
def test_the_quarter_of_a_day(day: date, code: str, last_day: date) -> None:
    assert Quarter.of(day) == Quarter(code, last_day)


def test_quarters_from_one_day_to_another() -> None:
    found = quarters_between(date(2025, 11, 30), date(2026, 4, 1))
    assert [quarter.code for quarter in found] == ["2025-Q4", "2026-Q1", "2026-Q2"]
