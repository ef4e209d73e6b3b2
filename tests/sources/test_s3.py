"""A member's bucket in an S3-compatible store on this computer."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from dags.sources import fetch, return_receipts
from pacific_parcels.errors import Unavailable
from pacific_parcels.landing import receive_member
from pacific_parcels.members import Member
from pacific_parcels.settings import Settings
from tests.small_member import text_of
from tests.sources.conftest import (
    CONNECTION,
    Connect,
    breaking_line,
    free_port,
    member_with,
    names_in,
    note_as_fetched,
)

BUCKET = "customs"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
LARGE = random.Random(5).randbytes(3_000_000)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def store(port: int) -> Iterator[Any]:
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **KEYS)
    client.create_bucket(Bucket=BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


def connection(port: int) -> dict[str, Any]:
    return {
        "conn_type": "aws",
        "login": "test",
        "password": "test",  # pragma: allowlist secret  # of a server of these tests
        "extra": {
            "endpoint_url": f"http://127.0.0.1:{port}",
            "region_name": "us-east-1",
            "config_kwargs": {"retries": {"total_max_attempts": 1}},
        },
    }


@pytest.fixture
def member(port: int, connect: Connect, store: Any) -> Member:
    connect(**connection(port))
    return member_with({"kind": "s3", "connection": CONNECTION, "bucket": BUCKET, "path": "parcels/out"})


def put_object(store: Any, name: str, content: bytes | str) -> None:
    store.put_object(Bucket=BUCKET, Key=f"parcels/out/{name}", Body=content)


def keys_in(store: Any) -> list[str]:
    return [item["Key"] for item in store.list_objects_v2(Bucket=BUCKET)["Contents"]]


def test_what_is_new_comes_once_and_deeper_keys_and_unfinished_names_do_not(
    settings: Settings, member: Member, store: Any
) -> None:
    text = text_of({}, {})
    for name in ("items-2026-03.csv", "archive/items-2026-02.csv", "items-2026-01.csv.part"):
        put_object(store, name, text)
    before = keys_in(store)

    first, second = fetch(settings, member), fetch(settings, member)

    assert (first.files, second.files) == (1, 0)
    assert names_in(settings.inbox / "fj") == ["items-2026-03.csv"]
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_text() == text
    assert keys_in(store) == before
    stored = store.head_object(Bucket=BUCKET, Key="parcels/out/items-2026-03.csv")["LastModified"]
    brought = (settings.inbox / "fj" / "items-2026-03.csv").stat().st_mtime
    assert abs(datetime.fromtimestamp(brought, UTC) - stored).total_seconds() < 1


def test_of_ten_thousand_objects_the_new_ones_are_found_quickly(
    settings: Settings, store: Any, port: int, connect: Connect
) -> None:
    connect(**connection(port))
    store.create_bucket(Bucket="archive")
    # Straight into what the server holds, as files are written beside an SFTP server: so many requests take
    # a minute and more.
    held = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(9_998):
        held.put_object("archive", f"old-{number:05}.csv", b"")
    store.put_object(Bucket="archive", Key="items-2026-03.csv", Body=text_of({}))
    store.put_object(Bucket="archive", Key="items-2026-02.csv", Body=text_of({"Arrived": "2026-02-05"}))
    member = member_with({"kind": "s3", "connection": CONNECTION, "bucket": "archive"})
    assert note_as_fetched(settings, member, "old-") == 10_000

    started = time.monotonic()
    fetched = fetch(settings, member)

    assert fetched.files == 2
    assert time.monotonic() - started < 60
    assert names_in(settings.inbox / "fj") == ["items-2026-02.csv", "items-2026-03.csv"]


def test_a_connection_that_breaks_in_mid_file_goes_on_from_where_it_broke(
    settings: Settings, member: Member, store: Any, port: int, connect: Connect
) -> None:
    put_object(store, "items-2026-03.csv", LARGE)
    with breaking_line(port, cut_after=2_000_000) as line:
        connect(**connection(line.port))
        with pytest.raises(Unavailable, match="expected a store that answers; it is tried again"):
            fetch(settings, member)
        (part,) = (settings.inbox / "fj" / ".fetching").iterdir()
        kept = part.stat().st_size
        line.cut_after, line.has_broken = len(LARGE) - kept + 100_000, False  # the rest, not the whole
        fetched = fetch(settings, member)

    assert 500_000 < kept < 2_000_000
    assert fetched.files == 1
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE


def test_an_object_that_was_written_over_meanwhile_starts_anew(
    settings: Settings, member: Member, store: Any, port: int, connect: Connect
) -> None:
    put_object(store, "items-2026-03.csv", LARGE)
    with breaking_line(port, cut_after=2_000_000) as line:
        connect(**connection(line.port))
        with pytest.raises(Unavailable):
            fetch(settings, member)
    put_object(store, "items-2026-03.csv", LARGE[::-1])
    connect(**connection(port))

    assert fetch(settings, member).files == 1
    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE[::-1]


def test_the_pieces_of_a_transfer_are_checked_against_the_etag(
    settings: Settings, member: Member, store: Any, port: int, connect: Connect
) -> None:
    put_object(store, "items-2026-03.csv", LARGE)
    with breaking_line(port, cut_after=2_000_000) as line:
        connect(**connection(line.port))
        with pytest.raises(Unavailable):
            fetch(settings, member)
    (part,) = (settings.inbox / "fj" / ".fetching").iterdir()
    part.write_bytes(bytes(part.stat().st_size))  # a disk that lost what was kept
    connect(**connection(port))
    fetch(settings, member)

    assert (settings.inbox / "fj" / "items-2026-03.csv").read_bytes() == LARGE


def test_receipts_go_back_below_the_same_path(settings: Settings, member: Member, store: Any) -> None:
    put_object(store, "items-2026-03.csv", text_of({}))
    fetch(settings, member)
    receive_member(settings, member)

    assert (return_receipts(settings, member), return_receipts(settings, member)) == (1, 0)

    assert keys_in(store) == [
        "parcels/out/items-2026-03.csv",
        "parcels/out/receipts/items-2026-03.csv.receipt.html",
        "parcels/out/receipts/items-2026-03.csv.receipt.json",
    ]
    body = store.get_object(Bucket=BUCKET, Key=keys_in(store)[2])["Body"].read()
    assert json.loads(body)["status"] == "ACCEPTED"
    assert fetch(settings, member).files == 0


def test_what_is_wrong_is_said(settings: Settings, member: Member, store: Any, connect: Connect) -> None:
    elsewhere = member_with({"kind": "s3", "connection": CONNECTION, "bucket": "nobodys-bucket"})
    with pytest.raises(Unavailable, match="NoSuchBucket; expected the bucket that the member file names"):
        fetch(settings, elsewhere)

    connect(**connection(free_port()))
    with pytest.raises(Unavailable, match="expected a store that answers; it is tried again"):
        fetch(settings, member)
