"""The DAG publish_region: the order of its steps, and that a failure is seen. The steps are stood in for."""

from __future__ import annotations

from typing import Any

import pytest

from dags import steps
from pacific_parcels.errors import GateClosed, Unavailable

pytestmark = [pytest.mark.usefixtures("airflow_database"), pytest.mark.timeout(120)]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps in the order in which they were called; each hands on what it was given."""
    calls: list[str] = []

    def stand_in(name: str, result: Any = None) -> None:
        def step(given: Any = None) -> Any:
            calls.append(name)
            return given if result is None else result

        monkeypatch.setattr(steps, name, step)

    stand_in("is_publication_due", True)
    stand_in("build_region", {"snapshot": "warehouse.duckdb"})
    for name in ("judge_vintages", "rebuild_without_held", "publish"):
        stand_in(name)
    stand_in("mail_briefs", {"sent": 0})
    return calls


def run_dag() -> tuple[str, dict[str, str]]:
    from dags.publish_region import publish_region

    run = publish_region.test()
    return str(run.state), {task.task_id: str(task.state) for task in run.get_task_instances()}


def test_the_region_is_built_judged_and_published_in_this_order(called: list[str]) -> None:
    state, _ = run_dag()

    assert state == "success"
    assert called == [
        "is_publication_due",
        "build_region",
        "judge_vintages",
        "rebuild_without_held",
        "publish",
        "mail_briefs",
    ]


def test_nothing_is_built_when_all_is_published_already_and_mail_that_waits_is_tried_again(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "is_publication_due", lambda: False)

    state, tasks = run_dag()

    assert state == "success"
    assert called == ["mail_briefs"]
    assert tasks["publish"] == "skipped"
    assert tasks["verdict"] == "skipped"


def test_mail_that_cannot_be_sent_is_seen_and_the_publication_stands(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> dict[str, Any]:
        raise Unavailable("FJ: ConnectionRefusedError")

    monkeypatch.setattr(steps, "mail_briefs", unreachable)

    state, tasks = run_dag()

    assert state == "success"
    assert (tasks["publish"], tasks["mail"], tasks["verdict"]) == ("success", "failed", "success")


def test_a_question_that_cannot_be_answered_turns_the_run_red(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> bool:
        raise RuntimeError("the pointer is damaged")

    monkeypatch.setattr(steps, "is_publication_due", broken)

    state, tasks = run_dag()

    assert state == "failed"
    assert (tasks["due"], tasks["verdict"]) == ("failed", "failed")


def test_a_closed_gate_turns_the_run_red(called: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(judged: dict[str, Any]) -> dict[str, Any]:
        raise GateClosed("the regional total is not the sum of the members")

    monkeypatch.setattr(steps, "publish", closed)

    state, tasks = run_dag()

    assert state == "failed"
    assert (tasks["publish"], tasks["verdict"]) == ("failed", "failed")
