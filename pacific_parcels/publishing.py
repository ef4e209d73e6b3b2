"""Publishing: one read-only DuckDB file per audience, open data beside it, a pointer replaced in one instant.

    published/<audience>/<run>.duckdb    a path is never used for two publications: readers may hold it open
    published/open_data/<run>/           the public indicators for everyone's tools: Parquet, CSV, SDMX, pages
    published/secretariat/<run>/         what it was made from, and members' items in the shape of PACComtrade
    published/<audience>/<run>.briefs/   the briefs of each audience: HTML and PDF, English and French
    published/current.json               the pointer: which run is in force

What is published is a pure function of the landing, the member files and this code: no clock is read. `stage`
writes the files and has them attacked, a judge reads them, `commit` moves the pointer. A run that is killed
before `commit` leaves the previous publication standing, and so does one whose files tell too much.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import duckdb

from pacific_parcels import __version__, auditing
from pacific_parcels.auditing import Audit
from pacific_parcels.briefs.files import brief_files
from pacific_parcels.contract import CONTRACT_VERSION
from pacific_parcels.disclosure import (
    PUBLIC,
    SECRETARIAT,
    audiences_of,
    busiest_days_for,
    coverage_for,
    indicators_for,
    protect,
    sharing_terms_for,
    summary_for,
    viewer_of,
)
from pacific_parcels.errors import GateClosed, PacificParcelsError
from pacific_parcels.layout import quoted
from pacific_parcels.open_data.files import PUBLIC_FILES, SECRETARIAT_FILES
from pacific_parcels.processes import COUNT, Processes
from pacific_parcels.progress.published import note_measured, note_progress, tables_of
from pacific_parcels.receipts import input_rows, write_json
from pacific_parcels.settings import PACKAGE, REPOSITORY, Settings

log = logging.getLogger("pacific_parcels.progress")

KEPT_PUBLICATIONS = 5
# Of fewer figures a publication is made sooner than other processes have started.
WORTH_PROCESSES = 50_000
ATTACK_EXPECTATION = "E361"  # as which the attack stands among the results of checks
CODE = (PACKAGE, REPOSITORY / "dbt_project", REPOSITORY / "expectations")
CODE_SUFFIXES = (".py", ".sql", ".yml", ".csv", ".typ")
OPEN_DATA = "open_data"
POINTER_KEYS = {"run_id", "run_number", "input_fingerprint", "audiences"}

# Where protection and attack keep what they found, and what the attack came to, with the time it took.
PROTECTED = "protected_parts.json"
ATTACKED = "attacked_parts.json"
ATTACK = "attack.json"
ATTACK_TITLES = (
    "No hidden figure can be worked out, or bounded too closely, from all that this audience holds.",
    "Aucun chiffre masqué ne peut être déduit, ni encadré de trop près, de tout ce que ce public détient.",
)

QUALITY_COLUMNS = {
    "suite": "VARCHAR",
    "expectation_id": "VARCHAR",
    "severity": "VARCHAR",
    "status": "VARCHAR",
    "title_en": "VARCHAR",
    "title_fr": "VARCHAR",
    "unexpected_count": "BIGINT",
}
PLACE_COLUMNS = {
    "suite": "VARCHAR",
    "expectation_id": "VARCHAR",
    "member_code": "VARCHAR",
    "time_period": "VARCHAR",
    "unexpected_count": "BIGINT",
}


@dataclass(frozen=True)
class StagedPublication:
    """Files that lie ready: nobody reads them until `commit` points at them."""

    run_id: str
    files: dict[str, Path]
    pointer: dict[str, Any]


def code_fingerprint() -> str:
    """What the figures depend on besides data: every line of the library, the models and the expectations."""
    digest = hashlib.sha256()
    for root in CODE:
        for path in sorted(root.rglob("*")):
            if path.suffix in CODE_SUFFIXES and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(root.parent)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def input_fingerprint(settings: Settings, rows: Mapping[str, Any] | None = None) -> str:
    """Identity of everything that a publication is made from: of these rows of input, or of those of now."""
    inputs = json.dumps(
        input_rows(settings) if rows is None else rows, sort_keys=True, ensure_ascii=False, default=str
    )
    return hashlib.sha256(f"{code_fingerprint()}\n{inputs}".encode()).hexdigest()[:32]


def current(settings: Settings) -> dict[str, Any] | None:
    """The pointer, or None before the first publication."""
    try:
        pointer = json.loads(settings.pointer.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        pointer = None
    if not isinstance(pointer, dict) or not pointer.keys() >= POINTER_KEYS:
        raise PacificParcelsError(
            f"{settings.pointer}: the pointer is damaged; expected the name of a run; "
            "remove the file and publish again"
        )
    return pointer


def is_current(settings: Settings) -> bool:
    """Whether the publication in force is the one that would come out of a new run."""
    pointer = current(settings)
    if pointer is None or pointer.get("input_fingerprint") != input_fingerprint(settings):
        return False
    run_id = pointer["run_id"]
    names = [f"{OPEN_DATA}/{run_id}/{name}" for name in PUBLIC_FILES]
    names += [f"{SECRETARIAT}/{run_id}/{name}" for name in SECRETARIAT_FILES]
    names += [
        f"{folder}/{name}" for audience, folder in pointer["briefs"].items() for name in brief_files(audience)
    ]
    return all((settings.published / name).is_file() for name in (*pointer["audiences"].values(), *names))


def stage(
    settings: Settings,
    snapshot: Path,
    quality_results: Iterable[dict[str, Any]],
    fingerprint: str | None = None,
    processes: Processes | None = None,
) -> StagedPublication:
    """Write the file of each audience, and the open data, out of a snapshot of the warehouse.

    `fingerprint` is that of the inputs which the snapshot was built from: what has come in since is not in
    it, and must make the next publication due. None where nothing can have come in. `processes` work on parts
    at once; where none are given, some are started if it is worth it.
    """
    previous = current(settings)
    run_number = (previous["run_number"] if previous else 0) + 1
    if fingerprint is None:
        fingerprint = input_fingerprint(settings)
    run_id = f"{run_number:05d}-{fingerprint[:12]}"
    # What was staged and never pointed at goes, and what a killed stage left half done.
    _remove(settings, [number for number in _run_numbers(settings) if number >= run_number])
    code_version = f"{__version__}+{code_fingerprint()[:8]}"
    with (
        Processes() as started,
        duckdb.connect(
            config={"threads": settings.threads, "memory_limit": settings.memory_limit}
        ) as connection,
    ):
        connection.execute(f"attach {quoted(str(snapshot))} as w (read_only)")
        ((figures,),) = connection.execute("select count(*) from w.mart_indicators").fetchall()
        if processes is None and figures >= WORTH_PROCESSES:
            processes = started
        members = connection.execute("select member_code from w.stg_members").fetchall()
        held = files_held(settings, previous)
        protected = _remembered(settings, PROTECTED)
        protect(connection, held, protected, processes)
        _note_changes(connection, next(iter(held.get(SECRETARIAT, [])), None))
        _note_quality(connection, quality_results)
        as_of = _as_of(connection)
        note_progress(connection, settings, as_of)

        def write(audience: str) -> tuple[Path, dict[str, Any]]:
            path = settings.published / audience / f"{run_id}.duckdb"
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_name(f".{path.name}")
            with connection.cursor() as cursor:
                facts = _write_audience(
                    cursor, scratch, audience, run_id, code_version, fingerprint, held, as_of
                )
            scratch.replace(path)
            return path, facts

        audiences = audiences_of(code for (code,) in members)
        # What DuckDB writes in the order that it is given keeps one core busy for each file.
        with ThreadPoolExecutor(settings.threads) as threads:
            written = dict(zip(audiences, threads.map(write, audiences), strict=True))
        files = {audience: path for audience, (path, _) in written.items()}
        facts = written[PUBLIC][1]
        _attack(settings, files, snapshot, held, processes)
        write_json(settings.judged / PROTECTED, {"code": code_fingerprint(), "parts": protected})
        _write_folders(settings, connection, files[PUBLIC], run_id, facts["is_synthetic"])
        _write_briefs(files, run_id, processes)
    pointer = {
        "run_id": run_id,
        "run_number": run_number,
        "input_fingerprint": fingerprint,
        "audiences": {audience: f"{audience}/{run_id}.duckdb" for audience in files},
        "open_data": f"{OPEN_DATA}/{run_id}",
        "secretariat_files": f"{SECRETARIAT}/{run_id}",
        "briefs": {audience: f"{audience}/{run_id}.briefs" for audience in files},
        **facts,
    }
    return StagedPublication(run_id, files, pointer)


def commit(settings: Settings, staged: StagedPublication) -> None:
    """Point at the staged files, in one instant, and let go of all but the last publications."""
    write_json(settings.pointer, staged.pointer)
    newest = staged.pointer["run_number"]
    _remove(settings, [number for number in _run_numbers(settings) if number <= newest - KEPT_PUBLICATIONS])


def files_held(settings: Settings, pointer: dict[str, Any] | None) -> dict[str, list[Path]]:
    """What readers hold: the files of every publication that is kept, by audience, the newest first."""
    held: dict[str, list[Path]] = {}
    for audience in pointer["audiences"] if pointer else {}:
        numbered = {
            int(path.name.split("-")[0]): path
            for path in (settings.published / audience).glob("*-*.duckdb")
            if path.name.split("-")[0].isdigit()
        }
        newest = pointer["run_number"] if pointer else 0
        held[audience] = [numbered[number] for number in sorted(numbered, reverse=True) if number <= newest]
    return {audience: files for audience, files in held.items() if files}


def _folders(settings: Settings) -> list[Path]:
    """One for each audience that was ever published to, and that of the open data."""
    return [path for path in settings.published.glob("*") if path.is_dir()]


def _run_numbers(settings: Settings) -> set[int]:
    names = [path.name.lstrip(".") for folder in _folders(settings) for path in folder.iterdir()]
    return {int(name.split("-")[0]) for name in names if name.split("-")[0].isdigit()}


def _remove(settings: Settings, run_numbers: Iterable[int]) -> None:
    for number in run_numbers:
        for folder in _folders(settings):
            for path in [*folder.glob(f"{number:05d}-*"), *folder.glob(f".{number:05d}-*")]:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def _write_audience(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    audience: str,
    run_id: str,
    code_version: str,
    fingerprint: str,
    held: dict[str, list[Path]],
    as_of: date | None,
) -> dict[str, Any]:
    """Write one audience's file; the facts of the catalogue that the pointer repeats."""
    file = f"file_of_{audience}"  # others are being written at the same time
    connection.execute(f"attach {quoted(str(path))} as {file}")
    try:
        connection.execute(f"use {file}")
        for table, query in _tables(audience).items():
            connection.execute(f"create table {table} as {query}")
        note_measured(connection, audience, as_of)
        _write_changes_of_terms(connection, audience, held.get(audience, []))
        connection.execute("create table quality_results as from memory.quality_results")
        connection.execute(
            _CATALOGUE,
            [run_id, audience, as_of, code_version, CONTRACT_VERSION, fingerprint],
        )
        row = connection.execute(
            "select as_of_date::varchar as as_of_date, last_time_period, is_synthetic from catalogue"
        ).fetchone()
        connection.execute("checkpoint")
    finally:
        connection.execute("use memory")
        connection.execute(f"detach {file}")
    if row is None:
        raise PacificParcelsError("the catalogue has no row: a defect of ours")
    return dict(zip(("as_of_date", "last_time_period", "is_synthetic"), row, strict=True))


def _as_of(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The day of the newest extract or gap report; None before the first."""
    ((day,),) = connection.execute(
        "select max(received_at)::date from (select received_at from w.mart_receipts "
        "union all select received_at from w.stg_gap_reports)"
    ).fetchall()
    return cast(date | None, day)


def _write_changes_of_terms(connection: duckdb.DuckDBPyConnection, audience: str, held: list[Path]) -> None:
    """Table sharing_changes: which terms are others than in the last publication; empty in the first one."""
    last = f"last_of_{audience}"
    before = "select * from sharing_terms limit 0"
    if held:
        connection.execute(f"attach {quoted(str(held[0]))} as {last} (read_only)")
        found = connection.execute(
            f"select 1 from duckdb_tables() where database_name = '{last}' and table_name = 'sharing_terms'"
        ).fetchall()
        before = f"from {last}.sharing_terms" if found else "from sharing_terms"
    connection.execute(f"""
        create table sharing_changes as
        select
            member_code, audience_class, indicator_group,
            b.detail as detail_before, n.detail as detail_now,
            b.minimum_cell_items as minimum_cell_items_before, n.minimum_cell_items as minimum_cell_items_now
        from sharing_terms n
        full join ({before}) b using (member_code, audience_class, indicator_group)
        where {"true" if held else "false"}
            and (n.detail, n.minimum_cell_items) is distinct from (b.detail, b.minimum_cell_items)
        order by all
    """)
    if held:
        connection.execute(f"detach {last}")


def _attack(
    settings: Settings,
    files: dict[str, Path],
    snapshot: Path,
    held: dict[str, list[Path]],
    processes: Processes | None,
) -> None:
    """Attack the files before anybody else does, and write into each what came of it.

    GateClosed: a figure that must stay hidden can be worked out, or bounded too closely. What an attack has
    shown to hold is kept under the identity of its numbers: an unchanged month is not attacked anew.
    """
    cleared = _remembered(settings, ATTACKED)
    audits = auditing.audit(files, snapshot, held, cleared, processes)
    failed = [audit for audit in audits if not audit.is_passed]
    if failed:
        raise GateClosed(
            "The previous publication stands: the attack on the new files works out what they hide. "
            + " ".join(_in_words(audit) for audit in failed[:3])
            + " Expected: no hidden figure within its interval. Nothing was published; the fault is one of "
            "disclosure control or of what an indicator declares under disclosure in its .yml."
        )
    for audit in audits:
        _write_audit(files[audit.audience], audit)
        log.info(
            "attack   %s  %d hidden figures attacked, none exposed; %d programs  %.1f s",
            audit.audience, audit.figures, audit.programs, audit.seconds,
        )  # fmt: skip
    settings.judged.mkdir(parents=True, exist_ok=True)
    write_json(settings.judged / ATTACKED, {"code": code_fingerprint(), "parts": cleared})
    told = ("figures", "known", "programs", "seconds")
    write_json(
        settings.judged / ATTACK,
        {
            audit.audience: {name: getattr(audit, name) for name in told}
            | {"exposed": len(audit.findings), "narrowest": _narrowest(audit)}
            for audit in audits
        },
    )


def _remembered(settings: Settings, name: str) -> dict[str, Any]:
    """What the same code found of parts of earlier publications; the numbers of a part are its name."""
    try:
        kept = json.loads((settings.judged / name).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    parts: dict[str, Any] = kept["parts"] if kept.get("code") == code_fingerprint() else {}
    return parts


def _in_words(audit: Audit) -> str:
    found = "; ".join(
        f"{one.figure}: {one.kind}, between {one.lower:g} and {one.upper:g}" for one in audit.findings[:3]
    )
    return f"{audit.audience}: {len(audit.findings)} figures exposed ({found})."


def _narrowest(audit: Audit) -> float | None:
    """As a multiple of the width that is asked for; None where nothing bounds a hidden figure."""
    return round(audit.narrowest, 3) if math.isfinite(audit.narrowest) else None


def _write_audit(path: Path, audit: Audit) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update catalogue set attacked_figures = ?, exposed_figures = 0, narrowest_interval = ?",
            [audit.figures, _narrowest(audit)],
        )
        connection.execute(
            f"insert into quality_results by name select 'published' as suite, "
            f"'{ATTACK_EXPECTATION}' as expectation_id, 'critical' as severity, 'PASS' as status, "
            "? as title_en, ? as title_fr, 0 as unexpected_count",
            list(ATTACK_TITLES),
        )
        connection.execute("checkpoint")


_CATALOGUE = """
    create table catalogue as
    select
        ? as run_id,
        ? as audience,
        ?::date as as_of_date,
        (select min(time_period) from w.mart_coverage) as first_time_period,
        (select max(time_period) from w.mart_coverage) as last_time_period,
        coalesce((
            select bool_or(is_synthetic) from (
                select r.is_synthetic from w.mart_receipts r
                semi join (from w.int_vintages where vintage_status = 'IN_FORCE') using (extract_id)
                union all
                select g.is_synthetic from w.stg_gap_reports g where g.status = 'ACCEPTED'
            )
        ), false) as is_synthetic,
        ? as code_version,
        ? as contract_version,
        ? as input_fingerprint,
        (
            select count(distinct member_code)::integer from w.int_vintages where vintage_status = 'IN_FORCE'
        ) as members_reporting,
        (
            select count(distinct extract_id)::integer from w.int_vintages where vintage_status = 'IN_FORCE'
        ) as extracts_in_force,
        -- What the attack on this file came to, once it has been made.
        null::integer as attacked_figures,
        null::integer as exposed_figures,
        null::double as narrowest_interval
"""


def _tables(audience: str) -> dict[str, str]:
    """The tables of one audience's file: name and query over the snapshot, attached as w.

    They are made in this order: a code list keeps the codes of the tables made before it, so that it tells no
    audience of a port or a country that it is not shown.
    """
    tables = {
        "indicators": indicators_for(audience),
        "disclosure_summary": summary_for(audience),
        "sharing_terms": sharing_terms_for(audience),
        "indicator_definitions": "select * from w.mart_indicator_definitions order by indicator_code",
        "members": (
            "select member_code, name_en, name_fr, currency_code, customs_system, ("
            "select string_agg(distinct mode_code, ' ' order by mode_code) from w.stg_de_minimis d "
            "where d.member_code = m.member_code and d.valid_to is null) as relief_mode_codes "
            "from w.stg_members m order by member_code"
        ),
        "channels": "select channel_code, name_en, name_fr, sort_order from w.channels order by sort_order",
        "value_bands": (
            "select value_band_code, name_en, name_fr, sort_order from w.value_bands order by sort_order"
        ),
        "counterparts": (
            "select * from (select country_code as counterpart_code, name_en, name_fr from w.countries "
            "union all select '_U', 'Not known', 'Non connu') "
            "where counterpart_code in (select counterpart_code from indicators) order by 1"
        ),
        "busiest_days": busiest_days_for(audience),
        "ports": (
            "select port_code, member_code, name from w.ports "
            "where port_code in (select port_code from busiest_days) order by port_code"
        ),
        "coverage": coverage_for(audience),
        "events": "select * exclude (is_regressor) from w.mart_events order by starts_on, event_code",
        "exchange_rates": "select * from w.mart_exchange_rates order by currency_code, time_period",
        **tables_of(audience),
    }
    if audience == SECRETARIAT:
        tables["catalogue_extracts"] = (
            "select extract_id, member_code, stream_code, time_period, received_at, vintage_number "
            "from w.int_vintages where vintage_status = 'IN_FORCE' "
            "order by member_code, stream_code, time_period"
        )
        tables |= _tables_of_work("")
    elif viewer := viewer_of(audience):
        tables |= _tables_of_work(f"where member_code = '{viewer}'")
    return tables


def _tables_of_work(where: str) -> dict[str, str]:
    """What speaks of single extracts and offices: all of it for the secretariat, its own for each member."""
    # A member knows its extracts by the name of the file; the id is the secretariat's.
    extract_id = "" if where else "extract_id, "
    receipt = (
        f"{extract_id}member_code, stream_code, source_name, time_period_start, time_period_end, "
        "status, received_at, rows_in, rows_accepted, rows_rejected, rows_duplicate, rows_warned"
    )
    return {
        "receipts": (
            f"select {receipt} from w.mart_receipts {where} union all "
            f"select {receipt} from w.stg_gap_reports {where} "
            "order by member_code, received_at, stream_code, source_name"
        ),
        "rejections": (
            "select member_code, rule_id, any_value(level order by received_period) as level, "
            "max(title_en) as title_en, max(title_fr) as title_fr, "
            "max(remedy_en) as remedy_en, max(remedy_fr) as remedy_fr, "
            "sum(row_count)::bigint as row_count, sum(extract_count)::bigint as extract_count, "
            "max(received_period) as last_received_period "
            f"from w.mart_rejections {where} group by member_code, rule_id order by member_code, rule_id"
        ),
        "held_vintages": (
            f"select v.member_code, v.stream_code, v.time_period, {extract_id and 'v.extract_id, '}"
            "h.expectation_id, h.reason_en, h.reason_fr "
            f"from (select * from w.int_vintages {where}) v "
            "join w.stg_holds h on v.extract_id = h.extract_id and v.time_period = h.time_period "
            "order by all"
        ),
        "quality_places": (
            f"select * from memory.quality_places {where} "
            "order by suite, expectation_id, time_period desc, member_code"
        ),
        "revisions": (
            "select member_code, time_period, first_items, last_items, revision_pct, versions_count, "
            f"last_known_from, revision_status from w.mart_revisions {where} "
            "order by member_code, time_period"
        ),
        # The capacity of an office holds from one day to another: that of its busiest day is asked for.
        "busiest_offices": (
            "select o.member_code, o.customs_office_code, o.time_period, o.items, o.items_per_working_day, "
            "o.busiest_date, o.busiest_day_items, max(c.items_per_day) as capacity_items_per_day "
            f"from (select * from w.mart_busiest_offices {where}) o left join w.stg_capacities c "
            "on o.member_code = c.member_code and o.customs_office_code = c.customs_office_code "
            "and coalesce(c.valid_from <= o.busiest_date, true) "
            "and coalesce(c.valid_to > o.busiest_date, true) group by all order by all"
        ),
        "publication_changes": f"select * from memory.publication_changes {where} order by all",
    }


def _note_quality(connection: duckdb.DuckDBPyConnection, quality_results: Iterable[dict[str, Any]]) -> None:
    """Table quality_results: what was judged so far, the same for every audience; and quality_places: where
    it failed, for the secretariat, and for each member its own."""
    results = sorted(quality_results, key=lambda row: (row["suite"], row["expectation_id"]))
    places = [
        {"suite": result["suite"], "expectation_id": result["expectation_id"], **place}
        for result in results
        for place in result["places"]
    ]
    for table, columns, rows in (
        ("quality_results", QUALITY_COLUMNS, results),
        ("quality_places", PLACE_COLUMNS, places),
    ):
        types = ", ".join(f"{name} {sql_type}" for name, sql_type in columns.items())
        connection.execute(f"create or replace table memory.{table} ({types})")
        if rows:
            connection.executemany(
                f"insert into memory.{table} values ({', '.join('?' * len(columns))})",
                [[row[name] for name in columns] for row in rows],
            )


def _note_changes(connection: duckdb.DuckDBPyConnection, previous: Path | None) -> None:
    """Table publication_changes: how the months of members differ from those of the publication in force.

    kind_code is NEW_REPORTER (the member's first months), ADDED (a month that was not in force), REVISED (it
    has another number of items), HELD (it was not before) or GONE (it was in force). Empty before the first.
    """
    connection.execute(
        "create or replace table memory.publication_changes (kind_code varchar, member_code varchar, "
        "time_period varchar, items_before bigint, items_after bigint)"
    )
    if previous is None:
        return
    connection.execute(f"attach {quoted(str(previous))} as previous (read_only)")
    try:
        connection.execute(_CHANGES)
    finally:
        connection.execute("detach previous")


_CHANGES = """
    insert into memory.publication_changes
    with before as (
        select member_code, time_period, status, items, status in ('REPORTED', 'NIL') as is_in_force
        from previous.coverage
    ),
    after as (
        select member_code, time_period, status, items, status in ('REPORTED', 'NIL') as is_in_force
        from w.mart_coverage
    ),
    months as (
        select
            member_code, time_period, before.items as items_before, after.items as items_after,
            coalesce(before.is_in_force, false) as was_in_force,
            coalesce(after.is_in_force, false) as is_in_force,
            after.status is not distinct from 'HELD' and before.status is distinct from 'HELD' as is_now_held
        from before full join after using (member_code, time_period)
    ),
    judged as (
        select
            case
                when is_now_held then 'HELD'
                when is_in_force and not was_in_force then
                    case
                        when bool_or(was_in_force) over (partition by member_code) then 'ADDED'
                        else 'NEW_REPORTER'
                    end
                when was_in_force and not is_in_force then 'GONE'
                when is_in_force and items_before is distinct from items_after then 'REVISED'
            end as kind_code,
            member_code, time_period, items_before, items_after
        from months
    )
    select * from judged where kind_code is not null
"""


def _write_folders(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    public_file: Path,
    run_id: str,
    is_synthetic: bool,
) -> None:
    """The open data, and what else the secretariat gets; the snapshot is attached as w."""
    # A member's light install checks files and never publishes: it has no pysdmx, which this loads.
    from pacific_parcels.open_data.folders import write_for_secretariat, write_open_data
    from pacific_parcels.open_data.inputs import inputs_of

    code = {"version": __version__, "contract_version": CONTRACT_VERSION, "sha256": code_fingerprint()}
    inputs = inputs_of(connection, settings, run_id, code)
    for name in (OPEN_DATA, SECRETARIAT):
        folder = settings.published / name / run_id
        scratch = folder.with_name(f".{run_id}")
        if name == OPEN_DATA:
            write_open_data(settings, public_file, inputs, scratch)
        else:
            write_for_secretariat(connection, inputs, is_synthetic, scratch)
        scratch.replace(folder)


def _write_briefs(files: dict[str, Path], run_id: str, processes: Processes | None) -> None:
    """The briefs of each audience, out of the file that it may open, beside that file."""
    jobs = [(path, path.with_name(f"{run_id}.briefs")) for path in files.values()]
    if processes is None:
        _write_some_briefs(jobs)
    else:
        processes.map(_write_some_briefs, [jobs[start::COUNT] for start in range(COUNT)])


def _write_some_briefs(jobs: list[tuple[Path, Path]]) -> None:
    from pacific_parcels.briefs.pdf import Press  # not part of a member's light install
    from pacific_parcels.briefs.writing import write_briefs

    press = Press()
    for path, folder in jobs:
        scratch = folder.with_name(f".{folder.name}")
        write_briefs(path, press, scratch)
        scratch.replace(folder)
