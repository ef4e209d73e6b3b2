"""A folder of this machine as a source, and members without a source, whose inbox is the source."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dags.sources import fetch, has_sources, return_receipts
from pacific_parcels.errors import Unavailable
from pacific_parcels.landing import has_work, receive_member
from pacific_parcels.settings import REPOSITORY, Settings
from tests.small_member import member_file, put, small_member, text_of
from tests.sources.conftest import member_with, names_in, note_as_fetched


def test_extracts_are_copied_from_it_and_receipts_put_into_it(settings: Settings, tmp_path: Path) -> None:
    share = tmp_path / "share"
    put(share / "items-2026-03.csv", text_of({}))
    member = member_with({"kind": "folder", "path": str(share)})

    assert fetch(settings, member).files == 1
    receive_member(settings, member)
    assert return_receipts(settings, member) == 1

    assert names_in(share) == ["items-2026-03.csv"]
    assert names_in(share / "receipts") == [
        "items-2026-03.csv.receipt.html",
        "items-2026-03.csv.receipt.json",
    ]
    assert fetch(settings, member).files == 0


def test_a_name_in_the_letters_of_another_code_page_comes_too(settings: Settings, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "donn\udce9es.csv").write_text("x")
    member = member_with({"kind": "folder", "path": str(share)})

    assert (fetch(settings, member).files, fetch(settings, member).files) == (1, 0)
    assert names_in(settings.inbox / "fj") == ["donn\ufffdes.csv"]


def test_of_ten_thousand_files_the_new_ones_are_found_quickly(settings: Settings, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    for number in range(9_998):
        (share / f"old-{number:05}.csv").write_bytes(b"")
    put(share / "items-2026-03.csv", text_of({}))
    put(share / "items-2026-02.csv", text_of({"Arrived": "2026-02-05"}))
    member = member_with({"kind": "folder", "path": str(share)})
    assert note_as_fetched(settings, member, "old-") == 10_000

    started = time.monotonic()
    fetched = fetch(settings, member)

    assert fetched.files == 2
    assert time.monotonic() - started < 10
    assert names_in(settings.inbox / "fj") == ["items-2026-02.csv", "items-2026-03.csv"]


def test_a_share_that_is_not_mounted_is_unavailable(settings: Settings, tmp_path: Path) -> None:
    member = member_with({"kind": "folder", "path": str(tmp_path / "absent")})

    with pytest.raises(Unavailable, match=r"^FJ, .*absent: No such file or directory; expected a folder"):
        fetch(settings, member)


def test_without_a_source_the_inbox_gets_the_receipts_and_is_not_new_by_that(settings: Settings) -> None:
    member = small_member()
    member_file(settings.member_directories[0], member)
    put(settings.inbox / "fj" / "items-2026-03.csv", text_of({}))
    receive_member(settings, member)

    assert (return_receipts(settings, member), return_receipts(settings, member)) == (1, 0)

    assert names_in(settings.inbox / "fj") == ["items-2026-03.csv"]
    assert names_in(settings.inbox / "fj" / "receipts") == [
        "items-2026-03.csv.receipt.html",
        "items-2026-03.csv.receipt.json",
    ]
    assert not has_work(settings)
    assert not has_sources(settings)


def test_a_name_that_leaves_no_room_for_more_gets_its_receipt_by_number(settings: Settings) -> None:
    member = small_member()
    member_file(settings.member_directories[0], member)
    put(settings.inbox / "fj" / f"{'n' * 245}.csv", text_of({}))
    receive_member(settings, member)
    (receipt,) = (settings.receipts / "FJ").glob("*.json")

    return_receipts(settings, member)

    assert f"{receipt.stem}.receipt.json" in names_in(settings.inbox / "fj" / "receipts")


def test_members_without_a_source_load_no_client_of_a_network(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from dags.sources import fetch, return_receipts\n"
        "from pacific_parcels.landing import receive_member\n"
        "from pacific_parcels.members import load_members\n"
        "from pacific_parcels.settings import Settings\n"
        "settings = Settings.from_environment()\n"
        "member = load_members(settings)['FJ']\n"
        "fetch(settings, member), receive_member(settings, member), return_receipts(settings, member)\n"
        "print(sorted({'airflow', 'paramiko', 'boto3', 'botocore', 'requests'} & set(sys.modules)))\n"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={"PACIFIC_PARCELS_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.strip() == "[]"
