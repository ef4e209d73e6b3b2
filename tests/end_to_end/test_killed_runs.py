"""kill -9 at ten random moments of receive, build, judge and publish, and a warehouse that is lost.

The next run publishes what an undisturbed run does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pacific_parcels.demo import write_demo
from pacific_parcels.settings import PACKAGE, Settings
from tests.end_to_end.chain import ROOT, environment, publication_content

SEED = 20261124
# Semicolons, bars, UTF-16 and a spreadsheet; one of them with a revision.
MEMBERS = ["FJ", "NZ", "TO", "WS"]


@pytest.mark.timeout(1_800)
def test_a_killed_run_and_the_next_one_publish_what_an_undisturbed_run_does(tmp_path: Path) -> None:
    members = tmp_path / "members"
    members.mkdir()
    for code in MEMBERS:
        shutil.copy2(PACKAGE / "members" / f"{code.lower()}.yml", members)
    settings = Settings(home=tmp_path / "demo", member_directories=(members,))
    write_demo(settings, items=1_500, months=4, members=MEMBERS)
    job = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.end_to_end.killed_runs",
            str(settings.inbox),
            str(members),
            str(tmp_path),
            str(SEED),
        ],
        cwd=ROOT,
        env=environment(tmp_path / "no_home"),
        capture_output=True,
        text=True,
        timeout=1_700,
    )
    assert job.returncode == 0, job.stderr[-4000:]
    lost, *kills = (json.loads(line) for line in job.stdout.splitlines() if line.startswith("{"))

    assert Counter(kill["phase"] for kill in kills) == {"receive": 3, "build": 3, "judge": 2, "publish": 2}
    undisturbed = publication_content(tmp_path / "undisturbed")
    assert len(undisturbed) > 20
    for run in (lost, *kills):
        assert run["exit_code_of_the_next_run"] == 0, run
        content = publication_content(tmp_path / run["home"])
        different = [name for name in undisturbed if content.get(name) != undisturbed[name]]
        assert (different, content.keys()) == ([], undisturbed.keys()), run
