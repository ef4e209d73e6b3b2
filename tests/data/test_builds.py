"""What a build reads, what it leaves behind, and that nothing but the landing decides what is in it."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_project import build as building
from dbt_project.build import BuildOutcome, build_models, publish_docs
from pacific_parcels.errors import BuildError, Unavailable
from tests.data.conftest import Region

REPOSITORY = Path(__file__).resolve().parents[2]


def query(snapshot: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        return connection.execute(sql).fetchall()


Content = dict[str, list[tuple[Any, ...]]]


def content(outcome: BuildOutcome) -> Content:
    """Every mart row by row, the items among them."""
    marts = query(
        outcome.snapshot,
        "select table_name from information_schema.tables where table_name like 'mart_%' order by all",
    )
    assert len(marts) >= 11
    return {mart: query(outcome.snapshot, f"select * from {mart} order by all") for (mart,) in marts}


def build(region: Region) -> BuildOutcome:
    region.write_inputs()
    return build_models(region.settings)


def land_first_months(region: Region) -> None:
    region.allow("FJ", "400.00", valid_to="2026-02-15")
    region.allow("FJ", "1000.00", valid_from="2026-02-15")
    region.land("fj-1", "FJ", "2026-01", 300)
    region.land("fj-1", "FJ", "2026-02", 320)
    region.land("to-1", "TO", "2026-01", 200)


def land_later_months(region: Region) -> None:
    region.land("fj-2", "FJ", "2026-02", 310, vintage_at="2026-07-01 00:00:00")
    region.land("to-2", "TO", "2026-02", 0)
    region.land("ws-1", "WS", "2026-02", 150)


def judge_and_correct(region: Region) -> None:
    region.hold("fj-2", "2026-02")
    region.hold("ws-1", "2026-02")
    region.allow("TO", "500.00")


@dataclass
class Steps:
    """A region that was built after each of three steps, and once more; of each build, what it left behind.

    `begun` is a copy of the home as the first build left it.
    """

    region: Region
    begun: Path
    outcomes: list[BuildOutcome] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)

    def build(self) -> None:
        outcome = build(self.region)
        self.outcomes.append(outcome)
        ((items,),) = query(outcome.snapshot, "select sum(items) from mart_item_cube")
        self.items.append(items)
        self.contents.append(content(outcome))


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("steps")
    steps = Steps(Region(folder / "home"), folder / "begun")
    land_first_months(steps.region)
    steps.build()
    shutil.copytree(steps.region.home, steps.begun)
    for land in (land_later_months, judge_and_correct):
        land(steps.region)
        steps.build()
    steps.build()
    return steps


def test_the_way_to_a_state_does_not_show_in_it(steps: Steps, region: Region) -> None:
    first, second, third, fourth = steps.outcomes
    assert first.changed_partitions == 3

    # FJ February has a newer vintage, WS February is new; in TO February nothing came: nothing to keep.
    assert second.changed_partitions == 2
    assert steps.items[1] == 300 + 310 + 200 + 150

    # FJ February falls back to its first vintage, WS February has none left, TO January has a threshold now.
    assert third.changed_partitions == 3
    assert steps.items[2] == 300 + 320 + 200

    assert fourth.changed_partitions == 0

    for land in (judge_and_correct, land_later_months, land_first_months):
        land(region)
    directly = build(region)

    assert content(directly) == steps.contents[2]
    assert steps.contents[3] == steps.contents[2]


def test_only_the_files_of_changed_months_are_opened(steps: Steps, region: Region) -> None:
    shutil.copytree(steps.begun, region.home)
    land_first_months(region)
    # The first file of the pattern tells DuckDB the columns and is always opened; these are two others.
    unchanged = [region.file_of("fj-1", "FJ", "2026-02"), region.file_of("to-1", "TO", "2026-01")]
    for path in unchanged:
        path.write_bytes(b"not Parquet any more")

    region.land("ws-1", "WS", "2026-02", 150)
    outcome = build(region)

    assert outcome.changed_partitions == 1
    assert query(outcome.snapshot, "select sum(items) from mart_item_cube") == [(300 + 320 + 200 + 150,)]


def test_a_landing_without_an_extract_makes_empty_marts(region: Region) -> None:
    outcome = build(region)

    marts = content(outcome)
    # What happened and what is measured is known before anything came.
    assert [mart for mart, rows in marts.items() if rows] == [
        "mart_events",
        "mart_indicator_definitions",
        "mart_indicator_links",
    ]
    assert outcome.changed_partitions == 0


def test_killed_builds_leave_nothing_behind(region: Region, steps: Steps) -> None:
    code = (
        "import sys; from pathlib import Path; from pacific_parcels.settings import Settings;"
        "from dbt_project.build import build_models;"
        "build_models(Settings(home=Path(sys.argv[1]), memory_limit='1GB'))"
    )
    kills = 0
    for land in (land_first_months, land_later_months):
        land(region)
        region.write_inputs()
        # The more models are done, the later; each time on what the one before left.
        for models_done in (4, 24):
            log = region.settings.warehouse / "dbt" / "logs" / "dbt.log"
            log.unlink(missing_ok=True)
            process = subprocess.Popen([sys.executable, "-c", code, str(region.home)], cwd=REPOSITORY)
            while process.poll() is None:
                if log.exists() and len(re.findall(r" of \d+ OK ", log.read_text())) >= models_done:
                    process.kill()
                    break
                time.sleep(0.01)
            kills += process.wait() == -signal.SIGKILL
    assert kills == 4

    assert content(build(region)) == steps.contents[1], "as undisturbed after these two"
    assert not list(region.settings.snapshots.glob(".*"))


def test_two_snapshots_are_kept_and_read_apart_from_the_warehouse(steps: Steps) -> None:
    settings = steps.region.settings
    assert len(steps.outcomes) == 4
    assert sorted(path.name for path in settings.snapshots.iterdir()) == [
        outcome.run_id for outcome in steps.outcomes[2:]
    ]
    with duckdb.connect(str(settings.warehouse_file)):
        # Also while the warehouse is being written, and down to the items, which are landed files.
        items = "select count(*) from mart_items where member_code = 'FJ'"
        assert query(steps.outcomes[-1].snapshot, items) == [(300 + 320,)]


def copy_of_the_project(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    project = folder / "dbt_project"
    shutil.copytree(building.PROJECT, project)
    monkeypatch.setattr(building, "PROJECT", project)
    return project


def replace_once(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_changed_logic_builds_everything_anew(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"declared_currency_code": "USD", "arrival_date": "2026-01-05", "channel_code": "POSTAL_PARCEL"}
    region.land(
        "fj-1",
        "FJ",
        "2026-01",
        [item | {"item_id": v, "declared_value": v} for v in ("40", "60", "80", "200")],
    )
    cube = "select sum(items), sum(items_le_100) from mart_item_cube"
    assert query(build(region).snapshot, cube) == [(4, 3)]

    project = copy_of_the_project(monkeypatch, tmp_path)
    replace_once(
        project / "models/intermediate/int_items.sql",
        "declared_value_usd <= 100",
        "declared_value_usd <= 50",
    )
    outcome = build(region)

    assert query(outcome.snapshot, cube) == [(4, 1)]
    # The same partitions, made of the same extracts.
    assert outcome.changed_partitions == 0


def test_a_new_indicator_is_one_sql_and_one_yml(
    region: Region, steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(steps.begun, region.home)
    land_first_months(region)
    project = copy_of_the_project(monkeypatch, tmp_path)
    indicators = project / "models/indicators"
    for suffix, changes in {
        ".sql": {"'TAX_USD'": "'LEVY_USD'"},
        ".yml": {"name: ind_tax_usd": "name: ind_levy_usd", "Tax on items": "Levies on items"},
    }.items():
        text = (indicators / f"ind_tax_usd{suffix}").read_text().split("unit_tests:")[0]
        for old, new in changes.items():
            text = text.replace(old, new)
        (indicators / f"ind_levy_usd{suffix}").write_text(text)

    snapshot = build(region).snapshot

    titles = "select title_en from mart_indicator_definitions where indicator_code = 'LEVY_USD'"
    assert query(snapshot, titles) == [("Levies on items",)]
    figures = (
        "select time_period, obs_value from mart_indicators"
        " where member_code = 'FJ' and channel_code = '_T' and frequency = 'M' and indicator_code = '{}'"
        " order by all"
    )
    levies = query(snapshot, figures.format("LEVY_USD"))
    assert [period for period, _ in levies] == ["2026-01", "2026-02"]
    assert levies == query(snapshot, figures.format("TAX_USD"))


def test_an_indicator_without_a_text_is_named(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_of_the_project(monkeypatch, tmp_path)
    replace_once(
        project / "models/indicators/ind_items.yml", "        title_fr: >-\n", "        titel_fr: >-\n"
    )

    with pytest.raises(BuildError, match=r"ind_items\.yml: meta has no title_fr"):
        build(region)


def test_a_model_that_fails_is_named_and_the_next_build_succeeds(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_first_months(region)
    sound = building.PROJECT
    project = copy_of_the_project(monkeypatch, tmp_path)
    replace_once(project / "models/marts/mart_coverage.sql", "        items,\n", "        1 / 0 as items,\n")
    with pytest.raises(BuildError, match=r"(?s)last publication stands.*mart_coverage: .*items"):
        build(region)
    assert not list(region.settings.snapshots.iterdir())

    monkeypatch.setattr(building, "PROJECT", sound)
    assert query(build(region).snapshot, "select sum(items) from mart_coverage") == [(820,)]


def test_a_warehouse_in_use_elsewhere_is_waited_for(region: Region) -> None:
    region.write_inputs()
    region.settings.warehouse.mkdir(exist_ok=True)
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(region.settings.warehouse_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(Unavailable, match="another process has the warehouse open"):
            build_models(region.settings)


def test_a_damaged_warehouse_is_built_anew(region: Region) -> None:
    land_first_months(region)
    region.settings.warehouse.mkdir(parents=True)
    region.settings.warehouse_file.write_bytes(b"\0" * 100_000)

    outcome = build(region)

    assert query(outcome.snapshot, "select sum(items) from mart_item_cube") == [(820,)]


def test_the_documentation_is_one_file_that_needs_no_network(region: Region) -> None:
    region.write_inputs()
    page = publish_docs(region.settings)
    text = page.read_text(encoding="utf-8")

    assert page == region.settings.published / "models" / "index.html"
    assert "mart_item_cube" in text
    assert "Valeur déclarée des envois" in text or r"Valeur d\u00e9clar\u00e9e des envois" in text
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?https?:", text)

    written_at = page.stat().st_mtime_ns
    assert publish_docs(region.settings).stat().st_mtime_ns == written_at, "the models are the same"
