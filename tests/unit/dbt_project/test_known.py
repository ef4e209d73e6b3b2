"""The command that says what was known on a day; the figures themselves are in docs/WORKED_CASES.md."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dbt_project import known
from pacific_parcels.settings import Settings

# Fiji sent January on 10 February with 5 items and again on 1 March with 7; Tonga sent it on 20 February.
TABLES = """
    create table int_periods as select '2026-01' as time_period;
    create table mart_known_figures as from (values
        ('FJ', 'POST', '2026-01', date '2026-02-10', date '2026-03-01', 5),
        ('FJ', 'POST', '2026-01', date '2026-03-01', null, 7),
        ('TO', 'POST', '2026-01', date '2026-02-20', null, 2)
    ) as t (member_code, stream_code, time_period, known_from, known_until, items);
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path))
    return tmp_path


def test_the_newest_copy_of_the_warehouse_is_asked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(home=home)
    for run, statements in (("20260101T000000", "select 1"), ("20260401T000000", TABLES)):
        file = settings.snapshots / run / settings.warehouse_file.name
        file.parent.mkdir(parents=True)
        with duckdb.connect(str(file)) as connection:
            connection.execute(statements)
    assert known.main(["2026-02-28"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "member_code,time_period,obs_value,obs_status,known_from",
        "FJ,2026-01,5,A,2026-02-10",
        "TO,2026-01,2,A,2026-02-20",
        "_T,2026-01,7,A,2026-02-20",
    ]
    assert known.main(["2026-03-01", "--member", "FJ"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["FJ,2026-01,7,A,2026-03-01"]


def test_before_the_first_build_it_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert known.main(["2026-03-01"]) == 12
    assert "no warehouse has been built yet" in capsys.readouterr().err
