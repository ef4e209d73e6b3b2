"""Receiving: bytes are kept, an extract happens once and whole, bad data is a status and no exception."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
from openpyxl import Workbook

from pacific_parcels import landing
from pacific_parcels.errors import PacificParcelsError, Unavailable
from pacific_parcels.landing import has_work, receive_all, receive_member
from pacific_parcels.reading import Manifest, Reading, connect, read_sent_together
from pacific_parcels.sandbox import ZYGOTE, Job, Limits, Sandbox
from pacific_parcels.settings import Settings
from tests.small_member import (
    FILE_NAME,
    HEADER,
    SENT_AT,
    line_of,
    member_file,
    put,
    rows_of,
    small_member,
    text_of,
)

GOOD: dict[str, str] = {}
TEXT = text_of(GOOD, {"Value": "2.50"})


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0)
    member_file(tmp_path / "members", small_member())
    return settings


@pytest.fixture
def inbox(home: Settings) -> Path:
    return home.inbox / "fj"


def receipts(settings: Settings, pattern: str = "*.json") -> list[dict[str, Any]]:
    """Receipts, the notes on files seen before left aside unless asked for."""
    paths = sorted((settings.receipts / "FJ").glob(pattern))
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in paths
        if pattern != "*.json" or ".again-" not in path.name
    ]


def receipt(settings: Settings) -> dict[str, Any]:
    (only,) = receipts(settings)
    return only


def landed(settings: Settings) -> dict[str, bytes]:
    """Every file of the landing, and of the originals but locks and scratch, with its bytes."""
    return {
        str(path.relative_to(place.parent)): path.read_bytes()
        for place in (settings.landing, settings.originals)
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".scratch" not in path.parts
    }


def files_and_times(settings: Settings) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(settings.home.rglob("*"))
    }


def items(settings: Settings) -> list[tuple[Any, ...]]:
    return duckdb.sql(
        "select member_code, time_period, item_id, declared_value::double, extract_id "
        f"from read_parquet('{settings.items}/*/*/*.parquet', hive_partitioning = true, "
        "hive_types_autocast = false) order by all"
    ).fetchall()


class TestOneExtract:
    def test_its_bytes_are_kept_untouched_under_their_sha256(self, home: Settings, inbox: Path) -> None:
        content = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
        put(inbox / FILE_NAME, content)

        receive_member(home, small_member())

        kept = home.originals / "FJ" / f"{hashlib.sha256(content).hexdigest()}.csv"
        assert [path for path in landed(home) if path.startswith("originals")] == [
            str(kept.relative_to(home.home))
        ]
        assert kept.read_bytes() == content
        assert (inbox / FILE_NAME).read_bytes() == content

    def test_its_rows_lie_under_member_and_month(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)

        outcome = receive_member(home, small_member())

        assert outcome.status == "OK"
        assert (outcome.extracts_accepted, outcome.rows_in, outcome.rows_accepted) == (1, 2, 2)
        extract_id = receipt(home)["extract_id"]
        assert items(home) == [
            ("FJ", "2026-03", "A1", 10.0, extract_id),
            ("FJ", "2026-03", "A2", 2.5, extract_id),
        ]

    def test_its_receipt_says_who_what_when_and_what_became_of_the_rows(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / FILE_NAME, text_of(GOOD, {"Value": "x"}, {"Item": "A1"}, {"Currency": "USD"}))

        outcome = receive_member(home, small_member())

        said = receipt(home)
        assert said["member_code"] == "FJ"
        assert said["stream_code"] == "items"
        assert said["source_name"] == FILE_NAME
        assert said["received_at"] == said["vintage_at"] == "2026-04-10 08:00:00"
        assert said["status"] == "ACCEPTED"
        assert (said["is_synthetic"], said["has_manifest"]) == (False, False)
        assert (said["time_period_start"], said["time_period_end"]) == ("2026-03", "2026-03")
        assert [said[f"rows_{name}"] for name in ("in", "accepted", "rejected", "duplicate", "warned")] == [
            4, 2, 1, 1, 0,
        ]  # fmt: skip
        assert said["values"] == [
            {
                "currency_code": "FJD",
                "accepted_value": "10.00",
                "rejected_value": "0.00",
                "duplicate_value": "10.00",
            },
            {
                "currency_code": "USD",
                "accepted_value": "10.00",
                "rejected_value": "0",
                "duplicate_value": "0",
            },
        ]
        (period,) = said["periods"]
        assert (period["time_period"], period["items"]) == ("2026-03", 2)
        assert all((home.landing / file).is_file() for file in period["files"])
        assert [(rule["rule_id"], rule["column_name"], rule["first_rows"]) for rule in said["rules"]] == [
            ("R106", "declared_value", [3]),
            ("R114", "item_id", [4]),
        ]
        assert all(rule["title_en"] and rule["title_fr"] and rule["remedy_en"] and rule["remedy_fr"]
                   for rule in said["rules"])  # fmt: skip
        assert (outcome.rows_in, outcome.rows_accepted, outcome.rows_rejected, outcome.rows_duplicate) == (
            4,
            2,
            1,
            1,
        )

    def test_rejected_and_duplicate_rows_are_kept_with_their_faults(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / FILE_NAME, text_of(GOOD, {"Value": "x"}, {"Item": "A1"}))

        receive_member(home, small_member())

        file = home.rejected / "member_code=FJ" / f"{receipt(home)['extract_id']}.parquet"
        assert duckdb.sql(f"select source_row, verdict, faults from '{file}' order by 1").fetchall() == [
            (3, "REJECTED", ["R106:declared_value"]),
            (4, "DUPLICATE", ["R114:item_id"]),
        ]

    def test_a_synthetic_one_is_told_by_its_name(self, home: Settings, inbox: Path) -> None:
        put(inbox / "items-2026-03.synthetic.csv", TEXT)

        receive_member(home, small_member())

        assert receipt(home)["is_synthetic"] is True
        assert receipt(home)["time_period_start"] == "2026-03"

    def test_of_several_months_lies_under_each(self, home: Settings, inbox: Path) -> None:
        put(inbox / "items-2026-Q1.csv", text_of(GOOD, {"Arrived": "2026-01-05", "Released": ""}))

        receive_member(home, small_member(file="items-{quarter}.csv"))

        assert [(period["time_period"], period["items"]) for period in receipt(home)["periods"]] == [
            ("2026-01", 1),
            ("2026-02", 0),
            ("2026-03", 1),
        ]
        assert [row[1:3] for row in items(home)] == [("2026-01", "A2"), ("2026-03", "A1")]

    def test_without_rows_is_a_nil_report(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, text_of())

        assert receive_member(home, small_member()).extracts_accepted == 1
        assert receipt(home)["periods"] == [{"time_period": "2026-03", "items": 0, "files": []}]
        assert not home.items.exists()

    def test_files_in_folders_of_the_inbox_are_found(self, home: Settings, inbox: Path) -> None:
        put(inbox / "2026" / "march" / FILE_NAME, TEXT)

        assert receive_member(home, small_member()).extracts_accepted == 1


class TestSeenBefore:
    def test_a_second_run_changes_nothing(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        put(inbox / "march.csv", TEXT)  # refused: its name is not agreed
        put(inbox / "items-2026-02.csv", text_of())
        receive_member(home, small_member())
        before = files_and_times(home)
        assert before

        outcome = receive_member(home, small_member())

        assert outcome.to_dict() == landing.ReceiveOutcome("FJ").to_dict()
        assert outcome.status == "NOTHING_NEW"
        assert files_and_times(home) == before
        assert not has_work(home)

    def test_there_is_work_until_everything_was_looked_at(self, home: Settings, inbox: Path) -> None:
        assert not has_work(home)
        put(inbox / FILE_NAME, TEXT)
        assert has_work(home)
        receive_all(home)
        assert not has_work(home)

    def test_the_same_bytes_in_another_folder_or_at_another_time_change_nothing(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / FILE_NAME, TEXT)
        receive_member(home, small_member())
        before = landed(home)
        put(inbox / "again" / FILE_NAME, TEXT, SENT_AT + timedelta(days=3))

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_seen_before, outcome.extracts_accepted) == ("OK", 1, 0)
        assert outcome.rows_in == 0
        (note,) = receipts(home, "*.again-*.json")
        assert note["status"] == "SEEN_BEFORE"
        assert before.items() <= landed(home).items()
        assert len(landed(home)) == len(before) + 1
        assert receive_member(home, small_member()).status == "NOTHING_NEW"

    def test_the_same_bytes_for_the_same_months_under_another_name_change_nothing(
        self, home: Settings, inbox: Path
    ) -> None:
        member = small_member(file="items-{period}{any}")
        put(inbox / "items-2026-03.csv", TEXT)
        put(inbox / "items-2026-03 (2).csv", TEXT, SENT_AT + timedelta(hours=1))

        outcome = receive_member(home, member)

        assert (outcome.extracts_accepted, outcome.extracts_seen_before) == (1, 1)
        assert len(items(home)) == 2

    def test_the_same_bytes_for_another_month_are_an_extract_of_their_own(
        self, home: Settings, inbox: Path
    ) -> None:
        """Two months without items are two files of the same bytes."""
        put(inbox / "items-2026-02.csv", text_of())
        put(inbox / "items-2026-03.csv", text_of())

        outcome = receive_member(home, small_member())

        assert (outcome.extracts_accepted, outcome.extracts_seen_before) == (2, 0)
        assert {said["time_period_start"] for said in receipts(home)} == {"2026-02", "2026-03"}
        assert len(list((home.originals / "FJ").iterdir())) == 1

    def test_a_revision_lies_beside_what_it_revises(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        receive_member(home, small_member())
        before = landed(home)
        put(inbox / FILE_NAME, text_of(GOOD), SENT_AT + timedelta(days=3))

        assert receive_member(home, small_member()).extracts_accepted == 1
        assert before.items() <= landed(home).items()
        assert sorted(said["received_at"] for said in receipts(home)) == [
            "2026-04-10 08:00:00",
            "2026-04-13 08:00:00",
        ]


class TestPartialUploads:
    @pytest.mark.parametrize(
        "name",
        [f"{FILE_NAME}.filepart", f"{FILE_NAME}.tmp", f"{FILE_NAME}.PART", f".{FILE_NAME}", f"~${FILE_NAME}",
         f"{FILE_NAME}.manifest.json", f"{FILE_NAME}.rejected.csv", ".hidden/x.csv", "receipts/x.csv"],
    )  # fmt: skip
    def test_what_is_no_finished_file_is_not_picked_up(self, home: Settings, inbox: Path, name: str) -> None:
        put(inbox / name, TEXT)

        assert receive_member(home, small_member()).status == "NOTHING_NEW"
        assert not home.landing.exists()

    def test_a_file_that_grows_is_left_for_the_next_run(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = inbox / FILE_NAME
        path.parent.mkdir(parents=True)
        path.write_text(TEXT[:100], encoding="utf-8")
        slept: list[float] = []

        def upload_goes_on(seconds: float) -> None:
            slept.append(seconds)
            path.write_text(TEXT, encoding="utf-8")

        monkeypatch.setattr(time, "sleep", upload_goes_on)
        settings = Settings(home.home, home.member_directories, quiet_seconds=5)

        outcome = receive_member(settings, small_member())

        assert (outcome.files_still_growing, outcome.status) == (1, "NOTHING_NEW")
        assert landed(settings) == {}
        (seconds,) = slept
        assert 0 < seconds <= 5
        put(path, TEXT)
        assert receive_member(settings, small_member()).extracts_accepted == 1

    def test_a_file_from_a_clock_ahead_of_ours_has_its_quiet_time_too(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(inbox / FILE_NAME, TEXT)
        future = time.time() + 3600
        os.utime(inbox / FILE_NAME, (future, future))
        slept: list[float] = []
        monkeypatch.setattr(time, "sleep", slept.append)
        settings = Settings(home.home, home.member_directories, quiet_seconds=5)

        assert receive_member(settings, small_member()).extracts_accepted == 1
        assert slept == [5]

    def test_a_file_left_alone_for_long_is_taken_at_once(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(inbox / FILE_NAME, TEXT)
        old = time.time() - 60
        os.utime(inbox / FILE_NAME, (old, old))
        monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"it waited {seconds} s"))
        settings = Settings(home.home, home.member_directories, quiet_seconds=5)

        assert receive_member(settings, small_member()).status == "OK"

    def test_a_file_that_changes_while_it_is_copied_is_left_for_the_next_run(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = put(inbox / FILE_NAME, TEXT[:100])
        monkeypatch.setattr(landing.shutil, "copyfile", _and_then(shutil.copyfile, lambda: put(path, TEXT)))

        assert receive_member(home, small_member()).files_still_growing == 1
        assert landed(home) == {}

    def test_a_file_taken_away_meanwhile_is_no_error(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = put(inbox / FILE_NAME, TEXT)
        monkeypatch.setattr(landing, "_is_complete", lambda *_: path.unlink() or True)

        assert receive_member(home, small_member()).files_still_growing == 1

    def test_a_manifest_says_when_a_file_is_whole(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT[:100])
        put(inbox / f"{FILE_NAME}.manifest.json", json.dumps({"bytes": len(TEXT), "rows": 2}))

        outcome = receive_member(home, small_member())
        assert (outcome.files_still_growing, landed(home)) == (1, {})

        put(inbox / FILE_NAME, TEXT)
        assert receive_member(home, small_member()).extracts_accepted == 1
        assert receipt(home)["has_manifest"] is True


def _and_then(function: Callable[..., Any], action: Callable[[], object]) -> Callable[..., Any]:
    """A function that does something else once, after its first call."""
    done: list[object] = []

    def called(*arguments: Any) -> Any:
        result = function(*arguments)
        if not done:
            done.append(action())
        return result

    return called


class TestManifest:
    def test_the_time_of_the_export_orders_vintages(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        put(inbox / f"{FILE_NAME}.manifest.json", json.dumps({"extracted_at": "2026-04-02T08:00:00+12:00"}))

        receive_member(home, small_member())

        assert receipt(home)["vintage_at"] == "2026-04-01 20:00:00"
        assert receipt(home)["received_at"] == "2026-04-10 08:00:00"

    @pytest.mark.parametrize(
        ("manifest", "rule_id"),
        [
            ('{"sha256": "00"}', "R012"),
            ('{"bytes": 10}', "R012"),
            ('{"rows": 3}', "R011"),
            ('{"control_totals": [{"column": "declared_value", "currency": "FJD", "total": "13"}]}', "R013"),
            ("rows = 2", "R018"),
        ],
    )
    def test_one_that_does_not_fit_refuses_the_extract(
        self, home: Settings, inbox: Path, manifest: str, rule_id: str
    ) -> None:
        put(inbox / FILE_NAME, TEXT)
        put(inbox / f"{FILE_NAME}.manifest.json", manifest)

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_refused) == ("REFUSED", 1)
        assert [rule["rule_id"] for rule in receipt(home)["rules"]] == [rule_id]
        assert receipt(home)["time_period_start"] == "2026-03"
        assert not home.items.exists()

    def test_a_mended_one_has_the_same_file_read_again(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        put(inbox / f"{FILE_NAME}.manifest.json", '{"rows": 3}')
        receive_member(home, small_member())
        put(inbox / f"{FILE_NAME}.manifest.json", '{"rows": 2}', SENT_AT + timedelta(hours=1))

        assert receive_member(home, small_member()).extracts_accepted == 1
        assert receipt(home)["status"] == "ACCEPTED"
        assert receive_member(home, small_member()).status == "NOTHING_NEW"


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "content", "rule_id"),
        [
            (FILE_NAME, "", "R001"),
            (FILE_NAME, text_of(GOOD, delimiter=";"), "R005"),
            (FILE_NAME, text_of({"Value": "x"}), "R010"),
            ("march.csv", TEXT, "R015"),
            ("ws-2026-03.csv", TEXT, "R009"),
        ],
    )
    def test_it_is_a_status_with_the_words_and_the_bytes_are_kept(
        self, home: Settings, inbox: Path, name: str, content: str, rule_id: str
    ) -> None:
        member_file(home.member_directories[0], small_member(code="WS", file="ws-{period}.csv"))
        put(inbox / name, content)

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_refused, outcome.rows_accepted) == ("REFUSED", 1, 0)
        assert receipt(home)["status"] == "REFUSED"
        assert receipt(home)["periods"] == []
        assert receipt(home)["rules"][0]["rule_id"] == rule_id
        assert outcome.message_en.startswith(f"FJ, {name}: {receipt(home)['rules'][0]['title_en']}")
        assert len(list((home.originals / "FJ").iterdir())) == 1
        assert not home.items.exists()

    def test_its_rejected_rows_can_be_looked_at(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, text_of({"Value": "x"}))

        receive_member(home, small_member())

        assert (home.rejected / "member_code=FJ" / f"{receipt(home)['extract_id']}.parquet").is_file()

    def test_others_of_the_same_member_are_accepted(self, home: Settings, inbox: Path) -> None:
        put(inbox / "items-2026-02.csv", "nonsense")
        put(inbox / FILE_NAME, TEXT)

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_refused, outcome.extracts_accepted) == ("REFUSED", 1, 1)
        assert len(items(home)) == 2

    def test_it_is_read_again_when_the_member_file_changes_and_not_before(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / FILE_NAME, text_of(*[{"Mode": "Q"}] * 9))
        assert receive_member(home, small_member()).extracts_refused == 1
        assert receive_member(home, small_member()).status == "NOTHING_NEW"
        mended = small_member(
            columns={"channel_code": {"column": "Mode", "lookup": {"P": "POSTAL_PARCEL", "Q": "AIR_CARGO"}}}
        )

        outcome = receive_member(home, mended)

        assert (outcome.status, outcome.extracts_accepted) == ("OK", 1)
        assert receipt(home)["status"] == "ACCEPTED"
        assert not list(home.rejected.rglob("*.parquet")), "the rows of the refusal are gone with it"
        assert receive_member(home, mended).status == "NOTHING_NEW"

    def test_a_name_agreed_later_leaves_no_refusal_behind(self, home: Settings, inbox: Path) -> None:
        put(inbox / "march-2026-03.csv", TEXT)
        receive_member(home, small_member())
        mended = small_member(file="march-{period}.csv")

        assert receive_member(home, mended).extracts_accepted == 1
        assert receipt(home)["status"] == "ACCEPTED"
        assert receive_member(home, mended).status == "NOTHING_NEW"

    def test_two_copies_of_a_refused_file_do_not_keep_us_busy(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, text_of({"Value": "x"}))
        put(inbox / "again" / FILE_NAME, text_of({"Value": "x"}), SENT_AT + timedelta(days=1))

        assert receive_member(home, small_member()).extracts_refused == 2
        assert len(receipts(home)) == 1
        assert receive_member(home, small_member()).status == "NOTHING_NEW"
        # When our reading changes, each copy is looked at once more, and again that is all.
        changed = small_member(null_values=["-"])
        assert receive_member(home, changed).extracts_refused == 2
        assert receive_member(home, changed).status == "NOTHING_NEW"

    @pytest.mark.parametrize("name", [FILE_NAME, "march.csv", "march.xlsx"])
    def test_a_folder_instead_of_a_file(self, home: Settings, inbox: Path, name: str) -> None:
        put(inbox / name / "inside.csv", TEXT)

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_refused) == ("REFUSED", 1)
        assert receipt(home)["rules"][0]["rule_id"] == "R008" if name == FILE_NAME else "R015"
        assert receive_member(home, small_member()).status == "NOTHING_NEW"

    def test_a_link_instead_of_a_file(self, home: Settings, inbox: Path, tmp_path: Path) -> None:
        inbox.mkdir(parents=True)
        (inbox / FILE_NAME).symlink_to(put(tmp_path / "elsewhere.csv", TEXT))
        (inbox / "items-2026-02.csv").symlink_to(tmp_path / "nowhere")

        assert receive_member(home, small_member()).extracts_refused == 2
        assert {said["rules"][0]["rule_id"] for said in receipts(home)} == {"R008"}
        assert not (home.originals / "FJ").exists()


class TestFilesThatAttack:
    """Their readers are told by the file what to do: see tests.hostile_readers."""

    READER = "tests.hostile_readers:reader"

    @pytest.fixture(autouse=True)
    def reader(self, monkeypatch: pytest.MonkeyPatch) -> None:
        limits = Limits(memory_bytes=400_000_000, cpu_seconds=5, wall_factor=10)
        monkeypatch.setattr(landing, "Sandbox", partial(Sandbox, reader=self.READER, limits=limits))

    def test_one_between_two_good_ones_is_refused_alone(self, home: Settings, inbox: Path) -> None:
        settings = Settings(home.home, home.member_directories, memory_limit="100MB", quiet_seconds=0)
        put(inbox / "items-2026-02.csv", text_of(GOOD | {"Arrived": "2026-02-05", "Released": ""}))
        put(inbox / "items-2026-03.csv", "eat memory", SENT_AT + timedelta(minutes=1))
        put(inbox / "items-2026-04.csv", "segfault", SENT_AT + timedelta(minutes=2))
        april = {"Arrived": "2026-04-05", "Released": "2026-04-06 09:30:00"}
        put(inbox / "again" / "items-2026-04.csv", text_of(april), SENT_AT + timedelta(minutes=3))

        ZYGOTE.start()  # which stays, for the next sandbox
        children = psutil.Process().children(recursive=True)
        outcome = receive_member(settings, small_member())

        assert (outcome.status, outcome.extracts_accepted, outcome.extracts_refused) == ("REFUSED", 2, 2)
        assert [row[1] for row in items(home)] == ["2026-02", "2026-04"]
        refused = [said for said in receipts(home) if said["status"] == "REFUSED"]
        assert {(said["time_period_start"], said["rules"][0]["rule_id"]) for said in refused} == {
            ("2026-03", "R019"),
            ("2026-04", "R023"),
        }
        assert receive_member(settings, small_member()).status == "NOTHING_NEW"
        assert psutil.Process().children(recursive=True) == children

    def test_a_defect_of_ours_on_one_is_told_and_the_others_are_landed(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / "items-2026-02.csv", "defect")
        put(inbox / FILE_NAME, TEXT, SENT_AT + timedelta(minutes=1))
        put(inbox / "items-2026-04.csv", "nonsense", SENT_AT + timedelta(minutes=2))

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_accepted, outcome.extracts_refused) == ("ERRORED", 1, 1)
        assert outcome.message_en.startswith("FJ, items-2026-02.csv: ValueError")
        assert "Vakacegu" not in outcome.message_en
        assert has_work(home), "it is read again when we have mended the reader"

    def test_a_run_killed_while_one_is_read_leaves_nothing_in_the_way_of_the_next(
        self, home: Settings, inbox: Path
    ) -> None:
        kept = home.originals / "FJ"
        put(inbox / FILE_NAME, "say pid and loop")
        program = f"""
from functools import partial
from pathlib import Path
from pacific_parcels import landing
from pacific_parcels.settings import Settings
from tests.small_member import small_member
landing.Sandbox = partial(landing.Sandbox, reader={self.READER!r})
landing.receive_member(Settings(home=Path({str(home.home)!r}), quiet_seconds=0), small_member())
"""
        parent = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
        given_up_at = time.monotonic() + 30
        while not (said := [path for path in kept.glob("pid") if path.stat().st_size]):
            assert time.monotonic() < given_up_at
            time.sleep(0.01)
        child = psutil.Process(int(said[0].read_text(encoding="ascii")))

        parent.send_signal(signal.SIGKILL)
        parent.wait()
        put(inbox / FILE_NAME, TEXT)
        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_accepted) == ("OK", 1)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_one_that_takes_too_much_is_refused_alone_of_those_read_together(
    home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(memory_bytes=400_000_000, written_bytes=1_000_000, written_per_byte=0)
    monkeypatch.setattr(landing, "Sandbox", partial(Sandbox, limits=limits))
    put(inbox / "items-2026-02.csv", text_of(GOOD | {"Arrived": "2026-02-05", "Released": ""}))
    put(inbox / "items-2026-03.csv", gzip.compress(b"a" * 2_000_000), SENT_AT + timedelta(minutes=1))
    april = {"Arrived": "2026-04-05", "Released": "2026-04-06 09:30:00"}
    put(inbox / "items-2026-04.csv", text_of(april), SENT_AT + timedelta(minutes=2))

    outcome = receive_member(home, small_member())

    assert (outcome.extracts_accepted, outcome.extracts_refused) == (2, 1)
    assert [row[1] for row in items(home)] == ["2026-02", "2026-04"]
    (refused,) = [said for said in receipts(home) if said["status"] == "REFUSED"]
    assert (refused["time_period_start"], refused["rules"][0]["rule_id"]) == ("2026-03", "R019")


class TestOurOwnTrouble:
    def test_an_inbox_that_cannot_be_read_is_unreachable_and_worth_a_retry(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(inbox / FILE_NAME, TEXT)

        def walk(folder: Path, onerror: Callable[[OSError], None]) -> Iterator[Any]:
            onerror(PermissionError(13, "Permission denied", str(folder)))
            yield from ()

        monkeypatch.setattr(os, "walk", walk)

        outcome = receive_member(home, small_member())

        assert outcome.status == "UNREACHABLE"
        assert outcome.message_en.startswith(f"FJ, {inbox}: Permission denied; expected")

    def test_a_file_that_cannot_be_read_is_unreachable_and_the_others_are_landed(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = put(inbox / "items-2026-02.csv", TEXT)
        put(inbox / FILE_NAME, TEXT)
        really_copy = shutil.copyfile

        def copied(path: Path, target: Path) -> Any:
            if path == closed:
                raise PermissionError(13, "Permission denied", str(path))
            return really_copy(path, target)

        monkeypatch.setattr(landing.shutil, "copyfile", copied)

        outcome = receive_member(home, small_member())

        assert (outcome.status, outcome.extracts_accepted) == ("UNREACHABLE", 1)
        assert outcome.message_en.startswith("FJ, items-2026-02.csv: Permission denied; expected")
        assert receipt(home)["source_name"] == FILE_NAME

    def test_a_member_without_an_inbox_has_nothing_new(self, home: Settings) -> None:
        assert receive_member(home, small_member()).status == "NOTHING_NEW"

    def test_another_process_at_the_same_member_makes_it_unavailable(
        self, home: Settings, inbox: Path
    ) -> None:
        put(inbox / FILE_NAME, TEXT)
        lock = home.originals / ".scratch" / "FJ.lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as held:  # a lock on an open file is another's, in this process as in any
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(Unavailable, match="another process is receiving it"):
                receive_member(home, small_member())
        assert receive_member(home, small_member()).status == "OK"

    def test_two_members_are_received_side_by_side(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        other = small_member(code="WS")
        put(home.inbox / "ws" / FILE_NAME, text_of({"Country": "WS", "Port": "WSAPW"}))
        lock = home.originals / ".scratch" / "WS.lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert receive_member(home, small_member()).status == "OK"
        assert receive_member(home, other).status == "OK"

    def test_a_full_disk_makes_it_unavailable(
        self, home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(inbox / FILE_NAME, TEXT)

        class Usage:
            free = 100

        monkeypatch.setattr(landing.shutil, "disk_usage", lambda _: Usage)

        with pytest.raises(Unavailable, match=r"100 bytes are free; expected .* make room"):
            receive_member(home, small_member())
        assert not home.receipts.exists()

    def test_a_wrong_member_file_is_an_error_of_ours(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)

        outcome = receive_member(home, small_member(options={"delimeter": ";"}))

        assert outcome.status == "ERRORED"
        assert "delimeter" in outcome.message_en
        assert landed(home).keys() == {f"originals/FJ/{hashlib.sha256(TEXT.encode()).hexdigest()}.csv"}

    def test_a_damaged_receipt_is_named(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, TEXT)
        put(home.receipts / "FJ" / "fj-1.json", "{")

        with pytest.raises(PacificParcelsError, match=r"fj-1\.json: the receipt is no JSON"):
            receive_member(home, small_member())


class Killed(BaseException):
    """As a process ends that is killed: nothing catches it."""


def deliveries_of_a_busy_day(inbox: Path) -> None:
    """One with rows of every fate, a copy of it, one that is refused, and a copy of that."""
    dirty = text_of(GOOD, {"Value": "x"}, {"Item": "A1"}, {"Mass": "0"})
    put(inbox / "items-2026-03.csv", dirty)
    put(inbox / "copy" / "items-2026-03.csv", dirty, SENT_AT + timedelta(minutes=1))
    put(inbox / "items-2026-02.csv", text_of({"Value": "x"}), SENT_AT + timedelta(minutes=2))
    put(inbox / "again" / "items-2026-02.csv", text_of({"Value": "x"}), SENT_AT + timedelta(minutes=3))


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """End the process at the n-th step: before a file is put in place, cleared away, or safe on the disk.

    Files are read in this process: to start a child for each of so many runs would take most of the time.
    """
    steps: list[str] = []

    def read_together(sandbox: Sandbox, jobs: Sequence[Job]) -> list[tuple[Manifest | None, Reading]]:
        files = [job.as_sent() for job in jobs]
        return read_sent_together(sandbox.settings, connection, small_member(), files)

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            steps.append(name)
            if len(steps) == step:
                raise Killed
            return function(*arguments, **options)

        return called

    monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
    monkeypatch.setattr(Path, "unlink", counted("unlink", Path.unlink))
    monkeypatch.setattr(os, "fsync", counted("fsync", os.fsync))
    monkeypatch.setattr(Sandbox, "read_together", counted("read", read_together))
    return steps


def test_killed_between_any_two_steps_and_run_again_it_ends_as_if_undisturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fresh(name: str) -> Settings:
        settings = Settings(home=tmp_path / name, member_directories=(tmp_path / "members",), quiet_seconds=0)
        deliveries_of_a_busy_day(settings.inbox / "fj")
        return settings

    undisturbed = fresh("undisturbed")
    connection = connect(undisturbed, tmp_path / "spill")
    with monkeypatch.context() as patch:
        steps = kill_at(0, patch, connection)
        receive_member(undisturbed, small_member())
    expected = landed(undisturbed)
    # Original bytes twice, accepted rows once, rejected rows twice, receipts twice, notes on both copies.
    assert len(expected) == 9
    assert {"replace", "unlink", "fsync", "read"} >= set(steps) >= {"replace", "fsync", "read"}

    for step in range(1, len(steps) + 1):
        settings = fresh(f"killed-{step}")
        with monkeypatch.context() as patch:
            kill_at(step, patch, connection)
            with pytest.raises(Killed):
                receive_member(settings, small_member())
        with monkeypatch.context() as patch:
            kill_at(0, patch, connection)
            receive_member(settings, small_member())

        assert landed(settings) == expected, f"killed at step {step}"
        assert receive_member(settings, small_member()).status == "NOTHING_NEW"


class TestPrivacy:
    PERSONS = ("Vakacegu", "Leota")

    def names_found(self, settings: Settings) -> list[str]:
        """The files of the landing in which a name can be read."""
        found = []
        looked_at = [path for path in settings.landing.rglob("*") if path.is_file()]
        assert looked_at
        for path in looked_at:
            text = path.read_bytes().decode("utf-8", "replace")
            if path.suffix == ".parquet":
                rows = duckdb.sql(f"select columns(*)::varchar from read_parquet('{path}')").fetchall()
                text += str(rows)
            if any(person in text for person in self.PERSONS):
                found.append(str(path))
        return found

    def test_a_name_of_an_ignored_column_is_in_no_byte_of_the_landing(
        self, home: Settings, inbox: Path
    ) -> None:
        rows = [GOOD, {"Value": "x"}, {"Item": "A1"}, {"Consignee": "Sina Leota", "Mode": "Q"}] + [GOOD] * 50
        ragged = line_of(Item="B1", Consignee="Sina Leota,,extra") + "\n"
        marks = line_of(Item="B2", Consignee='"Sina" Leota') + "\n"
        put(inbox / FILE_NAME, text_of(*rows) + ragged + marks)
        put(inbox / "items-2026-02.csv", text_of(GOOD, {"Value": "x"}))  # refused: all of another month
        put(
            inbox / "items-2026-01.csv", line_of(Consignee="Sina Leota") + "\n"
        )  # a row where the header belongs

        outcome = receive_member(home, small_member())

        assert (outcome.extracts_accepted, outcome.extracts_refused) == (1, 2)
        assert outcome.rows_rejected >= 4
        assert "Vakacegu" in next((home.originals / "FJ").iterdir()).read_text(encoding="utf-8")
        assert self.names_found(home) == []

    def test_nor_in_the_landing_of_a_workbook(self, home: Settings, inbox: Path) -> None:
        book = Workbook()
        assert book.active is not None
        book.active.append(list(HEADER))
        for row in rows_of(GOOD, {"Value": "x"}):
            book.active.append([row[name] for name in HEADER])
        inbox.mkdir(parents=True)
        book.save(inbox / "items-2026-03.xlsx")

        outcome = receive_member(home, small_member(file="items-{period}.xlsx", format="xlsx"))

        assert (outcome.rows_accepted, outcome.rows_rejected) == (1, 1)
        assert self.names_found(home) == []

    def test_no_sentence_for_a_log_holds_a_value_of_a_row(self, home: Settings, inbox: Path) -> None:
        put(inbox / FILE_NAME, text_of({"Item": "ITEM-77", "Value": "x"}))

        outcome = receive_member(home, small_member())

        assert not re.search(r"ITEM-77|Vakacegu", str(outcome.to_dict()))
        assert "ITEM-77" not in json.dumps(receipt(home))
