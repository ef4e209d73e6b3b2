"""What was believed on a day: the rows of gap reports that were in force then.

Nothing that was received is ever changed, so that any day can be asked for. Of the extracts of one member,
table and month, the latest vintage up to that day is in force, as with items. Of the rows in force that are
about the same (`Table.key`), the one of the latest month holds: a report may correct an earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, TypeVar

import duckdb

from pacific_parcels.gap import SQL_TYPES, TABLES, Table, codes_of, table_of
from pacific_parcels.layout import quoted
from pacific_parcels.receipts import ACCEPTED, read_receipts
from pacific_parcels.settings import Settings

# Where two assessors speak of the same day, the one who looked closer is believed.
CLOSENESS = {"SITE_VALIDATION": 2, "DESK_REVIEW": 1, "SELF": 0}

Row = TypeVar("Row")
# What was believed of each member from a moment on, until the next: (that moment, the rows in force).
Timeline = dict[str, list[tuple[datetime, list[Row]]]]


@dataclass(frozen=True)
class Assessment:
    member_code: str
    framework_code: str
    measure_code: str
    stage_code: str
    assessed_on: date
    assessor_code: str
    has_evidence: bool
    has_reason: bool


@dataclass(frozen=True)
class Commitment:
    """Category and date are None where they are not designated, or not known."""

    member_code: str
    framework_code: str
    measure_code: str
    category_code: str | None
    date_kind_code: str | None
    target_date: date | None
    support_needed: str | None = None


@dataclass(frozen=True)
class Action:
    """`first_due_date` is the one that was stated first: moving a date is no merit.

    `blocked_by` is the office that it waits for, if any.
    """

    member_code: str
    action_id: str
    framework_code: str
    measure_code: str
    status_code: str
    start_date: date
    due_date: date
    first_due_date: date
    completed_on: date | None
    owner_body: str
    blocked_by: str | None
    plan_code: str = ""
    title: str = ""
    budget_amount: Decimal | None = None
    budget_currency_code: str | None = None
    donor: str | None = None
    project: str | None = None


@dataclass(frozen=True)
class Training:
    member_code: str
    training_id: str
    framework_code: str
    held_on: date
    participants_count: int


class Belief:
    """The tables of gap reports as they were believed at the end of a day (UTC). A context manager.

    `members` are the codes asked for, `extract_ids` the reports that are looked at (None: all that came). In
    the connection each table has its name, with the columns of its contract, and `stated_<name>` holds every
    row of every vintage up to then, the oldest first.

    The timelines say the same of every moment at which a report of a member came in, from the first on.
    """

    def __init__(
        self,
        settings: Settings,
        as_of: date,
        members: Sequence[str],
        extract_ids: Collection[str] | None = None,
    ) -> None:
        self.as_of = as_of
        self.members = tuple(members)
        self.extract_ids = extract_ids
        self.is_synthetic = False
        self.connection = duckdb.connect(
            config={"threads": settings.threads, "memory_limit": settings.memory_limit}
        )
        self._load(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def _load(self, settings: Settings) -> None:
        self.connection.execute(
            "create table vintages (extract_id varchar, member varchar, table_name varchar, "
            "report_period varchar, vintage_at timestamp, source_name varchar)"
        )
        files: dict[str, list[str]] = {name: [] for name in TABLES}
        before = (self.as_of + timedelta(days=1)).isoformat()
        for member in self.members:
            for receipt in read_receipts(settings.receipts / member):
                table = table_of(receipt.get("stream_code", ""))
                if table is None or receipt["status"] != ACCEPTED or receipt["vintage_at"] >= before:
                    continue
                if self.extract_ids is not None and receipt["extract_id"] not in self.extract_ids:
                    continue
                self.is_synthetic |= receipt["is_synthetic"]
                self.connection.execute(
                    "insert into vintages values (?, ?, ?, ?, ?, ?)",
                    [
                        *(receipt["extract_id"], member, table.name, receipt["time_period_start"]),
                        *(receipt["vintage_at"], receipt["source_name"]),
                    ],
                )
                for period in receipt["periods"]:
                    files[table.name] += [str(settings.landing / file) for file in period["files"]]
        for table in TABLES.values():
            self._load_table(table, files[table.name])

    def _load_table(self, table: Table, files: list[str]) -> None:
        columns = ", ".join(f"{column.name} {SQL_TYPES[column.kind]}" for column in table.columns)
        self.connection.execute(
            f"create table rows_of_{table.name} (extract_id varchar, source_row bigint, {columns})"
        )
        if files:
            listed = ", ".join(map(quoted, files))
            self.connection.execute(
                f"insert into rows_of_{table.name} by name select * exclude (rule_ids) "
                f"from read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
            )
        order = "v.vintage_at, v.source_name, v.extract_id"
        self.connection.execute(
            f"create table stated_{table.name} as select r.*, v.report_period, v.vintage_at, v.source_name "
            f"from rows_of_{table.name} r join vintages v using (extract_id) order by {order}, r.source_row"
        )
        key = ", ".join(("s.member_code", *(f"s.{name}" for name in table.key)))
        kept = ("extract_id", "source_row", *table.source_columns, "report_period")
        names = ", ".join(f"s.{name}" for name in kept)
        # A nil report is in force too: it takes the rows of its month back.
        self.connection.execute(
            f"create table {table.name} as with in_force as (select extract_id from vintages v "
            f"where table_name = {quoted(table.name)} qualify row_number() over ("
            "partition by member, table_name, report_period order by v.vintage_at desc, v.source_name desc, "
            f"v.extract_id desc) = 1) select {names} from stated_{table.name} s "
            "join in_force using (extract_id) "
            f"qualify row_number() over (partition by {key} order by s.report_period desc) = 1"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def assessments(self) -> list[Assessment]:
        """Every assessment in force, the oldest first."""
        return [Assessment(*row) for row in self._rows(_ASSESSMENTS.format("", "assessments"))]

    def timeline_of_assessments(self) -> Timeline[Assessment]:
        return self._timeline("assessments", _ASSESSMENTS, Assessment)

    def timeline_of_commitments(self) -> Timeline[Commitment]:
        return self._timeline("commitments", _COMMITMENTS, Commitment)

    def timeline_of_actions(self) -> Timeline[Action]:
        return self._timeline("actions", _ACTIONS, Action)

    def timeline_of_trainings(self) -> Timeline[Training]:
        return self._timeline("trainings", _TRAININGS, Training)

    def _timeline(self, name: str, select: str, make: Callable[..., Row]) -> Timeline[Row]:
        """A moment at which a report took all rows of a member back has an empty list."""
        table = TABLES[name]
        key = ", ".join(f"s.{column}" for column in table.key)
        columns = ", ".join(f"s.{column}" for column in (*table.source_columns, "report_period"))
        moments = self._rows(
            "select distinct member, vintage_at from vintages "
            f"where table_name = {quoted(name)} order by vintage_at, member"
        )
        self.connection.execute(f"""
            create or replace temp table timeline_{name} as
            with moments as (
                select distinct member, vintage_at as known_from from vintages
                where table_name = {quoted(name)}
            ),
            in_force as (
                select m.member, m.known_from, v.extract_id
                from moments m
                join vintages v on m.member = v.member and v.table_name = {quoted(name)}
                    and v.vintage_at <= m.known_from
                qualify row_number() over (
                    partition by m.member, m.known_from, v.report_period
                    order by v.vintage_at desc, v.source_name desc, v.extract_id desc
                ) = 1
            )
            select i.known_from, {columns}
            from in_force i join stated_{name} s using (extract_id)
            qualify row_number() over (
                partition by i.member, i.known_from, {key} order by s.report_period desc
            ) = 1
        """)
        rows: defaultdict[tuple[str, datetime], list[Row]] = defaultdict(list)
        for known_from, *row in self._rows(select.format("known_from, ", f"timeline_{name}")):
            rows[row[0], known_from].append(make(*row))
        found: Timeline[Row] = {}
        for member, known_from in moments:
            found.setdefault(member, []).append((known_from, rows.get((member, known_from), [])))
        return found

    def stages(self) -> dict[tuple[str, str, str], Assessment]:
        """The latest assessment of each measure, by member, framework and measure."""
        latest: dict[tuple[str, str, str], Assessment] = {}
        for one in stages_on(self.assessments(), self.as_of):
            latest[one.member_code, one.framework_code, one.measure_code] = one
        return latest

    def steps_back(self) -> list[Assessment]:
        """Assessments that are lower than the one before by the same assessor, with no reason given (R209).

        Also across reports, where receiving could not see it.
        """
        points = {code.code: code.points for code in codes_of("stages")}
        before: dict[tuple[str, str, str, str], int] = {}
        found = []
        for one in self.assessments():
            now = points[one.stage_code]
            if now is None:
                continue
            key = (one.member_code, one.framework_code, one.measure_code, one.assessor_code)
            if now < before.get(key, now) and not one.has_reason:
                found.append(one)
            before[key] = now
        return found

    def commitments(self) -> list[Commitment]:
        """One for each measure: the definitive date if one is notified, else the indicative one."""
        return [Commitment(*row) for row in self._rows(_COMMITMENTS.format("", "commitments"))]

    def actions(self) -> list[Action]:
        return [Action(*row) for row in self._rows(_ACTIONS.format("", "actions"))]

    def trainings(self) -> list[Training]:
        return [Training(*row) for row in self._rows(_TRAININGS.format("", "trainings"))]


# SELECTs of the rows in force: of one moment, or of each of a timeline, which is then the first column.
_ASSESSMENTS = (
    "select {0}member_code, framework_code, measure_code, stage_code, assessed_on, assessor_code, "
    "evidence is not null, reason is not null from {1} order by assessed_on, "
    "member_code, framework_code, measure_code, assessor_code"
)
_COMMITMENTS = (
    "select {0}member_code, framework_code, measure_code, category_code, date_kind_code, target_date, "
    "support_needed from {1} qualify row_number() over ("
    "partition by {0}member_code, framework_code, measure_code order by "
    "case date_kind_code when 'DEFINITIVE' then 0 when 'INDICATIVE' then 1 else 2 end, "
    "report_period desc) = 1 order by all"
)
_ACTIONS = (
    "select {0}a.member_code, a.action_id, a.framework_code, a.measure_code, a.status_code, "
    "a.start_date, a.due_date, f.first_due_date, a.completed_on, a.owner_body, a.blocked_by, a.plan_code, "
    "a.title, a.budget_amount, a.budget_currency_code, a.donor, a.project "
    "from {1} a join ("
    "select member_code, action_id, arg_min(due_date, (vintage_at, source_name, extract_id)) "
    "as first_due_date from stated_actions group by 1, 2) f using (member_code, action_id) "
    "order by a.member_code, a.action_id"
)
_TRAININGS = (
    "select {0}member_code, training_id, framework_code, held_on, participants_count from {1} "
    "order by held_on, training_id, member_code"
)


def stages_on(assessments: Sequence[Assessment], day: date) -> list[Assessment]:
    """The latest assessment of each measure up to a day; on the same day that of who looked closest."""
    latest: dict[tuple[str, str, str], Assessment] = {}
    for one in assessments:
        if one.assessed_on > day:
            continue
        key = (one.member_code, one.framework_code, one.measure_code)
        known = latest.get(key)
        if known is None or _weight(one) >= _weight(known):
            latest[key] = one
    return list(latest.values())


def _weight(one: Assessment) -> tuple[date, int]:
    return one.assessed_on, CLOSENESS[one.assessor_code]
