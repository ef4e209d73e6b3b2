"""Local accounts, for a site without an identity provider: argon2 hashes in one file of mode 600.

No account and no password is there from the start. After five wrong passwords in a row the account waits
half a minute, and twice as long after each further one, up to a day; the right password ends the count.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pacific_parcels.errors import PacificParcelsError

NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(days=1)
HASHER = PasswordHasher()
# Checked for a name that does not exist, so that the time of an answer tells nobody which names do.
NOBODY = HASHER.hash(os.urandom(16).hex())


@dataclass(frozen=True)
class Account:
    """`locked_until` is ISO 8601 in UTC, or empty."""

    audience: str
    password_hash: str
    is_locked: bool = False
    failures: int = 0
    locked_until: str = ""


def add(file: Path, name: str, audience: str, password: str) -> None:
    """A new account. Errors: PacificParcelsError for a name or password that will not do, or is there."""
    if not NAME.fullmatch(name):
        raise PacificParcelsError(
            f"accounts: found the name {name!r}; expected 2 to 40 lower-case letters, digits and hyphens"
        )
    check_password(name, password)
    with _held(file) as accounts:
        if name in accounts:
            raise PacificParcelsError(
                f"accounts: {name} is there already; change its password, or take another name"
            )
        accounts[name] = Account(audience, HASHER.hash(password))


def set_password(file: Path, name: str, password: str) -> None:
    """Its sessions end at their next page, and it waits no longer. Errors: PacificParcelsError, as `add`."""
    check_password(name, password)
    hashed = HASHER.hash(password)
    with _held(file) as accounts:
        known = _known(accounts, name)
        accounts[name] = replace(known, password_hash=hashed, failures=0, locked_until="")


def lock(file: Path, name: str) -> None:
    """Until it is unlocked; its sessions end at their next page. Errors: PacificParcelsError."""
    with _held(file) as accounts:
        accounts[name] = replace(_known(accounts, name), is_locked=True)


def unlock(file: Path, name: str) -> None:
    """Takes away a lock, and the wait after wrong passwords. Errors: PacificParcelsError: there is none."""
    with _held(file) as accounts:
        known = _known(accounts, name)
        accounts[name] = replace(known, is_locked=False, failures=0, locked_until="")


def check_password(name: str, password: str) -> None:
    """Errors: PacificParcelsError for one that is short, long, or has the account's name in it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or name in password.lower():
        raise PacificParcelsError(
            f"accounts: the password will not do; expected {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} "
            "characters without the name in them; take several words"
        )


def _known(accounts: dict[str, Account], name: str) -> Account:
    if name not in accounts:
        raise PacificParcelsError(
            f"accounts: found no {name!r}; expected one of {', '.join(accounts) or 'none: there is none yet'}"
        )
    return accounts[name]


def admits(file: Path, name: str, password: str, now: datetime) -> bool:
    """Whether this is the account's password, now. One attempt at a time: none slips past the count."""
    with _held(file) as accounts:
        account = accounts.get(name)
        waits = account is not None and now < _locked_until(account)
        matches = _matches(account.password_hash if account else NOBODY, password[:LONGEST_PASSWORD])
        if account is None or account.is_locked or waits:
            return False
        if matches:
            accounts[name] = replace(account, failures=0, locked_until="")
            return True
        failures = account.failures + 1
        doublings = min(failures - FREE_FAILURES, 12)
        wait = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT) if doublings >= 0 else timedelta()
        accounts[name] = replace(account, failures=failures, locked_until=(now + wait).isoformat())
        return False


def read(file: Path) -> dict[str, Account]:
    """Errors: PacificParcelsError for a file that others may read, or that is no list of accounts."""
    try:
        mode = file.stat().st_mode
        if mode & 0o077:
            raise PacificParcelsError(
                f"{file}: found mode {mode & 0o777:o}; expected 600; type chmod 600 {file}"
            )
        return {name: Account(**fields) for name, fields in json.loads(file.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise PacificParcelsError(f"{file}: found no list of accounts; expected one of ours") from error


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):  # another password, or no hash of ours
        return False


def _locked_until(account: Account) -> datetime:
    return (
        datetime.fromisoformat(account.locked_until)
        if account.locked_until
        else datetime.min.replace(tzinfo=UTC)
    )


@contextmanager
def _held(file: Path) -> Iterator[dict[str, Account]]:
    """The accounts, to be changed by this process alone, and written back whole where they were changed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        accounts = read(file)
        before = dict(accounts)
        yield accounts
        if accounts != before:
            written = file.with_name(f".{file.name}.new")
            handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as output:
                json.dump({name: asdict(account) for name, account in accounts.items()}, output, indent=1)
                output.flush()
                os.fsync(output.fileno())
            os.replace(written, file)
    finally:
        os.close(lock)
