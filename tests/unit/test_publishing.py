"""Publishing: a file for each audience, open data, and a pointer; tried on a small snapshot made by hand."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels import disclosure, publishing
from pacific_parcels.briefs.files import brief_files
from pacific_parcels.disclosure import INDICATOR_COLUMNS
from pacific_parcels.errors import GateClosed, PacificParcelsError
from pacific_parcels.progress.published import TABLES as PROGRESS_TABLES
from pacific_parcels.publishing import StagedPublication, commit, current, is_current, stage
from pacific_parcels.settings import Settings

# Fiji shares all, Samoa nothing; 7 parcels from China, 3 from Japan, of Samoa 40 in all.
SNAPSHOT = """
create table mart_indicators as
select * from (values
    ('ITEMS', 'FJ', '_T', '_T', '_T', '_T', 'M', '2026-03', 10.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 10, 1, null),
    ('ITEMS', 'FJ', '_T', '_T', 'CN', '_T', 'M', '2026-03', 7.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 7, 1, null),
    ('ITEMS', 'FJ', '_T', '_T', 'JP', '_T', 'M', '2026-03', 3.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 3, 1, null),
    ('ITEMS', 'WS', '_T', '_T', '_T', '_T', 'M', '2026-03', 40.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 40, 1, null),
    ('ITEMS', 'WS', '_T', '_T', 'KR', '_T', 'M', '2026-03', 40.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 40, 1, null),
    ('ITEMS', '_T', '_T', '_T', '_T', '_T', 'M', '2026-03', 50.0, 'NUMBER', 0, 'P', 'F',
     null, null, null, null, null, 50, 2, null),
    ('ITEMS_GROWTH_YOY_PCT', '_T', '_T', '_T', '_T', '_T', 'M', '2026-03', -1.5, 'PERCENT', 0, 'P', 'F',
     null, null, null, null, null, 50, 3, null)
) as t (
    indicator_code, member_code, channel_code, value_band_code, counterpart_code, commodity_code, frequency,
    time_period, obs_value, unit_measure, unit_mult, obs_status, conf_status, coverage_pct, revision_lower,
    revision_upper, model_lower, model_upper, base_items, base_members,
    counted_items
);
create table stg_members as select * from (values
    ('FJ', 'Fiji', 'Fidji', 'FJD', 'ASYCUDAWorld'),
    ('WS', 'Samoa', 'Samoa', 'WST', 'ASYCUDAWorld')
) as t (member_code, name_en, name_fr, currency_code, customs_system);
create table stg_de_minimis as select * from (values
    ('FJ', 'EXEMPT_ALL', date '2020-01-01', date '2024-06-28'), ('FJ', 'DUTY_OWED', date '2024-06-28', null)
) as t (member_code, mode_code, valid_from, valid_to);
create table stg_member_terms as
select member_code, audience_class, indicator_group, detail, 5 as minimum_cell_items
from (values ('FJ', 'detail'), ('WS', 'none')) as t (member_code, detail),
    (values ('peers'), ('public')) as c (audience_class),
    (values ('VOLUME'), ('PRESSURE')) as g (indicator_group);
create table mart_indicator_definitions as
select
    indicator_code, 'VOLUME' as indicator_group, title as title_en, title as title_fr,
    'what' as definition_en,
    'quoi' as definition_fr, 'sum' as formula, 'NUMBER' as unit_measure, 'items' as numerator,
    'none' as denominator, 'IMTS' as standard, 'limits' as limits_en, 'limites' as limits_fr
from (values ('ITEMS', 'Items'), ('ITEMS_GROWTH_YOY_PCT', 'Growth')) as t (indicator_code, title);
create table mart_indicator_links as select * from (values
    ('ITEMS', 'SUM', null, null), ('ITEMS_GROWTH_YOY_PCT', 'GROWTH', 'ITEMS', 1)
) as t (indicator_code, kind, of_code, years), (values
    (null::varchar, null::varchar, null::varchar, null::integer, null::varchar)
) as n (by_code, bands, parts, months, span);
create table channels as
select 'POSTAL_PARCEL' as channel_code, 'Parcel post' as name_en, 'Colis postaux' as name_fr, 1 as sort_order;
create table value_bands as
select 'LE25' as value_band_code, 'up to 25' as name_en, 'jusqu’à 25' as name_fr, 1 as sort_order;
create table countries as select * from (values
    ('CN', 'China', 'Chine'), ('JP', 'Japan', 'Japon'), ('KR', 'Korea', 'Corée'), ('FR', 'France', 'France')
) as t (country_code, name_en, name_fr);
create table mart_busiest_days as select * from (values
    ('FJ', 'FJSUV', '2026-03', date '2026-03-05', 6), ('WS', 'WSAPW', '2026-03', date '2026-03-06', 9)
) as t (member_code, port_code, time_period, busiest_date, items);
create table ports as select * from (values
    ('FJSUV', 'FJ', 'Suva'), ('FJNAN', 'FJ', 'Nadi'), ('WSAPW', 'WS', 'Apia')
) as t (port_code, member_code, name);
create table mart_coverage as select * from (values
    ('FJ', '2026-02', 'NIL', 0, timestamp '2026-03-10', 10),
    ('FJ', '2026-03', 'REPORTED', 10, timestamp '2026-04-10', 10)
) as t (member_code, time_period, status, items, received_at, days_after_period_end);
create table mart_events as
select 'FJ_THRESHOLD' as event_code, date '2024-06-28' as starts_on, null::date as ends_on,
    'DAY' as date_precision,
    'FJ' as member_code,
    '_T' as channel_code, 'THRESHOLD' as kind_code, true as is_regressor,
    'Fiji: new de minimis' as title_en, 'Fidji : nouveau seuil' as title_fr,
    'Nothing is free.' as text_en,
    'Aucune exonération.' as text_fr, 'DHL' as source;
create table mart_exchange_rates as
select 'FJD' as currency_code, '2026-03' as time_period, 2.2 as units_per_usd, false as is_flagged;
create table mart_receipts as select * from (values
    ('fj-1', 'FJ', 'items', 'march.csv', '2026-03', '2026-03', 'ACCEPTED', timestamp '2026-04-10 08:00:00',
     true, 11, 10, 1, 0, 0, repeat('f', 64))
) as t (
    extract_id, member_code, stream_code, source_name, time_period_start, time_period_end, status,
    received_at, is_synthetic, rows_in, rows_accepted, rows_rejected, rows_duplicate, rows_warned,
    content_sha256
);
create table stg_gap_reports as select * exclude (content_sha256), content_sha256, received_at as vintage_at
from mart_receipts where false;
create table int_periods as select '2026-03' as time_period, true as is_provisional;
create table hs_sections as
select 'S11' as commodity_code, 50 as first_chapter, 63 as last_chapter;
-- Two T-shirts from China by post: FJ$ 1,000 and US$ 500, which is FJ$ 1,100 at 2.2.
create table mart_items as select * from (values
    ('FJ', '2026-03', 'POSTAL_PARCEL', 'CN', '610910', 'CIF', 'FJD', 1000, 454.55),
    ('FJ', '2026-03', 'POSTAL_PARCEL', 'CN', '610910', 'CIF', 'USD', 500, 500)
) as t (
    member_code, time_period, channel_code, counterpart_code, hs_code, valuation_basis_code,
    declared_currency_code, declared_value, declared_value_usd
);
create table int_vintages as select * from (values
    ('fj-1', 'FJ', 'items', '2026-03', timestamp '2026-04-10 08:00:00', 1, 'IN_FORCE'),
    ('fj-0', 'FJ', 'items', '2026-02', timestamp '2026-03-10 08:00:00', 1, 'HELD')
) as t (extract_id, member_code, stream_code, time_period, received_at, vintage_number, vintage_status);
create table mart_rejections as
select 'FJ' as member_code, 'R106' as rule_id, '2026-04' as received_period, 'ERROR' as level,
    'number' as title_en, 'nombre' as title_fr, 'write' as remedy_en, 'écrire' as remedy_fr,
    1 as row_count, 1 as extract_count;
create table mart_revisions as select * from (values
    ('FJ', '2026-03', 8, 10, 25.0, 2, date '2026-04-10', 'PROVISIONAL'),
    ('WS', '2026-03', 40, 40, 0.0, 1, date '2026-04-11', 'PROVISIONAL')
) as t (
    member_code, time_period, first_items, last_items, revision_pct, versions_count, last_known_from,
    revision_status
);
create table mart_busiest_offices as select * from (values
    ('FJ', 'NAN', '2026-03', 10, 0.5, date '2026-03-05', 6),
    ('WS', 'APW', '2026-03', 40, 2.0, date '2026-03-06', 9)
) as t (
    member_code, customs_office_code, time_period, items, items_per_working_day, busiest_date,
    busiest_day_items
);
-- Until the fourth of March the office of Nadi handled 5 a day, then 8.
create table stg_capacities as select * from (values
    ('FJ', 'NAN', null::date, date '2026-03-04', 5), ('FJ', 'NAN', date '2026-03-04', null::date, 8)
) as t (member_code, customs_office_code, valid_from, valid_to, items_per_day);
create table stg_holds as
select 'fj-0' as extract_id, '2026-02' as time_period, 'E101' as expectation_id, 'why' as reason_en,
    'pourquoi' as reason_fr;
"""
QUALITY = [
    {
        "suite": suite,
        "expectation_id": expectation_id,
        "severity": "critical",
        "status": "PASS",
        "title_en": "title",
        "title_fr": "titre",
        "unexpected_count": 0,
        "places": [],
    }
    for suite, expectation_id in (("published", "E302"), ("harmonised", "E101"))
]
OF_WORK = {
    "receipts", "rejections", "held_vintages", "quality_places", "revisions", "busiest_offices",
    "publication_changes",
}  # fmt: skip


CODE = "0" * 64


@pytest.fixture(autouse=True)
def code_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "code_fingerprint", lambda: CODE)


def lay_down(home: Settings) -> Path:
    """The snapshot in a home that is new."""
    path = home.snapshots / "snapshot_1.duckdb"
    path.parent.mkdir(parents=True)
    connection = duckdb.connect(str(path))
    connection.execute(SNAPSHOT)
    connection.close()
    return path


@pytest.fixture(scope="module")
def staged_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, StagedPublication]:
    """The snapshot as it is staged by itself: to be looked at, and copied where a test goes on from it."""
    settings = Settings(home=tmp_path_factory.mktemp("staged") / "a home with 'marks'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "code_fingerprint", lambda: CODE)
        return settings, stage(settings, lay_down(settings), QUALITY)


@pytest.fixture
def staged(staged_once: tuple[Settings, StagedPublication]) -> StagedPublication:
    """What nobody has changed."""
    return staged_once[1]


@pytest.fixture
def files(staged: StagedPublication) -> dict[str, Path]:
    return staged.files


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "a home with 'marks'")


@pytest.fixture
def snapshot(home: Settings) -> Path:
    return lay_down(home)


@pytest.fixture
def first(staged_once: tuple[Settings, StagedPublication], home: Settings) -> str:
    """The home with the snapshot published, once: the name of that run."""
    settings, staged = staged_once
    shutil.copytree(settings.home, home.home)
    commit(home, staged)
    return staged.run_id


@pytest.fixture
def its_snapshot(home: Settings, first: str) -> Path:
    """What the first one was made of."""
    return home.snapshots / "snapshot_1.duckdb"


def publish(home: Settings, snapshot: Path) -> str:
    staged = stage(home, snapshot, QUALITY)
    commit(home, staged)
    return staged.run_id


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = duckdb.connect(str(path), read_only=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def run_files(home: Settings) -> set[str]:
    """Everything under published/ that belongs to a run."""
    return {
        str(path.relative_to(home.published))
        for audience in ("secretariat", "public", "open_data")
        for path in (home.published / audience).iterdir()
    }


class TestFiles:
    def test_each_audience_has_its_tables_and_no_other(self, files: dict[str, Path]) -> None:
        tables = {
            audience: {name for (name,) in query(path, "select table_name from duckdb_tables()")}
            for audience, path in files.items()
        }
        assert set(tables) == {"secretariat", "public", "member_fj", "member_ws"}
        assert tables["secretariat"] - tables["public"] == OF_WORK | {"catalogue_extracts"}
        assert tables["member_fj"] == tables["member_ws"] == tables["public"] | OF_WORK
        assert tables["public"] == {
            "catalogue", "indicators", "indicator_definitions", "members", "channels", "value_bands",
            "counterparts", "busiest_days", "ports", "coverage", "events", "exchange_rates",
            "quality_results", "sharing_terms", "sharing_changes", "disclosure_summary",
            *(f"progress_{table}" for table in PROGRESS_TABLES),
        }  # fmt: skip

    def test_each_audience_has_its_briefs_out_of_its_own_file(self, staged: StagedPublication) -> None:
        published = staged.files["public"].parents[1]
        assert set(staged.pointer["briefs"]) == set(staged.files)
        for audience, folder in staged.pointer["briefs"].items():
            names = {path.name for path in (published / folder).iterdir()}
            assert names == set(brief_files(audience))
            assert folder == f"{audience}/{staged.run_id}.briefs"
        # Samoa shares nothing: what it sees of itself, 40 items, no brief of others holds.
        pages = {
            audience: (published / folder / "brief_en.html").read_text(encoding="utf-8")
            for audience, folder in staged.pointer["briefs"].items()
        }
        figure = re.compile("<(?:td|dd)[^>]*>40[<\u00a0]")  # and not a label of an axis
        assert {name for name, page in pages.items() if figure.search(page)} == {"secretariat", "member_ws"}

    def test_the_public_one_hides_small_cells_and_what_is_not_shared(self, files: dict[str, Path]) -> None:
        cells = (
            "select member_code, counterpart_code, obs_value, conf_status from indicators "
            "where indicator_code = 'ITEMS'"
        )

        assert query(files["public"], cells) == [
            ("FJ", "CN", None, "C"),  # 10 less 7 would be Japan's 3
            ("FJ", "JP", None, "C"),
            ("FJ", "_T", 10.0, "F"),
            ("_T", "_T", None, "C"),  # two members only
        ]
        assert len(query(files["secretariat"], cells)) == 6
        assert query(files["public"], "select port_code, items from busiest_days") == [("FJSUV", 6)]
        assert query(files["public"], "select * from coverage") == [
            ("FJ", "2026-02", "NIL"),
            ("FJ", "2026-03", "REPORTED"),
        ]

    def test_a_member_s_file_has_its_own_figures_in_full_and_of_others_what_they_share(
        self, files: dict[str, Path]
    ) -> None:
        cells = (
            "select member_code, counterpart_code, obs_value from indicators "
            "where indicator_code = 'ITEMS' and member_code <> '_T'"
        )

        assert query(files["member_fj"], cells) == [("FJ", "CN", 7), ("FJ", "JP", 3), ("FJ", "_T", 10)]
        assert query(files["member_ws"], cells) == [
            ("FJ", "CN", None),
            ("FJ", "JP", None),
            ("FJ", "_T", 10),
            ("WS", "KR", 40),
            ("WS", "_T", 40),
        ]
        assert query(files["member_ws"], "select port_code from ports order by 1") == [("FJSUV",), ("WSAPW",)]
        assert query(files["member_fj"], "select member_code, items from coverage") == [("FJ", 0), ("FJ", 10)]
        assert query(files["member_ws"], "select member_code, items from coverage") == [
            ("FJ", None),
            ("FJ", None),
        ]

    def test_a_change_of_terms_holds_from_the_next_publication_and_is_listed(
        self, home: Settings, snapshot: Path
    ) -> None:
        connection = duckdb.connect(str(snapshot))
        connection.execute("update stg_member_terms set detail = 'none' where member_code = 'FJ'")
        connection.close()

        path = stage(home, snapshot, QUALITY).files["public"]

        assert query(path, "select count(*) from indicators where member_code <> '_T'") == [(0,)]
        assert query(
            path, "select distinct member_code, audience_class, detail from sharing_terms order by 1"
        ) == [
            ("FJ", "public", "none"),
            ("WS", "public", "none"),
        ]

    def test_a_code_list_tells_no_audience_of_what_it_is_not_shown(self, files: dict[str, Path]) -> None:
        assert query(files["public"], "select counterpart_code from counterparts") == [("CN",), ("JP",)]
        assert query(files["public"], "select port_code from ports") == [("FJSUV",)]
        assert query(files["secretariat"], "select counterpart_code from counterparts") == [
            ("CN",),
            ("JP",),
            ("KR",),
        ]
        assert query(files["secretariat"], "select port_code from ports") == [("FJSUV",), ("WSAPW",)]

    def test_the_catalogue_says_what_it_is_and_as_of_when(self, staged: StagedPublication) -> None:
        (row,) = query(
            staged.files["public"],
            "select run_id, audience, as_of_date::varchar, first_time_period, last_time_period, "
            "is_synthetic, contract_version, members_reporting, extracts_in_force from catalogue",
        )

        # The extract that is held is not in force.
        assert row == (staged.run_id, "public", "2026-04-10", "2026-02", "2026-03", True, "2", 1, 1)

    def test_the_secretariat_sees_receipts_rejections_and_what_is_held(self, files: dict[str, Path]) -> None:
        path = files["secretariat"]

        assert query(path, "select extract_id from catalogue_extracts") == [("fj-1",)]
        assert query(path, "select extract_id, rows_in, rows_rejected from receipts") == [("fj-1", 11, 1)]
        assert query(path, "select rule_id, row_count from rejections") == [("R106", 1)]
        assert query(path, "select extract_id, reason_fr from held_vintages") == [("fj-0", "pourquoi")]

    def test_a_member_sees_its_own_receipts_offices_and_revisions(self, files: dict[str, Path]) -> None:
        fiji, samoa = files["member_fj"], files["member_ws"]
        assert query(fiji, "select source_name, rows_in, rows_accepted from receipts") == [
            ("march.csv", 11, 10)
        ]
        assert query(fiji, "select rule_id, remedy_en, last_received_period from rejections") == [
            ("R106", "write", "2026-04")
        ]
        assert query(fiji, "select time_period, reason_en from held_vintages") == [("2026-02", "why")]
        assert query(fiji, "select customs_office_code, busiest_day_items, capacity_items_per_day from "
                     "busiest_offices") == [("NAN", 6, 8)]  # fmt: skip
        assert query(samoa, "select member_code, last_items from revisions") == [("WS", 40)]
        assert query(samoa, "select member_code, relief_mode_codes from members order by 1") == [
            ("FJ", "DUTY_OWED"), ("WS", None)
        ]  # fmt: skip
        for table in ("receipts", "rejections", "held_vintages"):
            assert query(samoa, f"select * from {table}") == []
        assert query(files["secretariat"], "select count(*) from busiest_offices") == [(2,)]

    def test_what_changed_since_the_publication_before_is_told(
        self, home: Settings, its_snapshot: Path
    ) -> None:
        sql = "select kind_code, member_code, time_period, items_before, items_after from publication_changes"
        assert query(home.published / current(home)["audiences"]["secretariat"], sql) == []
        with duckdb.connect(str(its_snapshot)) as connection:
            connection.execute("""
                update mart_coverage set items = 12 where time_period = '2026-03';
                update mart_coverage set status = 'HELD', items = null where time_period = '2026-02';
                insert into mart_coverage values
                    ('FJ', '2026-04', 'REPORTED', 20, timestamp '2026-05-10', 10),
                    ('WS', '2026-04', 'NIL', 0, timestamp '2026-05-10', 10),
                    ('WS', '2026-03', 'MISSING', null, null, null);
            """)
        files = stage(home, its_snapshot, QUALITY).files
        assert query(files["secretariat"], sql) == [
            ("ADDED", "FJ", "2026-04", None, 20),
            ("HELD", "FJ", "2026-02", 0, None),
            ("NEW_REPORTER", "WS", "2026-04", None, 0),
            ("REVISED", "FJ", "2026-03", 10, 12),
        ]
        assert query(files["member_ws"], sql) == [("NEW_REPORTER", "WS", "2026-04", None, 0)]

    def test_where_a_check_fails_is_told_to_the_secretariat_and_to_each_member_its_own(
        self, home: Settings, its_snapshot: Path
    ) -> None:
        places = [
            {"member_code": code, "time_period": month, "unexpected_count": count}
            for code, month, count in (("WS", "2026-03", 1), ("FJ", "2026-03", 2), ("FJ", "2026-02", 3))
        ]
        failed = [{**QUALITY[0], "suite": "harmonised", "expectation_id": "E110", "places": places}]
        files = stage(home, its_snapshot, [*QUALITY, *failed]).files

        sql = "select expectation_id, member_code, time_period, unexpected_count from quality_places"
        assert query(files["secretariat"], sql) == [
            ("E110", "FJ", "2026-03", 2),
            ("E110", "WS", "2026-03", 1),
            ("E110", "FJ", "2026-02", 3),
        ]
        assert query(files["member_ws"], sql) == [("E110", "WS", "2026-03", 1)]
        assert query(files["public"], "from duckdb_tables() where table_name = 'quality_places'") == []

    def test_the_results_of_the_judge_are_published_in_order(self, files: dict[str, Path]) -> None:
        path = files["public"]

        assert query(path, "select expectation_id, status from quality_results") == [
            ("E101", "PASS"),
            ("E302", "PASS"),
            # The attack on this very file.
            ("E361", "PASS"),
        ]

    def test_the_warehouse_is_not_part_of_it(self, home: Settings, first: str, its_snapshot: Path) -> None:
        its_snapshot.unlink()

        assert query(home.published / "public" / f"{first}.duckdb", "select count(*) from indicators") == [
            (5,)
        ]


class TestOpenData:
    @pytest.fixture
    def folder(self, staged: StagedPublication) -> Path:
        return staged.files["public"].parents[1] / "open_data" / staged.run_id

    def test_both_forms_hold_the_public_rows(self, folder: Path) -> None:
        with (folder / "indicators.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        parquet = duckdb.read_parquet(str(folder / "indicators.parquet").replace("'", "[']")).fetchall()

        assert len(rows) == len(parquet) == 5
        assert tuple(rows[0]) == (*INDICATOR_COLUMNS, "is_synthetic")
        assert {row["is_synthetic"] for row in rows} == {"true"}
        assert [row["obs_value"] for row in rows if row["counterpart_code"] == "JP"] == [""]

    def test_a_code_that_no_list_names_is_not_published(
        self, home: Settings, first: str, its_snapshot: Path
    ) -> None:
        connection = duckdb.connect(str(its_snapshot))
        connection.execute("update mart_indicators set unit_measure = 'FURLONG'")
        connection.close()

        with pytest.raises(PacificParcelsError, match="open data: unit_measure holds 'FURLONG'"):
            stage(home, its_snapshot, QUALITY)

        assert current(home)["run_id"] == first

    def test_the_note_says_that_figures_are_synthetic_in_both_languages(self, folder: Path) -> None:
        note = (folder / "README.txt").read_text(encoding="utf-8")

        assert note.startswith("SYNTHETIC: these figures come from invented extracts")
        assert "SYNTHÉTIQUE : ces chiffres proviennent d’extraits inventés" in note
        assert f"run {folder.name}, as of 2026-04-10, months to 2026-03" in note

    def test_the_note_of_real_figures_does_not(self, home: Settings, snapshot: Path) -> None:
        connection = duckdb.connect(str(snapshot))
        connection.execute("update mart_receipts set is_synthetic = false")
        connection.close()

        run_id = publish(home, snapshot)

        note = (home.published / "open_data" / run_id / "README.txt").read_text(encoding="utf-8")
        assert "SYNTH" not in note
        assert current(home)["is_synthetic"] is False


class TestPointer:
    def test_nothing_is_published_before_commit(
        self, home: Settings, staged: StagedPublication, staged_once: tuple[Settings, StagedPublication]
    ) -> None:
        shutil.copytree(staged_once[0].home, home.home)
        assert current(home) is None
        assert not is_current(home)

        commit(home, staged)

        assert json.loads(home.pointer.read_text(encoding="utf-8")) == {
            "run_id": staged.run_id,
            "run_number": 1,
            "input_fingerprint": publishing.input_fingerprint(home),
            "audiences": {
                audience: f"{audience}/{staged.run_id}.duckdb"
                for audience in ("secretariat", "public", "member_fj", "member_ws")
            },
            "open_data": f"open_data/{staged.run_id}",
            "secretariat_files": f"secretariat/{staged.run_id}",
            "briefs": {
                audience: f"{audience}/{staged.run_id}.briefs"
                for audience in ("secretariat", "public", "member_fj", "member_ws")
            },
            "as_of_date": "2026-04-10",
            "last_time_period": "2026-03",
            "is_synthetic": True,
        }
        assert is_current(home)

    def test_it_is_out_of_date_when_the_code_changes(
        self, home: Settings, first: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert is_current(home)
        monkeypatch.setattr(publishing, "code_fingerprint", lambda: "1" * 64)

        assert not is_current(home)

    @pytest.mark.parametrize(
        "what",
        [
            "public/{}.duckdb",
            "secretariat/{}.duckdb",
            "secretariat/{}/inputs.json",
            "open_data/{}/indicators.csv",
            "open_data/{}/data_3_0.xml",
            "public/{}.briefs/brief_fr.pdf",
            "public/{}.briefs/progress_fr.pdf",
        ],
    )
    def test_it_is_out_of_date_when_a_file_is_gone(self, home: Settings, first: str, what: str) -> None:
        (home.published / what.format(first)).unlink()

        assert not is_current(home)

    @pytest.mark.parametrize("content", ["", "{", "[1]", '{"run_id": "00001-a"}', "null"])
    def test_a_damaged_one_is_named_and_nothing_is_touched(
        self, home: Settings, its_snapshot: Path, content: str
    ) -> None:
        home.pointer.write_text(content, encoding="utf-8")
        before = run_files(home)

        for action in (
            lambda: current(home),
            lambda: is_current(home),
            lambda: stage(home, its_snapshot, []),
        ):
            with pytest.raises(
                PacificParcelsError, match=r"current\.json: the pointer is damaged; .* publish again"
            ):
                action()
        assert run_files(home) == before


class TestRuns:
    def test_each_has_the_next_number_and_a_path_of_its_own(
        self, home: Settings, first: str, its_snapshot: Path
    ) -> None:
        second = publish(home, its_snapshot)

        assert (first[:5], second[:5]) == ("00001", "00002")
        assert (home.published / "public" / f"{first}.duckdb").is_file()

    def test_a_staged_one_that_was_not_committed_gives_its_number_to_the_next(
        self, home: Settings, first: str, its_snapshot: Path
    ) -> None:
        refused = stage(home, its_snapshot, QUALITY)

        again = stage(home, its_snapshot, QUALITY)

        assert again.run_id == refused.run_id
        assert current(home)["run_id"] == first
        assert len(run_files(home)) == 12

    def test_the_last_five_stay(self, home: Settings, first: str, its_snapshot: Path) -> None:
        for _ in range(5):
            publish(home, its_snapshot)

        numbers = {Path(name).name[:5] for name in run_files(home)}
        assert numbers == {"00002", "00003", "00004", "00005", "00006"}
        assert len(run_files(home)) == 30

    def test_a_stage_killed_at_any_step_leaves_the_publication_standing(
        self, home: Settings, first: str, its_snapshot: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = home.pointer.read_bytes()
        steps = 0
        while True:
            steps += 1
            with monkeypatch.context() as patch:
                patch.setattr(Path, "replace", _killed_at(steps, Path.replace))
                try:
                    staged = stage(home, its_snapshot, QUALITY)
                except Killed:
                    assert home.pointer.read_bytes() == before
                    assert (home.published / "public" / f"{first}.duckdb").is_file()
                    continue
            break

        # Killed before each of four audiences' files, of two folders, of four audiences' briefs, and of three
        # records: what was protected, what was attacked, and how that went.
        assert steps == 4 + 2 + 4 + 3 + 1
        commit(home, staged)
        assert {Path(name).name[:6] for name in run_files(home)} == {"00001-", "00002-"}

    def test_a_commit_killed_before_the_pointer_moves_leaves_the_old_one(
        self, home: Settings, its_snapshot: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = home.pointer.read_bytes()
        staged = stage(home, its_snapshot, QUALITY)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", _killed_at(1, Path.replace))
            with pytest.raises(Killed):
                commit(home, staged)
        assert home.pointer.read_bytes() == before

        commit(home, stage(home, its_snapshot, QUALITY))

        assert current(home)["run_id"] == staged.run_id


class Killed(BaseException):
    """As a process ends that is killed: nothing catches it."""


def _killed_at(step: int, function: Callable[..., Any]) -> Callable[..., Any]:
    calls: list[None] = []

    def called(*arguments: Any) -> Any:
        calls.append(None)
        if len(calls) == step:
            raise Killed
        return function(*arguments)

    return called


class TestAttack:
    """The files are attacked before anybody else can: what tells too much never gets a pointer."""

    def test_a_file_that_shows_a_hidden_figure_is_not_published(
        self, home: Settings, its_snapshot: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def careless(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> None:
            disclosure.protect(connection, *arguments)
            # Fiji's three parcels from Japan.
            connection.execute(
                "update memory.shown_public set obs_value = 3, conf_status = 'F' "
                "where counterpart_code = 'JP'"
            )

        before = current(home)
        monkeypatch.setattr(publishing, "protect", careless)

        with pytest.raises(GateClosed, match="ITEMS FJ _T _T JP _T M 2026-03: OPEN, between 3 and 3"):
            stage(home, its_snapshot, QUALITY)

        assert current(home) == before

    def test_what_it_came_to_stands_in_the_catalogue_and_beside_the_judgements(
        self, staged_once: tuple[Settings, StagedPublication], files: dict[str, Path]
    ) -> None:
        columns = "attacked_figures > 0, exposed_figures, narrowest_interval >= 0.999"

        assert query(files["public"], f"select {columns} from catalogue") == [(True, 0, True)]
        assert query(files["secretariat"], f"select {columns} from catalogue") == [(None, None, None)]
        told = json.loads((staged_once[0].judged / publishing.ATTACK).read_text(encoding="utf-8"))
        assert set(told) == {"public", "member_fj", "member_ws"}
        assert all(one["exposed"] == 0 and one["seconds"] > 0 for one in told.values())

    def test_a_change_of_terms_is_listed(self, home: Settings, first: str, its_snapshot: Path) -> None:
        with duckdb.connect(str(its_snapshot)) as connection:
            connection.execute(
                "update stg_member_terms set detail = 'totals' "
                "where member_code = 'WS' and audience_class = 'public' and indicator_group = 'VOLUME'"
            )
        second = stage(home, its_snapshot, QUALITY)

        assert query(home.published / "public" / f"{first}.duckdb", "from sharing_changes") == []
        assert query(second.files["public"], "from sharing_changes") == [
            ("WS", "public", "VOLUME", "none", "totals", 5, 5)
        ]
        assert query(second.files["member_fj"], "from sharing_changes") == []
