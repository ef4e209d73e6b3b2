"""The key of a member's tokens as an Airflow connection: found, handed on, rotated, and in no byte after."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from dags import steps
from dags.token_keys import token_key
from pacific_parcels.errors import KeyStoreError, Unavailable
from pacific_parcels.members import Member
from pacific_parcels.settings import Settings
from pacific_parcels.tokens import TokenKey
from tests.planted import files_with
from tests.small_member import member_file, put, small_member, text_of

CONNECTION = "xa_token_key"
SECRET = bytes(range(32))
SECOND = SECRET[::-1]

Define = Callable[..., None]


@pytest.fixture
def define(monkeypatch: pytest.MonkeyPatch) -> Define:
    """define(login=…, password=…): the connection as it is defined in operation, by a variable."""

    def define(**connection: str) -> None:
        content = json.dumps({"conn_type": "generic", **connection})
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", content)

    return define


def member(*, has_connection: bool = True) -> Member:
    """One that no packaged file is about."""
    columns = {"consignee_token": "Consignee", "port_code": None}
    content = small_member(code="XA", columns=columns, expect={}, ignore=["Port", "Country"]).model_dump(
        mode="json"
    )
    return Member.model_validate(content | ({"tokens": {"connection": CONNECTION}} if has_connection else {}))


def test_the_login_is_the_version_and_the_password_the_secret(define: Define) -> None:
    define(login="v7", password=SECRET.hex())

    assert token_key(member()) == TokenKey(7, SECRET)


def test_without_a_connection_in_the_member_file_the_library_finds_the_key() -> None:
    assert token_key(member(has_connection=False)) is None


@pytest.mark.parametrize(
    "connection",
    [
        {"login": "v1"},
        {"password": SECRET.hex()},
        {"login": "1", "password": SECRET.hex()},
        {"login": "v0", "password": SECRET.hex()},
        {"login": "v1", "password": SECRET.hex()[:-2]},
        {"login": "v1", "password": SECRET.hex() + "00"},
        {"login": "v1", "password": "z" * 64},
    ],
)
def test_what_is_no_key_is_named_without_its_content(define: Define, connection: dict[str, str]) -> None:
    define(**connection)

    with pytest.raises(KeyStoreError, match="XA, connection xa_token_key: it holds no key") as raised:
        token_key(member())
    assert connection.get("password", "no password") not in str(raised.value)


@pytest.mark.usefixtures("airflow_database")
def test_a_connection_that_is_not_defined_is_named_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"AIRFLOW_CONN_{CONNECTION.upper()}", raising=False)

    with pytest.raises(Unavailable, match="define AIRFLOW_CONN_XA_TOKEN_KEY"):
        token_key(member())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PACIFIC_PARCELS_MEMBERS", str(tmp_path / "members"))
    monkeypatch.setenv("PACIFIC_PARCELS_QUIET_SECONDS", "0")
    member_file(tmp_path / "members", member())
    return Settings.from_environment()


def send(home: Settings, time_period: str) -> Path:
    month = {"Arrived": f"{time_period}-05", "Released": f"{time_period}-06 09:30:00"}
    return put(home.inbox / "xa" / f"items-{time_period}.csv", text_of(month, month))


def tokens(home: Settings) -> dict[str, str]:
    rows = duckdb.sql(
        "select time_period, min(consignee_token), count(distinct consignee_token) "
        f"from read_parquet('{home.items}/*/*/*.parquet') group by all"
    ).fetchall()
    assert all(count == 1 for *_, count in rows)
    return {time_period: token for time_period, token, _ in rows}


def test_a_task_makes_tokens_under_it_and_it_is_in_no_byte_and_no_log(
    home: Settings, define: Define, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    define(login="v1", password=SECRET.hex())
    send(home, "2026-03")

    with caplog.at_level(logging.DEBUG):
        outcome = steps.receive("XA")

    assert (outcome["status"], outcome["rows_accepted"]) == ("OK", 2)
    assert tokens(home)["2026-03"].startswith("v1:")
    said = caplog.text + "".join(capfd.readouterr()) + json.dumps(outcome)
    assert SECRET.hex() not in said
    assert files_with([home.home], [SECRET.hex()]) == []
    assert not [file for file in home.home.rglob("*") if file.is_file() and SECRET in file.read_bytes()]


def test_a_rotation_as_operations_describes_it(home: Settings, define: Define) -> None:
    """Under Keys: new extracts under the new key, and an old one read again from its original."""
    define(login="v1", password=SECRET.hex())
    send(home, "2026-03")
    steps.receive("XA")
    before = tokens(home)

    define(login="v2", password=SECOND.hex())
    send(home, "2026-04")
    steps.receive("XA")

    assert tokens(home)["2026-03"] == before["2026-03"]
    assert tokens(home)["2026-04"].startswith("v2:")

    (path,) = [
        path
        for path in (home.receipts / "XA").glob("*.json")
        if json.loads(path.read_text(encoding="utf-8"))["source_name"] == "items-2026-03.csv"
    ]
    receipt = json.loads(path.read_text(encoding="utf-8"))
    (original,) = (home.originals / "XA").rglob(f"*{receipt['content_sha256']}*")
    (home.inbox / "xa" / receipt["source_name"]).unlink()
    path.unlink()
    again = Path(shutil.move(original, home.inbox / "xa" / receipt["source_name"]))
    moment = datetime.fromisoformat(receipt["received_at"]).timestamp()
    os.utime(again, (moment, moment))

    outcome = steps.receive("XA")

    assert outcome["extracts_accepted"] == 1
    assert tokens(home)["2026-03"].startswith("v2:")
    assert tokens(home)["2026-03"] == tokens(home)["2026-04"], "now they can be linked"
    assert len(list(home.items.rglob("*.parquet"))) == 2, "its files are written over"
    assert path.exists()
