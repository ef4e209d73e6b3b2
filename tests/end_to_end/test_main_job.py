"""The main job as a new user runs it: from an empty home to a table, and again with nothing new."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import duckdb
import pytest

from pacific_parcels.members import load_members
from pacific_parcels.settings import Settings
from tests.end_to_end.chain import bytes_under, main_job, published, why
from tests.end_to_end.conftest import FirstRun
from tests.planted import files_with

pytestmark = pytest.mark.timeout(1_800)


def items_in_force(home: Path) -> int:
    """Counted from the receipts alone: of each member's month the newest extract counts, whole."""
    newest: dict[tuple[str, str, str], tuple[tuple[str, str, str], int]] = {}
    for file in (home / "landing" / "receipts").glob("*/*.json"):
        receipt = json.loads(file.read_text(encoding="utf-8"))
        if receipt["status"] != "ACCEPTED":
            continue
        age = (receipt["vintage_at"], receipt["source_name"], receipt["extract_id"])
        for period in receipt["periods"]:
            key = (receipt["member_code"], receipt["stream_code"], period["time_period"])
            if key not in newest or newest[key][0] < age:
                newest[key] = (age, period["items"])
    return sum(items for _, items in newest.values())


def test_it_ends_well_and_prints_what_a_person_needs(first_run: FirstRun) -> None:
    job = first_run.job

    assert job.returncode == 0, why(job, first_run.home)
    for words in (
        "SYNTHETIC",
        "The region as published",
        "Growth in three years",
        "Share at or under US$100",
        "Busiest port and day",
        "Rejected by rule",
        "make dashboards",
        "published/public/",
    ):
        assert words in job.stdout, why(job, first_run.home)


def test_it_says_what_it_does_while_it_works(first_run: FirstRun) -> None:
    received = re.findall(r"receive  ([A-Z]{2})  ", first_run.job.stdout)
    steps = re.findall(r"\d s  (receive|build|judge|publish)", first_run.job.stdout)

    assert len(received) == len(set(received)) == 24
    assert [step for step in steps if step != "receive"] == ["build", "judge", "publish"]


def test_the_figure_on_the_screen_is_the_number_of_items_in_force(first_run: FirstRun) -> None:
    total = items_in_force(first_run.home)

    assert total > 2_000
    assert re.search(rf"Items in all.* {total:,}\b", first_run.job.stdout), why(first_run.job, first_run.home)


def test_rows_in_are_accepted_rejected_or_duplicate(first_run: FirstRun) -> None:
    rows = published(
        first_run.home,
        "secretariat",
        "select sum(rows_in), sum(rows_accepted) + sum(rows_rejected) + sum(rows_duplicate) from receipts"
        " where status = 'ACCEPTED'",
    )

    assert rows[0][0] == rows[0][1] > 0


def test_no_person_of_the_inbox_is_in_anything_that_was_made_of_it(first_run: FirstRun) -> None:
    """All but the inbox and the originals, which members' own bytes are; the persons are synthetic."""
    home, persons = first_run.home, set()
    for member in load_members(Settings(home=home)).values():
        for layout in (layout for stream in member.extracts.values() for layout in stream.layouts):
            named = [column for source in layout.tokens.values() for column in source.source_columns]
            persons |= {f"SYNTHETIC {column.upper()}" for column in (*named, *layout.ignore)}
    assert len(persons) > 10
    made = [path for path in home.iterdir() if path.name not in ("inbox", "originals")]
    kinds = {file.suffix for path in made for file in path.rglob("*")}
    assert kinds >= {".parquet", ".duckdb", ".json", ".csv", ".xml", ".html", ".pdf", ".log"}, kinds
    assert published(home, "secretariat", "select count(*) from quality_results")[0][0] > 0
    assert list((home / "published").glob("*/*.briefs/brief_fr.pdf"))
    (home / "said.txt").write_text(first_run.job.stdout + first_run.job.stderr, encoding="utf-8")

    assert files_with([home / "inbox"], sorted(persons)), "there are none to be found"
    assert files_with([*made, home / "said.txt"], sorted(persons)) == []
    items = f"read_parquet('{home}/landing/items/*/*/*.parquet')"
    ((count, distinct, are_first, one),) = duckdb.sql(
        "select count(consignee_token), count(distinct consignee_token), "
        f"bool_and(starts_with(consignee_token, 'v1:')), max(consignee_token) from {items}"
    ).fetchall()
    assert 0 < distinct < count
    assert are_first
    assert files_with([home / "landing"], [one]), "a token is found where it is"
    assert files_with([path for path in made if path.name != "landing"], [one]) == []


def test_a_second_run_says_that_nothing_is_new_and_changes_no_byte(home: Path) -> None:
    before = bytes_under(home / "published")
    started = time.monotonic()

    job = main_job(home)

    assert job.returncode == 0, why(job, home)
    assert "Nothing is new" in job.stdout
    assert "The region as published" in job.stdout
    assert time.monotonic() - started < 20
    assert len(before) >= 6
    assert bytes_under(home / "published") == before
