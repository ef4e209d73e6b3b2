"""inputs.json: what a publication was made from, so that it can be made again and compared.

    code             the version of the library, one SHA-256 over every line that the figures depend on, and
                     the commit, where this is a checkout; the SHA-256 says whether it was changed
    extracts         those in force: extract, member, stream, months in force, SHA-256 of the bytes received;
                     and every gap report, since what was once believed is published too
    member_files     the YAML of each member
    code_lists       the seeds, the exchange rates among them
    exchange_rates   the rates used, as published

The secretariat gets all of it. The public gets the same without the two lists that name members' files: their
number and one SHA-256 over each list. Whoever holds the secretariat's file can prove that it is the same one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess  # nosec B404
from pathlib import Path
from typing import Any

import duckdb

from pacific_parcels.settings import REPOSITORY, Settings, codes_directory

FILE = "inputs.json"
Inputs = dict[str, Any]


def inputs_of(
    connection: duckdb.DuckDBPyConnection, settings: Settings, run_id: str, code: dict[str, str]
) -> Inputs:
    """The inputs of a run; the snapshot that it is made from is attached as w."""
    extracts = connection.execute("""
        select
            v.extract_id, v.member_code, v.stream_code, list(v.time_period order by v.time_period),
            r.content_sha256
        from w.int_vintages v join w.mart_receipts r using (extract_id)
        where v.vintage_status = 'IN_FORCE'
        group by all
        union all
        select extract_id, member_code, stream_code, [time_period_start], content_sha256
        from w.stg_gap_reports
        where status = 'ACCEPTED'
        order by all
    """).fetchall()
    columns = ("extract_id", "member_code", "stream_code", "time_periods", "content_sha256")
    rates = connection.execute("""
        select count(*), sha256(coalesce(string_agg(rates::varchar, chr(10) order by rates::varchar), ''))
        from w.mart_exchange_rates as rates
    """).fetchall()[0]
    member_files = [path for folder in settings.member_directories for path in sorted(folder.glob("*.yml"))]
    return {
        "run_id": run_id,
        "code": {**code, "commit": commit_of(REPOSITORY)},
        "extracts": [dict(zip(columns, row, strict=True)) for row in extracts],
        "member_files": _hashed(member_files),
        "code_lists": _hashed(sorted(codes_directory().glob("*.csv"))),
        "exchange_rates": {"count": rates[0], "sha256": rates[1]},
    }


def commit_of(repository: Path) -> str | None:
    """The commit that is checked out; None where there is no git, or no checkout of this very directory."""
    try:
        # No shell, and a git that is the operator's own, wherever it lies.
        found = subprocess.run(  # nosec B603 B607
            ["git", "-C", str(repository), "rev-parse", "--show-toplevel", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    top, _, commit = found.stdout.strip().partition("\n")
    return commit if commit and Path(top).resolve() == repository.resolve() else None


def for_the_public(inputs: Inputs) -> Inputs:
    return {**inputs, **{name: _summary(inputs[name]) for name in ("extracts", "member_files")}}


def write_inputs(inputs: Inputs, folder: Path) -> None:
    text = json.dumps(inputs, ensure_ascii=False, indent=1)
    (folder / FILE).write_text(f"{text}\n", encoding="utf-8")


def _hashed(paths: list[Path]) -> list[dict[str, str]]:
    return [{"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False)
    return {"count": len(rows), "sha256": hashlib.sha256(text.encode()).hexdigest()}
