from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.chain import SMALL_DEMO, main_job
from tests.sources.conftest import sshd

__all__ = ["sshd"]  # a fixture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@dataclass(frozen=True)
class FirstRun:
    home: Path
    job: subprocess.CompletedProcess[str]
    seconds: float


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """The main job in an empty home. Tests that go on from it take a copy: see `home`."""
    home = tmp_path_factory.mktemp("first") / "home"
    started = time.monotonic()
    job = main_job(home, *SMALL_DEMO)
    return FirstRun(home, job, time.monotonic() - started)


@pytest.fixture
def home(first_run: FirstRun, tmp_path: Path) -> Path:
    """A copy of the home after the first run, to go on from; it lies elsewhere, as a restored backup may."""
    copy = tmp_path / "home"
    shutil.copytree(first_run.home, copy)
    return copy
