"""The history of builds: one line of JSON for each, out of dbt's own run results. The pages show it.

It is no part of a publication: how long a build took is true of a machine and not of the data. Builds are
made one at a time, so that the file has one writer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pacific_parcels.settings import Settings

KEPT = 200
SLOWEST = 5
FAILED = ("error", "fail", "runtime error")


def note(
    settings: Settings, results: Sequence[Any], *, started_at: datetime, seconds: float, is_success: bool
) -> None:
    """Append a build. `results` are dbt's: of each node its name and kind, its status and its seconds."""
    kinds = Counter(str(result.node.resource_type) for result in results)
    slowest = sorted(results, key=lambda result: -result.execution_time)[:SLOWEST]
    line = {
        "started_at": started_at.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "is_success": is_success,
        "models": kinds["model"],
        "tests": kinds["test"] + kinds["unit"],
        "failed": [result.node.name for result in results if result.status in FAILED],
        "slowest": [[result.node.name, round(result.execution_time, 2)] for result in slowest],
    }
    path = settings.build_history
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    lines = [*before[1 - KEPT :], json.dumps(line, ensure_ascii=False)]
    scratch = path.with_name(f".{path.name}")
    scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
    scratch.replace(path)
