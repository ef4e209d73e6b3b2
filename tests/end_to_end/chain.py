"""Runs the main job as a person does, and reads what it published."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[2]
SMALL_DEMO = ("--items", "3000", "--months", "6")


def environment(home: Path) -> dict[str, str]:
    """The environment of a person's shell: nothing of Airflow, and the home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PACIFIC_PARCELS_HOME": str(home), "PYTHONPATH": str(ROOT)}


def main_job(
    home: Path, *arguments: str, program: tuple[str, ...] = ("-m", "dags.run_once")
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=1_500,
    )


def why(job: subprocess.CompletedProcess[str], home: Path) -> str:
    """For an assertion's message: what the job said, and the end of its log."""
    log = home / "airflow" / "main_job" / "run.log"
    tail = log.read_text(encoding="utf-8", errors="replace")[-6000:] if log.exists() else "no log"
    return f"exit code {job.returncode}\n{job.stdout}\n{job.stderr}\n--- {log}\n{tail}"


def pointer(home: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((home / "published" / "current.json").read_text(encoding="utf-8"))
    return content


def published(home: Path, audience: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    file = home / "published" / pointer(home)["audiences"][audience]
    with duckdb.connect(file, read_only=True) as publication:
        return publication.execute(query, list(parameters)).fetchall()


def items_of(home: Path, member_code: str, time_period: str) -> float | None:
    rows = published(
        home,
        "secretariat",
        "select obs_value from indicators where indicator_code = 'ITEMS' and channel_code = '_T'"
        " and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'"
        " and frequency = 'M' and member_code = ? and time_period = ?",
        member_code,
        time_period,
    )
    assert len(rows) == 1, rows
    value: float | None = rows[0][0]
    return value


def publication_content(home: Path) -> dict[str, Any]:
    """Everything that is published: the rows of every table of every audience, the open data, the pointer."""
    content: dict[str, Any] = {"pointer": pointer(home)}
    for audience, name in content["pointer"]["audiences"].items():
        with duckdb.connect(home / "published" / name, read_only=True) as publication:
            for (table,) in publication.execute(
                "select table_name from duckdb_tables() order by 1"
            ).fetchall():
                rows = publication.execute(f"select * from {table} order by all").fetchall()
                content[f"{audience}.{table}"] = rows
    open_data = home / "published" / content["pointer"]["open_data"]
    for file in sorted(open_data.iterdir()):
        content[f"open_data/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return content


def bytes_under(directory: Path) -> dict[str, tuple[str, int]]:
    """Hash and time of change of every file below."""
    return {
        str(path.relative_to(directory)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
