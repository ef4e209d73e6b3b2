"""Synthetic gap reports: taken as they are, the same from the same seed, and nobody's."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from pacific_parcels.cli import main
from pacific_parcels.demo.gap import MARK, write_gap_demo
from pacific_parcels.gap import TABLES, report_of
from pacific_parcels.landing import receive_member
from pacific_parcels.progress.history import Belief
from pacific_parcels.settings import Settings
from tests.small_member import member_file, small_member

pytestmark = pytest.mark.usefixtures("one_child")


def home_of(folder: Path) -> Settings:
    for code in ("FJ", "WS"):
        member_file(folder / "members", small_member(code=code, file=f"{code}-{{period}}.csv"))
    return Settings(home=folder / "home", member_directories=(folder / "members",), quiet_seconds=0)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = home_of(tmp_path_factory.mktemp("demo"))
    write_gap_demo(settings, months=36, until="2026-09")
    return settings


def files(settings: Settings) -> dict[str, tuple[bytes, float]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime) for path in settings.inbox.rglob("*.csv")}


def test_every_file_says_in_its_name_that_it_is_synthetic_and_names_nobody(written: Settings) -> None:
    found = files(written)
    reports = [report_of(name) for name in found]
    assert {report.table.name for report in reports if report} == set(TABLES)
    assert all(".synthetic." in name for name in found)
    texts = {"evidence", "reason", "title", "owner_body", "provider", "donor", "project", "support_needed"}
    texts |= {"blocked_by"}
    for name, (content, _) in found.items():
        header, *rows = content.decode().splitlines()
        places = [place for place, column in enumerate(header.split(",")) if column in texts]
        assert rows, name
        for row in rows:
            fields = row.split(",")
            assert all(MARK in fields[place] or not fields[place] for place in places)


def test_the_reader_takes_every_row_and_each_member_has_a_story(written: Settings) -> None:
    outcome = receive_member(written, small_member(file="FJ-{period}.csv"))

    assert (outcome.status, outcome.extracts_refused, outcome.rows_rejected, outcome.rows_duplicate) == (
        "OK",
        0,
        0,
        0,
    )
    assert outcome.rows_accepted == outcome.rows_in > 50
    with Belief(written, date(2026, 12, 31), ["FJ"]) as belief:
        assert belief.is_synthetic
        assert len(belief.stages()) == 16
        assert len(belief.assessments()) > 16
        assert len(belief.commitments()) == 36
        assert belief.actions()
        assert belief.steps_back() == []  # whoever falls back gives its reason


def test_the_plan_of_the_region_has_actions_of_every_kind(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", quiet_seconds=0)
    write_gap_demo(settings, months_between=12)
    actions = [
        row
        for path in settings.inbox.rglob("*_gap_actions_*.csv")
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    ]
    assert {row["status_code"] for row in actions} == {"PLANNED", "UNDER_WAY", "DONE", "STOPPED"}
    waiting = {row["status_code"] for row in actions if row["blocked_by"]}
    assert waiting == {"UNDER_WAY"}, "what is done or stopped waits for nobody"


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(written: Settings, tmp_path: Path) -> None:
    again, other = home_of(tmp_path / "again"), home_of(tmp_path / "other")
    write_gap_demo(again, months=36, until="2026-09")
    write_gap_demo(other, months=36, until="2026-09", seed=1)
    assert files(again) == files(written)
    assert files(other) != files(written)


def test_no_report_is_older_than_what_it_reports_on(tmp_path: Path) -> None:
    """The framework is of 24 June 2022: the first month of a quarter of reports after it is September."""
    settings = home_of(tmp_path)
    write_gap_demo(settings, months=120, until="2026-09", members=["WS"])
    periods = [report.period for name in files(settings) if (report := report_of(name)) is not None]
    assert min(periods) == "2022-09"
    assert {name[:2] for name in files(settings)} == {"WS"}


def test_the_command_writes_them_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = home_of(tmp_path)
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(settings.home))
    monkeypatch.setattr("pacific_parcels.settings.PACKAGE", tmp_path)

    assert main(["demo", "--kind", "gap", "--months", "3"]) == 0

    assert capsys.readouterr().out.startswith("SYNTHETIC, true of no country: ")
    assert {name.split("_")[1] for name in files(settings)} == {"gap"}
