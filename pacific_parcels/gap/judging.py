"""Gap reports judged row by row, in DuckDB: accepted rows as Parquet, the others with the rules they break.

Every row ends as exactly one of: accepted, rejected, duplicate (the same row once more). Nothing of it needs
any other file of the member, so that the verdict does not depend on the order in which files come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from weakref import WeakSet

import duckdb

from pacific_parcels.contract import FOR_ANOTHER_CODE, RULES
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.faults import EXAMPLES, Fault
from pacific_parcels.formats import RegularText
from pacific_parcels.frameworks import load_frameworks
from pacific_parcels.gap import SQL_TYPES, Column, Table, codes_of
from pacific_parcels.layout import quoted

PARQUET = "format parquet, parquet_version v2, compression zstd"
CODES_SHOWN = 12
# An e-mail address, or a telephone number with its country code.
CONTACT = r"[^\s@]+@[^\s@]+\.[^\s@]{2,}|\+\d[\d ()./-]{6,}\d"
EXPECTED_OF_KIND = {"date": "2026-03-05", "decimal": "1234.50", "integer": "12"}
PATTERN_OF_KIND = {"decimal": r"-?\d{1,15}(\.\d{1,2})?", "integer": r"-?\d{1,9}"}
PREPARED: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()  # connections that have the tables of measures


@dataclass
class Judged:
    rows_in: int
    rows_accepted: int
    rows_rejected: int
    rows_duplicate: int
    rows_warned: int
    faults: list[Fault] = field(default_factory=list)
    accepted_file: Path | None = None
    rejected_file: Path | None = None


@dataclass(frozen=True)
class ReportText:
    """The rows of one report. `sent_on` is the day on which it was sent, `scratch` its own directory."""

    text: RegularText
    extract_id: str
    sent_on: date
    scratch: Path


class Judgement:
    """The statements of reports of one member and table, whose texts are of one shape, with source rows.

    To plan a statement costs far more than to judge the few rows of a report: so there are few, and reports
    that wait together share them. Rows are numbered through as those of items are (`layout.ROWS_APART`).
    `for_sender`: the text of rows left out is kept, for the eyes of the sender alone.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        reports: Sequence[ReportText],
        *,
        member_code: str,
        for_sender: bool,
    ) -> None:
        self.connection, self.table, self.reports = connection, table, reports
        self.member_code, self.for_sender = member_code, for_sender
        self.text = reports[0].text

    def run(self) -> list[Judged]:
        """What became of each report, in their order."""
        _name_the_measures(self.connection)
        self._judge()
        judged = self._counted()
        self._enter_faults(judged)
        for number, (report, one) in enumerate(zip(self.reports, judged, strict=True)):
            self._write(number, report, one)
        return judged

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(sql)

    def _judge(self) -> None:
        """gap_verdicts: every row with the rules that it breaks, or what is worth a warning in it."""
        names = [column.name for column in self.table.columns]
        every = ", ".join(["is_right", "number", *(f"typed_{name}" for name in names)])
        key = ", ".join(["is_right", "number", *self.table.key])
        # Of rows that are right by themselves: the same once more, and those that contradict each other.
        # Whatever has the same values has the same key.
        repeated = (
            f"select *, count(*) over (partition by {key}) > count(*) over (partition by {every}) "
            f"as is_contradicted, row_number() over (partition by {every} order by source_row) > 1 "
            f"as is_again from (select *, len(broken) = 0 as is_right from ({self._broken()}))"
        )
        decided = (
            "select *, case when not is_right then broken "
            f"when is_contradicted then [{quoted(f'R121:{self.table.about}')}] "
            f"when is_again then [{quoted(f'R122:{self.table.about}')}] else [] end as faults, "
            f"is_right and is_again and not is_contradicted as is_duplicate from ({repeated})"
        )
        warnings = [
            "case when is_open and measure_code is not null and not is_known then 'R210:measure_code' end"
        ]
        if self.table.name == "assessments":
            warnings.append(
                "case when points < points_before and typed_reason is null then 'R209:stage_code' end"
            )
            decided = self._with_points(decided)
        self._execute(
            "create or replace temp table gap_verdicts as select "
            f"number, source_row, {', '.join(names)}, {', '.join(f'typed_{name}' for name in names)}, "
            f"faults, is_duplicate, case when len(faults) = 0 then {_all_that_hold(warnings)} else [] end "
            f"as warnings from ({decided})"
        )

    def _with_points(self, decided: str) -> str:
        """With the points of the stage, and of the one before it by the same assessor: of accepted rows."""
        points = " ".join(
            f"when {quoted(code.code)} then {code.points}"
            for code in codes_of("stages")
            if code.points is not None
        )
        return (
            "select *, lag(points) over (partition by number, points is null, framework_code, measure_code, "
            "assessor_code order by typed_assessed_on) as points_before from ("
            f"select *, case when len(faults) = 0 then case typed_stage_code {points} end end as points "
            f"from ({decided}))"
        )

    def _broken(self) -> str:
        """SQL: every row, and the rules that it breaks by itself."""
        checks = [check for column in self.table.columns for check in self._checks(column)]
        checks += [
            (f"R102:{other}", f"{_has(column, value)} and r.{other} is null")
            for column, value, other in self.table.needs
        ]
        checks += [
            (f"R120:{later}", f"r.typed_{later} < r.typed_{earlier}")
            for earlier, later in self.table.in_order
        ]
        cases = [f"case when {predicate} then {quoted(fault)} end" for fault, predicate in checks]
        return (
            f"select r.*, f.is_open, {_all_that_hold(cases)} as broken "
            f"from ({self._typed()}) r left join gap_frameworks f on f.code = r.framework_code"
        )

    def _typed(self) -> str:
        """SQL: texts without the spaces around them, each value typed where it can be."""
        place = {name: f"c{index}" for index, name in enumerate(self.text.columns)}
        structure = ", ".join(
            ["'source_row': 'BIGINT'", *(f"'{name}': 'VARCHAR'" for name in place.values())]
        )
        texts = ", ".join(
            f"nullif(trim({place[column.name]}, ' \t\u00a0'), '') as {column.name}"
            for column in self.table.columns
        )
        typed = ", ".join(f"{_typed(column)} as typed_{column.name}" for column in self.table.columns)
        paths = ", ".join(quoted(str(report.text.path)) for report in self.reports)
        is_known = "(framework_code, measure_code) in (select (framework, code) from gap_measures)"
        return (
            f"select *, {typed}, {is_known} as is_known from (select cast(file_index as bigint) as number, "
            f"source_row, {texts} from read_csv([{paths}], auto_detect = false, header = false, "
            f"delim = {quoted(self.text.delimiter)}, quote = {quoted(self.text.quote)}, "
            f"escape = {quoted(self.text.quote)}, columns = {{{structure}}}))"
        )

    def _checks(self, column: Column) -> Iterable[tuple[str, str]]:
        """(rule:column, predicate that is true where it is broken)."""
        name, value, typed = column.name, f"r.{column.name}", f"r.typed_{column.name}"
        if column.is_required:
            yield f"R102:{name}", f"{value} is null"
        if column.kind == "member":
            yield f"R124:{name}", f"upper({value}) != {quoted(self.member_code)}"
        elif column.kind == "framework":
            yield f"R109:{name}", f"{value} is not null and f.code is null"
        elif column.kind == "measure":
            yield f"R116:{name}", f"{value} is not null and f.is_open = false and not r.is_known"
            if not column.is_required and self.table.name == "actions":
                yield f"R117:{name}", f"{value} is null"
        elif column.kind == "currency":
            yield f"R108:{name}", f"{value} is not null and {typed} is null"
        elif column.kind == "code":
            yield f"R109:{name}", f"{value} is not null and {typed} is null"
        elif column.kind == "date":
            yield f"R103:{name}", f"{value} is not null and {typed} is null"
            if name in self.table.not_later:
                yield f"R119:{name}", f"{typed} > {self._sent_on()}"
            if name in self.table.not_before:
                yield f"R118:{name}", f"{typed} < f.first_day"
        elif column.kind in ("decimal", "integer"):
            yield f"R106:{name}", f"{value} is not null and {typed} is null"
            yield f"R107:{name}", f"{typed} < 0"
        else:
            yield f"R123:{name}", f"regexp_matches({value}, {quoted(CONTACT)})"

    def _sent_on(self) -> str:
        """SQL: the day on which the report of a row was sent."""
        days = [f"date {quoted(report.sent_on.isoformat())}" for report in self.reports]
        return days[0] if len(set(days)) == 1 else f"[{', '.join(days)}][r.number + 1]"

    def _counted(self) -> list[Judged]:
        counts = {
            number: counts
            for number, *counts in self._execute(
                "select number, count(*), count(*) filter (len(faults) = 0), count(*) filter (is_duplicate), "
                "count(*) filter (len(warnings) > 0) from gap_verdicts group by 1"
            ).fetchall()
        }
        judged = []
        for number, report in enumerate(self.reports):
            rows, accepted, duplicate, warned = counts.get(number, (0, 0, 0, 0))
            rows_in, faulty = report.text.rows, report.text.fault_count
            if rows_in != rows + faulty:
                raise PacificParcelsError(
                    f"{self.member_code}: {rows_in} rows in, but {rows + faulty} judged; "
                    "expected every row once: a defect of the reader"
                )
            rejected = rows - accepted - duplicate + faulty
            judged.append(Judged(rows_in, accepted, rejected, duplicate, warned))
        return judged

    def _enter_faults(self, judged: Sequence[Judged]) -> None:
        parts = [
            "select number, source_row, unnest(list_concat(faults, warnings)) as fault from gap_verdicts"
        ]
        parts += [
            f"select {number} as number, source_row, rule_id || ':' as fault "
            f"from ({_faults_of_format(report.text)})"
            for number, report in enumerate(self.reports)
            if report.text.fault_count
        ]
        for number, fault, count, first in self._execute(
            f"select number, fault, count(*), list_sort(min(source_row, {EXAMPLES})) "
            f"from ({' union all '.join(parts)}) group by 1, 2 order by 1, 3 desc, 2"
        ).fetchall():
            rule_id, _, column = fault.partition(":")
            details = self._details(number, rule_id, column)
            judged[number].faults.append(Fault(rule_id, column, count, details, tuple(first)))

    def _details(self, number: int, rule_id: str, column: str) -> dict[str, str]:
        if "{expected}" not in RULES[rule_id].remedy.en + RULES[rule_id].title.en:
            return {}
        details = {"expected": self._expected(number, rule_id, column)}
        if rule_id == "R109":
            list_of = "frameworks" if column == "framework_code" else "template"
            details |= FOR_ANOTHER_CODE[list_of]
        return details

    def _expected(self, number: int, rule_id: str, column: str) -> str:
        if rule_id == "R101":
            return str(len(self.text.columns))
        if rule_id == "R121":
            return " + ".join(self.table.key)
        if rule_id == "R124":
            return self.member_code
        if column == "framework_code":
            return _listed(load_frameworks())
        if rule_id == "R116":
            return _listed(
                code
                for (code,) in self._execute(
                    "select distinct m.code from gap_measures m "
                    "join gap_verdicts v on v.framework_code = m.framework "
                    f"where v.number = {number} and list_contains(v.faults, 'R116:measure_code') order by 1"
                ).fetchall()
            )
        if rule_id == "R118":
            return _listed(
                f"{code} ≥ {first_day.isoformat()}"
                for code, first_day in self._execute(
                    "select distinct f.code, f.first_day from gap_frameworks f "
                    "join gap_verdicts v on v.framework_code = f.code "
                    f"where v.number = {number} and list_contains(v.faults, {quoted(f'R118:{column}')}) "
                    "order by 1"
                ).fetchall()
            )
        by_name = {one.name: one for one in self.table.columns}
        return EXPECTED_OF_KIND.get(by_name[column].kind, _listed(by_name[column].codes))

    def _write(self, number: int, report: ReportText, judged: Judged) -> None:
        facts = f"{quoted(report.extract_id)} as extract_id"
        of_report = f"from gap_verdicts where number = {number}"
        if judged.rows_accepted:
            judged.accepted_file = report.scratch / "accepted.parquet"
            values = ", ".join(f"typed_{column.name} as {column.name}" for column in self.table.columns)
            self._execute(
                f"copy (select {facts}, source_row, {values}, "
                "case when len(warnings) > 0 then warnings end as rule_ids "
                f"{of_report} and len(faults) = 0 order by source_row) "
                f"to {quoted(str(judged.accepted_file))} ({PARQUET})"
            )
        if judged.rows_rejected or judged.rows_duplicate:
            judged.rejected_file = report.scratch / "rejected.parquet"
            texts = ", ".join(f"{quoted(column.name)}, {column.name}" for column in self.table.columns)
            found = f", cast(json_object({texts}) as varchar) as source_values" if self.for_sender else ""
            none = ", null as source_values" if self.for_sender else ""
            rows = (
                f"select source_row, if(is_duplicate, 'DUPLICATE', 'REJECTED') as verdict, faults{found} "
                f"{of_report} and len(faults) > 0"
            )
            if report.text.fault_count:
                rows += (
                    " union all select source_row, 'REJECTED' as verdict, [rule_id || ':'] as faults"
                    f"{none} from ({_faults_of_format(report.text)})"
                )
            self._execute(
                f"copy (select {facts}, * from ({rows}) order by source_row) "
                f"to {quoted(str(judged.rejected_file))} ({PARQUET})"
            )


def _name_the_measures(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables of every framework and measure, once for a connection.

    In one statement each: a row at a time costs far more.
    """
    if connection in PREPARED:
        return
    frameworks = load_frameworks().values()
    rows = ", ".join(
        f"({quoted(one.code)}, date {quoted(one.valid_from.isoformat())}, {one.is_open})"
        for one in frameworks
    )
    connection.execute(
        "create or replace temp table gap_frameworks as "
        f"select * from (values {rows}) t(code, first_day, is_open)"
    )
    rows = ", ".join(
        f"({quoted(one.code)}, {quoted(measure.code)})" for one in frameworks for measure in one.measures
    )
    connection.execute(
        f"create or replace temp table gap_measures as select * from (values {rows}) t(framework, code)"
    )
    PREPARED.add(connection)


def _faults_of_format(text: RegularText) -> str:
    return (
        f"select source_row, rule_id from read_csv({quoted(str(text.faults))}, auto_detect = false, "
        "header = false, delim = ',', quote = '\"', escape = '\"', null_padding = true, "
        "columns = {'source_row': 'BIGINT', 'rule_id': 'VARCHAR', 'source_column': 'VARCHAR', "
        "'found': 'VARCHAR', 'amount': 'VARCHAR', 'currency': 'VARCHAR'})"
    )


def _all_that_hold(cases: Iterable[str]) -> str:
    """SQL: a list of those that are not null."""
    return f"list_filter([{', '.join(cases)}], lambda one: one is not null)"


def _typed(column: Column) -> str:
    """A value of the kind of its column; null where the text is none."""
    name, sql_type = column.name, SQL_TYPES[column.kind]
    if column.kind == "date":
        return (
            f"case when regexp_full_match({name}, '\\d{{4}}-\\d\\d-\\d\\d') then try_cast({name} as date) end"
        )
    if column.kind in PATTERN_OF_KIND:
        pattern = quoted(PATTERN_OF_KIND[column.kind])
        return f"case when regexp_full_match({name}, {pattern}) then try_cast({name} as {sql_type}) end"
    if column.kind == "member":
        return f"upper({name})"
    if column.codes:
        return f"case when {name} in ({', '.join(map(quoted, column.codes))}) then {name} end"
    return name


def _has(column: str, value: str | None) -> str:
    return f"r.{column} is not null" if value is None else f"r.{column} = {quoted(value)}"


def _listed(codes: Iterable[str]) -> str:
    listed = list(codes)
    return ", ".join(listed[:CODES_SHOWN]) + (
        f" (+{len(listed) - CODES_SHOWN})" if len(listed) > CODES_SHOWN else ""
    )
