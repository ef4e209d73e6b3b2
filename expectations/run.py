"""Judge a build: the only module that touches Great Expectations (its patch for DuckDB apart).

    drop_stale_holds(settings)          before the build: holds of an older suite go, to be judged anew
    judge_vintages(settings, snapshot)  harmonised: what was not judged before; `.held` is not published
    hold(settings, judgement)           writes the holds; build and judge again until nothing is held
    judge_region(settings, snapshot)    indicators
    judge_publication(settings, files)  published: {audience: file} and briefs, before the pointer is moved
    load()                              what judging needs, for a process that is to judge soon

Everything is pushed down as SQL to a DuckDB file opened read-only. Results hold codes, periods and counts,
never a value of a record. A check that could not be carried out is neither a pass nor a fault in data: it
raises `JudgementError`. So does the canary (a known-good table must pass, a known-bad one must fail) when it
shows that verdicts cannot be trusted.

Great Expectations is imported only when there is something to judge: the import alone costs seconds.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from expectations import briefs, duckdb_patch, harmonised, indicators, memory, published
from expectations.expectation import ColumnCheck, Expectation, RowsCheck, suite_fingerprint
from expectations.judgement import ExpectationResult, HeldVintage, Judgement, Place, Vintage
from expectations.memory import hold
from pacific_parcels.errors import JudgementError
from pacific_parcels.members import load_members
from pacific_parcels.processes import COUNT, Processes
from pacific_parcels.settings import Settings

__all__ = [
    "ExpectationResult",
    "HeldVintage",
    "Judgement",
    "drop_stale_holds",
    "hold",
    "judge_publication",
    "judge_region",
    "judge_vintages",
    "load",
]


def drop_stale_holds(settings: Settings) -> list[Path]:
    """Drop the holds that another version of the suite made, so that their vintages are judged anew.

    Call it before the build, which reads the holds. Returns the files that were removed.
    """
    return memory.drop_holds_of_other_suites(settings, suite_fingerprint(harmonised.EXPECTATIONS))


def judge_vintages(settings: Settings, snapshot: Path) -> Judgement:
    """Judge the vintages in force that were not judged before beside the same others, and answer for all.

    The answer is a function of the snapshot alone: what is remembered stands beside what is judged now.
    """
    fingerprint = suite_fingerprint(harmonised.EXPECTATIONS)
    remembered = memory.VintageMemory(settings, fingerprint)
    in_force = _vintages_in_force(settings, snapshot)
    due = {
        table: {
            vintage
            for vintage, now in in_force.items()
            if vintage not in remembered.tables[table]
            or remembered.tables[table][vintage].context != now.contexts[table]
        }
        for table in harmonised.TABLES
    }
    found: dict[str, ExpectationResult] = {}
    if any(due.values()):
        with _opened(settings, snapshot) as judge:
            results = (
                *_judge_profiles(judge, due[harmonised.PROFILES]),
                *_judge_items(judge, due[harmonised.ITEMS], in_force),
                *_judge_item_ids(judge, due[harmonised.ITEM_IDS], in_force),
            )
        _require_carried_out(settings, Judgement(harmonised.SUITE, fingerprint, results), snapshot)
        found = {result.expectation_id: result for result in results}
        _remember(remembered, found, due, in_force)
    return Judgement(
        harmonised.SUITE,
        fingerprint,
        tuple(
            _answer(expectation, found, due, in_force, remembered) for expectation in harmonised.EXPECTATIONS
        ),
    )


def judge_region(settings: Settings, snapshot: Path) -> Judgement:
    """Judge the regional figures as a whole: a critical failure keeps the previous publication standing."""
    with _opened(settings, snapshot) as judge:
        results = judge.evaluate(indicators.SUITE, indicators.EXPECTATIONS)
    judgement = Judgement(indicators.SUITE, suite_fingerprint(indicators.EXPECTATIONS), tuple(results))
    _require_carried_out(settings, judgement, snapshot)
    return judgement


def judge_publication(
    settings: Settings, files: Mapping[str, Path], processes: Processes | None = None
) -> Judgement:
    """Judge the staged files, {audience: file}: first the tables and columns, then, if these are right, what
    they hold. The briefs beside them are judged all at once, with the first of the files. `processes` judge
    several files at once."""
    audiences = sorted(files)
    members = load_members(settings)
    suites = {audience: published.expectations(members, audience) for audience in audiences}
    shares = 1 if processes is None else min(COUNT, len(audiences))
    orders = [
        (settings, files, {audience: suites[audience] for audience in audiences[start::shares]})
        for start in range(shares)
    ]
    answers = map(_judge_files, orders) if processes is None else processes.map(_judge_files, orders)
    of_files = {audience: found for answer in answers for audience, found in answer.items()}
    judged = [*briefs.EXPECTATIONS, *(each for suite in suites.values() for part in suite for each in part)]
    results = [result for audience in audiences for result in of_files[audience]]
    judgement = Judgement(published.SUITE, suite_fingerprint(judged), tuple(_merged(results)))
    _require_carried_out(settings, judgement, *files.values())
    return judgement


def load() -> None:
    """Load Great Expectations, which takes as long as a small build, and make it report to nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import_module("great_expectations")


# (structure, content) of one audience's file
Suites = tuple[tuple[Expectation, ...], tuple[Expectation, ...]]


def _judge_files(
    order: tuple[Settings, Mapping[str, Path], Mapping[str, Suites]],
) -> dict[str, list[ExpectationResult]]:
    """What was found of each of some audiences: {audience: results}; of the briefs, with the first of all."""
    settings, files, suites = order
    found: dict[str, list[ExpectationResult]] = {}
    for audience, (structure, content) in suites.items():
        # What the canary tries is the same for every file: Great Expectations, its driver and its patch.
        with _opened(settings, files[audience], with_canary=not found) as judge:
            of_file = judge.evaluate(published.SUITE, structure)
            if all(result.status == "PASS" for result in of_file):
                of_file += judge.evaluate(published.SUITE, content)
                if audience == min(files):
                    batches = {briefs.TABLE: briefs.batch(files)}
                    of_file += judge.evaluate(published.SUITE, briefs.EXPECTATIONS, batches)
        found[audience] = [
            replace(result, places=tuple({"audience": audience, **place} for place in result.places))
            for result in of_file
        ]
    return found


@dataclass(frozen=True)
class _InForce:
    """A vintage in force, the period before it in its stream, what each table's checks judge it beside."""

    member_code: str
    stream_code: str
    time_period: str
    extract_id: str
    period_before: str | None
    contexts: Mapping[str, str]

    def place(self, fault_count: int) -> Place:
        return {
            "extract_id": self.extract_id,
            "member_code": self.member_code,
            "stream_code": self.stream_code,
            "time_period": self.time_period,
            "fault_count": fault_count,
        }


def _vintages_in_force(settings: Settings, snapshot: Path) -> dict[Vintage, _InForce]:
    try:
        with duckdb.connect(str(snapshot), read_only=True, config=_configuration(settings)) as connection:
            rows = connection.execute(harmonised.VINTAGES_IN_FORCE).fetchall()
    except duckdb.Error as error:
        raise JudgementError(f"{snapshot.name}: the vintages in force cannot be read: {error}") from error
    in_force = {}
    for _, stream in groupby(rows, key=lambda row: row[:2]):
        before: tuple[Any, ...] | None = None
        for row in stream:
            member_code, stream_code, time_period, extract_id, history = row
            in_force[extract_id, time_period] = _InForce(
                member_code,
                stream_code,
                time_period,
                extract_id,
                period_before=before[2] if before else None,
                contexts={
                    harmonised.PROFILES: history,
                    harmonised.ITEMS: extract_id,
                    harmonised.ITEM_IDS: f"{extract_id} after {before[3]} {before[2]}"
                    if before
                    else extract_id,
                },
            )
            before = row
    return in_force


def _of_table(table: str) -> tuple[Expectation, ...]:
    return tuple(expectation for expectation in harmonised.EXPECTATIONS if expectation.check.table == table)


def _judge_profiles(judge: _Judge, due: set[Vintage]) -> list[ExpectationResult]:
    """Judge each vintage by the history that will stand: what fails is left out of the history of later ones.

    A verdict depends on earlier periods only: the earliest failure of each stream is settled first, then the
    next.
    """
    left_out: set[Vintage] = set()
    while due:
        batch = harmonised.profiles_batch(due, left_out)
        results = judge.evaluate(harmonised.SUITE, _of_table(harmonised.PROFILES), batch)
        failing = sorted(
            (place["member_code"], place["stream_code"], place["time_period"], place["extract_id"])
            for result in results
            if result.is_critical_failure
            for place in result.places
            if (place["extract_id"], place["time_period"]) not in left_out
        )
        if not failing:
            return results
        for _, stream in groupby(failing, key=lambda place: place[:2]):
            _, _, time_period, extract_id = next(stream)
            left_out.add((extract_id, time_period))
    return []


def _judge_items(
    judge: _Judge, due: set[Vintage], in_force: Mapping[Vintage, _InForce]
) -> list[ExpectationResult]:
    """One scan of the items of the vintages due, and no others."""
    if not due:
        return []
    vintages = [(now.member_code, now.time_period, now.extract_id) for now in map(in_force.__getitem__, due)]
    batch = harmonised.items_batch(None if len(due) == len(in_force) else vintages)
    return judge.evaluate(harmonised.SUITE, _of_table(harmonised.ITEMS), batch)


def _judge_item_ids(
    judge: _Judge, due: set[Vintage], in_force: Mapping[Vintage, _InForce]
) -> list[ExpectationResult]:
    """Member by member, so that only one member's item ids are held in memory."""
    results: list[ExpectationResult] = []
    ordered = sorted((in_force[vintage] for vintage in due), key=lambda now: now.member_code)
    for member_code, of_member in groupby(ordered, key=lambda now: now.member_code):
        vintages = list(of_member)
        periods = {now.time_period for now in vintages} | {
            now.period_before for now in vintages if now.period_before
        }
        batch = harmonised.item_ids_batch(member_code, periods, due)
        results += judge.evaluate(harmonised.SUITE, _of_table(harmonised.ITEM_IDS), batch)
    return _merged(results)


def _remember(
    remembered: memory.VintageMemory,
    found: Mapping[str, ExpectationResult],
    due: Mapping[str, set[Vintage]],
    in_force: Mapping[Vintage, _InForce],
) -> None:
    """Keep what passed. A vintage that fails a critical check is not kept: its hold speaks for it."""
    for table, vintages in due.items():
        warnings: dict[Vintage, dict[str, int]] = {vintage: {} for vintage in vintages}
        for expectation in _of_table(table) if vintages else ():
            result = found[expectation.expectation_id]
            for vintage, place in zip(result.vintages, result.places, strict=True):
                if result.severity == "critical":
                    warnings.pop(vintage, None)
                elif vintage in warnings:
                    warnings[vintage][result.expectation_id] = int(place["fault_count"])
        for vintage in vintages:
            remembered.tables[table].pop(vintage, None)
            if vintage in warnings:
                context = in_force[vintage].contexts[table]
                remembered.tables[table][vintage] = memory.Remembered(context, warnings[vintage])
    remembered.save()


def _answer(
    expectation: Expectation,
    found: Mapping[str, ExpectationResult],
    due: Mapping[str, set[Vintage]],
    in_force: Mapping[Vintage, _InForce],
    remembered: memory.VintageMemory,
) -> ExpectationResult:
    """The verdict on all vintages in force: of those judged now and of those remembered."""
    expectation_id, table = expectation.expectation_id, expectation.check.table
    places = list(found[expectation_id].places) if expectation_id in found else []
    for vintage in sorted(in_force.keys() - due[table]):
        count = remembered.tables[table][vintage].warnings.get(expectation_id)
        if count:
            places.append(in_force[vintage].place(count))
    places.sort(
        key=lambda place: (
            place["member_code"],
            place["stream_code"],
            place["time_period"],
            place["extract_id"],
        )
    )
    return ExpectationResult(harmonised.SUITE, expectation, "FAIL" if places else "PASS", tuple(places))


def _merged(results: Sequence[ExpectationResult]) -> list[ExpectationResult]:
    """One result for each expectation, over the parts (members, audiences) that it was evaluated on."""
    merged: dict[str, ExpectationResult] = {}
    from_best_to_worst = ("PASS", "FAIL", "ERRORED")
    for result in results:
        known = merged.setdefault(result.expectation_id, result)
        if known is not result:
            merged[result.expectation_id] = replace(
                known,
                status=max(known.status, result.status, key=from_best_to_worst.index),
                places=(*known.places, *result.places),
                message=known.message or result.message,
            )
    return list(merged.values())


def _require_carried_out(settings: Settings, judgement: Judgement, *files: Path) -> None:
    memory.log(settings, judgement, judged=[f"{file.parent.name}/{file.name}" for file in files])
    if judgement.errored:
        reasons = "; ".join(f"{result.expectation_id}: {result.message}" for result in judgement.errored)
        raise JudgementError(
            f"{judgement.suite}: {len(judgement.errored)} of {len(judgement.results)} checks could not be"
            f" carried out, so nothing is published: {reasons}"
        )


def _configuration(settings: Settings) -> dict[str, Any]:
    """One configuration for every connection to a file in this process: DuckDB refuses two."""
    settings.spill.mkdir(parents=True, exist_ok=True)
    return {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


@contextmanager
def _opened(settings: Settings, file: Path, *, with_canary: bool = True) -> Iterator[_Judge]:
    from sqlalchemy.exc import SQLAlchemyError

    judge = _Judge(settings, file)
    try:
        if with_canary:
            judge.try_canary()
        yield judge
    except SQLAlchemyError as error:
        raise JudgementError(f"{file.name}: what is to be judged cannot be read: {error}") from error
    finally:
        judge.close()


class _Judge:
    """Great Expectations on one DuckDB file, read-only."""

    def __init__(self, settings: Settings, file: Path) -> None:
        if not file.is_file():
            raise JudgementError(f"{file.name}: there is no such file to judge")
        load()
        import great_expectations as gx
        from sqlalchemy.engine import URL

        duckdb_patch.apply()
        # GX raises this one logger of its own to INFO, and it tells of each ephemeral context.
        logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
        self._file_name = file.name
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        # It would write itself as YAML, to nowhere, twice for each batch: most of what a small one costs.
        context._save_project_config = lambda: None
        self._source = context.data_sources.add_sql(
            "judged",
            connection_string=URL.create("duckdb", database=str(file.resolve())).render_as_string(),
            kwargs={
                "connect_args": {"read_only": True, "config": _configuration(settings)},
                # In a transaction one check that crashes would take all later ones with it.
                "isolation_level": "AUTOCOMMIT",
            },
            create_temp_table=False,
        )
        self._batches = 0

    def close(self) -> None:
        """Let go of the file. GX has two engines: one to evaluate with, one to look at the file with."""
        self._source.get_execution_engine().engine.dispose()
        self._source.get_engine().dispose()

    def evaluate(
        self, suite: str, expectations: Sequence[Expectation], batches: Mapping[str, str] | None = None
    ) -> list[ExpectationResult]:
        """A result for each expectation, in their order.

        `batches` says by which query a check's table is made; one that it does not name is read as it stands.
        """
        results: dict[str, ExpectationResult] = {}
        tables = list(dict.fromkeys(expectation.check.table for expectation in expectations))
        with ExitStack() as stack:
            names = {
                table: stack.enter_context(self._table_to_read(table, (batches or {}).get(table)))
                for table in tables
            }
            for table, name in names.items():
                # Column checks are answered with a bare yes or no: any other form carries values of records.
                columns = [
                    each
                    for each in expectations
                    if isinstance(each.check, ColumnCheck) and each.check.table == table
                ]
                for result in self._validate(suite, name, columns, names, "BOOLEAN_ONLY"):
                    results[result.expectation_id] = (
                        self._located(result, names) if result.status == "FAIL" else result
                    )
            # A check of rows names its own table: one round of Great Expectations answers all of them.
            rows = [each for each in expectations if isinstance(each.check, RowsCheck)]
            for result in self._validate(suite, names[tables[0]] if tables else "", rows, names, "COMPLETE"):
                results[result.expectation_id] = result
        return [results[expectation.expectation_id] for expectation in expectations]

    @contextmanager
    def _table_to_read(self, table: str, query: str | None) -> Iterator[str]:
        """GX runs the query of a batch several times over: what a query makes is made once, as a temporary
        table of the connection (the file stays as it is)."""
        if query is None:
            yield table
            return
        from sqlalchemy import text

        engine = self._source.get_execution_engine()
        engine.execute_query(text(f"create temporary table judged_{table} as {query}"))
        yield f"judged_{table}"
        engine.execute_query(text(f"drop table judged_{table}"))

    def try_canary(self) -> None:
        good = self.evaluate("canary", CANARY, {"canary": CANARY_GOOD})
        bad = self.evaluate("canary", CANARY, {"canary": CANARY_BAD})
        wrong = [result for result in good if result.status != "PASS"]
        wrong += [result for result in bad if result.status != "FAIL" or result.unexpected_count != 1]
        if wrong:
            reasons = "; ".join(
                f"{result.expectation.title_en}: {result.status} ({result.unexpected_count}) {result.message}"
                for result in wrong
            )
            raise JudgementError(
                f"{self._file_name}: the canary shows that verdicts cannot be trusted: {reasons}"
            )

    def _located(self, result: ExpectationResult, names: Mapping[str, str]) -> ExpectationResult:
        """Where a column check fails. If nowhere, GX and the check's own SQL contradict each other."""
        check = result.expectation.check
        assert isinstance(check, ColumnCheck)
        locator = replace(
            result.expectation,
            check=RowsCheck(
                check.table,
                f"select {check.places}, {check.fault_count} as fault_count from batch"
                f" where {check.is_faulty} group by all",
            ),
        )
        (located,) = self._validate(result.suite, names[check.table], [locator], names, "COMPLETE")
        if located.status == "PASS":
            return replace(result, status="ERRORED", message="the column check fails, but no row is at fault")
        return replace(located, expectation=result.expectation)

    def _validate(
        self,
        suite: str,
        table: str,
        expectations: Sequence[Expectation],
        names: Mapping[str, str],
        result_format: str,
    ) -> list[ExpectationResult]:
        if not expectations:
            return []
        import great_expectations as gx

        self._batches += 1
        name = f"{suite}_{self._batches}"
        asset = self._source.add_query_asset(name, query=f"select * from {table}")
        batch = asset.add_batch_definition_whole_table(name).get_batch()
        by_id = {expectation.expectation_id: expectation for expectation in expectations}
        gx_suite = gx.ExpectationSuite(
            name=name, expectations=[_gx_expectation(expectation, names) for expectation in expectations]
        )
        validated = batch.validate(gx_suite, result_format=result_format)
        results = []
        for answer in validated.results:
            expectation = by_id.pop(answer.expectation_config.meta["expectation_id"])
            message = _exception_message(answer.exception_info)
            if message is not None:
                results.append(ExpectationResult(suite, expectation, "ERRORED", message=message))
            elif answer.success:
                results.append(ExpectationResult(suite, expectation, "PASS"))
            else:
                places = answer.result["details"]["places"] if result_format == "COMPLETE" else ()
                results.append(ExpectationResult(suite, expectation, "FAIL", tuple(places)))
        results += [
            ExpectationResult(suite, missing, "ERRORED", message="no answer") for missing in by_id.values()
        ]
        return results


def _exception_message(exception_info: Mapping[str, Any] | None) -> str | None:
    """GX reports a check that crashed as one that failed; its exception lies one level deep or two."""
    info = exception_info or {}
    for part in (info, *(nested for nested in info.values() if isinstance(nested, Mapping))):
        if part.get("raised_exception"):
            return " ".join(str(part.get("exception_message") or "unknown exception").split())[:300]
    return None


def _gx_expectation(expectation: Expectation, names: Mapping[str, str]) -> Any:
    import great_expectations.expectations as gxe

    check = expectation.check
    common: dict[str, Any] = {
        "severity": expectation.severity,
        "meta": {"expectation_id": expectation.expectation_id},
    }
    if isinstance(check, ColumnCheck):
        return getattr(gxe, check.name)(column=check.column, **check.arguments, **common)
    # One row, or none, however many places there are: GX cuts the rows that it hands on at 200. It wants its
    # own batch named; that is one table, and checks of several are asked together.
    query = check.query.replace("{", "{{").replace("}", "}}")
    return _places_expectation()(
        unexpected_rows_query=f"""
            with batch_of_gx as (select * from {{batch}}),
            batch as (select * from {names[check.table]}),
            faulty as ({query})
            select to_json(list(faulty))::varchar as places from faulty having count(*) > 0
        """,
        **common,
    )


@cache
def _places_expectation() -> Any:
    """GX's UnexpectedRowsExpectation, but it runs its query once, not twice, and hands on only places."""
    import great_expectations.expectations as gxe

    class PlacesExpectation(gxe.UnexpectedRowsExpectation):
        metric_dependencies = ("unexpected_rows_query.table",)

        def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
            rows = metrics["unexpected_rows_query.table"]
            places = sorted((place for row in rows for place in json.loads(row["places"])), key=str)
            return {
                "success": not places,
                "result": {"observed_value": len(places), "details": {"places": places}},
            }

    return PlacesExpectation


def _canary(expectation_id: str, what: str, check: RowsCheck | ColumnCheck) -> Expectation:
    return Expectation(expectation_id, "critical", what, what, what, what, check)


# Every kind of check that the suites use, on a table in which all is well and one with a fault of each kind.
CANARY_GOOD = """
    select * from (values ('a', 1, date '2026-01-31'), ('b', 0, date '2026-02-01')) as good(code, amount, day)
"""
CANARY_BAD = """
    select * from (values ('a', 1, null), ('z', -1, date '2026-02-01')) as bad(code, amount, day)
"""
CANARY = (
    _canary(
        "C1",
        "not null",
        ColumnCheck("canary", "ExpectColumnValuesToNotBeNull", "day", "day is null", {}, "'day' as place"),
    ),
    _canary(
        "C2",
        "in set",
        ColumnCheck(
            "canary",
            "ExpectColumnValuesToBeInSet",
            "code",
            "code not in ('a', 'b')",
            {"value_set": ["a", "b"]},
            places="'code' as place",
        ),
    ),
    _canary(
        "C3",
        "between",
        ColumnCheck(
            "canary",
            "ExpectColumnValuesToBeBetween",
            "amount",
            "amount < 0",
            {"min_value": 0},
            places="'amount' as place",
        ),
    ),
    _canary(
        "C4",
        "no row",
        RowsCheck("canary", "select count(*) as fault_count from batch where amount < 0 having count(*) > 0"),
    ),
)
