"""What is judged bad is kept out: a member's month while the region goes on, or the whole region."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from pacific_parcels.settings import PACKAGE
from tests.end_to_end import chain
from tests.end_to_end.chain import SMALL_DEMO, bytes_under, items_of, pointer, published, why
from tests.end_to_end.extracts import leave_out_one_item, poison

pytestmark = pytest.mark.timeout(1_800)

# What is judged is a member's month and the sum of the region: three members say it as well as 24.
MEMBERS = ("AU", "FJ", "NZ")
OF_SMALL_REGION = """
import os
import sys
from dataclasses import replace
from pathlib import Path
from pacific_parcels.settings import Settings

from_environment = Settings.from_environment
members = Path(os.environ["PACIFIC_PARCELS_HOME"]) / "members"
Settings.from_environment = lambda: replace(from_environment(), member_directories=(members,))
"""
RUN = """
from dags import run_once
sys.exit(run_once.main())
"""
main_job = partial(chain.main_job, program=("-c", OF_SMALL_REGION + RUN))


@pytest.fixture(scope="module")
def small_region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first run."""
    home = tmp_path_factory.mktemp("small") / "home"
    (home / "members").mkdir(parents=True)
    for code in MEMBERS:
        shutil.copy2(PACKAGE / "members" / f"{code.lower()}.yml", home / "members")
    job = main_job(home, *SMALL_DEMO)
    assert job.returncode == 0, why(job, home)
    return home


@pytest.fixture
def home(small_region: Path, tmp_path: Path) -> Path:
    """A copy of it, to go on from."""
    return Path(shutil.copytree(small_region, tmp_path / "home"))


def test_a_poisoned_month_is_held_and_the_region_goes_on(home: Path) -> None:
    month = pointer(home)["last_time_period"]
    items_before = items_of(home, "NZ", month)
    of_australia = "select * from indicators where member_code = 'AU' order by all"
    australia_before = published(home, "secretariat", of_australia)
    poison(home, "AU", month)
    leave_out_one_item(home, "NZ", month)

    job = main_job(home)

    assert job.returncode == 3, why(job, home)
    held = published(
        home, "secretariat", "select member_code, time_period, expectation_id from held_vintages"
    )
    assert held == [("AU", month, "E106")]
    assert f"AU items {month}" in job.stdout
    assert items_before is not None
    assert items_of(home, "NZ", month) == items_before - 1, "the region goes on"
    assert published(home, "secretariat", of_australia) == australia_before, (
        "the last good month stays in force"
    )
    assert published(home, "public", "select * from duckdb_tables() where table_name = 'held_vintages'") == []

    again = main_job(home)
    assert (again.returncode, "Nothing is new" in again.stdout) == (0, True), why(again, home)


SPOIL_THE_REGION = """
import duckdb
from dags import steps

build_region = steps.build_region

def spoilt():
    built = build_region()
    with duckdb.connect(built["snapshot"]) as snapshot:
        snapshot.execute(
            "update mart_indicators set obs_value = obs_value + 1 where indicator_code = 'ITEMS'"
            " and member_code = '_T' and channel_code = '_T'"
            " and value_band_code = '_T' and counterpart_code = '_T'"
        )
    return built

steps.build_region = spoilt
"""


def test_a_region_that_does_not_add_up_keeps_the_previous_publication_standing(home: Path) -> None:
    month = pointer(home)["last_time_period"]
    standing = pointer(home)
    files = {
        name: content
        for name, content in bytes_under(home / "published").items()
        if standing["run_id"] in name
    }
    leave_out_one_item(home, "NZ", month)

    job = main_job(home, program=("-c", OF_SMALL_REGION + SPOIL_THE_REGION + RUN))

    assert job.returncode == 1, why(job, home)
    assert "The previous publication stands" in job.stdout
    assert pointer(home) == standing
    assert len(files) >= 5
    assert {
        name: content for name, content in bytes_under(home / "published").items() if name in files
    } == files
