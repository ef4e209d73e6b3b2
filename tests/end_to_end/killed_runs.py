"""Runs the whole chain in children of one process that has imported everything, and kills them.

    python -m tests.end_to_end.killed_runs INBOX MEMBERS DIRECTORY SEED

MEMBERS has the member files of a region that is small enough to be run to its end a dozen times over.
DIRECTORY/undisturbed is a home that ran to its end; DIRECTORY/killed_<n> one that was killed and then ran to
its end; DIRECTORY/lost one that ran, lost its warehouse and its publication, and ran again. For each but the
first, one line of JSON goes to the output:
{"home", "phase", "after_seconds", "exit_code_of_the_next_run"}.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

# Imported once, before the first fork. No DuckDB is opened in this process: its threads would not live on.
import dbt.adapters.duckdb.connections
import dbt.cli.main
import duckdb_sqlalchemy
import great_expectations.expectations

import dbt_project.build
import expectations.run
from dags import steps
from pacific_parcels import publishing
from pacific_parcels.processes import Processes
from pacific_parcels.settings import Settings

_from_environment = Settings.from_environment
HEAVY = (dbt.cli.main, dbt.adapters.duckdb.connections, duckdb_sqlalchemy, great_expectations.expectations)
OURS = (dbt_project.build, expectations.run, publishing)
PARSED_PROJECT = "warehouse/dbt/target/partial_parse.msgpack"
KILLS = ["receive"] * 3 + ["build"] * 3 + ["judge"] * 2 + ["publish"] * 2


def run_chain(say: int) -> None:
    """As the main job does; the name of each phase goes to the pipe as it begins.

    But that this process judges by itself: others would load Great Expectations anew for each run.
    """

    def begins(phase: str) -> None:
        os.write(say, f"{phase}\n".encode())

    begins("receive")
    with Processes() as processes, steps.receiving_ahead(processes):
        for member_code in steps.member_codes():
            steps.receive(member_code)
    begins("build")
    if steps.is_publication_due():
        built = steps.build_region()
        begins("judge")
        judged = steps.rebuild_without_held(steps.judge_vintages(built))
        begins("publish")
        steps.publish(judged)
    begins("end")


def of_small_region(members: Path) -> Callable[[], Settings]:
    """Settings of the environment, with these member files in place of those that come with the package."""
    return lambda: replace(_from_environment(), member_directories=(members,))


def start(home: Path) -> tuple[int, int]:
    """A child that runs the chain in `home`: its process id, and the pipe on which it names its phases."""
    hear, say = os.pipe()
    child = os.fork()
    if child:
        os.close(say)
        return child, hear
    os.close(hear)
    os.environ["PACIFIC_PARCELS_HOME"] = str(home)
    log = os.open(home / "chain.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        run_chain(say)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def phases(hear: int) -> dict[str, float]:
    """When each phase began, until the pipe closes."""
    began: dict[str, float] = {}
    with os.fdopen(hear) as lines:
        for line in lines:
            began[line.strip()] = time.monotonic()
    return began


def run_to_the_end(home: Path) -> tuple[int, dict[str, float]]:
    """The exit code and how long each phase took."""
    child, hear = start(home)
    began = phases(hear)
    _, status = os.waitpid(child, 0)
    names = list(began)
    lasted = {name: began[after] - began[name] for name, after in pairwise(names)}
    return os.waitstatus_to_exitcode(status), lasted


def run_until_killed(home: Path, phase: str, after_seconds: float) -> bool:
    """Whether the child was still at work when it was killed, `after_seconds` into the phase."""
    child, hear = start(home)
    with os.fdopen(hear) as lines:
        for line in lines:
            if line.strip() == phase:
                time.sleep(after_seconds)
                break
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def keep_parsed_project(directory: Path, home: Path) -> None:
    parsed = directory / "undisturbed" / PARSED_PROJECT
    if parsed.exists():
        (home / PARSED_PROJECT).parent.mkdir(parents=True)
        shutil.copy2(parsed, home / PARSED_PROJECT)


def new_home(directory: Path, inbox: Path) -> Path:
    """Always at the same path, so that dbt need not read its project anew for each of them."""
    home = directory / "home"
    home.mkdir()
    shutil.copytree(inbox, home / "inbox")
    keep_parsed_project(directory, home)
    return home


def tell(home: Path, name: str, phase: str, after_seconds: float) -> dict[str, float]:
    """Let the next run go to its end, say how it went, put the home aside; how long each phase took."""
    exit_code, lasted = run_to_the_end(home)
    home.rename(home.with_name(name))
    line = {
        "home": name,
        "phase": phase,
        "after_seconds": round(after_seconds, 3),
        "exit_code_of_the_next_run": exit_code,
    }
    print(json.dumps(line), flush=True)
    return lasted


def main(inbox: Path, members: Path, directory: Path, seed: int) -> None:
    Settings.from_environment = of_small_region(members)  # type: ignore[method-assign]
    home = new_home(directory, inbox)
    exit_code, first = run_to_the_end(home)
    assert exit_code == 0, "the undisturbed run failed: see chain.log"
    home.rename(directory / "undisturbed")

    shutil.copytree(directory / "undisturbed", home)
    shutil.rmtree(home / "warehouse")
    shutil.rmtree(home / "published")
    keep_parsed_project(directory, home)
    lasted = tell(home, "lost", "warehouse and publication lost", 0.0)
    lasted["receive"] = first["receive"]

    moments = random.Random(seed)
    for number, phase in enumerate(KILLS):
        home = new_home(directory, inbox)
        after_seconds = moments.uniform(0.0, 0.8) * lasted[phase]
        while not run_until_killed(home, phase, after_seconds):
            # It was quicker than the run that was timed, and had ended: once more, and earlier.
            shutil.rmtree(home)
            home = new_home(directory, inbox)
            after_seconds /= 2
        tell(home, f"killed_{number}", phase, after_seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
