"""A gap report judged row by row, in DuckDB: accepted rows as Parquet, the others with the rules they break.

Every row ends as exactly one of: accepted, rejected, duplicate (the same row once more). Nothing of it needs
any other file of the member, so that the verdict does not depend on the order in which files come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels.contract import RULES
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


@dataclass
class Judged:
    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    rows_warned: int = 0
    faults: list[Fault] = field(default_factory=list)
    accepted_file: Path | None = None
    rejected_file: Path | None = None


class Judgement:
    """The statements of one report, in order. `sent_on` is the day on which the member sent it.

    `for_sender`: the text of rows left out is kept, for the eyes of the sender alone.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        text: RegularText,
        *,
        extract_id: str,
        member_code: str,
        sent_on: date,
        scratch: Path,
        for_sender: bool,
    ) -> None:
        self.connection, self.table, self.text = connection, table, text
        self.extract_id, self.member_code, self.sent_on = extract_id, member_code, sent_on
        self.scratch, self.for_sender = scratch, for_sender

    def run(self) -> Judged:
        self._name_the_measures()
        self._read()
        self._find_faults()
        self._find_repetitions()
        self._find_warnings()
        judged = self._counted()
        self._write(judged)
        return judged

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(sql)

    def _name_the_measures(self) -> None:
        """Tables of every framework and measure, in one statement each: a row at a time costs far more."""
        frameworks = load_frameworks().values()
        rows = ", ".join(
            f"({quoted(one.code)}, date {quoted(one.valid_from.isoformat())}, {one.is_open})"
            for one in frameworks
        )
        self._execute(
            "create or replace temp table gap_frameworks as "
            f"select * from (values {rows}) t(code, first_day, is_open)"
        )
        rows = ", ".join(
            f"({quoted(one.code)}, {quoted(measure.code)})" for one in frameworks for measure in one.measures
        )
        self._execute(
            f"create or replace temp table gap_measures as select * from (values {rows}) t(framework, code)"
        )

    def _read(self) -> None:
        """gap_rows: texts without the spaces around them, each value typed where it can be."""
        place = {name: f"c{index}" for index, name in enumerate(self.text.columns)}
        structure = ", ".join(
            ["'source_row': 'BIGINT'", *(f"'{name}': 'VARCHAR'" for name in place.values())]
        )
        texts = ", ".join(
            f"nullif(trim({place[column.name]}, ' \t\u00a0'), '') as {column.name}"
            for column in self.table.columns
        )
        typed = ", ".join(f"{_typed(column)} as typed_{column.name}" for column in self.table.columns)
        self._execute(
            f"create or replace temp table gap_rows as select *, {typed} from (select source_row, {texts} "
            f"from read_csv({quoted(str(self.text.path))}, auto_detect = false, header = false, "
            f"delim = {quoted(self.text.delimiter)}, quote = {quoted(self.text.quote)}, "
            f"escape = {quoted(self.text.quote)}, columns = {{{structure}}}))"
        )

    def _find_faults(self) -> None:
        checks = [check for column in self.table.columns for check in self._checks(column)]
        checks += [
            (f"R102:{other}", f"{_has(column, value)} and r.{other} is null")
            for column, value, other in self.table.needs
        ]
        checks += [
            (f"R120:{later}", f"r.typed_{later} < r.typed_{earlier}")
            for earlier, later in self.table.in_order
        ]
        cases = ", ".join(f"case when {predicate} then {quoted(fault)} end" for fault, predicate in checks)
        self._execute(
            "create or replace temp table gap_verdicts as "
            f"select r.*, list_filter([{cases}], lambda fault: fault is not null) as faults, "
            "cast([] as varchar[]) as warnings, false as is_duplicate "
            "from gap_rows r left join gap_frameworks f on f.code = r.framework_code"
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
            is_known = f"(r.framework_code, {value}) in (select (framework, code) from gap_measures)"
            yield f"R116:{name}", f"{value} is not null and f.is_open = false and not {is_known}"
            if not column.is_required and self.table.name == "actions":
                yield f"R117:{name}", f"{value} is null"
        elif column.kind == "currency":
            yield f"R108:{name}", f"{value} is not null and {typed} is null"
        elif column.kind == "code":
            yield f"R109:{name}", f"{value} is not null and {typed} is null"
        elif column.kind == "date":
            yield f"R103:{name}", f"{value} is not null and {typed} is null"
            if name in self.table.not_later:
                yield f"R119:{name}", f"{typed} > date {quoted(self.sent_on.isoformat())}"
            if name in self.table.not_before:
                yield f"R118:{name}", f"{typed} < f.first_day"
        elif column.kind in ("decimal", "integer"):
            yield f"R106:{name}", f"{value} is not null and {typed} is null"
            yield f"R107:{name}", f"{typed} < 0"
        else:
            yield f"R123:{name}", f"regexp_matches({value}, {quoted(CONTACT)})"

    def _find_repetitions(self) -> None:
        """Of rows that are right by themselves: the same once more, and those that contradict each other."""
        key = ", ".join(self.table.key)
        every = ", ".join(f"typed_{column.name}" for column in self.table.columns)
        self._execute(
            "create or replace temp table gap_repeated as select source_row, "
            f"count(distinct row({every})) over (partition by {key}) > 1 as is_contradicted, "
            f"row_number() over (partition by {every} order by source_row) > 1 as is_again "
            "from gap_verdicts where len(faults) = 0"
        )
        first = quoted(f"R121:{self.table.about}")
        self._execute(
            f"update gap_verdicts set faults = [{first}] where source_row in "
            "(select source_row from gap_repeated where is_contradicted)"
        )
        again = quoted(f"R122:{self.table.about}")
        self._execute(
            f"update gap_verdicts set faults = [{again}], is_duplicate = true where source_row in "
            "(select source_row from gap_repeated where is_again and not is_contradicted)"
        )

    def _find_warnings(self) -> None:
        """Of rows that are accepted."""
        self._execute(
            "update gap_verdicts as v set warnings = ['R210:measure_code'] from gap_frameworks f "
            "where f.code = v.framework_code and f.is_open and len(v.faults) = 0 "
            "and v.measure_code is not null "
            "and (v.framework_code, v.measure_code) not in (select (framework, code) from gap_measures)"
        )
        if self.table.name != "assessments":
            return
        points = " ".join(
            f"when {quoted(code.code)} then {code.points}"
            for code in codes_of("stages")
            if code.points is not None
        )
        self._execute(
            "update gap_verdicts set warnings = list_append(warnings, 'R209:stage_code') "
            "where source_row in (select source_row from (select source_row, typed_reason, "
            f"case typed_stage_code {points} end as points, lag(points) over (partition by "
            "framework_code, measure_code, assessor_code order by typed_assessed_on) as points_before "
            "from gap_verdicts where len(faults) = 0 and points is not null) "
            "where points < points_before and typed_reason is null)"
        )

    def _counted(self) -> Judged:
        rows, accepted, duplicate, warned = self._one(
            "select count(*), count(*) filter (len(faults) = 0), count(*) filter (is_duplicate), "
            "count(*) filter (len(warnings) > 0) from gap_verdicts"
        )
        faulty = self.text.fault_count
        judged = Judged(
            rows_in=self.text.rows,
            rows_accepted=accepted,
            rows_rejected=rows - accepted - duplicate + faulty,
            rows_duplicate=duplicate,
            rows_warned=warned,
        )
        if judged.rows_in != rows + faulty:
            raise PacificParcelsError(
                f"{self.member_code}: {judged.rows_in} rows in, but {rows + faulty} judged; "
                "expected every row once: a defect of the reader"
            )
        for fault, count, first in self._execute(
            f"select fault, count(*), list_sort(min(source_row, {EXAMPLES})) from ({self._all_faults()}) "
            "group by 1 order by 2 desc, 1"
        ).fetchall():
            rule_id, _, column = fault.partition(":")
            judged.faults.append(Fault(rule_id, column, count, self._details(rule_id, column), tuple(first)))
        return judged

    def _all_faults(self) -> str:
        parts = ["select source_row, unnest(list_concat(faults, warnings)) as fault from gap_verdicts"]
        if self.text.fault_count:
            parts.append(f"select source_row, rule_id || ':' as fault from ({self._faults_of_format()})")
        return " union all ".join(parts)

    def _faults_of_format(self) -> str:
        return (
            f"select source_row, rule_id from read_csv({quoted(str(self.text.faults))}, auto_detect = false, "
            "header = false, delim = ',', quote = '\"', escape = '\"', null_padding = true, "
            "columns = {'source_row': 'BIGINT', 'rule_id': 'VARCHAR', 'source_column': 'VARCHAR', "
            "'found': 'VARCHAR', 'amount': 'VARCHAR', 'currency': 'VARCHAR'})"
        )

    def _details(self, rule_id: str, column: str) -> dict[str, str]:
        if "{expected}" not in RULES[rule_id].remedy.en + RULES[rule_id].title.en:
            return {}
        return {"expected": self._expected(rule_id, column)}

    def _expected(self, rule_id: str, column: str) -> str:
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
                    "where list_contains(v.faults, 'R116:measure_code') order by 1"
                ).fetchall()
            )
        if rule_id == "R118":
            return _listed(
                f"{code} ≥ {first_day.isoformat()}"
                for code, first_day in self._execute(
                    "select distinct f.code, f.first_day from gap_frameworks f "
                    "join gap_verdicts v on v.framework_code = f.code "
                    f"where list_contains(v.faults, {quoted(f'R118:{column}')}) order by 1"
                ).fetchall()
            )
        by_name = {one.name: one for one in self.table.columns}
        return EXPECTED_OF_KIND.get(by_name[column].kind, _listed(by_name[column].codes))

    def _write(self, judged: Judged) -> None:
        facts = f"{quoted(self.extract_id)} as extract_id, source_row"
        if judged.rows_accepted:
            judged.accepted_file = self.scratch / "accepted.parquet"
            values = ", ".join(f"typed_{column.name} as {column.name}" for column in self.table.columns)
            self._execute(
                f"copy (select {facts}, {values}, case when len(warnings) > 0 then warnings end as rule_ids "
                f"from gap_verdicts where len(faults) = 0 order by source_row) "
                f"to {quoted(str(judged.accepted_file))} ({PARQUET})"
            )
        if judged.rows_rejected or judged.rows_duplicate:
            judged.rejected_file = self.scratch / "rejected.parquet"
            texts = ", ".join(f"{quoted(column.name)}, {column.name}" for column in self.table.columns)
            found = f", cast(json_object({texts}) as varchar) as source_values" if self.for_sender else ""
            none = ", null as source_values" if self.for_sender else ""
            rows = (
                f"select source_row, if(is_duplicate, 'DUPLICATE', 'REJECTED') as verdict, faults{found} "
                "from gap_verdicts where len(faults) > 0"
            )
            if self.text.fault_count:
                rows += (
                    " union all select source_row, 'REJECTED' as verdict, [rule_id || ':'] as faults"
                    f"{none} from ({self._faults_of_format()})"
                )
            self._execute(
                f"copy (select {quoted(self.extract_id)} as extract_id, * from ({rows}) order by source_row) "
                f"to {quoted(str(judged.rejected_file))} ({PARQUET})"
            )

    def _one(self, sql: str) -> tuple[Any, ...]:
        row = self._execute(sql).fetchone()
        assert row is not None, "an aggregate without groups has one row"
        return row


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
