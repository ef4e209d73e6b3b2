"""Gap reports are received as extracts are: bytes kept, receipts, vintages; and models see none of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pacific_parcels import landing, receipts
from pacific_parcels.landing import has_work, receive_member
from pacific_parcels.receipt_page import page
from pacific_parcels.receipts import input_rows
from pacific_parcels.settings import Settings
from tests.small_member import FILE_NAME, SENT_AT, member_file, put, small_member
from tests.small_member import text_of as items_of
from tests.unit.gap.test_judging import text_of

pytestmark = pytest.mark.usefixtures("one_child")

NAME = "FJ_gap_assessments_2026-03.csv"
TEXT = text_of("assessments", {}, {"measure_code": "S99"}, {"measure_code": "S02"})


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    member_file(tmp_path / "members", small_member())
    member_file(tmp_path / "members", small_member(code="WS", file="ws-{period}.csv"))
    return Settings(home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0)


@pytest.fixture
def inbox(home: Settings) -> Path:
    return home.inbox / "fj"


def receipts_of(home: Settings) -> list[dict[str, Any]]:
    paths = sorted((home.receipts / "FJ").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if ".again-" not in path.name]


def test_its_rows_lie_under_its_table_and_its_receipt_says_what_became_of_them(
    home: Settings, inbox: Path
) -> None:
    put(inbox / NAME, TEXT)

    outcome = receive_member(home, small_member())

    assert (outcome.status, outcome.rows_in, outcome.rows_accepted, outcome.rows_rejected) == ("OK", 3, 2, 1)
    (receipt,) = receipts_of(home)
    ((period),) = receipt["periods"]
    assert period["files"] == [
        f"gap/assessments/member_code=FJ/time_period=2026-03/{receipt['extract_id']}.parquet"
    ]
    rows = duckdb.sql(
        "select member_code, measure_code, stage_code, extract_id "
        f"from read_parquet('{home.gap}/assessments/*/*/*.parquet')"
    ).fetchall()
    assert rows == [
        ("FJ", "S01", "PARTIAL", receipt["extract_id"]),
        ("FJ", "S02", "PARTIAL", receipt["extract_id"]),
    ]
    assert (receipt["stream_code"], receipt["time_period_start"]) == ("gap_assessments", "2026-03")
    assert [(rule["rule_id"], rule["first_rows"]) for rule in receipt["rules"]] == [("R116", [3])]
    assert not has_work(home)
    assert not home.items.exists()


def test_a_revision_lies_beside_what_it_revises_and_the_same_bytes_are_a_no_op(
    home: Settings, inbox: Path
) -> None:
    member = small_member()
    put(inbox / NAME, TEXT)
    receive_member(home, member)
    put(inbox / "again" / NAME, TEXT, SENT_AT + timedelta(days=1))
    assert receive_member(home, member).extracts_seen_before == 1

    put(inbox / "revised" / NAME, text_of("assessments", {"stage_code": "FULL"}), SENT_AT + timedelta(days=2))
    receive_member(home, member)

    first, second = receipts_of(home)
    assert first["vintage_at"] < second["vintage_at"]
    assert len(list(home.gap.glob("assessments/*/*/*.parquet"))) == 2


def test_reports_and_extracts_wait_together_and_each_is_landed(home: Settings, inbox: Path) -> None:
    put(inbox / FILE_NAME, items_of({}))
    put(inbox / "items-2026-02.csv", items_of({"Arrived": "2026-02-05"}))
    put(inbox / NAME, TEXT)
    put(inbox / "FJ_gap_actions_2026-03.csv", text_of("actions", {}))

    outcome = receive_member(home, small_member())

    assert (outcome.status, outcome.extracts_accepted, outcome.extracts_refused) == ("OK", 4, 0)
    assert {receipt["stream_code"] for receipt in receipts_of(home)} == {
        "items",
        "gap_assessments",
        "gap_actions",
    }


def test_models_of_items_are_given_what_they_would_be_without_it(home: Settings, inbox: Path) -> None:
    put(inbox / FILE_NAME, items_of({}))
    receive_member(home, small_member())
    before = input_rows(home)
    put(inbox / NAME, TEXT)
    receive_member(home, small_member())
    assert len(receipts_of(home)) == 2
    (report,) = input_rows(home)["gap_reports"]
    assert (report["stream_code"], report["status"]) == ("gap_assessments", "ACCEPTED")
    assert input_rows(home) | {"gap_reports": []} == before


def test_one_of_another_member_is_refused_by_its_name(home: Settings, inbox: Path) -> None:
    put(inbox / "WS_gap_assessments_2026-03.csv", TEXT)
    assert receive_member(home, small_member()).status == "REFUSED"
    (receipt,) = receipts_of(home)
    assert [rule["rule_id"] for rule in receipt["rules"]] == ["R009"]


def test_one_that_was_refused_is_read_again_when_a_framework_has_changed(
    home: Settings, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(inbox / NAME, text_of("assessments", {"measure_code": "S99"}))
    assert receive_member(home, small_member()).status == "REFUSED"
    assert not has_work(home)
    monkeypatch.setattr(receipts, "gap_fingerprint", lambda: "another")
    assert has_work(home)


def test_it_needs_no_key_of_tokens_since_it_names_no_party(
    home: Settings, inbox: Path, tmp_path: Path
) -> None:
    settings = replace(home, keys=tmp_path / "no keys")
    member = small_member(columns={"consignee_token": "Consignee"}, ignore=[])
    put(inbox / NAME, TEXT)
    assert receive_member(settings, member).status == "OK"
    put(inbox / FILE_NAME, items_of({}))
    outcome = receive_member(settings, member)
    assert outcome.status == "ERRORED"
    assert "there is no key" in outcome.message_en


def test_a_killed_attempt_leaves_nothing_behind(home: Settings, inbox: Path) -> None:
    put(inbox / NAME, TEXT)
    receive_member(home, small_member())
    (receipt,) = receipts_of(home)
    stale = (
        home.gap
        / "assessments"
        / "member_code=FJ"
        / "time_period=2026-02"
        / f"{receipt['extract_id']}.parquet"
    )
    put(stale, b"half")
    (home.receipts / "FJ" / f"{receipt['extract_id']}.json").unlink()

    receive_member(home, small_member())

    assert not stale.exists()
    assert len(list(home.gap.glob("assessments/*/*/*.parquet"))) == 1
    assert landing.receive_member(home, small_member()).status == "NOTHING_NEW"


@pytest.mark.parametrize(("language", "said"), [("en", "rows"), ("fr", "lignes")])
def test_its_receipt_as_a_page_speaks_of_rows_and_not_of_items(
    home: Settings, inbox: Path, language: Any, said: str
) -> None:
    put(inbox / NAME, TEXT)
    receive_member(home, small_member())
    text = page(receipts_of(home)[0], language)
    assert said in text
    for word in ("items", "Items", "envoi", "Envoi"):
        assert word not in text
