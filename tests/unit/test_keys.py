"""The store of keys: who can read it, where it may lie, and what a rotation leaves."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from pacific_parcels.errors import KeyStoreError
from pacific_parcels.keys import KeyStore, key_of
from pacific_parcels.settings import REPOSITORY, Settings

FIRST, LATER = date(2026, 11, 26), date(2027, 11, 26)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", keys=tmp_path / "keys")


@pytest.fixture
def store(settings: Settings) -> KeyStore:
    return KeyStore.of(settings)


def test_a_key_is_for_its_owner_alone_and_another_for_each_member(store: KeyStore) -> None:
    fiji, samoa = store.new("FJ", FIRST), store.new("WS", FIRST)

    assert fiji.version == samoa.version == 1
    assert len(fiji.secret) == len(samoa.secret) == 32
    assert fiji.secret != samoa.secret
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.directory.iterdir()} == {0o600}
    assert store.codes() == ["FJ", "WS"]
    assert store.current("FJ") == fiji


def test_a_rotation_keeps_the_older_versions(store: KeyStore) -> None:
    first = store.new("FJ", FIRST)
    second = store.rotate("FJ", LATER)

    assert (second.version, store.current("FJ"), store.version("FJ", 1)) == (2, second, first)
    assert first.secret != second.secret
    assert [(version.key.version, version.made_on) for version in store.versions("FJ")] == [
        (1, FIRST),
        (2, LATER),
    ]


def test_a_key_is_never_written_over_and_none_is_rotated_that_is_not_there(store: KeyStore) -> None:
    with pytest.raises(KeyStoreError, match="keys new fj"):
        store.rotate("FJ", FIRST)
    key = store.new("FJ", FIRST)
    with pytest.raises(KeyStoreError, match="keys rotate fj"):
        store.new("FJ", FIRST)
    with pytest.raises(KeyStoreError, match="found no version 2"):
        store.version("FJ", 2)
    assert store.current("FJ") == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(store: KeyStore, mode: int) -> None:
    store.new("FJ", FIRST)
    (store.directory / "fj.json").chmod(mode)

    with pytest.raises(KeyStoreError, match=r"fj\.json: others .* chmod 600 .*fj\.json"):
        store.current("FJ")


def test_so_is_a_directory_that_others_can_enter(store: KeyStore) -> None:
    store.new("FJ", FIRST)
    store.directory.chmod(0o755)

    for use in (lambda: store.current("FJ"), lambda: store.rotate("FJ", LATER)):
        with pytest.raises(KeyStoreError, match="chmod 700"):
            use()


@pytest.mark.parametrize("place", ["landing", "warehouse", "published", "originals", "inbox"])
def test_a_key_does_not_lie_among_data(settings: Settings, place: str) -> None:
    among = KeyStore.of(Settings(home=settings.home, keys=settings.home / place / "keys"))
    with pytest.raises(KeyStoreError, match=f"lies within .*{place}.*PACIFIC_PARCELS_KEYS"):
        among.new("FJ", FIRST)


def test_nor_in_the_repository(settings: Settings) -> None:
    with pytest.raises(KeyStoreError, match="lies within"):
        KeyStore.of(Settings(home=settings.home, keys=REPOSITORY / "data" / "keys")).new("FJ", FIRST)
    assert not (REPOSITORY / "data" / "keys").exists()


def test_a_member_without_a_key_is_told_what_to_do(settings: Settings) -> None:
    with pytest.raises(KeyStoreError, match="pacific-parcels keys new fj"):
        key_of(settings, "FJ")


@pytest.mark.parametrize(
    "change",
    [
        {"member_code": "WS"},
        {"versions": [{"version": 2, "made_on": "2026-11-26", "secret": "00" * 32}]},
        {"versions": [{"version": 1, "made_on": "2026-11-26", "secret": "00" * 31}]},
        {"versions": None},
    ],
)
def test_a_damaged_file_is_named_without_its_content(store: KeyStore, change: dict[str, object]) -> None:
    secret = store.new("FJ", FIRST).secret.hex()
    path = store.directory / "fj.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")

    with pytest.raises(KeyStoreError, match="restore it from its own backup") as raised:
        store.current("FJ")
    assert secret not in str(raised.value)
    assert raised.value.__cause__ is None
