"""Published files in the hands of a reader, and when they are out of date; on the snapshot of
test_publishing."""

from __future__ import annotations

import csv
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels import publishing
from pacific_parcels.disclosure import complementary
from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.landing import receive_member
from pacific_parcels.members import load_members
from pacific_parcels.open_data.files import PUBLIC_FILES, SECRETARIAT_FILES
from pacific_parcels.processes import Processes
from pacific_parcels.publishing import commit, current, input_fingerprint, is_current, stage
from pacific_parcels.settings import Settings
from tests.small_member import FILE_NAME, SENT_AT, member_file, put, small_member, text_of
from tests.unit.test_publishing import QUALITY, SNAPSHOT, query, run_files


class House:
    """What lies in a folder, or is laid down there where nothing lies yet: a member and the snapshot."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home", member_directories=(folder / "members",))
        self.snapshot = folder / "snapshot.duckdb"
        if not self.snapshot.exists():
            member_file(folder / "members", small_member())
            self.change_snapshot(SNAPSHOT)

    def change_snapshot(self, sql: str, values: list[object] | None = None) -> None:
        with duckdb.connect(str(self.snapshot)) as connection:
            connection.execute(sql, values)

    def publish(self) -> dict[str, Any]:
        """The pointer to it."""
        commit(self.settings, stage(self.settings, self.snapshot, QUALITY))
        return self.pointer()

    def pointer(self) -> dict[str, Any]:
        pointer = current(self.settings)
        assert pointer is not None
        return pointer

    def path(self, name: str) -> Path:
        return self.settings.published / name

    def receive(self) -> str:
        return receive_member(self.settings, load_members(self.settings)["FJ"]).status

    def rows_of_csv(self, pointer: dict[str, Any]) -> list[dict[str, str]]:
        path = self.path(pointer["open_data"]) / "indicators.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table of a published file, in their order."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        return {name: connection.execute(f"select * from {name}").fetchall() for (name,) in tables}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house that has published once: tests go on from a copy of it."""
    folder = tmp_path_factory.mktemp("published")
    House(folder).publish()
    return folder


@pytest.fixture
def published(published_once: Path, tmp_path: Path) -> House:
    """A house of the test's own that has published the snapshot once."""
    shutil.copytree(published_once, tmp_path, dirs_exist_ok=True)
    return House(tmp_path)


# ---- read by others


def test_a_file_answers_while_it_is_locked_and_reaches_nothing_else(published: House) -> None:
    connection = duckdb.connect(
        str(published.path(published.pointer()["audiences"]["public"])),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    )
    try:
        total = "select obs_value from indicators where member_code = 'FJ' and counterpart_code = '_T'"
        assert connection.execute(total).fetchall() == [(10,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("delete from indicators")
        with pytest.raises(duckdb.PermissionException):
            connection.execute("select * from read_text('/etc/hostname')")
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            connection.execute("set enable_external_access = true")
    finally:
        connection.close()


def test_a_reader_keeps_the_publication_that_it_has_opened(published: House) -> None:
    path = published.path(published.pointer()["audiences"]["public"])
    with duckdb.connect(str(path), read_only=True) as reader:
        published.change_snapshot("update mart_indicators set obs_value = 99")
        newer = published.publish()
        total = "select distinct obs_value from indicators where member_code = 'FJ' and conf_status = 'F'"
        assert reader.execute(total).fetchall() == [(10,)]
    assert query(published.path(newer["audiences"]["public"]), total) == [(99,)]


def test_nothing_for_the_secretariat_is_in_any_byte_that_others_get(published: House) -> None:
    pointer = published.pointer()
    secrets = [b"fj-1", b"fj-0", b"pourquoi", b"R106"]
    kept = published.path(pointer["audiences"]["secretariat"]).read_bytes()
    assert all(secret in kept for secret in secrets)
    run_id = pointer["run_id"]
    for name in (
        "current.json",
        f"public/{run_id}.duckdb",
        *(f"open_data/{run_id}/{name}" for name in PUBLIC_FILES),
    ):
        content = published.path(name).read_bytes()
        assert not [secret for secret in secrets if secret in content], name


@pytest.mark.parametrize("code", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1"])
def test_what_a_spreadsheet_would_run_is_no_code_and_is_not_published(published: House, code: str) -> None:
    before = published.pointer()
    for table in ("mart_indicators", "mart_indicator_definitions", "mart_indicator_links"):
        published.change_snapshot(
            f"update {table} set indicator_code = ? where indicator_code = 'ITEMS_GROWTH_YOY_PCT'", [code]
        )
    with pytest.raises(PacificParcelsError, match="open data: indicator_code holds"):
        published.publish()
    assert current(published.settings) == before


def test_a_region_without_any_extract_can_be_published(house: House) -> None:
    for table in (
        "int_vintages", "mart_receipts", "stg_holds", "mart_rejections", "mart_coverage", "mart_indicators",
        "mart_busiest_days",
    ):  # fmt: skip
        house.change_snapshot(f"delete from {table}")
    pointer = house.publish()
    assert (pointer["as_of_date"], pointer["last_time_period"], pointer["is_synthetic"]) == (
        None,
        None,
        False,
    )
    assert house.rows_of_csv(pointer) == []
    assert is_current(house.settings)


def test_what_lands_while_the_models_are_built_makes_the_next_publication_due(house: House) -> None:
    """It is not in the snapshot: were it taken for published, nobody would miss it."""
    built_from = input_fingerprint(house.settings)
    put(house.settings.inbox / "fj" / FILE_NAME, text_of({}), SENT_AT + timedelta(days=1))
    assert house.receive() == "OK"
    commit(house.settings, stage(house.settings, house.snapshot, QUALITY, built_from))
    assert not is_current(house.settings)
    commit(house.settings, stage(house.settings, house.snapshot, QUALITY, input_fingerprint(house.settings)))
    assert is_current(house.settings)


@pytest.mark.parametrize(
    ("status", "is_synthetic"), [("IN_FORCE", True), ("SUPERSEDED", False), ("HELD", False)]
)
def test_one_synthetic_extract_in_force_makes_all_figures_synthetic(
    house: House, status: str, is_synthetic: bool
) -> None:
    """fj-1 is real and in force; fj-0 is invented."""
    house.change_snapshot(
        "update mart_receipts set is_synthetic = false; "
        "insert into mart_receipts select * replace ('fj-0' as extract_id, true as is_synthetic) "
        "from mart_receipts; "
        f"update int_vintages set vintage_status = '{status}' where extract_id = 'fj-0'"
    )
    pointer = house.publish()
    assert pointer["is_synthetic"] is is_synthetic
    assert {row["is_synthetic"] for row in house.rows_of_csv(pointer)} == {str(is_synthetic).lower()}
    note = (house.path(pointer["open_data"]) / "README.txt").read_text(encoding="utf-8")
    assert note.startswith("SYNTHETIC: ") is is_synthetic


def test_a_member_s_own_minimum_of_busiest_days_is_never_below_that_of_all(house: House) -> None:
    days = "select port_code from busiest_days"
    house.change_snapshot(
        "update stg_member_terms set minimum_cell_items = 3; "
        "update mart_busiest_days set items = 4 where member_code = 'FJ'"
    )
    assert query(house.path(house.publish()["audiences"]["public"]), days) == []
    house.change_snapshot("update mart_busiest_days set items = 5 where member_code = 'FJ'")
    assert query(house.path(house.publish()["audiences"]["public"]), days) == [("FJSUV",)]


def test_the_same_inputs_give_the_same_publication_made_in_one_process_or_in_several(
    published: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = House(tmp_path / "other")
    first = published.pointer()
    handed_over: list[str] = []
    hand_over = Processes.map

    def noted(processes: Processes, function: Any, jobs: Any) -> Any:
        handed_over.append(function.__name__)
        return hand_over(processes, function, jobs)

    monkeypatch.setattr(Processes, "map", noted)
    monkeypatch.setattr(publishing, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(complementary, "WORTH_A_PROCESS", 0)
    second = other.publish()
    assert {*handed_over} == {"_protect_parts", "_attack", "_write_some_briefs"}
    assert first == second
    assert len(first["audiences"]) == 4
    for path in first["audiences"].values():
        tables = content(published.path(path))
        assert len(tables) >= 12
        assert tables == content(other.path(path)), path
    # A DuckDB file carries an identity of its own; every other file is the same to the byte.
    for folder, files in (("open_data", PUBLIC_FILES), ("secretariat_files", SECRETARIAT_FILES)):
        for name in files:
            path = f"{first[folder]}/{name}"
            assert published.path(path).read_bytes() == other.path(path).read_bytes(), path


# ---- killed, damaged, out of date


def test_what_was_killed_in_the_middle_of_a_file_is_cleared_away(published: House) -> None:
    for name in (".00002-0.duckdb", ".00002-0.duckdb.wal"):
        put(published.path("public") / name, "half")
    put(published.path("open_data") / ".00002-0" / "indicators.csv", "half")
    published.publish()
    names = {Path(name).name for name in run_files(published.settings)}
    assert {name[:6] for name in names} == {"00001-", "00002-"}
    assert len(run_files(published.settings)) == 12


def test_what_is_not_of_a_run_is_left_alone(house: House) -> None:
    notes = put(house.path("public") / "notes.txt", "")
    house.publish()
    assert notes.exists()


def test_removing_a_damaged_pointer_and_publishing_again_helps(published: House) -> None:
    put(published.settings.pointer, b"\xff\xfe\x00")
    with pytest.raises(PacificParcelsError, match=r"the pointer is damaged; .* remove the file and publish"):
        is_current(published.settings)
    published.settings.pointer.unlink()
    published.publish()
    assert is_current(published.settings)


def test_a_new_receipt_makes_it_out_of_date_and_a_repeated_delivery_does_not(published: House) -> None:
    put(published.settings.inbox / "fj" / FILE_NAME, text_of({}))
    assert is_current(published.settings), "what has not been received changes nothing"
    assert published.receive() == "OK"
    assert not is_current(published.settings)

    published.publish()
    put(published.settings.inbox / "fj" / "again" / FILE_NAME, text_of({}), SENT_AT + timedelta(days=1))
    assert published.receive() == "OK"
    assert len(list((published.settings.receipts / "FJ").glob("*.again-*.json"))) == 1
    assert is_current(published.settings)


def test_a_changed_member_file_makes_it_out_of_date(published: House) -> None:
    members = published.settings.member_directories[0]
    member_file(members, small_member().model_copy(update={"currency": "USD"}))
    assert not is_current(published.settings)
    member_file(members, small_member())
    assert is_current(published.settings), "the same again is no change"
    member_file(members, small_member(code="NC"))
    assert not is_current(published.settings)


def test_a_hold_makes_it_out_of_date(published: House) -> None:
    assert is_current(published.settings)
    put(
        published.settings.holds / "fj-1_2026-03.json",
        '{"extract_id": "fj-1", "time_period": "2026-03", "expectation_id": "E101", "reason_en": "", '
        '"reason_fr": ""}',
    )
    assert not is_current(published.settings)
