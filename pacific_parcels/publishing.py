"""Publishing: one read-only DuckDB file per audience, open data beside it, a pointer replaced in one instant.

    published/<audience>/<run>.duckdb    a path is never used for two publications: readers may hold it open
    published/open_data/<run>/           the public indicators as Parquet and CSV, with a note about them
    published/current.json               the pointer: which run is in force

What is published is a pure function of the landing, the member files and this code: no clock is read. `stage`
writes the files, a judge reads them, `commit` moves the pointer. A run that is killed before `commit` leaves
the previous publication standing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels import __version__
from pacific_parcels.contract import CONTRACT_VERSION
from pacific_parcels.disclosure import (
    AUDIENCES,
    INDICATOR_COLUMNS,
    Audience,
    busiest_days_for,
    coverage_for,
    indicators_for,
)
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.layout import quoted
from pacific_parcels.receipts import input_rows, write_json
from pacific_parcels.settings import PACKAGE, REPOSITORY, Settings

KEPT_PUBLICATIONS = 5
CODE = (PACKAGE, REPOSITORY / "dbt_project", REPOSITORY / "expectations")
CODE_SUFFIXES = (".py", ".sql", ".yml", ".csv")
OPEN_DATA_FILES = ("indicators.parquet", "indicators.csv", "README.txt")
POINTER_KEYS = {"run_id", "run_number", "input_fingerprint", "audiences"}

QUALITY_COLUMNS = {
    "suite": "VARCHAR",
    "expectation_id": "VARCHAR",
    "severity": "VARCHAR",
    "status": "VARCHAR",
    "title_en": "VARCHAR",
    "title_fr": "VARCHAR",
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


def input_fingerprint(settings: Settings) -> str:
    """Identity of everything that a publication is made from."""
    inputs = json.dumps(input_rows(settings), sort_keys=True, ensure_ascii=False, default=str)
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
    open_data = [f"open_data/{pointer['run_id']}/{name}" for name in OPEN_DATA_FILES]
    return all((settings.published / path).is_file() for path in (*pointer["audiences"].values(), *open_data))


def stage(settings: Settings, snapshot: Path, quality_results: Iterable[dict[str, Any]]) -> StagedPublication:
    """Write the file of each audience, and the open data, out of a snapshot of the warehouse."""
    previous = current(settings)
    run_number = (previous["run_number"] if previous else 0) + 1
    fingerprint = input_fingerprint(settings)
    run_id = f"{run_number:05d}-{fingerprint[:12]}"
    # What was staged and never pointed at goes, and what a killed stage left half done.
    _remove(settings, [number for number in _run_numbers(settings) if number >= run_number])
    quality = sorted(quality_results, key=lambda row: (row["suite"], row["expectation_id"]))
    files: dict[str, Path] = {}
    facts: dict[str, Any] = {}
    for audience in AUDIENCES:
        path = settings.published / audience / f"{run_id}.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}")
        facts = _write_audience(settings, scratch, snapshot, audience, run_id, fingerprint, quality)
        scratch.replace(path)
        files[audience] = path
    _write_open_data(settings, files["public"], run_id, facts)
    pointer = {
        "run_id": run_id,
        "run_number": run_number,
        "input_fingerprint": fingerprint,
        "audiences": {audience: f"{audience}/{run_id}.duckdb" for audience in AUDIENCES},
        "open_data": f"open_data/{run_id}",
        **facts,
    }
    return StagedPublication(run_id, files, pointer)


def commit(settings: Settings, staged: StagedPublication) -> None:
    """Point at the staged files, in one instant, and let go of all but the last publications."""
    write_json(settings.pointer, staged.pointer)
    newest = staged.pointer["run_number"]
    _remove(settings, [number for number in _run_numbers(settings) if number <= newest - KEPT_PUBLICATIONS])


def _run_numbers(settings: Settings) -> set[int]:
    folders = [settings.published / name for name in (*AUDIENCES, "open_data")]
    names = [path.name.lstrip(".") for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {int(name.split("-")[0]) for name in names if name.split("-")[0].isdigit()}


def _remove(settings: Settings, run_numbers: Iterable[int]) -> None:
    for number in run_numbers:
        for folder in (*AUDIENCES, "open_data"):
            for path in [
                *(settings.published / folder).glob(f"{number:05d}-*"),
                *(settings.published / folder).glob(f".{number:05d}-*"),
            ]:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def _write_audience(
    settings: Settings,
    path: Path,
    snapshot: Path,
    audience: Audience,
    run_id: str,
    fingerprint: str,
    quality: list[dict[str, Any]],
) -> dict[str, Any]:
    """Write one audience's file; the facts of the catalogue that the pointer repeats."""
    connection = duckdb.connect(
        str(path), config={"threads": settings.threads, "memory_limit": settings.memory_limit}
    )
    try:
        connection.execute(f"attach {quoted(str(snapshot))} as w (read_only)")
        for table, query in _tables(audience).items():
            connection.execute(f"create table {table} as {query}")
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in QUALITY_COLUMNS.items())
        connection.execute(f"create table quality_results ({columns})")
        if quality:
            rows = [[row[name] for name in QUALITY_COLUMNS] for row in quality]
            connection.executemany(
                f"insert into quality_results values ({', '.join('?' * len(QUALITY_COLUMNS))})", rows
            )
        connection.execute(
            _CATALOGUE,
            [run_id, audience, f"{__version__}+{code_fingerprint()[:8]}", CONTRACT_VERSION, fingerprint],
        )
        connection.execute("detach w")
        row = connection.execute(
            "select as_of_date::varchar as as_of_date, last_time_period, is_synthetic from catalogue"
        ).fetchone()
        connection.execute("checkpoint")
    finally:
        connection.close()
    if row is None:
        raise PacificParcelsError("the catalogue has no row: a defect of ours")
    return dict(zip(("as_of_date", "last_time_period", "is_synthetic"), row, strict=True))


_CATALOGUE = """
    create table catalogue as
    select
        ? as run_id,
        ? as audience,
        (select max(received_at)::date from w.mart_receipts) as as_of_date,
        (select min(time_period) from w.mart_coverage) as first_time_period,
        (select max(time_period) from w.mart_coverage) as last_time_period,
        coalesce((
            select bool_or(r.is_synthetic) from w.mart_receipts r
            where r.extract_id in (select extract_id from w.int_vintages where vintage_status = 'IN_FORCE')
        ), false) as is_synthetic,
        ? as code_version,
        ? as contract_version,
        ? as input_fingerprint,
        (
            select count(distinct member_code)::integer from w.int_vintages where vintage_status = 'IN_FORCE'
        ) as members_reporting,
        (
            select count(distinct extract_id)::integer from w.int_vintages where vintage_status = 'IN_FORCE'
        ) as extracts_in_force
"""


def _tables(audience: Audience) -> dict[str, str]:
    """The tables of one audience's file: name and query over the snapshot, attached as w.

    They are made in this order: a code list keeps the codes of the tables made before it, so that it tells no
    audience of a port or a country that it is not shown.
    """
    tables = {
        "indicators": indicators_for(audience, "w.mart_indicators", "w.stg_members"),
        "indicator_definitions": "select * from w.mart_indicator_definitions order by indicator_code",
        "members": (
            "select member_code, name_en, name_fr, currency_code, customs_system from w.stg_members "
            "order by member_code"
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
        "busiest_days": busiest_days_for(audience, "w.mart_busiest_days", "w.stg_members"),
        "ports": (
            "select port_code, member_code, name from w.ports "
            "where port_code in (select port_code from busiest_days) order by port_code"
        ),
        "coverage": coverage_for(audience, "w.mart_coverage", "w.stg_members"),
        "exchange_rates": "select * from w.mart_exchange_rates order by currency_code, time_period",
    }
    if audience == "secretariat":
        tables |= {
            "catalogue_extracts": (
                "select extract_id, member_code, stream_code, time_period, received_at, vintage_number "
                "from w.int_vintages where vintage_status = 'IN_FORCE' "
                "order by member_code, stream_code, time_period"
            ),
            "receipts": (
                "select extract_id, member_code, stream_code, time_period_start, time_period_end, status, "
                "received_at, rows_in, rows_accepted, rows_rejected, rows_duplicate, rows_warned "
                "from w.mart_receipts order by member_code, received_at, extract_id"
            ),
            "rejections": (
                "select member_code, rule_id, any_value(level order by received_period) as level, "
                "max(title_en) as title_en, max(title_fr) as title_fr, "
                "max(remedy_en) as remedy_en, max(remedy_fr) as remedy_fr, "
                "sum(row_count)::bigint as row_count, sum(extract_count)::bigint as extract_count "
                "from w.mart_rejections group by member_code, rule_id order by member_code, rule_id"
            ),
            "held_vintages": (
                "select v.member_code, v.stream_code, v.time_period, v.extract_id, h.expectation_id, "
                "h.reason_en, h.reason_fr from w.int_vintages v "
                "join w.stg_holds h on v.extract_id = h.extract_id and v.time_period = h.time_period "
                "order by all"
            ),
        }
    return tables


def _write_open_data(settings: Settings, public_file: Path, run_id: str, facts: dict[str, Any]) -> None:
    """The public indicators for everyone's own tools.

    In the CSV a text that a spreadsheet would run as a formula is disarmed.
    """
    folder = settings.published / "open_data" / run_id
    scratch = folder.with_name(f".{run_id}")
    scratch.mkdir(parents=True)
    texts = [name for name in INDICATOR_COLUMNS if name not in ("obs_value", "unit_mult")]
    safe = ", ".join(
        f"case when regexp_matches({name}, '^[=+@\\t\\r-]') then '''' || {name} else {name} end as {name}"
        for name in texts
    )
    synthetic = str(bool(facts["is_synthetic"])).lower()
    connection = duckdb.connect(str(public_file), read_only=True)
    try:
        connection.execute(
            f"copy (select *, {synthetic} as is_synthetic from indicators) "
            f"to {quoted(str(scratch / 'indicators.parquet'))} (format parquet, compression zstd)"
        )
        connection.execute(
            f"copy (select * replace ({safe}), {synthetic} as is_synthetic from indicators) "
            f"to {quoted(str(scratch / 'indicators.csv'))} (header)"
        )
    finally:
        connection.close()
    (scratch / "README.txt").write_text(_open_data_note(run_id, facts), encoding="utf-8")
    scratch.replace(folder)


def _open_data_note(run_id: str, facts: dict[str, Any]) -> str:
    warning = (
        "SYNTHETIC: these figures come from invented extracts and describe no country.\n"
        "SYNTHÉTIQUE : ces chiffres proviennent d'extraits inventés et ne décrivent aucun pays.\n\n"
        if facts["is_synthetic"]
        else ""
    )
    return (
        f"{warning}Pacific Parcels, open data, run {run_id}, as of {facts['as_of_date']}, "
        f"months to {facts['last_time_period']}.\n\n"
        "indicators.parquet and indicators.csv hold the same rows, one observation each:\n"
        "indicator_code, member_code, channel_code, value_band_code,\n"
        "counterpart_code (_T is the total, member _T the region),\n"
        "frequency (M), time_period (YYYY-MM), obs_value, unit_measure, unit_mult (power of ten),\n"
        "obs_status (A normal, P provisional, E estimated, M missing),\n"
        "conf_status (F free, C confidential: no value), is_synthetic.\n"
        "In the CSV a code that begins with = + - @ carries a leading apostrophe,\n"
        "so that no spreadsheet runs it as a formula.\n"
    )
