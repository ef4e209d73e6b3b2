"""The main job (`make run`): take in what is new, build, judge and publish, in one process and to the end.

The DAGs are those of `make airflow`, run one after the other with `dag.test()`: no scheduler, no server, no
network. Airflow's metadata lives in a directory that the next run throws away; what counts is in landing/ and
published/.

Exit codes
    0   all well, or nothing was new
    1   the run failed: a member could not be received, or nothing was published (the previous
        publication stands)
    2   the command line is wrong
    3   published, but an extract was refused or a vintage is held: a member has something to mend
    12  another run is under way
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from dags.environment import airflow_environment, enter
from dags.steps import judging_ahead, progress, receiving_ahead
from dags.summary import held_count, print_summary
from pacific_parcels.errors import PacificParcelsError, Unavailable
from pacific_parcels.processes import Processes
from pacific_parcels.settings import Settings

FAILED, NEEDS_MENDING = 1, 3


def main(arguments: list[str] | None = None) -> int:
    options = _arguments().parse_args(arguments)
    settings = Settings.from_environment()
    # What members wrote is shown as it is: no markup, no emoji. In a pipe there is no width to ask for.
    width = None if sys.stdout.isatty() else 120
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    try:
        with _alone(settings):
            return _run(settings, options, console)
    except PacificParcelsError as error:
        console.print(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        console.print("Stopped. Nothing is lost: the next run goes on from here.")
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make run",
        description="Take in what is new, build, judge and publish.",
        epilog="The options say what the synthetic extracts are like that are written into an empty inbox.",
    )
    parser.add_argument("--items", type=int, help="how many items")
    parser.add_argument("--months", type=int, help="over how many months")
    parser.add_argument("--seed", type=int, help="the same seed gives the same extracts")
    parser.add_argument("--dirt", type=float, help="share of rows that are broken, from 0 to 1")
    return parser


def _run(settings: Settings, options: argparse.Namespace, console: Console) -> int:
    from dags.mailing import has_letters
    from dags.sources import has_sources
    from pacific_parcels.landing import has_work
    from pacific_parcels.publishing import is_current

    started = time.monotonic()
    wishes = {name: value for name, value in vars(options).items() if value is not None}
    is_demo = _is_untouched(settings) and not has_sources(settings)
    if is_demo:
        console.print(f"The inbox {settings.inbox} is empty: writing SYNTHETIC extracts, true of no country.")
    elif wishes:
        console.print("There are extracts already: the options for synthetic ones are not used.")
    is_idle = not has_work(settings) and not has_sources(settings) and not has_letters(settings)
    if not is_demo and is_idle and is_current(settings):
        console.print(
            "Nothing is new, so nothing was run: what is published is what follows from the extracts."
        )
        print_summary(settings, console)
        return 0

    problems, refused = _run_dags(settings, console, wishes if is_demo else None)
    console.print(f"Finished in {time.monotonic() - started:.0f} s.\n")
    if settings.pointer.exists():
        print_summary(settings, console)
    if problems:
        console.print("\nThe run failed.", style="bold")
        for problem in problems:
            console.print(f"  {problem}")
        console.print(f"Everything that was said: {_log(settings)}")
        return FAILED
    held = held_count(settings)
    if refused or held:
        console.print(
            f"\nPublished; extracts refused now: {refused}; held months: {held}. See above what to do."
        )
        return NEEDS_MENDING
    return 0


def _is_untouched(settings: Settings) -> bool:
    """Nothing was ever put into the inbox: no file is there, and none was there before."""
    inbox = any(path.is_file() for path in settings.inbox.rglob("*"))
    return not inbox and not any(settings.receipts.glob("*/*.json"))


def _run_dags(settings: Settings, console: Console, demo: dict[str, Any] | None) -> tuple[list[str], int]:
    """Both DAGs to their end, whatever becomes of the first: (what went wrong, extracts refused).

    demo    the wishes for synthetic extracts that are to be written first, while Airflow starts
    """
    job_home = _job_home(settings)
    shutil.rmtree(job_home, ignore_errors=True)
    enter(airflow_environment(job_home))
    console.print(f"Airflow runs receive_extracts, then publish_region. Everything it says: {_log(settings)}")
    from pacific_parcels.demo.inbox import fill_inbox

    told = _Told()
    with _quiet(_log(settings), told), Processes() as processes:
        filled = None if demo is None else processes.submit(fill_inbox, (settings, demo))
        from airflow.utils.db import initdb

        initdb()
        from dags.publish_region import publish_region
        from dags.receive_extracts import receive_extracts

        if filled is not None:
            filled.result()
        with receiving_ahead(processes):
            runs = [receive_extracts.test()]
        with judging_ahead(processes):
            runs.append(publish_region.test())
    failed = [f"{run.dag_id}: {run.state}" for run in runs if str(run.state) != "success"]
    return (told.problems or failed) if failed else [], told.refused


class _Told(logging.Handler):
    """Shows what the steps say, and keeps what went wrong and how many extracts were refused."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.screen = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
        self.started = time.monotonic()
        self.problems: list[str] = []
        self.refused = 0

    def emit(self, record: logging.LogRecord) -> None:
        message = _shortened(record.getMessage())
        if record.levelno >= logging.ERROR:
            self.problems.append(message)
        self.refused += getattr(record, "outcome", {}).get("extracts_refused", 0)
        print(f"{time.monotonic() - self.started:5.0f} s  {message}", file=self.screen, flush=True)


def _shortened(message: str) -> str:
    """What a screen has room for; the log has all of it."""
    lines = message.splitlines()
    return "\n".join(lines[:6] + ([f"… {len(lines) - 6} more lines"] if len(lines) > 6 else []))


@contextmanager
def _quiet(log: Path, told: _Told) -> Iterator[None]:
    """What anyone writes to either output stream goes to `log`; only `told` reaches the screen."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(stream, os.dup(stream)) for stream in (1, 2)]
    with log.open("wb") as file:
        for stream, _ in kept:
            os.dup2(file.fileno(), stream)
    progress.addHandler(told)
    progress.setLevel(logging.INFO)
    progress.propagate = False
    try:
        yield
    finally:
        progress.removeHandler(told)
        progress.propagate = True
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, copy in kept:
            os.dup2(copy, stream)
            os.close(copy)
        told.screen.close()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One main job at a time. The lock goes with the process, however it ends."""
    settings.airflow_home.mkdir(parents=True, exist_ok=True)
    with (settings.airflow_home / "main_job.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"{settings.home}: another run is under way; let it finish, then try again"
            ) from error
        yield


def _job_home(settings: Settings) -> Path:
    return settings.airflow_home / "main_job"


def _log(settings: Settings) -> Path:
    return _job_home(settings) / "run.log"


if __name__ == "__main__":
    sys.exit(main())
