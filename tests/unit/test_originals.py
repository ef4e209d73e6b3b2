"""The bytes that members sent lie apart, for their owner's eyes, and no longer than they are to be kept."""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pacific_parcels.landing import has_work, receive_member
from pacific_parcels.settings import Settings
from tests.small_member import FILE_NAME, SENT_AT, member_file, put, small_member, text_of

pytestmark = pytest.mark.usefixtures("one_child")

DAY = 86_400


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    member_file(tmp_path / "members", small_member())
    return Settings(
        home=tmp_path / "home", member_directories=(tmp_path / "members",), quiet_seconds=0, originals_days=30
    )


def kept(settings: Settings) -> list[Path]:
    return sorted((settings.originals / "FJ").glob("*"))


def test_only_their_owner_can_read_them(home: Settings) -> None:
    put(home.inbox / "fj" / FILE_NAME, text_of({}))
    receive_member(home, small_member())

    (original,) = kept(home)
    assert stat.S_IMODE(home.originals.stat().st_mode) == 0o700
    assert stat.S_IMODE(original.stat().st_mode) == 0o600
    assert {path.name for path in home.landing.iterdir()} == {"items", "receipts"}
    assert [path for path in (home.originals / ".scratch").rglob("*") if path.is_file()] == [
        home.originals / ".scratch" / "FJ.lock"
    ]


def test_those_that_lay_in_the_landing_are_moved_with_their_time(home: Settings) -> None:
    old = home.landing / "raw" / "FJ" / f"{'a' * 64}.csv"
    put(old, "as it was sent")
    put(home.landing / "raw" / "WS" / f"{'b' * 64}.csv", "of another member")
    put(home.landing / ".scratch" / "FJ" / "spool.txt", "Mere Vakacegu")
    os.utime(old, (time.time() - 3 * DAY,) * 2)

    assert has_work(home), "though nothing was sent"
    assert receive_member(home, small_member()).status == "NOTHING_NEW"

    (original,) = kept(home)
    assert original.read_text(encoding="utf-8") == "as it was sent"
    assert stat.S_IMODE(original.stat().st_mode) == 0o600
    assert 2 * DAY < time.time() - original.stat().st_mtime < 4 * DAY
    assert [path.parent.name for path in home.landing.rglob("*") if path.is_file()] == ["WS"]
    assert not has_work(home)


def test_they_are_let_go_when_their_days_are_over(home: Settings) -> None:
    for name, days in (("old", 31), ("young", 29)):
        path = put(home.originals / "FJ" / f"{name}.csv", name)
        os.utime(path, (time.time() - days * DAY,) * 2)
    assert not has_work(replace(home, originals_days=None)), "they are kept for good unless told otherwise"

    assert has_work(home)
    receive_member(home, small_member())

    assert [path.name for path in kept(home)] == ["young.csv"]


def test_an_extract_whose_original_is_gone_is_still_known(home: Settings) -> None:
    sent = put(home.inbox / "fj" / FILE_NAME, text_of({}))
    receive_member(home, small_member())
    kept(home)[0].unlink()

    assert receive_member(home, small_member()).status == "NOTHING_NEW"
    put(home.inbox / "fj" / "again" / FILE_NAME, sent.read_bytes(), SENT_AT + timedelta(days=1))
    outcome = receive_member(home, small_member())
    assert (outcome.extracts_seen_before, outcome.rows_in) == (1, 0)


def test_they_may_lie_on_another_disk_than_the_landing(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home.inbox / "fj" / FILE_NAME, text_of({}, {"Value": "x"}))
    rename = Path.replace

    def on_two_disks(path: Path, target: Path) -> Path:
        if path.is_relative_to(home.originals) and not Path(target).is_relative_to(home.originals):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", on_two_disks)

    assert receive_member(home, small_member()).rows_accepted == 1
    assert len(list(home.items.rglob("*.parquet"))) == len(list(home.rejected.rglob("*.parquet"))) == 1
    assert not list(home.landing.rglob(".*"))
