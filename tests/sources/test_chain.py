"""From a member's own server to an accepted receipt on it, as the scheduler runs it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dags import steps
from pacific_parcels.settings import Settings
from tests.small_member import member_file, put, text_of
from tests.sources.conftest import (
    CONNECTION,
    Connect,
    SshServer,
    breaking_line,
    everything_in,
    member_with,
    names_in,
)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_line_that_breaks_is_tried_again_by_airflow_and_the_receipt_goes_back(
    settings: Settings, sshd: SshServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.utils.db import initdb

    from dags.receive_extracts import receive_extracts

    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(settings.home))
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(tmp_path / "members"))
    monkeypatch.setenv("PACIFIC_PARCELS_QUIET_SECONDS", "0.1")
    monkeypatch.setattr(steps, "member_codes", lambda: ["XF"])
    # At once, or the test would wait as long as the task does.
    receive = receive_extracts.task_dict["receive"]
    monkeypatch.setitem(receive.partial_kwargs, "retry_delay", timedelta(0))
    out = tmp_path / "out"
    source = {"kind": "sftp", "connection": CONNECTION, "path": str(out)}
    member_file(tmp_path / "members", member_with(source, code="XF"))
    rows = 8_000
    put(out / "items-2026-03.csv", text_of(*[{"Country": "XF", "Port": ""}] * rows))
    before = everything_in(out)
    initdb()

    with breaking_line(sshd.port, cut_after=500_000) as line:
        connect(**sshd.connection(port=line.port))
        run = receive_extracts.test()

    assert line.has_broken
    assert str(run.state) == "success"
    assert [task.try_number for task in run.get_task_instances() if task.task_id == "receive"] == [2]
    receipt = json.loads((out / "receipts" / "items-2026-03.csv.receipt.json").read_text())
    assert (receipt["status"], receipt["rows_in"], receipt["rows_accepted"]) == ("ACCEPTED", rows, rows)
    assert names_in(out / "receipts") == ["items-2026-03.csv.receipt.html", "items-2026-03.csv.receipt.json"]
    assert {name: one for name, one in everything_in(out).items() if name in before} == before
