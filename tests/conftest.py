"""For all tests: no test reads or writes ./data, and Airflow lives in a directory that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from dags.environment import airflow_environment, enter

# Airflow reads the environment when it is imported, so it stands before the first test is collected.
SCRATCH = Path(tempfile.mkdtemp(prefix="pacific-parcels-tests-"))
os.environ["PACIFIC_PARCELS_HOME"] = str(SCRATCH / "home")
os.environ["PACIFIC_PARCELS_KEYS"] = str(SCRATCH / "keys")
os.environ.pop("PACIFIC_PARCELS_MEMBERS", None)
enter(airflow_environment(SCRATCH / "airflow"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs the whole chain comes first: of two processes, neither then waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("end_to_end") is None)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
