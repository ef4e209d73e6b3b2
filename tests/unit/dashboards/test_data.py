"""The one door to published files: which is opened, what it can do, what is said when there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from dashboards import data
from dashboards.data import PublicationUnavailable, open_publication
from pacific_parcels.settings import Settings
from tests.publication_fixture import MONTHS, write_publication


def settings(home: Path, audience: str = "public") -> Settings:
    return Settings(home=home, audience=audience)


def reason(home: Path, audience: str = "public") -> str:
    with pytest.raises(PublicationUnavailable) as refused:
        open_publication(settings(home, audience))
    return refused.value.reason


def rewrite_pointer(home: Path, **changes: object) -> None:
    pointer = home / "published" / "current.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | changes))


def test_the_catalogue_says_what_is_shown(home: Path) -> None:
    publication = open_publication(settings(home))
    assert publication.run_id == "20260420T090000Z"
    assert publication.audience == "public"
    assert publication.as_of_date.isoformat() == "2026-04-20"
    assert (publication.first_time_period, publication.last_time_period) == ("2022-12", "2026-03")
    assert publication.is_synthetic


def test_the_public_file_lacks_what_only_the_secretariat_is_given(home: Path) -> None:
    private = {"receipts", "rejections", "held_vintages", "catalogue_extracts"}
    assert {table for table in private if open_publication(settings(home)).shares(table)} == set()
    secretariat = open_publication(settings(home, "secretariat"))
    assert {table for table in private if secretariat.shares(table)} == private


def test_the_environment_alone_names_the_audience(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_publication(Settings.from_environment()).audience == "public"
    monkeypatch.setenv("PACIFIC_PARCELS_AUDIENCE", "secretariat")
    assert open_publication(Settings.from_environment()).audience == "secretariat"


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/hostname')",
        "select * from glob('/*')",
        "copy members to '/tmp/members.csv'",
        "attach '/tmp/other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set threads = 8",
        "create table t (a integer)",
        "delete from members",
        "select * from publication",
    ],
)
def test_the_file_is_a_sandbox(home: Path, sql: str) -> None:
    publication = open_publication(settings(home))
    with pytest.raises((duckdb.Error, data.PublicationUnavailable)):
        publication.rows(sql)
    assert len(publication.rows("select * from members")) == 4


def test_nothing_is_written_beside_a_published_file(home: Path) -> None:
    before = sorted(path for path in home.rglob("*"))
    publication = open_publication(settings(home))
    data.headlines(publication)
    assert sorted(path for path in home.rglob("*")) == before


def test_a_new_publication_shows_at_the_next_run_and_the_old_one_stays_whole(home: Path) -> None:
    first = open_publication(settings(home))
    assert len(data.headlines(first)) > 0
    write_publication(home, run_id="20260521T090000Z")
    second = open_publication(settings(home))
    assert (first.run_id, second.run_id) == ("20260420T090000Z", "20260521T090000Z")
    assert first.rows("select run_id from catalogue")["run_id"].tolist() == ["20260420T090000Z"]
    assert second.rows("select run_id from catalogue")["run_id"].tolist() == ["20260521T090000Z"]


def test_answers_of_one_audience_are_never_those_of_another(home: Path) -> None:
    sql = "select audience from catalogue"
    public, secretariat = open_publication(settings(home)), open_publication(settings(home, "secretariat"))
    assert public.rows(sql)["audience"].tolist() == ["public"]
    assert secretariat.rows(sql)["audience"].tolist() == ["secretariat"]
    assert public.rows(sql)["audience"].tolist() == ["public"]


def test_no_publication_yet(tmp_path: Path) -> None:
    assert reason(tmp_path) == "missing"


@pytest.mark.parametrize(
    "pointer", ["", "{", "[]", "null", '{"run_id": "x"}', '{"run_id": "x", "audiences": 3}']
)
def test_a_half_written_pointer(home: Path, pointer: str) -> None:
    (home / "published" / "current.json").write_text(pointer)
    assert reason(home) == "incomplete"


def test_a_pointer_to_a_file_that_is_gone(home: Path) -> None:
    (home / "published" / "public" / "20260420T090000Z.duckdb").unlink()
    assert reason(home) == "incomplete"


@pytest.mark.parametrize("kept", [0, 100, 5_000, 500_000])
def test_a_half_written_file(home: Path, kept: int) -> None:
    file = home / "published" / "public" / "20260420T090000Z.duckdb"
    file.write_bytes(file.read_bytes()[:kept])
    assert reason(home) == "incomplete"


def test_a_file_that_is_no_database(home: Path) -> None:
    (home / "published" / "public" / "20260420T090000Z.duckdb").write_text("no database at all")
    assert reason(home) == "incomplete"


@pytest.mark.parametrize(
    "change",
    ["drop table coverage", "drop table catalogue", "alter table indicators drop column conf_status"],
)
def test_a_file_of_an_older_schema(home: Path, change: str) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute(change)
    assert reason(home) == "older"


def test_a_pointer_that_leads_out_of_its_audience_is_not_followed(home: Path) -> None:
    elsewhere = {"public": "secretariat/20260420T090000Z.duckdb"}
    rewrite_pointer(home, audiences=elsewhere)
    assert reason(home) == "incomplete"
    rewrite_pointer(home, audiences={"public": "public/../../outside.duckdb"})
    assert reason(home) == "incomplete"


def test_a_file_of_another_audience_or_run_is_not_shown(home: Path) -> None:
    published = home / "published"
    shutil.copy(published / "secretariat" / "20260420T090000Z.duckdb", published / "public" / "other.duckdb")
    rewrite_pointer(home, audiences={"public": "public/other.duckdb"})
    assert reason(home) == "incomplete"
    rewrite_pointer(home, audiences={"public": "public/20260420T090000Z.duckdb"}, run_id="another run")
    assert reason(home) == "incomplete"


@pytest.mark.parametrize("audience", ["member_ws", "../secretariat", "", "PUBLIC"])
def test_an_audience_without_a_publication(home: Path, audience: str) -> None:
    assert reason(home, audience) == "audience"


def test_headlines_are_the_latest_figures_that_are_not_withheld(home: Path) -> None:
    headlines = data.headlines(open_publication(settings(home))).set_index("indicator_code")
    # month 37: 2850 + 1240 + 670 + 185; months 38 and 39 are withheld because Tonga is missing, then held
    assert headlines.loc["ITEMS", ["time_period", "obs_value", "obs_status"]].tolist() == [
        "2026-01",
        4945.0,
        "P",
    ]
    # growth is matched, so it goes on to the last month
    assert headlines.loc["ITEMS_GROWTH_3Y_PCT", ["time_period", "obs_value"]].tolist() == ["2026-03", 212.0]


def test_series_of_members_channels_and_value_bands(home: Path) -> None:
    publication = open_publication(settings(home))
    members = data.series(publication, "ITEMS", ("FJ", "TO"), "member", "2026-01")
    # three months from 2026-01 on for each: FJ 2850, 2900, 2950; TO 185, then missing twice
    assert members["series_code"].tolist() == ["FJ"] * 3 + ["TO"] * 3
    assert members["obs_value"].fillna(-1).tolist() == [2850, 2900, 2950, 185, -1, -1]
    channels = data.series(publication, "ITEMS", ("TO",), "channel", "2026-01").set_index("series_code")
    assert channels.loc["POSTAL_PARCEL", "obs_value"] == pytest.approx(111)  # 60 % of 185
    assert channels.loc["POSTAL_LETTER", "conf_status"] == "C"
    bands = data.series(publication, "ITEMS", ("FJ",), "value_band", "2026-03").set_index("series_code")
    assert bands.loc["LE25", "obs_value"] == pytest.approx(1475)  # half of 2950


def test_splits_are_those_that_are_published(home: Path) -> None:
    publication = open_publication(settings(home))
    assert data.splits(publication, "ITEMS") == {"channel", "value_band", "counterpart"}
    assert data.splits(publication, "SHARE_LE_100_USD_PCT") == set()


def test_busiest_ports_of_a_month(home: Path) -> None:
    ports = data.busiest_ports(open_publication(settings(home)), "2026-01", "fr")
    assert ports["port_name"].tolist() == ["Suva", "Nouméa"]
    assert ports["items"].tolist() == [412, 139]


def test_acceptance_adds_up_by_member(home: Path) -> None:
    frame = data.acceptance(open_publication(settings(home, "secretariat")), "en").set_index("member_name")
    # Fiji: 3000 + 3000 = (2900 + 2950) + (80 + 50) + 20; Tonga: one of two extracts refused
    columns = ["extracts", "refused", "rows_in", "rows_accepted", "rows_rejected", "rows_duplicate"]
    assert frame.loc["Fiji", columns].tolist() == [2, 0, 6000, 5850, 130, 20]
    assert frame.loc["Tonga", columns].tolist() == [2, 1, 200, 195, 5, 0]


def test_rejections_are_added_over_members(home: Path) -> None:
    frame = data.rejections(open_publication(settings(home, "secretariat")), "en").set_index("rule_id")
    counts = frame.loc["R007", ["row_count", "extract_count"]].tolist()
    assert [*counts, list(frame.loc["R007", "members"])] == [95, 3, ["Fiji", "Tonga"]]  # 90 rows, and 5
    assert frame.index.tolist() == ["R007", "R012"]


def test_checks_keep_failed_and_errored_apart(home: Path) -> None:
    frame = data.checks_by_suite(open_publication(settings(home))).set_index("suite")
    assert frame.loc["harmonised"].tolist() == [1, 2, 0]
    assert frame.loc["published"].tolist() == [0, 0, 1]


def test_flagged_rates_name_the_months_and_both_sources(home: Path) -> None:
    frame = data.flagged_rates(open_publication(settings(home)))
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["currency_code"], row["source_code"], row["second_source_code"]) == ("TOP", "IMF", "HMRC")
    assert (row["first_time_period"], row["last_time_period"]) == (MONTHS[0], MONTHS[9])


def test_names_are_sorted_as_a_reader_expects_with_their_accents(home: Path) -> None:
    with duckdb.connect(str(home / "published" / "public" / "20260420T090000Z.duckdb")) as connection:
        connection.execute("insert into members values ('CK', 'Cook Islands', 'Îles Cook', 'NZD', 'X', null)")
    names = data.member_names(open_publication(settings(home)), "fr")
    assert list(names.values()) == ["Fidji", "Îles Cook", "Nouvelle-Calédonie", "Samoa", "Tonga"]
