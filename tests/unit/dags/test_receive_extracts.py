"""The DAG receive_extracts, run to its end: what is landed, and whether a failure of one member is seen."""

from __future__ import annotations

import json
import logging
import shutil
from datetime import timedelta
from typing import Any

import pytest

from dags import steps
from pacific_parcels import landing, publishing
from pacific_parcels.settings import Settings

pytestmark = [pytest.mark.usefixtures("airflow_database"), pytest.mark.timeout(300)]


def run_dag() -> tuple[str, dict[str, list[str]]]:
    """The state of the run, and the states of each task (a mapped one has several)."""
    from dags.receive_extracts import receive_extracts

    run = receive_extracts.test()
    states: dict[str, list[str]] = {}
    for task in run.get_task_instances():
        states.setdefault(task.task_id, []).append(str(task.state))
    return str(run.state), states


def statuses_of_receipts(settings: Settings, member_code: str) -> list[str]:
    receipts = sorted((settings.receipts / member_code).glob("*.json"))
    return [json.loads(receipt.read_text(encoding="utf-8"))["status"] for receipt in receipts]


@pytest.fixture
def only_test_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "member_codes", lambda: ["XA", "XB", "XC"])


def test_a_task_is_mapped_for_each_member_and_all_are_landed(settings: Settings) -> None:
    state, tasks = run_dag()

    assert state == "success"
    assert len(tasks["receive"]) == len(steps.member_codes()) == 24 + 3
    assert set(tasks["receive"]) == {"success"}
    for member_code in ("XA", "XB", "XC"):
        assert statuses_of_receipts(settings, member_code) == ["ACCEPTED"]


@pytest.mark.usefixtures("only_test_members")
def test_a_member_that_crashes_turns_the_run_red_and_is_named_while_the_others_are_landed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []
    receive_member = landing.receive_member

    def crash_on_xb(settings: Settings, member: Any, key: Any) -> landing.ReceiveOutcome:
        tries.append(member.code)
        if member.code == "XB":
            raise RuntimeError("the parser fell over")
        return receive_member(settings, member, key)

    monkeypatch.setattr(landing, "receive_member", crash_on_xb)
    with caplog.at_level(logging.INFO, logger="pacific_parcels.progress"):
        state, tasks = run_dag()

    assert state == "failed"
    assert tasks["verdict"] == ["failed"]
    assert sorted(tasks["receive"]) == ["failed", "success", "success"]
    assert [record.getMessage()[:3] for record in caplog.records if record.levelno == logging.ERROR] == [
        "XB:"
    ]
    assert statuses_of_receipts(settings, "XA") == ["ACCEPTED"]
    assert statuses_of_receipts(settings, "XB") == []
    assert statuses_of_receipts(settings, "XC") == ["ACCEPTED"]
    assert tries.count("XB") == 1, "a crash is not tried again: it would crash again"
    assert tasks["landed"] == ["success"], "the region goes on with those that came"


@pytest.mark.usefixtures("only_test_members")
def test_a_source_that_cannot_be_reached_is_tried_three_times_and_then_named(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dags.receive_extracts import receive_extracts

    arguments = receive_extracts.task_dict["receive"].partial_kwargs
    monkeypatch.setitem(arguments, "retry_delay", timedelta(0))
    # A file where the member's folder should be: the folder cannot be listed.
    shutil.rmtree(settings.inbox / "xb")
    (settings.inbox / "xb").write_text("", encoding="utf-8")

    with caplog.at_level(logging.INFO, logger="pacific_parcels.progress"):
        state, tasks = run_dag()

    assert state == "failed"
    assert sorted(tasks["receive"]) == ["failed", "success", "success"]
    tried = [
        record for record in caplog.records if record.levelno == logging.INFO and "XB" in record.getMessage()
    ]
    assert len(tried) == 3
    assert [record.getMessage()[:3] for record in caplog.records if record.levelno == logging.ERROR] == [
        "XB:"
    ]


@pytest.mark.usefixtures("only_test_members")
def test_a_refused_extract_is_a_row_and_not_a_failure(settings: Settings) -> None:
    (settings.inbox / "xb" / "XB_202603.csv").write_text(
        "id,worth,arrived\nA1,10.00,2026-03-02\n", encoding="utf-8"
    )

    state, tasks = run_dag()

    assert state == "success"
    assert tasks["receive"] == ["success"] * 3
    assert statuses_of_receipts(settings, "XB") == ["REFUSED"]


@pytest.mark.usefixtures("only_test_members", "settings")
def test_the_bell_is_not_rung_when_all_is_published_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "is_current", lambda settings: True)

    state, tasks = run_dag()

    assert state == "success"
    assert tasks["landed"] == ["skipped"]
    assert tasks["verdict"] == ["success"]
