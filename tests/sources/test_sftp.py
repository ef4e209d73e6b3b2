"""A member's folder on a real OpenSSH server, on this computer."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paramiko.sftp import CMD_READ
from paramiko.sftp_client import SFTPClient

from dags import places, steps
from dags.places import Found, Unreadable
from dags.sources import fetch, return_receipts
from pacific_parcels.errors import Unavailable
from pacific_parcels.landing import receive_member
from pacific_parcels.members import Member
from pacific_parcels.settings import Settings
from tests.small_member import SENT_AT, member_file, put, text_of
from tests.sources.conftest import (
    CONNECTION,
    Connect,
    SshServer,
    breaking_line,
    everything_in,
    free_port,
    member_with,
    names_in,
    new_key,
    note_as_fetched,
)

LATER = datetime(2026, 4, 12, 8, 0, tzinfo=UTC)
# Not to be compressed on the way, or a line that breaks after so many bytes would carry more of it.
LARGE = random.Random(3).randbytes(6_000_000)


# paramiko's thread that asks ahead ends with the connection, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of the member on its own server."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def member(sshd: SshServer, connect: Connect, out: Path) -> Member:
    connect(**sshd.connection())
    return member_with({"kind": "sftp", "connection": CONNECTION, "path": str(out)})


def received(settings: Settings) -> list[dict[str, Any]]:
    receipts = [json.loads(path.read_text()) for path in (settings.receipts / "FJ").glob("*.json")]
    return sorted(receipts, key=lambda receipt: receipt["received_at"])


def test_what_is_new_comes_once_with_its_bytes_and_its_time(
    settings: Settings, member: Member, out: Path
) -> None:
    text = text_of({}, {})
    put(out / "items-2026-03.csv", text)
    before = everything_in(out)

    first, second = fetch(settings, member), fetch(settings, member)

    inbox = settings.inbox / "fj"
    assert (first.files, first.byte_count, second.files) == (1, len(text), 0)
    assert (inbox / "items-2026-03.csv").read_text() == text
    assert (inbox / "items-2026-03.csv").stat().st_mtime == SENT_AT.timestamp()
    assert list((inbox / ".fetching").iterdir()) == []
    assert everything_in(out) == before, "nothing is deleted, renamed or changed at the source"


def test_unfinished_files_hidden_ones_links_and_folders_are_left_where_they_are(
    settings: Settings, member: Member, out: Path
) -> None:
    for name in ("a.csv.filepart", "b.csv.part", "c.tmp", ".d.csv", "~$e.xlsx", "f.csv.rejected.csv"):
        put(out / name, "x")
    put(out / "archive" / "g.csv", "x")
    (out / "h.csv").symlink_to("/etc/hostname")
    put(out / "items-2026-03.csv", text_of({}))

    fetch(settings, member)

    assert names_in(settings.inbox / "fj") == ["items-2026-03.csv"]


def test_a_file_that_is_still_growing_waits_until_it_is_whole(
    settings: Settings, member: Member, out: Path
) -> None:
    put(out / "items-2026-02.csv", text_of({"Arrived": "2026-02-05"}))
    growing, is_done = out / "items-2026-03.csv", threading.Event()
    growing.write_text("Item")

    def grow() -> None:
        while not is_done.wait(0.02):
            with growing.open("a") as file:
                file.write(",Mode")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        meanwhile = fetch(settings, member)
    finally:
        is_done.set()
        writer.join()
    assert (meanwhile.files, meanwhile.still_growing) == (1, 1)
    assert names_in(settings.inbox / "fj") == ["items-2026-02.csv"]

    assert fetch(settings, member).files == 1
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == growing.read_bytes()


def test_a_manifest_says_when_a_file_is_whole(settings: Settings, member: Member, out: Path) -> None:
    text = text_of({}, {})
    manifest = {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    put(out / "items-2026-03.csv", text[:100])
    put(out / "items-2026-03.csv.manifest.json", json.dumps(manifest))
    too_short = fetch(settings, member)

    put(out / "items-2026-03.csv", text)
    whole = fetch(settings, member)

    assert (too_short.files, too_short.still_growing, whole.files) == (0, 1, 1)
    assert names_in(settings.inbox / "fj") == ["items-2026-03.csv", "items-2026-03.csv.manifest.json"]
    receive_member(settings, member)
    assert [(one["status"], one["has_manifest"]) for one in received(settings)] == [("ACCEPTED", True)]


class TestAConnectionThatBreaksInMidFile:
    @pytest.fixture(autouse=True)
    def a_large_file(self, out: Path) -> None:
        put(out / "items-2026-03.csv", LARGE)

    def test_goes_on_from_where_it_broke(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect
    ) -> None:
        with breaking_line(sshd.port, cut_after=4_000_000) as line:
            connect(**sshd.connection(port=line.port, extra={"host_key": sshd.host_key}))
            with pytest.raises(Unavailable, match="it is tried again"):
                fetch(settings, member)
            (part,) = (settings.inbox / "fj" / ".fetching").iterdir()
            kept = part.stat().st_size
            line.cut_after, line.has_broken = len(LARGE) - kept + 400_000, False  # the rest, not the whole
            fetched = fetch(settings, member)

        assert 1_000_000 < kept < 4_000_000
        assert fetched.files == 1
        assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE

    def test_keeps_what_came_though_the_asking_is_slower_than_the_answers(
        self,
        settings: Settings,
        member: Member,
        sshd: SshServer,
        connect: Connect,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        asked = SFTPClient._async_request

        def slowly(client: SFTPClient, *request: object) -> object:
            time.sleep(0.003 if request[1] == CMD_READ else 0)  # a computer that is busy with other work
            return asked(client, *request)

        monkeypatch.setattr(SFTPClient, "_async_request", slowly)
        with breaking_line(sshd.port, cut_after=4_000_000) as line:
            connect(**sshd.connection(port=line.port))
            with pytest.raises(Unavailable, match="it is tried again"):
                fetch(settings, member)

        (part,) = (settings.inbox / "fj" / ".fetching").iterdir()
        assert 1_000_000 < part.stat().st_size < 4_000_000, "what came over the line came once, and is kept"

    def test_starts_anew_where_the_file_was_changed_meanwhile(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect, out: Path
    ) -> None:
        with breaking_line(sshd.port, cut_after=4_000_000) as line:
            connect(**sshd.connection(port=line.port))
            with pytest.raises(Unavailable):
                fetch(settings, member)
        put(out / "items-2026-03.csv", LARGE[::-1], LATER)
        connect(**sshd.connection())
        fetch(settings, member)

        assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE[::-1]
        assert list((settings.inbox / "fj" / ".fetching").iterdir()) == []

    def test_is_whole_in_the_end_though_what_was_kept_of_it_was_damaged(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect, out: Path
    ) -> None:
        manifest = {"bytes": len(LARGE), "sha256": hashlib.sha256(LARGE).hexdigest()}
        put(out / "items-2026-03.csv.manifest.json", json.dumps(manifest))
        with breaking_line(sshd.port, cut_after=4_000_000) as line:
            connect(**sshd.connection(port=line.port))
            with pytest.raises(Unavailable):
                fetch(settings, member)
        part = max((settings.inbox / "fj" / ".fetching").iterdir(), key=lambda path: path.stat().st_size)
        part.write_bytes(bytes(part.stat().st_size))
        connect(**sshd.connection())
        fetch(settings, member)

        assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE


def test_two_files_for_the_same_period_are_two_vintages_the_later_one_in_force(
    settings: Settings, member: Member, out: Path
) -> None:
    member = member_with(member.source.model_dump(), file="items-{period}-{any}.csv")
    put(out / "items-2026-03-a.csv", text_of({}, {}), LATER)  # the later one is the first by name
    put(out / "items-2026-03-b.csv", text_of({}), SENT_AT)

    assert fetch(settings, member).files == 2
    receive_member(settings, member)

    assert [
        (one["source_name"], one["vintage_at"], one["time_period_start"]) for one in received(settings)
    ] == [
        ("items-2026-03-b.csv", "2026-04-10 08:00:00", "2026-03"),
        ("items-2026-03-a.csv", "2026-04-12 08:00:00", "2026-03"),
    ]


def test_of_ten_thousand_files_the_new_ones_are_found_quickly(
    settings: Settings, member: Member, out: Path, sshd: SshServer
) -> None:
    for number in range(9_998):
        (out / f"old-{number:05}.csv").write_bytes(b"")
    put(out / "items-2026-03.csv", text_of({}))
    put(out / "items-2026-02.csv", text_of({"Arrived": "2026-02-05"}))
    assert note_as_fetched(settings, member, "old-") == 10_000

    started = time.monotonic()
    fetched = fetch(settings, member)

    assert fetched.files == 2
    assert time.monotonic() - started < 10
    assert names_in(settings.inbox / "fj") == ["items-2026-02.csv", "items-2026-03.csv"]


def test_a_file_that_we_may_not_read_keeps_no_other_from_coming(
    settings: Settings, member: Member, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(out / "items-2026-02.csv", text_of({"Arrived": "2026-02-05"}))
    put(out / "items-2026-03.csv", text_of({}), LATER)
    chunks = places.Sftp.chunks

    def refused(self: places.Sftp, found: Found, offset: int) -> Any:
        if found.name == "items-2026-02.csv":  # root reads everything, so the server cannot be made to refuse
            raise Unreadable
        return chunks(self, found, offset)

    monkeypatch.setattr(places.Sftp, "chunks", refused)
    with pytest.raises(Unavailable, match=r"^FJ, items-2026-02\.csv: 1 files may not be read; expected"):
        fetch(settings, member)

    assert names_in(settings.inbox / "fj") == ["items-2026-03.csv"]


class TestWhatIsWrongIsSaid:
    def failure(self, settings: Settings, member: Member) -> str:
        with pytest.raises(Unavailable) as caught:
            fetch(settings, member)
        return str(caught.value)

    def test_a_server_that_does_not_answer(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect
    ) -> None:
        connect(**sshd.connection(port=free_port()))

        assert "expected a server that answers; it is tried again" in self.failure(settings, member)

    def test_a_host_key_that_nobody_has_entered(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect
    ) -> None:
        connect(**sshd.connection(extra={"host_key": None}))

        message = self.failure(settings, member)

        assert "the host key of the server is not known; expected it under host_key" in message

    def test_a_host_key_that_is_another_than_before(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect, tmp_path: Path
    ) -> None:
        connect(**sshd.connection(extra={"host_key": new_key(tmp_path / "other")}))

        assert "shows another host key than before" in self.failure(settings, member)

    def test_a_login_that_is_not_let_in(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect, tmp_path: Path
    ) -> None:
        new_key(tmp_path / "stranger")
        connect(**sshd.connection(extra={"private_key": (tmp_path / "stranger").read_text()}))

        assert "the server does not let" in self.failure(settings, member)

    def test_a_folder_that_is_not_there(self, settings: Settings, member: Member, out: Path) -> None:
        out.rmdir()

        assert "no such folder or file" in self.failure(settings, member)

    def test_a_connection_that_is_not_defined(
        self, settings: Settings, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AIRFLOW_CONN_TEST_SOURCE")

        assert "define AIRFLOW_CONN_TEST_SOURCE" in self.failure(settings, member)

    def test_a_connection_whose_key_is_none_without_a_word_of_the_key(
        self, settings: Settings, member: Member, sshd: SshServer, connect: Connect
    ) -> None:
        connect(**sshd.connection(extra={"private_key": "-----BEGIN\nsecret-word\n"}))

        message = self.failure(settings, member)

        assert "it cannot be understood" in message
        assert "secret-word" not in message


class TestReceipts:
    @pytest.fixture
    def french(self, member: Member) -> Member:
        return member_with(member.source.model_dump(), languages=("to", "fr", "en"))

    def test_go_back_to_the_source_once_as_data_and_as_a_page_in_its_language(
        self, settings: Settings, french: Member, out: Path
    ) -> None:
        put(out / "items-2026-03.csv", text_of({}, {"Value": "ten"}))
        fetch(settings, french)
        receive_member(settings, french)

        assert (return_receipts(settings, french), return_receipts(settings, french)) == (1, 0)

        receipt = json.loads((out / "receipts" / "items-2026-03.csv.receipt.json").read_text())
        assert (receipt["status"], receipt["rows_accepted"], receipt["rows_rejected"]) == ("ACCEPTED", 1, 1)
        text = (out / "receipts" / "items-2026-03.csv.receipt.html").read_text()
        assert '<html lang="fr">' in text
        assert "Accepté sans 1 de ses 2 envois" in text
        assert fetch(settings, french).files == 0, "receipts are not taken for extracts"

    def test_stay_here_until_the_source_takes_them(
        self, settings: Settings, member: Member, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(settings.home))
        monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(tmp_path / "members"))
        monkeypatch.setenv("PACIFIC_PARCELS_QUIET_SECONDS", "0.1")
        member = member_with(member.source.model_dump(), code="XF")
        member_file(tmp_path / "members", member)
        put(out / "items-2026-03.csv", text_of({"Country": "XF", "Port": ""}))
        (out / "receipts").symlink_to(out / "nowhere")  # so that the folder can be neither had nor made

        refused = steps.receive("XF")
        (out / "receipts").unlink()
        again = steps.receive("XF")

        assert (refused["status"], refused["extracts_accepted"]) == ("OK", 1)
        assert again["status"] == "NOTHING_NEW"
        assert names_in(out / "receipts") == [
            "items-2026-03.csv.receipt.html",
            "items-2026-03.csv.receipt.json",
        ]

    def test_tell_that_the_same_bytes_came_before(
        self, settings: Settings, member: Member, out: Path
    ) -> None:
        put(out / "items-2026-03.csv", text_of({}))
        fetch(settings, member)
        receive_member(settings, member)
        os.utime(out / "items-2026-03.csv", (LATER.timestamp(), LATER.timestamp()))
        fetch(settings, member)
        receive_member(settings, member)

        assert return_receipts(settings, member) == 2

        text = (out / "receipts" / "items-2026-03.csv.receipt.html").read_text()
        assert "Received before: the same bytes came already." in text


def test_what_came_before_the_source_failed_is_landed_and_the_task_is_tried_again(
    settings: Settings,
    member: Member,
    out: Path,
    sshd: SshServer,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(settings.home))
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(tmp_path / "members"))
    monkeypatch.setenv("PACIFIC_PARCELS_QUIET_SECONDS", "0.1")
    member_file(tmp_path / "members", member_with(member.source.model_dump(), code="XF"))
    put(out / "items-2026-02.csv", text_of({"Country": "XF", "Port": "", "Arrived": "2026-02-05"}))
    put(out / "items-2026-03.csv", LARGE, LATER)

    with breaking_line(sshd.port, cut_after=3_000_000) as line:
        connect(**sshd.connection(port=line.port))
        with pytest.raises(Unavailable, match="sftp test_source"):
            steps.receive("XF")

    (receipt,) = (settings.receipts / "XF").glob("*.json")
    landed = json.loads(receipt.read_text())
    assert (landed["source_name"], landed["status"]) == ("items-2026-02.csv", "ACCEPTED")
