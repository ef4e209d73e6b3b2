"""kill -9 at ten random moments of receive, build, judge and publish; then a new run publishes the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.chain import ROOT, environment, publication_content
from tests.end_to_end.conftest import FirstRun

SEED = 20261124


@pytest.mark.timeout(900)
def test_a_killed_run_and_the_next_one_publish_what_an_undisturbed_run_does(
    first_run: FirstRun, tmp_path: Path
) -> None:
    job = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.end_to_end.killed_runs",
            str(first_run.home / "inbox"),
            str(tmp_path),
            str(SEED),
        ],
        cwd=ROOT,
        env=environment(tmp_path / "no_home"),
        capture_output=True,
        text=True,
        timeout=850,
    )
    assert job.returncode == 0, job.stderr[-4000:]
    kills = [json.loads(line) for line in job.stdout.splitlines() if line.startswith("{")]

    assert Counter(kill["phase"] for kill in kills) == {"receive": 3, "build": 3, "judge": 2, "publish": 2}
    assert [kill for kill in kills if not kill["was_killed"]] == []
    assert [kill for kill in kills if kill["exit_code_of_the_next_run"] != 0] == []
    undisturbed = publication_content(tmp_path / "undisturbed")
    assert len(undisturbed) > 20
    for kill in kills:
        content = publication_content(tmp_path / kill["home"])
        different = [name for name in undisturbed if content.get(name) != undisturbed[name]]
        assert (different, content.keys()) == ([], undisturbed.keys()), kill
