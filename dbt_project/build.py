"""One build of the warehouse: from what is landed to the indicators, in one dbt process, the single writer.

The warehouse is a cache: everything in it comes again from landing, the member files and this project. A
build that was killed is simply run again. The models that read items read only the partitions (member, month)
that changed, unless the SQL that they are made with has changed: then the whole warehouse is built anew.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dbt_project import history
from pacific_parcels.errors import BuildError, PacificParcelsError, Unavailable
from pacific_parcels.settings import Settings

PROJECT = Path(__file__).resolve().parent
SNAPSHOTS_KEPT = 2

# What the models that read items are made with. The exchange rates are not among it: each partition carries
# those of its month.
LOGIC = (
    "dbt_project.yml",
    "macros",
    "models/staging",
    "models/intermediate",
    "models/marts",
    "series.py",
    "seeds/codes/hs_sections.csv",
    "seeds/codes/value_bands.csv",
)
CODES = ("seeds",)

LOCKED = "Could not set lock"
DAMAGED = (
    "not a valid DuckDB database file",
    "Could not read enough bytes",
    "Corrupt database file",
    "database file with version number",
)


@dataclass(frozen=True)
class BuildOutcome:
    """What a build leaves behind.

    snapshot             a closed copy of the warehouse that nothing writes to
    nodes                models, code lists and tests that ran
    changed_partitions   (member, month) pairs that came, changed or went
    input_fingerprint    of what it was built from
    """

    snapshot: Path
    run_id: str
    nodes: int
    seconds: float
    changed_partitions: int
    input_fingerprint: str = ""


@dataclass(frozen=True)
class _Before:
    """What the warehouse says of the last build that reached its end; nothing, where there was none."""

    logic: str | None = None
    codes: str | None = None
    partitions: frozenset[tuple[str, str, str]] = frozenset()


def build(settings: Settings, *, unit_tests: bool = False) -> BuildOutcome:
    """Write the inputs, build every model, test it, and leave a snapshot to be judged.

    Errors: BuildError with dbt's words where a model or a test of it fails; Unavailable where another process
    has the warehouse open.
    """
    from pacific_parcels import publishing, receipts

    # Of the very rows that are written: an extract may land while the models are built.
    fingerprint = publishing.input_fingerprint(settings, receipts.write_inputs(settings))
    return replace(build_models(settings, unit_tests=unit_tests), input_fingerprint=fingerprint)


def build_models(settings: Settings, *, unit_tests: bool = False) -> BuildOutcome:
    """As `build`, from the inputs that are there."""
    started = time.monotonic()
    run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    for directory in (settings.warehouse, settings.spill, settings.snapshots):
        directory.mkdir(parents=True, exist_ok=True)

    logic, codes = _fingerprint(LOGIC), _fingerprint(CODES)
    before = _look_before(settings)
    arguments = ["build"]
    if before.logic != logic:
        settings.warehouse_file.unlink(missing_ok=True)
        _log_of(settings.warehouse_file).unlink(missing_ok=True)
    elif before.codes == codes:
        arguments += ["--exclude", "path:seeds"]
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
        if _are_docs_current(settings):
            arguments.append("--no-write-json")  # the documentation alone reads them: a second
    results = _invoke(settings, arguments)
    after = _close_build(settings, logic, codes)

    return BuildOutcome(
        snapshot=_take_snapshot(settings, run_id),
        run_id=run_id,
        nodes=len(results),
        seconds=time.monotonic() - started,
        changed_partitions=len({partition[:2] for partition in before.partitions ^ after}),
    )


def write_docs(settings: Settings) -> Path:
    """Write the documentation of every model, test and indicator as one HTML file that needs no network."""
    for directory in (settings.warehouse, settings.spill):
        directory.mkdir(parents=True, exist_ok=True)
    arguments = ["docs", "generate", "--static"]
    is_built = _look_before(settings).logic == _fingerprint(LOGIC)
    if is_built and (_target(settings) / "manifest.json").is_file():
        arguments.append("--no-compile")  # the build has compiled these models: several seconds
    _invoke(settings, arguments)
    return _target(settings) / "static_index.html"


def publish_docs(settings: Settings) -> Path:
    """The documentation as one page beside the publications, written anew where the models are other ones."""
    page = _docs_page(settings)
    if _are_docs_current(settings):
        return page
    page.parent.mkdir(parents=True, exist_ok=True)
    scratch = page.with_name(f".{page.name}")
    text = write_docs(settings).read_text(encoding="utf-8")
    scratch.write_text(f"{text}\n{_made_of()}", encoding="utf-8")
    scratch.replace(page)
    return page


def _docs_page(settings: Settings) -> Path:
    return settings.published / "models" / "index.html"


def _made_of() -> str:
    """The last line of the documentation: which models it is of."""
    return f"<!-- {_fingerprint((*LOGIC, *CODES, 'models/indicators'))} -->\n"


def _are_docs_current(settings: Settings) -> bool:
    page = _docs_page(settings)
    return page.is_file() and page.read_text(encoding="utf-8").endswith(_made_of())


def compile_models(settings: Settings, models: Iterable[str]) -> Path:
    """Compile models without running them; dbt's target directory, which has their statements."""
    for directory in (settings.warehouse, settings.spill):
        directory.mkdir(parents=True, exist_ok=True)
    _invoke(settings, ["compile", "--select", *models])
    return _target(settings)


def _target(settings: Settings) -> Path:
    return settings.warehouse / "dbt" / "target"


def _fingerprint(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        path = PROJECT / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.suffix in {".sql", ".yml", ".csv", ".py"}:
                digest.update(f"{file.relative_to(PROJECT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(settings.warehouse_file))
    except duckdb.IOException as error:
        if LOCKED not in str(error):
            raise
        raise _unavailable(settings, str(error)) from error


def _unavailable(settings: Settings, words: str) -> Unavailable:
    return Unavailable(
        f"{settings.warehouse_file}: another process has the warehouse open; expected to be its only writer; "
        f"wait for that process to end, then run again. ({words.splitlines()[0]})"
    )


def _look_before(settings: Settings) -> _Before:
    if not settings.warehouse_file.exists():
        return _Before()
    try:
        connection = _open(settings)
    except duckdb.Error as error:
        # A full disk can leave a file that no longer opens. It is only a cache.
        if not any(words in str(error) for words in DAMAGED):
            raise
        return _Before()
    with connection:
        if not _has_table(connection, "built_with"):
            return _Before()
        logic, codes = connection.execute(
            "select any_value(logic_fingerprint), any_value(codes_fingerprint) from main.built_with"
        ).fetchone() or (None, None)
        return _Before(logic, codes, _stored_partitions(connection))


def _log_of(database_file: Path) -> Path:
    """What DuckDB wrote ahead and had not yet brought into the file."""
    return database_file.with_name(f"{database_file.name}.wal")


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and table_name = ?", [name]
    )
    return found.fetchone() is not None


def _stored_partitions(connection: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, str, str]]:
    if not _has_table(connection, "int_vintage_measures"):
        return frozenset()
    rows = connection.execute(
        "select distinct member_code, time_period, partition_fingerprint from main.int_vintage_measures"
    )
    return frozenset(rows.fetchall())


def _close_build(settings: Settings, logic: str, codes: str) -> frozenset[tuple[str, str, str]]:
    """Say in the warehouse what it was built with, last of all, and bring everything into the one file."""
    with _open(settings) as connection:
        connection.execute(
            "create or replace table main.built_with as"
            " select ? as logic_fingerprint, ? as codes_fingerprint",
            [logic, codes],
        )
        partitions = _stored_partitions(connection)
        connection.execute("checkpoint")
    return partitions


def _take_snapshot(settings: Settings, run_id: str) -> Path:
    """Copy the closed warehouse. The copy keeps the file's name: views carry the name of their catalogue."""
    scratch = settings.snapshots / f".{run_id}"
    scratch.mkdir()
    shutil.copyfile(settings.warehouse_file, scratch / settings.warehouse_file.name)
    folder = scratch.rename(settings.snapshots / run_id)
    for unfinished in settings.snapshots.glob(".*"):
        shutil.rmtree(unfinished)
    for older in sorted(settings.snapshots.iterdir())[:-SNAPSHOTS_KEPT]:
        shutil.rmtree(older)
    return folder / settings.warehouse_file.name


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The variables of profiles.yml, for as long as dbt runs."""
    wanted = {
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PACIFIC_PARCELS_WAREHOUSE_FILE": str(settings.warehouse_file),
        "PACIFIC_PARCELS_MEMORY_LIMIT": settings.memory_limit,
        "PACIFIC_PARCELS_THREADS": str(settings.threads),
        "PACIFIC_PARCELS_SPILL": str(settings.spill),
    }
    stood = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in stood.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _no_collections() -> Iterator[None]:
    """No search for cycles of objects while dbt runs: hundreds of looks through its manifest, a tenth of a
    build, for a few megabytes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _invoke(settings: Settings, arguments: Sequence[str]) -> list[Any]:
    """Run dbt in this process and close its connections; give the results of the nodes that ran."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    indicators = (PROJECT / "models" / "indicators").glob("ind_*.sql")
    variables = {
        "landing_dir": str(settings.landing),
        "inputs_dir": str(settings.inputs),
        "indicator_models": sorted(path.stem for path in indicators),
    }
    common = [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(_target(settings)), "--log-path", str(settings.warehouse / "dbt" / "logs")),
        *("--vars", json.dumps(variables), "--log-level", "none", "--log-level-file", "info"),
    ]
    started, started_at = time.monotonic(), datetime.now(UTC)
    with _environment(settings), _no_collections():
        try:
            outcome = dbtRunner().invoke([*arguments, *common])
        finally:
            DuckDBConnectionManager.close_all_connections()
    results = list(getattr(outcome.result, "results", []))
    if arguments[0] == "build":
        seconds = time.monotonic() - started
        history.note(settings, results, started_at=started_at, seconds=seconds, is_success=outcome.success)
    if not outcome.success:
        raise _failure(settings, outcome)
    return results


def _failure(settings: Settings, outcome: Any) -> PacificParcelsError:
    if outcome.exception is not None:
        words = str(outcome.exception).strip()
        return _unavailable(settings, words) if LOCKED in words else BuildError(f"dbt could not run: {words}")
    failed = [result for result in outcome.result if result.status in ("error", "fail", "runtime error")]
    lines = [f"{result.node.name}: {str(result.message).strip()}" for result in failed]
    if any(words in line for line in lines for words in DAMAGED):
        lines.append(f"{settings.warehouse_file} is damaged: delete it; the next run builds it anew.")
    return BuildError("\n".join(["The models could not be built; the last publication stands.", *lines]))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m dbt_project.build", description="Build the warehouse, and nothing else."
    )
    parser.add_argument("--docs", action="store_true", help="write the documentation as one HTML file")
    parser.add_argument("--unit-tests", action="store_true", help="run the unit tests of the models as well")
    chosen = parser.parse_args(arguments)
    settings = Settings.from_environment()
    try:
        if chosen.docs:
            print(write_docs(settings))
        else:
            outcome = build(settings, unit_tests=chosen.unit_tests)
            print(
                f"{outcome.nodes} models, code lists and tests in {outcome.seconds:.1f} s; "
                f"{outcome.changed_partitions} member months new or changed: {outcome.snapshot}"
            )
    except PacificParcelsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
