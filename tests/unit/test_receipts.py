"""Receipts: one for each extract, whatever its name, however it came, and what the models are given of it."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

from pacific_parcels import landing, receipts
from pacific_parcels.contract import COLUMNS
from pacific_parcels.errors import Unavailable
from pacific_parcels.landing import ReceiveOutcome, has_work, list_deliveries, receive_member
from pacific_parcels.members import Capacity, Member, load_members
from pacific_parcels.receipts import INPUT_COLUMNS, extract_id_of, write_inputs
from pacific_parcels.settings import Settings
from tests.small_member import COLUMNS as MAPPED_COLUMNS
from tests.small_member import FILE_NAME, SENT_AT, member_file, put, small_member, text_of
from tests.unit.conftest import rows_in

# Five rows: A1 and A2 are good, A3 arrived in another month, A1 comes again, the value of A5 cannot be read.
DIRTY = text_of(
    {},
    {"Currency": "AUD", "Value": "20.50"},
    {"Arrived": "2026-02-05", "Value": "7.25"},
    {"Item": "A1"},
    {"Value": "ten"},
)
# No row has a word for "inspected" that the member file knows: nothing can be accepted, so it is refused.
REFUSED = text_of({"Inspected": "?"}, {"Inspected": "?"})
MENDED = {"is_inspected": {"column": "Inspected", "lookup": {"Y": True, "N": False, "?": False}}}


class Killed(BaseException):
    """As a kill, it is caught by nobody."""


class Home:
    """A home with one member, which is looked at through its file."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            home=folder / "home", member_directories=(folder / "members",), quiet_seconds=0.2
        )
        self.have(small_member())

    def have(self, member: Member) -> None:
        member_file(self.settings.member_directories[0], member)

    def send(self, content: str | bytes, name: str = FILE_NAME, sent_at: datetime = SENT_AT) -> Path:
        return put(self.settings.inbox / "fj" / name, content, sent_at)

    def receive(self) -> ReceiveOutcome:
        return receive_member(self.settings, load_members(self.settings)["FJ"])

    def receipts(self) -> list[dict[str, Any]]:
        """In the order in which they came, without the notes on what was seen before."""
        found = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in (self.settings.receipts / "FJ").glob("*.json")
        ]
        return sorted(
            (receipt for receipt in found if receipt["status"] != "SEEN_BEFORE"),
            key=lambda receipt: (receipt["received_at"], receipt["source_name"]),
        )

    def receipt(self) -> dict[str, Any]:
        (receipt,) = self.receipts()
        return receipt

    def rules(self) -> list[str]:
        return [rule["rule_id"] for rule in self.receipt()["rules"]]

    def files(self) -> list[Path]:
        return sorted(
            path
            for path in self.settings.landing.rglob("*")
            if path.is_file() and ".scratch" not in path.parts
        )

    def listing(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in self.files()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def content_of(home: Home, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What is landed, file by file: the rows of Parquet, since its bytes are not what is promised."""
    return {
        str(path.relative_to(home.settings.landing)): rows_in(connection, path)
        if path.suffix == ".parquet"
        else path.read_bytes()
        for path in home.files()
    }


def landed_items(home: Home, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(month, item) of all that lies under items, as the models read it."""
    return connection.execute(
        f"select time_period, item_id from read_parquet('{home.settings.items}/**/*.parquet', "
        "hive_partitioning = true, hive_types_autocast = false) order by all"
    ).fetchall()


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


# ---- what a receipt says


def test_every_row_is_accepted_rejected_or_duplicate_and_so_is_every_value(home: Home) -> None:
    home.send(DIRTY)
    outcome = home.receive().to_dict()
    receipt = home.receipt()
    # A1, A2 | A3, A5 | the second A1
    counts = {"rows_in": 5, "rows_accepted": 2, "rows_rejected": 2, "rows_duplicate": 1}
    assert {name: receipt[name] for name in counts} == counts
    assert {name: outcome[name] for name in counts} == counts
    # The value of A5 cannot be read: it is in no sum, but its row is counted.
    names = ("currency_code", "accepted_value", "rejected_value", "duplicate_value")
    assert receipt["values"] == [
        dict(zip(names, ("AUD", "20.50", "0", "0"), strict=True)),
        dict(zip(names, ("FJD", "10.00", "7.25", "10.00"), strict=True)),
    ]


def test_accepted_rows_have_the_columns_of_the_contract(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    home.send(DIRTY)
    home.receive()
    (file,) = home.settings.items.rglob("*.parquet")
    described = connection.execute(
        f"describe select * from read_parquet('{file}', hive_partitioning = false)"
    ).fetchall()
    in_the_path = {"member_code", "time_period"}
    assert [(name, sql_type) for name, sql_type, *_ in described] == [
        (column.name, column.sql_type) for column in COLUMNS if column.name not in in_the_path
    ]


def test_a_quarter_has_three_months_one_of_them_with_nothing(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    home.have(small_member(file="items-{quarter}.csv"))
    home.send(
        text_of({"Arrived": "2026-01-31"}, {"Arrived": "2026-03-01"}, {"Arrived": "2026-01-01"}),
        "items-2026-Q1.csv",
    )
    home.receive()
    name = f"{home.receipt()['extract_id']}.parquet"
    assert home.receipt()["periods"] == [
        {
            "time_period": "2026-01",
            "items": 2,
            "files": [f"items/member_code=FJ/time_period=2026-01/{name}"],
        },
        {"time_period": "2026-02", "items": 0, "files": []},
        {
            "time_period": "2026-03",
            "items": 1,
            "files": [f"items/member_code=FJ/time_period=2026-03/{name}"],
        },
    ]
    assert landed_items(home, connection) == [("2026-01", "A1"), ("2026-01", "A3"), ("2026-03", "A2")]


def test_a_month_that_is_read_in_two_passes_has_one_file_and_each_item_once(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    """More rows than are judged at once, one item twice: its first row is accepted by the second pass."""
    changes = [{"Item": f"B{number}"} for number in range(4001)] + [{"Item": "B7"}]
    home.send(text_of(*changes))
    home.receive()
    receipt = home.receipt()
    assert [len(period["files"]) for period in receipt["periods"]] == [1]
    assert (receipt["rows_in"], receipt["rows_accepted"], receipt["rows_duplicate"]) == (4002, 4001, 1)
    items = landed_items(home, connection)
    assert len(items) == len(set(items)) == 4001


# ---- refusals


def test_what_is_accepted_at_the_second_reading_leaves_no_rejected_rows(home: Home) -> None:
    home.send(REFUSED)
    home.receive()
    assert len(list(home.settings.rejected.rglob("*.parquet"))) == 1
    home.have(small_member(columns=MENDED))
    assert home.receive().extracts_accepted == 1
    assert not list(home.settings.rejected.rglob("*.parquet"))


def test_a_refusal_that_another_delivery_stands_for_stays(home: Home) -> None:
    """The same bytes under two names that were not agreed; then the second one is."""
    home.send(DIRTY, "a.csv")
    home.send(DIRTY, "b-2026-03.csv", SENT_AT + timedelta(hours=1))
    assert home.receive().extracts_refused == 2
    home.have(small_member(file="b-{period}.csv"))
    outcome = home.receive()
    assert (outcome.extracts_accepted, outcome.extracts_refused) == (1, 1)
    assert [(receipt["source_name"], receipt["status"]) for receipt in home.receipts()] == [
        ("a.csv", "REFUSED"),
        ("b-2026-03.csv", "ACCEPTED"),
    ]
    before = home.listing()
    assert not has_work(home.settings)
    assert home.receive().status == "NOTHING_NEW"
    assert home.listing() == before


@pytest.mark.parametrize(
    ("name", "named"),
    [
        (b"colis-f\xe9vrier.csv", "colis-f\N{REPLACEMENT CHARACTER}vrier.csv"),  # é as Windows writes it
        ("ʻuta.csv".encode(), "ʻuta.csv"),
        (b"a." + b"x" * 240, "a." + "x" * 240),
    ],
    ids=["another code page", "Tongan", "long"],
)
def test_a_name_that_is_hard_to_write_is_refused_like_any_other(home: Home, name: bytes, named: str) -> None:
    home.send(DIRTY, os.fsdecode(name))
    assert has_work(home.settings)
    assert home.receive().status == "REFUSED"
    assert home.rules() == ["R015"]
    assert home.receipt()["source_name"] == named
    assert (home.receipt()["stream_code"], home.receipt()["time_period_start"]) == ("", None)
    assert not has_work(home.settings)
    write_inputs(home.settings)


# ---- what cannot be had just now


def test_an_inbox_that_cannot_be_read_may_hold_work(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_work(home.settings)

    def no_walk(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    home.send(DIRTY)
    monkeypatch.setattr(landing.os, "walk", no_walk)
    assert has_work(home.settings)
    assert home.receive().status == "UNREACHABLE"
    assert home.files() == []


def test_an_inbox_that_is_a_file_is_unreachable(home: Home) -> None:
    put(home.settings.inbox / "fj", "")
    assert home.receive().status == "UNREACHABLE"


def test_a_share_that_went_away_is_unreachable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(self: Path) -> NoReturn:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "exists", stale)
    with pytest.raises(Unavailable, match=r"FJ, .*inbox/fj: Stale file handle; expected"):
        list_deliveries(home.settings, "FJ")


def test_a_disk_that_fails_on_one_file_makes_it_unreachable(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = home.send(DIRTY)
    home.send(text_of({"Arrived": "2026-02-05"}), "items-2026-02.csv")
    real = shutil.copyfile

    def fail(source: Path, copy: Path) -> Path:
        if source == failing:
            raise OSError(errno.EIO, "Input/output error")
        return real(source, copy)

    with monkeypatch.context() as patched:
        patched.setattr(landing.shutil, "copyfile", fail)
        outcome = home.receive()
    assert (outcome.status, outcome.extracts_accepted) == ("UNREACHABLE", 1)
    assert outcome.message_en.startswith("FJ, items-2026-03.csv: Input/output error; expected")
    assert home.receive().extracts_accepted == 1


def test_a_manifest_that_tells_no_size_does_not_say_that_a_file_is_complete(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = home.send(DIRTY[:-20], sent_at=datetime.now(UTC))
    put(sent.with_name(sent.name + ".manifest.json"), json.dumps({"sha256": sha256(DIRTY)}))
    with monkeypatch.context() as patched:
        patched.setattr(landing.time, "sleep", lambda _: home.send(DIRTY))
        assert home.receive().files_still_growing == 1
    assert home.files() == []
    assert home.receive().extracts_accepted == 1
    assert home.receipt()["has_manifest"]


# ---- killed while a refused extract is read again


def mended(home: Home) -> None:
    """A refused extract under two names, and one whose name was unknown: the member file now knows all."""
    home.send(REFUSED, "items-2026-03.synthetic.csv")
    home.send(REFUSED, "b/items-2026-03.csv", SENT_AT + timedelta(hours=1))
    home.send(DIRTY, "z-2026-03.csv")
    home.receive()
    home.have(small_member(columns=MENDED, file="{any}-{period}.csv"))


def is_killed_at(monkeypatch: pytest.MonkeyPatch, home: Home, number: int) -> bool:
    """Receive, killed before its step of this number; whether there was such a step.

    A step is whatever changes the landing.
    """
    left = number

    def step(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*arguments, **options)

        return run

    with monkeypatch.context() as patched:
        for holder, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync"), (receipts, "write_json")):
            patched.setattr(holder, name, step(getattr(holder, name)))
        try:
            home.receive()
        except Killed:
            return True
    return False


def test_killed_while_refused_extracts_are_read_again_it_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: duckdb.DuckDBPyConnection
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a process is killed, the power stays on
    undisturbed = Home(tmp_path / "undisturbed")
    mended(undisturbed)
    shutil.copytree(tmp_path / "undisturbed", tmp_path / "started")
    undisturbed.receive()
    expected = content_of(undisturbed, connection)
    assert [receipt["status"] for receipt in undisturbed.receipts()] == ["ACCEPTED", "ACCEPTED"]
    home = Home(tmp_path / "killed")
    kills = 0
    while True:
        shutil.rmtree(tmp_path / "killed")
        shutil.copytree(tmp_path / "started", tmp_path / "killed")
        was_killed = is_killed_at(monkeypatch, home, kills)
        if was_killed:
            home.receive()
        assert content_of(home, connection) == expected, f"killed before step {kills}"
        assert not has_work(home.settings)
        if not was_killed:
            break
        kills += 1
    # Bytes, items and a receipt in two steps or more, of each of two extracts, and two notes.
    assert kills >= 12


def test_what_a_killed_attempt_left_is_not_added_to_what_comes(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    """The member file was changed between: the attempt had other months, and more files of a month."""
    extract_id = extract_id_of("FJ", "items", ("2026-03", "2026-03"), sha256(DIRTY))
    months = home.settings.items / "member_code=FJ"
    for name in (f"time_period=2026-02/{extract_id}", f"time_period=2026-03/{extract_id}-1"):
        (months / name).parent.mkdir(parents=True)
        connection.execute(f"copy (select 'X' as item_id) to '{months / name}.parquet' (format parquet)")
    home.send(DIRTY)
    home.receive()
    assert landed_items(home, connection) == [("2026-03", "A1"), ("2026-03", "A2")]


# ---- what the models are given


def test_inputs_have_every_table_and_column_also_when_nothing_came(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    write_inputs(home.settings)
    counts = {}
    for table, columns in INPUT_COLUMNS.items():
        file = home.settings.inputs / f"{table}.parquet"
        described = connection.execute(f"describe select * from read_parquet('{file}')").fetchall()
        assert {name: sql_type for name, sql_type, *_ in described} == columns
        ((counts[table],),) = connection.execute(f"select count(*) from read_parquet('{file}')").fetchall()
    # Three classes of audience by six groups of indicators and progress.
    expected = {"members": 1, "streams": 1, "stream_columns": len(MAPPED_COLUMNS), "member_terms": 3 * 7}
    assert counts == dict.fromkeys(INPUT_COLUMNS, 0) | expected
    assert {path.name for path in home.settings.inputs.iterdir()} == {f"{name}.parquet" for name in counts}


def test_inputs_tell_what_the_receipts_tell(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    home.send(DIRTY)
    home.send(DIRTY, f"again/{FILE_NAME}", SENT_AT + timedelta(days=1))
    home.send(REFUSED, "items-2026-02.csv")
    home.receive()
    write_inputs(home.settings)

    def rows(table: str, columns: str) -> list[tuple[Any, ...]]:
        file = home.settings.inputs / f"{table}.parquet"
        return connection.execute(f"select {columns} from read_parquet('{file}') order by all").fetchall()

    # The second delivery of the same bytes is no receipt.
    assert rows("receipts", "source_name, status, rows_in, rows_accepted") == [
        ("items-2026-02.csv", "REFUSED", 2, 0),
        ("items-2026-03.csv", "ACCEPTED", 5, 2),
    ]
    assert rows("receipts", "distinct received_at") == [(SENT_AT.replace(tzinfo=None),)]
    assert rows("receipt_periods", "time_period, items") == [("2026-03", 2)]
    # Of the refused one, two rows of 10.00 FJD: whatever is wrong with them, it is not their value.
    assert rows("receipt_values", "currency_code, accepted_value, rejected_value, duplicate_value") == [
        ("AUD", Decimal("20.50"), 0, 0),
        ("FJD", 0, 20, 0),
        ("FJD", 10, Decimal("7.25"), 10),
    ]
    assert ("R010", "FATAL", 1) in rows("receipt_rules", "rule_id, level, row_count")


def test_inputs_tell_what_a_place_can_handle_and_until_when(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    lines = (
        Capacity(port="FJSUV", items_per_day=1200, source="a letter"),
        Capacity(port="FJSUV", valid_from=date(2025, 7, 1), items_per_day=1500, source="a letter"),
        Capacity(office="SUVA", valid_to=date(2026, 1, 1), items_per_day=90, source="a letter"),
    )
    home.have(small_member().model_copy(update={"capacity": lines}))
    write_inputs(home.settings)

    file = home.settings.inputs / "capacities.parquet"
    assert connection.execute(f"select * from read_parquet('{file}')").fetchall() == [
        ("FJ", "FJSUV", None, None, date(2025, 7, 1), 1200, "a letter"),
        ("FJ", "FJSUV", None, date(2025, 7, 1), None, 1500, "a letter"),
        ("FJ", None, "SUVA", None, date(2026, 1, 1), 90, "a letter"),
    ]
