"""What the main job decides: whether there is anything to do, and how it ends. The DAGs are stood in for."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dags import run_once
from pacific_parcels import demo, landing, publishing
from pacific_parcels.demo import gap, inbox
from pacific_parcels.settings import Settings
from tests.publication_fixture import write_publication


class Job:
    """Stands in for what the main job calls, and keeps what was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_work, self.is_current, self.held = True, False, 0
        self.problems: list[str] = []
        self.refused = 0
        self.called: list[Any] = []
        monkeypatch.setattr(landing, "has_work", lambda settings: self.has_work)
        monkeypatch.setattr(publishing, "is_current", lambda settings: self.is_current)
        monkeypatch.setattr(demo, "write_demo", self.write_demo)
        monkeypatch.setattr(gap, "write_gap_demo", self.write_gap_demo)
        monkeypatch.setattr(run_once, "_run_dags", self.run_dags)
        monkeypatch.setattr(run_once, "held_count", lambda settings: self.held)

    def write_demo(self, settings: Settings, **wishes: Any) -> None:
        self.called.append(wishes)
        (settings.inbox / "fj").mkdir(parents=True)
        (settings.inbox / "fj" / "FJ_parcels_202603.synthetic.csv").write_text("Waybill\n", encoding="utf-8")

    def write_gap_demo(self, settings: Settings, **wishes: Any) -> None:
        self.called.append({"gap": wishes})

    def run_dags(
        self, settings: Settings, console: Any, demo: dict[str, Any] | None
    ) -> tuple[list[str], int]:
        if demo is not None:
            inbox.fill_inbox((settings, demo))
        self.called.append("dags")
        return self.problems, self.refused


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(monkeypatch)


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("publication")
    write_publication(home)
    return home


@pytest.fixture
def home(publication: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one extract in the inbox and a publication."""
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path))
    extract = tmp_path / "inbox" / "fj" / "FJ_parcels_202603.csv"
    extract.parent.mkdir(parents=True)
    extract.write_text("Waybill\n", encoding="utf-8")
    shutil.copytree(publication, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_synthetic_extracts_are_written_only_where_nothing_ever_was(
    job: Job, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "inbox" / "fj" / "FJ_parcels_202603.csv").unlink()

    assert run_once.main(["--items", "3000", "--months", "6"]) == 0

    assert job.called == [{"items": 3000, "months": 6}, "dags"]
    assert "SYNTHETIC" in capsys.readouterr().out
    assert [file.name for file in (home / "inbox").rglob("*.*")] == ["FJ_parcels_202603.synthetic.csv"]


@pytest.mark.parametrize(("months", "is_long_enough"), [(23, False), (24, True)])
def test_synthetic_reports_on_progress_come_where_there_are_two_years_to_compare(
    job: Job, home: Path, months: int, is_long_enough: bool
) -> None:
    (home / "inbox" / "fj" / "FJ_parcels_202603.csv").unlink()

    run_once.main(["--items", "3000", "--months", str(months), "--seed", "7"])

    reports = {"gap": {"months": months, "seed": 7, "months_between": 12}}
    wishes = {"items": 3000, "months": months, "seed": 7}
    assert job.called == [wishes, *([reports] if is_long_enough else []), "dags"]


def test_a_demo_that_was_cut_off_leaves_nothing_in_the_inbox(
    job: Job, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "inbox" / "fj" / "FJ_parcels_202603.csv").unlink()

    def cut_off(settings: Settings, **wishes: Any) -> None:
        job.write_demo(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "write_demo", cut_off)
    assert run_once.main([]) == 130
    assert list((home / "inbox").rglob("*.*")) == []

    monkeypatch.setattr(demo, "write_demo", job.write_demo)
    assert run_once.main([]) == 0
    assert job.called == [{}, {}, {"gap": {"months_between": 12}}, "dags"]
    assert len(list((home / "inbox").rglob("*.*"))) == 1


def test_an_inbox_that_was_cleared_after_receipt_stays_empty(job: Job, home: Path) -> None:
    (home / "inbox" / "fj" / "FJ_parcels_202603.csv").unlink()
    receipt = home / "landing" / "receipts" / "FJ" / "fj-1.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_text(json.dumps({}), encoding="utf-8")

    run_once.main([])

    assert job.called == ["dags"]


@pytest.mark.parametrize(
    ("has_work", "is_current", "called"),
    [(False, True, []), (True, True, ["dags"]), (False, False, ["dags"]), (True, False, ["dags"])],
)
def test_the_dags_run_only_when_something_is_new_or_not_published(
    has_work: bool,
    is_current: bool,
    called: list[str],
    job: Job,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job.has_work, job.is_current = has_work, is_current

    assert run_once.main([]) == 0

    said = capsys.readouterr().out
    assert job.called == called
    assert ("nothing was run" in said) is (not called)
    assert "The region as published" in said


def test_options_for_synthetic_extracts_are_not_dropped_in_silence(
    job: Job, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_once.main(["--items", "10"])

    assert "are not used" in capsys.readouterr().out


def test_a_failure_ends_with_1_and_its_sentences(
    job: Job, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job.problems = ["TO: no outcome: its source could not be reached."]
    job.refused = 1

    assert run_once.main([]) == 1
    assert "TO: no outcome: its source could not be reached." in capsys.readouterr().out


@pytest.mark.parametrize(("refused", "held"), [(1, 0), (0, 2)])
def test_a_refused_extract_or_a_held_month_ends_with_3(refused: int, held: int, job: Job, home: Path) -> None:
    job.refused, job.held = refused, held

    assert run_once.main([]) == 3


def test_a_second_main_job_does_not_start(job: Job, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "airflow").mkdir()
    with (home / "airflow" / "main_job.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert run_once.main([]) == 12

    assert job.called == []
    assert "another run is under way" in capsys.readouterr().out


def test_a_wrong_command_line_ends_with_2(job: Job, home: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        run_once.main(["--item-count", "3"])
