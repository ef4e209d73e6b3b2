"""For all tests: no test reads or writes ./data, and Airflow lives in a directory that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from dags.environment import airflow_environment, enter

# Airflow reads the environment when it is imported, so it stands before the first test is collected.
SCRATCH = Path(tempfile.mkdtemp(prefix="pacific-parcels-tests-"))
os.environ["PACIFIC_PARCELS_HOME"] = str(SCRATCH / "home")
os.environ["PACIFIC_PARCELS_KEYS"] = str(SCRATCH / "keys")
os.environ.pop("PACIFIC_PARCELS_MEMBERS", None)
enter(airflow_environment(SCRATCH / "airflow"))

# No example has to be quick: two processes share a busy machine, and how long one takes says nothing.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


# What takes minutes comes first, in this order: of two processes, neither then waits for it at the end, and
# those that go on from the same first run are run by the same process. `make test` keeps xdist from putting
# the modules with most tests first.
LONG = ("test_killed_runs.py", "test_airflow.py", "test_gate.py", "test_main_job.py", "test_builds.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-screenshots", action="store_true", help="keep no pictures of the pages in tests/browser/output"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        return LONG.index(item.path.name) if item.path.name in LONG else len(LONG)

    items.sort(key=turn)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
