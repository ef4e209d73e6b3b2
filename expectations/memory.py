"""What has been judged, so that it is not judged again; and the holds, which keep a vintage out of the build.

    warehouse/judged/vintages.json   what passed, with its warnings; losing it only means judging again
    warehouse/judged/results.jsonl   one line for each judgement carried out: for people, read by nothing
    landing/holds/*.json             one vintage each, read by the build: part of the data, not of the cache

A hold that a person writes, without a `suite_fingerprint`, stays until that person removes it: it is the way
to take a wrong vintage out of force by hand, so that the right one is no longer compared with it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations.judgement import Judgement, Vintage
from pacific_parcels.settings import Settings


@dataclass(frozen=True)
class Remembered:
    """A vintage that passed one table's checks: what it was judged beside, and how often each warning was
    found."""

    context: str
    warnings: dict[str, int] = field(default_factory=dict)


class VintageMemory:
    """{table: {vintage: Remembered}} of one version of the suite.

    Only what passed is kept: a vintage that failed is kept out by its hold, and one whose hold was never
    written, because the process died, is judged again.
    """

    def __init__(self, settings: Settings, fingerprint: str) -> None:
        self._path = settings.judged / "vintages.json"
        self._fingerprint = fingerprint
        self.tables: defaultdict[str, dict[Vintage, Remembered]] = defaultdict(dict)
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return
        if stored["fingerprint"] == fingerprint:
            for table, extract_id, time_period, context, warnings in stored["passed"]:
                self.tables[table][extract_id, time_period] = Remembered(context, warnings)

    def save(self) -> None:
        passed = [
            [table, *vintage, remembered.context, remembered.warnings]
            for table, vintages in sorted(self.tables.items())
            for vintage, remembered in sorted(vintages.items())
        ]
        _write(self._path, {"fingerprint": self._fingerprint, "passed": passed})


def log(settings: Settings, judgement: Judgement, judged: list[str]) -> None:
    """Append one line: which expectations passed, and of the others how often and where they failed."""
    line = {
        "judged_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "judged": judged,
        "suite": judgement.suite,
        "fingerprint": judgement.fingerprint,
        "passed": [result.expectation_id for result in judgement.results if result.status == "PASS"],
        "others": [
            {
                "expectation_id": result.expectation_id,
                "severity": result.severity,
                "status": result.status,
                "unexpected_count": result.unexpected_count,
                "places": result.described_places(),
                "message": result.message,
            }
            for result in judgement.results
            if result.status != "PASS"
        ],
    }
    settings.judged.mkdir(parents=True, exist_ok=True)
    with (settings.judged / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def hold(settings: Settings, judgement: Judgement) -> list[Path]:
    """Write a hold for each vintage that fails a critical expectation: the next build leaves it out."""
    paths = []
    for held in judgement.held:
        path = settings.holds / f"{held.extract_id}_{held.time_period}.json"
        _write(
            path,
            {
                "extract_id": held.extract_id,
                "time_period": held.time_period,
                "expectation_id": held.expectation_id,
                "reason_en": held.reason_en,
                "reason_fr": held.reason_fr,
                "suite_fingerprint": judgement.fingerprint,
            },
        )
        paths.append(path)
    return paths


def drop_holds_of_other_suites(settings: Settings, fingerprint: str) -> list[Path]:
    dropped = []
    for path in sorted(settings.holds.glob("*.json")):
        if json.loads(path.read_text(encoding="utf-8")).get("suite_fingerprint", fingerprint) != fingerprint:
            path.unlink()
            dropped.append(path)
    return dropped


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
