"""The keys of tokens: one file for each member, `keys/fj.json`, that its owner alone can read.

    {"member_code": "FJ", "versions": [{"version": 1, "made_on": "2026-11-26", "secret": "<64 hex digits>"}]}

The newest version makes tokens. Older ones stay, so that an old original can be read again under the key of
its time. A key lies outside the repository and outside all that is backed up or shared with the data: whoever
has both can try names until one fits.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pacific_parcels.errors import KeyStoreError
from pacific_parcels.settings import REPOSITORY, Settings
from pacific_parcels.tokens import SECRET_BYTES, TokenKey

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE = 0o700, 0o600


@dataclass(frozen=True)
class Version:
    """One version of a member's key."""

    key: TokenKey
    made_on: date


@dataclass(frozen=True)
class KeyStore:
    """The directory of keys. Errors of every method: KeyStoreError."""

    directory: Path
    data: tuple[Path, ...] = field(repr=False)
    """Directories that hold no key: they are copied and shared."""

    @classmethod
    def of(cls, settings: Settings) -> KeyStore:
        places = (REPOSITORY, settings.landing, settings.warehouse, settings.published, settings.originals)
        return cls(settings.keys, (*places, settings.inbox))

    def current(self, member_code: str) -> TokenKey | None:
        """The key that makes tokens now; None where the member has none."""
        versions = self.versions(member_code)
        return versions[-1].key if versions else None

    def version(self, member_code: str, number: int) -> TokenKey:
        for version in self.versions(member_code):
            if version.key.version == number:
                return version.key
        raise KeyStoreError(
            f"{member_code}, {self._path(member_code)}: found no version {number}; expected one that "
            "pacific-parcels keys list shows"
        )

    def versions(self, member_code: str) -> list[Version]:
        """Oldest first; empty where the member has no key."""
        path = self._path(member_code)
        if not path.exists():
            return []
        self._refuse_place()
        _refuse_readers(self.directory)
        _refuse_readers(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found = [_version_of(entry) for entry in content["versions"]]
            is_sound = content["member_code"] == member_code and [
                version.key.version for version in found
            ] == list(range(1, len(found) + 1))
        except (ValueError, KeyError, TypeError):
            is_sound = False
        if not is_sound:
            # Without the cause: its text may hold the secret.
            raise KeyStoreError(
                f"{member_code}, {path}: the file of keys is not as it was written; expected member_code and "
                "versions 1, 2 …; restore it from its own backup"
            ) from None
        return found

    def codes(self) -> list[str]:
        """The members that have a key."""
        return sorted(path.stem.upper() for path in self.directory.glob("[a-z][a-z].json"))

    def new(self, member_code: str, today: date) -> TokenKey:
        """Make the first key of a member."""
        if self.versions(member_code):
            raise KeyStoreError(
                f"{member_code}, {self._path(member_code)}: there is a key already; expected none; a new "
                f"version is made by pacific-parcels keys rotate {member_code.lower()}"
            )
        return self._add(member_code, [], today)

    def rotate(self, member_code: str, today: date) -> TokenKey:
        """Make the next version of a member's key; the older ones stay."""
        versions = self.versions(member_code)
        if not versions:
            raise KeyStoreError(f"{member_code}: found no key in {self.directory}; {_advice(member_code)}")
        return self._add(member_code, versions, today)

    def _path(self, member_code: str) -> Path:
        return self.directory / f"{member_code.lower()}.json"

    def _add(self, member_code: str, versions: list[Version], today: date) -> TokenKey:
        self._refuse_place()
        self.directory.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        _refuse_readers(self.directory)
        key = TokenKey(len(versions) + 1, secrets.token_bytes(SECRET_BYTES))
        entries = [
            {
                "version": version.key.version,
                "made_on": version.made_on.isoformat(),
                "secret": version.key.secret.hex(),
            }
            for version in [*versions, Version(key, today)]
        ]
        path = self._path(member_code)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"member_code": member_code, "versions": entries}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        return key

    def _refuse_place(self) -> None:
        directory = self.directory.resolve()
        for place in self.data:
            if directory.is_relative_to(place.resolve()):
                raise KeyStoreError(
                    f"{self.directory}: the directory of keys lies within {place}; expected a place apart "
                    "from the repository and the data; set PACIFIC_PARCELS_KEYS to one"
                )


def _version_of(entry: dict[str, Any]) -> Version:
    secret = bytes.fromhex(entry["secret"])
    if len(secret) != SECRET_BYTES:
        raise ValueError("a secret is too short or too long")
    return Version(TokenKey(int(entry["version"]), secret), date.fromisoformat(entry["made_on"]))


def _refuse_readers(path: Path) -> None:
    """Errors: KeyStoreError where anyone but the owner may read. Windows has other means."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if sys.platform != "win32" and mode & 0o077:
        wanted = OWNER_ONLY_FOLDER if path.is_dir() else OWNER_ONLY_FILE
        raise KeyStoreError(
            f"{path}: others than its owner can get at it (mode {mode:o}); expected mode {wanted:o}; "
            f"run chmod {wanted:o} {path}, and make a new version of the keys if others could read them"
        )


def _advice(member_code: str) -> str:
    return f"make one with pacific-parcels keys new {member_code.lower()}"


def key_of(settings: Settings, member_code: str) -> TokenKey:
    """The key that makes a member's tokens now. Errors: KeyStoreError, also where there is none."""
    key = KeyStore.of(settings).current(member_code)
    if key is None:
        raise KeyStoreError(
            f"{member_code}: its member file asks for tokens of parties, and there is no key in "
            f"{settings.keys}; expected one; {_advice(member_code)} (docs/OPERATIONS.md, Keys)"
        )
    return key
