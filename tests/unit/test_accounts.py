"""Accounts of our own: who gets in, who waits, and that no password is there from the start."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pacific_parcels import accounts, cli
from pacific_parcels.errors import PacificParcelsError

PASSWORD = "four words in a row"  # pragma: allowlist secret  # of an account that lives for a test
OTHER = "another four words here"  # pragma: allowlist secret  # the same
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with next to no cost: these tests are about what is counted, not about the hash."""
    monkeypatch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def file(tmp_path: Path, quick: None) -> Path:
    file = tmp_path / "accounts.json"
    accounts.add(file, "fj-1", "member_fj", PASSWORD)
    return file


def test_there_is_no_account_until_one_is_made(tmp_path: Path) -> None:
    assert accounts.read(tmp_path / "accounts.json") == {}
    for name in ("admin", "root", "secretariat", "fj-1"):
        assert not accounts.admits(tmp_path / "accounts.json", name, name, NOW)


def test_a_password_is_kept_as_an_argon2_hash_that_only_the_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    accounts.add(file, "fj-1", "member_fj", PASSWORD)
    kept = json.loads(file.read_text())["fj-1"]["password_hash"]
    # RFC 9106, the second recommended option: 64 MiB of memory, three passes, four lanes.
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert accounts.admits(file, "fj-1", PASSWORD, NOW)
    assert not accounts.admits(file, "fj-1", PASSWORD + " ", NOW)


@pytest.mark.parametrize("password", ["", "short", "x" * 201, "fj-1 and more words", "FJ-1 and more words"])
def test_a_short_or_telling_password_is_refused(password: str, file: Path) -> None:
    with pytest.raises(PacificParcelsError, match="take several words"):
        accounts.set_password(file, "fj-1", password)
    with pytest.raises(PacificParcelsError):
        accounts.add(file, "fj-1", "member_fj", password)
    assert accounts.admits(file, "fj-1", PASSWORD, NOW)


@pytest.mark.parametrize("name", ["", "a", "Fiji", "fj 1", "../x", "fj-1@example.org", "x" * 41, "é-1"])
def test_a_name_is_letters_digits_and_hyphens(name: str, file: Path) -> None:
    with pytest.raises(PacificParcelsError, match="lower-case letters"):
        accounts.add(file, name, "member_fj", OTHER)


def test_an_account_is_there_once(file: Path) -> None:
    with pytest.raises(PacificParcelsError, match="is there already"):
        accounts.add(file, "fj-1", "secretariat", OTHER)
    assert accounts.read(file)["fj-1"].audience == "member_fj"


def fail(file: Path, times: int, now: datetime) -> None:
    for _ in range(times):
        assert not accounts.admits(file, "fj-1", "a wrong password", now)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(4, 0), (5, 30), (6, 60), (7, 120), (16, 30 * 2**11), (17, 86_400), (40, 86_400)],
)
def test_five_wrong_passwords_make_the_account_wait_and_each_further_one_twice_as_long(
    failures: int, seconds: int, file: Path
) -> None:
    now = NOW
    for _ in range(failures):
        fail(file, 1, now)
        now = max(now, datetime.fromisoformat(accounts.read(file)["fj-1"].locked_until))
    last = now - timedelta(seconds=seconds)  # when the last wrong one was typed
    if seconds:
        assert not accounts.admits(file, "fj-1", PASSWORD, last + timedelta(seconds=seconds - 1))
    assert accounts.admits(file, "fj-1", PASSWORD, last + timedelta(seconds=seconds))
    assert accounts.read(file)["fj-1"].failures == 0


def test_attempts_while_it_waits_are_not_counted_and_do_not_get_in(file: Path) -> None:
    fail(file, 20, NOW)
    assert accounts.read(file)["fj-1"].failures == 5
    assert not accounts.admits(file, "fj-1", PASSWORD, NOW + timedelta(seconds=29))


def test_a_locked_account_stays_out_until_it_is_unlocked(file: Path) -> None:
    accounts.lock(file, "fj-1")
    assert not accounts.admits(file, "fj-1", PASSWORD, NOW + timedelta(days=400))
    accounts.set_password(file, "fj-1", OTHER)
    assert not accounts.admits(file, "fj-1", OTHER, NOW)
    accounts.unlock(file, "fj-1")
    assert accounts.admits(file, "fj-1", OTHER, NOW)
    assert not accounts.admits(file, "fj-1", PASSWORD, NOW)


def test_unlocking_and_a_new_password_take_the_wait_away(file: Path) -> None:
    fail(file, 8, NOW)
    accounts.unlock(file, "fj-1")
    assert accounts.admits(file, "fj-1", PASSWORD, NOW)
    fail(file, 8, NOW)
    accounts.set_password(file, "fj-1", OTHER)
    assert accounts.admits(file, "fj-1", OTHER, NOW)


@pytest.mark.parametrize("change", [accounts.lock, accounts.unlock])
def test_an_account_that_there_is_not_is_said(change: object, file: Path) -> None:
    assert callable(change)
    with pytest.raises(PacificParcelsError, match="expected one of fj-1"):
        change(file, "to-1")


def test_a_file_that_others_may_read_is_not_used(file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(PacificParcelsError, match="chmod 600"):
        accounts.admits(file, "fj-1", PASSWORD, NOW)


@pytest.mark.parametrize("content", ["[]", "{", '{"a": {"x": 1}}', '{"a": 1}'])
def test_a_file_that_is_no_list_of_accounts_admits_nobody(content: str, file: Path) -> None:
    file.write_text(content)
    with pytest.raises(PacificParcelsError, match="no list of accounts"):
        accounts.admits(file, "fj-1", PASSWORD, NOW)


def test_what_is_no_hash_matches_no_password(file: Path) -> None:
    held = json.loads(file.read_text())
    for broken in ("", PASSWORD, "$argon2id$v=19$m=8,t=1,p=1$!!$!!"):
        held["fj-1"]["password_hash"] = broken
        file.write_text(json.dumps(held))
        assert not accounts.admits(file, "fj-1", PASSWORD, NOW)


@pytest.fixture
def at_home(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of sign-ins in it, as an operator has one."""
    sign_in = tmp_path / "sign_in.toml"
    sign_in.write_text(f'[accounts]\nfile = "{tmp_path / "accounts.json"}"\n')
    sign_in.chmod(0o600)
    monkeypatch.setenv("PACIFIC_PARCELS_HOME", str(tmp_path))
    monkeypatch.setenv("PACIFIC_PARCELS_SIGN_IN", str(sign_in))
    return tmp_path


def type_passwords(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    typed = iter(passwords)
    monkeypatch.setattr(cli, "getpass", lambda prompt: next(typed))


def test_the_commands_make_change_lock_and_list_accounts(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = at_home / "accounts.json"
    type_passwords(monkeypatch, PASSWORD, PASSWORD)
    assert cli.main(["accounts", "add", "fj-1", "--audience", "member_fj"]) == 0
    assert accounts.admits(file, "fj-1", PASSWORD, NOW)
    type_passwords(monkeypatch, OTHER, OTHER)
    assert cli.main(["accounts", "password", "fj-1"]) == 0
    assert accounts.admits(file, "fj-1", OTHER, NOW)
    assert cli.main(["accounts", "lock", "fj-1"]) == 0
    assert not accounts.admits(file, "fj-1", OTHER, NOW)
    capsys.readouterr()
    assert cli.main(["accounts", "list"]) == 0
    listed = capsys.readouterr().out
    assert [word for word in ("fj-1", "member_fj", "locked") if word not in listed] == []
    assert "argon2" not in listed
    assert cli.main(["accounts", "unlock", "fj-1"]) == 0
    assert accounts.admits(file, "fj-1", OTHER, NOW)


def test_a_command_refuses_another_audience_and_passwords_that_differ(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["accounts", "add", "fj-1", "--audience", "member_xx"]) == 1
    assert "expected one of secretariat, donor, member_" in capsys.readouterr().err
    type_passwords(monkeypatch, PASSWORD, OTHER)
    assert cli.main(["accounts", "add", "fj-1", "--audience", "member_fj"]) == 1
    assert "differ" in capsys.readouterr().err
    assert accounts.read(at_home / "accounts.json") == {}


def test_without_a_file_of_sign_ins_a_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PACIFIC_PARCELS_SIGN_IN", raising=False)
    assert cli.main(["accounts", "list"]) == 1
    assert "docs/OPERATIONS.md" in capsys.readouterr().err
