"""The plain functions behind the tasks."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dags import steps
from expectations.judgement import Judgement
from pacific_parcels.errors import GateClosed, Unavailable
from pacific_parcels.landing import receive_member
from pacific_parcels.members import load_members
from pacific_parcels.processes import Processes
from pacific_parcels.settings import Settings


def outcome(member_code: str, status: str = "OK", message_en: str = "") -> dict[str, Any]:
    return {"member_code": member_code, "status": status, "message_en": message_en}


def test_every_member_that_returned_is_no_problem() -> None:
    outcomes = [outcome("FJ"), outcome("TO", "NOTHING_NEW"), outcome("WS", "REFUSED", "header missing")]

    assert steps.problems_of_receiving(["FJ", "TO", "WS"], outcomes) == []


def test_members_without_outcome_and_with_an_error_are_named_in_their_order() -> None:
    outcomes = [outcome("WS", "ERRORED", "ws.yml: the layout names a column twice"), outcome("FJ")]

    problems = steps.problems_of_receiving(["FJ", "TO", "WS"], outcomes)

    assert [problem[:3] for problem in problems] == ["TO:", "WS:"]
    assert "ws.yml: the layout names a column twice" in problems[1]


@pytest.mark.parametrize("expected", [None, []])
def test_no_list_of_members_is_a_problem_and_never_a_silent_success(expected: list[str] | None) -> None:
    assert len(steps.problems_of_receiving(expected, [outcome("FJ")])) == 1


def test_nothing_published_is_a_problem() -> None:
    assert steps.problems_of_publishing({"run_id": "r1"}) == []
    assert len(steps.problems_of_publishing(None)) == 1


def test_it_builds_and_judges_again_until_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two of the newest vintages are held; one of those that come into force in their place is held as well.
    held_at_each_round = iter([1, 0])
    builds: list[dict[str, Any]] = []

    def build() -> dict[str, Any]:
        builds.append({"snapshot": f"snapshot {len(builds) + 2}"})
        return builds[-1]

    monkeypatch.setattr(steps, "build_region", build)
    monkeypatch.setattr(steps, "judge_vintages", lambda built: {**built, "held": next(held_at_each_round)})

    judged = steps.rebuild_without_held({"snapshot": "snapshot 1", "held": 2})

    assert judged == {"snapshot": "snapshot 3", "held": 0}


@dataclass
class FakeJudgement:
    is_passed: bool = True
    suite: str = "indicators"
    results: list[Any] = field(default_factory=list)

    def quality_results(self) -> list[dict[str, Any]]:
        return [{"suite": self.suite}]


@dataclass
class FailedResult:
    is_critical_failure: bool = True
    expectation_id: str = "E201"

    class expectation:
        title_en = "The region is the sum of its members."
        remedy_en = "See the model ind_items."

    def described_places(self, most: int) -> list[str]:
        return ["_T 2026-03: 1"][:most]


@dataclass
class Staged:
    run_id: str = "00007-abc"
    files: dict[str, Path] = field(default_factory=lambda: {"public": Path("staged.duckdb")})


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done of judging and publishing, in order."""
    from expectations import run
    from pacific_parcels import publishing

    done: list[str] = []

    def judge_region(settings: Any, snapshot: Path) -> FakeJudgement:
        done.append("judge_region")
        return FakeJudgement()

    def judge_publication(settings: Any, files: dict[str, Path], processes: None) -> FakeJudgement:
        done.append("judge_publication")
        return FakeJudgement(suite="published")

    def stage(
        settings: Any,
        snapshot: Path,
        quality_results: list[dict[str, Any]],
        fingerprint: str,
        processes: None,
    ) -> Staged:
        assert fingerprint == "of the build", "and not of what has landed since"
        done.append(f"stage with {[row['suite'] for row in quality_results]}")
        return Staged()

    monkeypatch.setattr(run, "judge_region", judge_region)
    monkeypatch.setattr(run, "judge_publication", judge_publication)
    monkeypatch.setattr(publishing, "stage", stage)
    monkeypatch.setattr(publishing, "commit", lambda settings, staged: done.append("commit"))
    return done


BUILT = {"snapshot": "warehouse.duckdb", "input_fingerprint": "of the build"}
JUDGED = {**BUILT, "held": 0, "quality_results": [{"suite": "harmonised"}]}


def test_the_pointer_moves_last_after_both_judgements(done: list[str]) -> None:
    assert steps.publish(JUDGED) == {"run_id": "00007-abc"}

    assert done == ["judge_region", "stage with ['harmonised', 'indicators']", "judge_publication", "commit"]


@pytest.mark.parametrize(
    ("judge", "done_before"),
    [
        ("judge_region", []),
        ("judge_publication", ["judge_region", "stage with ['harmonised', 'indicators']"]),
    ],
)
def test_a_failed_judgement_closes_the_gate_and_says_where(
    judge: str, done_before: list[str], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from expectations import run

    failed = FakeJudgement(is_passed=False, results=[FailedResult()])
    monkeypatch.setattr(run, judge, lambda settings, judged, processes=None: failed)

    with pytest.raises(GateClosed, match=r"E201: expected: The region is the sum.*_T 2026-03: 1.*ind_items"):
        steps.publish(JUDGED)

    assert done == done_before


def test_members_received_ahead_are_as_when_each_waits_for_the_other(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = Settings(home=tmp_path / "alone", member_directories=settings.member_directories)
    shutil.copytree(settings.inbox, alone.inbox)
    with caplog.at_level("INFO", "pacific_parcels.progress"):
        with Processes() as processes, steps.receiving_ahead(processes):
            # A task may come for the last one first.
            ahead = {code: steps.receive(code) for code in ("XC", "XA", "XB")}
        said = [record.getMessage() for record in caplog.records]

    assert ahead["XA"] | {"rows_in": 4, "rows_accepted": 3, "rows_rejected": 1} == ahead["XA"]
    members = load_members(alone)
    for code, outcome in ahead.items():
        assert outcome == receive_member(alone, members[code]).to_dict()
        assert len([line for line in said if line.startswith(f"receive  {code}  1 extracts acc")]) == 1
        assert list((settings.inbox / code.lower() / "receipts").glob("*.receipt.html"))
    assert bytes_of_files(settings.items) == bytes_of_files(alone.items) != {}


def bytes_of_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_what_failed_ahead_fails_in_its_own_task_and_is_received_there_when_it_is_tried_again(
    settings: Settings,
) -> None:
    lock = settings.originals / ".scratch" / "XB.lock"
    lock.parent.mkdir(parents=True)
    with Processes() as processes, lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with steps.receiving_ahead(processes):
            assert steps.receive("XA")["status"] == "OK"
            with pytest.raises(Unavailable, match="another process is receiving it"):
                steps.receive("XB")
            fcntl.flock(held, fcntl.LOCK_UN)
            assert steps.receive("XB")["status"] == "OK"


def test_a_member_with_a_source_waits_for_its_task(settings: Settings, tmp_path: Path) -> None:
    source = tmp_path / "sent"
    source.mkdir()
    (settings.inbox / "xa" / "XA_202603.csv").rename(source / "XA_202603.csv")
    member_file = settings.member_directories[-1] / "xa.yml"
    member_file.write_text(
        member_file.read_text(encoding="utf-8") + f"source: {{kind: folder, path: {source}}}\n",
        encoding="utf-8",
    )
    with Processes() as processes, steps.receiving_ahead(processes):
        assert steps.receive("XB")["status"] == "OK"
        assert not list((settings.receipts / "XA").glob("*.json"))
        assert steps.receive("XA")["extracts_accepted"] == 1


def judgement_that_says_where(settings: Settings, snapshot: Path) -> Judgement:
    return Judgement(f"judged in {os.getpid()}", snapshot.name, ())


def test_within_the_block_other_processes_judge_and_after_it_this_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from expectations import run

    said: list[str] = []
    monkeypatch.setattr(run, "judge_vintages", judgement_that_says_where)
    monkeypatch.setattr(run, "hold", lambda settings, judgement: said.append(judgement.suite))
    with Processes() as processes, steps.judging_ahead(processes):
        assert steps.judge_vintages(BUILT) == {**BUILT, "held": 0, "quality_results": []}
    assert steps.judge_vintages(BUILT) == {**BUILT, "held": 0, "quality_results": []}

    here = f"judged in {os.getpid()}"
    assert [one == here for one in said] == [False, True]
