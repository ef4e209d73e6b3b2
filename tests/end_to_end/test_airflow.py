"""`make airflow`: the real scheduler, on loopback only, lands extracts and publishes the region upon them.

One lies in a member's inbox; another is fetched from a real SFTP server, to which its receipt goes back.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.end_to_end.chain import ROOT, environment, items_of, pointer
from tests.end_to_end.extracts import leave_out_one_item
from tests.small_member import member_file, put, text_of
from tests.sources.conftest import CONNECTION, SshServer, member_with

pytestmark = pytest.mark.timeout(1_800)


def wait_for(what: str, look: Callable[[], Any], seconds: float) -> Any:
    """The first answer that is not empty. An Airflow that starts refuses connections for a while."""
    until = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < until:
        try:
            if answer := look():
                return answer
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            last = error
        time.sleep(1)
    pytest.fail(f"{what}: not within {seconds:.0f} s; last: {last!r}")


class Airflow:
    def __init__(self, home: Path, sources: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = home
        self.log = home / "standalone.log"
        self.token = ""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dags.standalone"],
                cwd=ROOT,
                env={**environment(home), **sources, "AIRFLOW__API__PORT": str(self.port)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def log_in(self) -> None:
        passwords = json.loads((self.home / "airflow" / "passwords.json").read_text(encoding="utf-8"))
        body = {"username": "admin", "password": passwords["admin"]}
        self.token = wait_for("token", lambda: self.call("POST", "/auth/token", body), 180)["access_token"]

    def runs(self, dag_id: str, **wanted: str) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]
        return [run for run in runs if all(run[name] == value for name, value in wanted.items())]

    def addresses(self) -> set[str]:
        """Where any process of this Airflow listens."""
        main = psutil.Process(self.process.pid)
        return {
            connection.laddr.ip
            for process in [main, *main.children(recursive=True)]
            for connection in process.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
        }

    def stop(self) -> list[int]:
        """End it as a service manager does; the processes that are still there afterwards."""
        family = [
            self.process.pid,
            *(p.pid for p in psutil.Process(self.process.pid).children(recursive=True)),
        ]
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            left = [
                pid for pid in family if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"
            ]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        return left


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder on the SFTP server that a member of its own fills, with one extract."""
    out = tmp_path / "out"
    put(out / "items-2026-03.csv", text_of(*[{"Country": "KR", "Port": ""}] * 3))
    return out


@pytest.fixture
def airflow(home: Path, out: Path, sshd: SshServer, tmp_path: Path) -> Iterator[Airflow]:
    source = {"kind": "sftp", "connection": CONNECTION, "path": str(out)}
    member = member_with(source, languages=("fr",), code="KR")
    member_file(tmp_path / "members", member.model_copy(update={"is_oco_member": False}))
    sources = {
        "PACIFIC_PARCELS_MEMBERS": str(tmp_path / "members"),
        "PACIFIC_PARCELS_QUIET_SECONDS": "0.1",
        f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps(sshd.connection()),
    }
    airflow = Airflow(home, sources)
    yield airflow
    if airflow.process.poll() is None:
        airflow.stop()


def test_extracts_are_landed_and_the_region_published_because_of_them(
    airflow: Airflow, home: Path, out: Path
) -> None:
    month = pointer(home)["last_time_period"]
    items_before, run_before = items_of(home, "NZ", month), pointer(home)["run_id"]
    wait_for("password file", lambda: (home / "airflow" / "passwords.json").exists(), 60)
    airflow.log_in()

    dags = wait_for("DAGs", lambda: len(airflow.call("GET", "/api/v2/dags")["dags"]) == 2, 120)
    assert dags
    assert airflow.call("GET", "/api/v2/importErrors")["import_errors"] == []
    assert {dag["is_paused"] for dag in airflow.call("GET", "/api/v2/dags")["dags"]} == {False}
    assert airflow.call("GET", "/api/v2/pools/duckdb_writer")["slots"] == 1
    assert airflow.addresses() == {"127.0.0.1"}
    assert (home / "airflow" / "passwords.json").stat().st_mode & 0o777 == 0o600

    leave_out_one_item(home, "NZ", month)
    started = airflow.call("POST", "/api/v2/dags/receive_extracts/dagRuns", {"logical_date": None})
    run_id = started["dag_run_id"]
    finished = ("success", "failed")
    received = wait_for(
        "receive_extracts",
        lambda: [r for r in airflow.runs("receive_extracts", dag_run_id=run_id) if r["state"] in finished],
        600,
    )
    assert received[0]["state"] == "success"
    tasks = airflow.call("GET", f"/api/v2/dags/receive_extracts/dagRuns/{run_id}/taskInstances?limit=100")
    mapped = {task["rendered_map_index"] for task in tasks["task_instances"] if task["task_id"] == "receive"}
    assert len(mapped) == 25
    assert {"FJ", "KR", "NZ", "TO"} <= mapped
    receipts = out / "receipts"
    receipt = json.loads((receipts / "items-2026-03.csv.receipt.json").read_text(encoding="utf-8"))
    assert (receipt["status"], receipt["rows_in"], receipt["rows_accepted"]) == ("ACCEPTED", 3, 3)
    page = (receipts / "items-2026-03.csv.receipt.html").read_text(encoding="utf-8")
    assert "Accepté" in page
    assert (out / "items-2026-03.csv").exists(), "nothing is deleted at the source"

    # The runs of the schedule begin by themselves: the region may first be published from what was there
    # before, and what landed meanwhile has to make another publication due.
    def with_both() -> bool:
        runs = airflow.runs("publish_region", run_type="asset_triggered")
        if any(run["state"] == "failed" for run in runs):
            pytest.fail(airflow.log.read_text(encoding="utf-8", errors="replace")[-4000:])
        return any(run["state"] == "success" for run in runs) and (
            items_of(home, "NZ", month) == items_before - 1
        )

    assert items_before is not None
    wait_for("publish_region", with_both, 900)
    assert pointer(home)["run_id"] != run_before
    assert airflow.addresses() == {"127.0.0.1"}
    assert airflow.stop() == []
