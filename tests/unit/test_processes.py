"""Work in several processes: the same as in one, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pacific_parcels.errors import GateClosed, PacificParcelsError
from pacific_parcels.processes import COUNT, Processes

ROOT = Path(__file__).resolve().parents[2]


def squared(number: int) -> int:
    print("what is printed is no answer")
    return number * number


def process_of(_: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def refuse(number: int) -> int:
    raise GateClosed(f"refused: {number}")


def crash(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_answers_come_in_the_order_of_the_jobs() -> None:
    with Processes() as processes:
        assert processes.map(squared, range(25)) == [number * number for number in range(25)]
        assert processes.map(squared, [7]) == [49]
        assert processes.map(squared, []) == []


def test_two_work_at_once_and_are_gone_afterwards() -> None:
    with Processes() as processes:
        used = set(processes.map(process_of, range(4)))
        assert len(used) == COUNT == 2
        assert os.getpid() not in used
    assert not any(psutil.pid_exists(pid) for pid in used)


def test_one_job_starts_one_process_and_none_starts_none() -> None:
    before = len(psutil.Process().children())
    with Processes() as processes:
        processes.map(squared, [])
        assert len(psutil.Process().children()) == before
        processes.map(squared, [3])
        assert len(psutil.Process().children()) == before + 1


def test_an_error_of_the_function_is_raised_here() -> None:
    with Processes() as processes:
        with pytest.raises(GateClosed, match="refused: 4"):
            processes.map(refuse, [4])
        assert processes.map(squared, [5]) == [25], "and the process goes on"


def test_a_process_that_ends_is_told_with_what_to_do() -> None:
    with (
        Processes() as processes,
        pytest.raises(PacificParcelsError, match=r"exit code -9.*give this machine more"),
    ):
        processes.map(crash, [1])


def test_what_is_submitted_is_worked_on_while_others_are_waited_for() -> None:
    with Processes() as processes:
        later = [processes.submit(squared, number) for number in range(5)]
        refused = processes.submit(refuse, 4)
        assert [one.result() for one in later] == [0, 1, 4, 9, 16]
        with pytest.raises(GateClosed, match="refused: 4"):
            refused.result()


def test_a_block_that_ends_waits_for_nobody() -> None:
    began = time.monotonic()
    with Processes() as processes:
        asleep = [processes.submit(time.sleep, 600) for _ in range(5)]
        assert processes.submit(squared, 2).cancel(), "it waits for a process"
    assert time.monotonic() - began < 60
    assert all(one.cancelled() or isinstance(one.exception(), PacificParcelsError) for one in asleep)


@pytest.mark.parametrize("work", ["squared, 2", "time.sleep, 600"], ids=["idle", "at work"])
def test_nothing_outlives_a_parent_that_is_killed(work: str) -> None:
    code = (
        "import time\n"
        "from pacific_parcels.processes import Processes\n"
        "from tests.unit.test_processes import process_of, squared\n"
        "with Processes() as processes:\n"
        "    print(*set(processes.map(process_of, [1, 2])), flush=True)\n"
        f"    working = [processes.submit({work}) for _ in (1, 2)]\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        started = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(started) == 2
        parent.kill()
    deadline = time.monotonic() + 30
    while any(psutil.pid_exists(pid) for pid in started):
        assert time.monotonic() < deadline, "a process outlived its parent"
        time.sleep(0.05)
