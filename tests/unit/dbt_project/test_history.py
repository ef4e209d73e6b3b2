"""The history of builds, from results in the shape that dbt gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from dbt_project import history
from pacific_parcels.settings import Settings

STARTED = datetime(2026, 4, 20, 9, 0, tzinfo=UTC)


def result(name: str, kind: str, status: str, seconds: float) -> SimpleNamespace:
    node = SimpleNamespace(name=name, resource_type=kind)
    return SimpleNamespace(node=node, status=status, execution_time=seconds)


def lines(settings: Settings) -> list[dict[str, object]]:
    return [json.loads(line) for line in settings.build_history.read_text(encoding="utf-8").splitlines()]


def test_a_build_is_told_with_what_failed_and_what_took_longest(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    results = [
        result("mart_items", "model", "success", 2.5),
        result("mart_coverage", "model", "error", 0.25),
        result("unique_mart_items", "test", "pass", 0.5),
        result("channels", "seed", "success", 0.125),
    ]
    history.note(settings, results, started_at=STARTED, seconds=3.456, is_success=False)
    assert lines(settings) == [
        {
            "started_at": "2026-04-20T09:00:00+00:00",
            "seconds": 3.5,
            "is_success": False,
            "models": 2,
            "tests": 1,
            "failed": ["mart_coverage"],
            "slowest": [
                ["mart_items", 2.5], ["unique_mart_items", 0.5], ["mart_coverage", 0.25], ["channels", 0.12],
            ],
        }
    ]  # fmt: skip


def test_only_the_last_builds_are_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for second in range(history.KEPT + 3):
        history.note(settings, [], started_at=STARTED, seconds=second, is_success=True)
    kept = [line["seconds"] for line in lines(settings)]
    assert len(kept) == history.KEPT
    assert (kept[0], kept[-1]) == (3, history.KEPT + 2)
