"""Who is asking: every claim, header and cookie that is not good enough opens nothing but the public file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit import config

from dashboards import identity
from dashboards.identity import (
    COOKIE,
    GATE_HEADER,
    Asked,
    Identity,
    NotAdmitted,
    Session,
    Sessions,
    digest,
    gate_mark,
    identify,
    record_export,
)
from pacific_parcels import accounts, audit_log
from pacific_parcels.settings import Settings
from pacific_parcels.sign_in import SignIn

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ISSUER = "https://id.example.org"
KEY = "k" * 32
OIDC = SignIn.model_validate(
    {
        "oidc": {"issuer": ISSUER},
        "auth": {
            "redirect_uri": "https://figures.example.org/oauth2callback",
            "cookie_secret": KEY,
            "client_id": "parcels",
            "client_secret": KEY,
            "server_metadata_url": f"{ISSUER}/.well-known/openid-configuration",
        },
        "people": [
            {"account": "fj-1", "audience": "member_fj", "email": "Anna@example.org"},
            {"account": "to-1", "audience": "member_to", "subject": "subject-of-to"},
            {"account": "donor-1", "audience": "donor", "email": "ben@example.org"},
        ],
    }
)
PROXY = SignIn.model_validate(
    {
        "proxy": {"peers": ["127.0.0.1"], "secret": KEY, "account_header": "X-Remote-User"},
        "people": [{"account": "fj-1", "audience": "member_fj", "user": "anna"}],
    }
)
CLAIMS = {
    "is_logged_in": True,
    "iss": ISSUER,
    "aud": "parcels",
    "sub": "subject-of-fj",
    "email": "anna@EXAMPLE.org",
    "email_verified": True,
    "iat": NOW.timestamp() - 60,
    "exp": NOW.timestamp() + 3600,
    "nonce": "n",
}
NOBODY = Identity(None, "public")


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """A server that began the day before, on the clock of these tests."""
    sessions = Sessions()
    sessions.began_at = NOW - timedelta(days=1)
    monkeypatch.setattr(identity, "SESSIONS", sessions)
    return sessions


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def by_claims(settings: Settings, now: datetime = NOW, /, **changes: Any) -> Identity:
    claims = {key: value for key, value in (CLAIMS | changes).items() if value is not None}
    return identify(settings, OIDC, Asked(claims=claims), now)


def test_with_no_way_to_sign_in_everyone_is_the_public_whatever_they_send(settings: Settings) -> None:
    asked = Asked(CLAIMS, {"X-Remote-User": "anna", GATE_HEADER: gate_mark(NOW)}, {COOKIE: "x"})
    assert identify(settings, None, asked, NOW) == NOBODY


def test_a_verified_identity_has_the_audience_of_the_file(settings: Settings) -> None:
    assert by_claims(settings).audience == "member_fj"
    assert by_claims(settings).account == "fj-1"
    assert by_claims(settings, sub="subject-of-to", email=None).audience == "member_to"
    assert by_claims(settings, email="ben@example.org").file_audience == "public"
    assert by_claims(settings, aud=["another", "parcels"]).audience == "member_fj"
    assert by_claims(settings, is_logged_in=False) == NOBODY


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"email_verified": False}, "unknown"),
        ({"email_verified": None}, "unknown"),
        ({"email_verified": "true"}, "unknown"),
        ({"email_verified": 1}, "unknown"),
        ({"email": "carl@example.org"}, "unknown"),
        ({"email": None}, "unknown"),
        ({"email": ["anna@example.org"]}, "unknown"),
        ({"sub": "SUBJECT-OF-TO", "email": None}, "unknown"),
        ({"iss": "https://elsewhere.example.org"}, "unknown"),
        ({"iss": None}, "unknown"),
        ({"aud": "another"}, "unknown"),
        ({"aud": []}, "unknown"),
        ({"aud": "parcels-too"}, "unknown"),
        ({"aud": None}, "unknown"),
        ({"exp": NOW.timestamp()}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "9999999999"}, "expired"),
        ({"exp": True}, "expired"),
        ({"iat": None}, "expired"),
        ({"iat": NOW.timestamp() + 121}, "expired"),
        ({"iat": NOW.timestamp() - 8 * 3600}, "expired"),
        ({"iat": NOW.timestamp() - 86_401, "exp": NOW.timestamp() + 1}, "expired"),
    ],
)
def test_claims_that_are_not_good_enough_open_nothing(
    changes: Mapping[str, Any], reason: str, settings: Settings
) -> None:
    with pytest.raises(NotAdmitted) as refused:
        by_claims(settings, **changes)
    assert refused.value.reason == reason


def test_a_sign_in_ends_with_the_first_of_its_token_its_session_and_the_server(
    settings: Settings, sessions: Sessions
) -> None:
    last = datetime.fromtimestamp(float(str(CLAIMS["exp"])), UTC) - timedelta(seconds=1)
    assert by_claims(settings, last).account == "fj-1"
    with pytest.raises(NotAdmitted, match="expired"):
        by_claims(settings, last + timedelta(seconds=1))
    long = {"exp": NOW.timestamp() + 86_400}
    eighth_hour = NOW - timedelta(seconds=60) + timedelta(hours=8)
    assert by_claims(settings, eighth_hour - timedelta(seconds=1), **long).account == "fj-1"
    with pytest.raises(NotAdmitted, match="expired"):
        by_claims(settings, eighth_hour, **long)
    sessions.began_at = NOW - timedelta(seconds=59)
    with pytest.raises(NotAdmitted, match="expired"):
        by_claims(settings)


def test_signing_out_ends_this_sign_in_and_no_other(settings: Settings) -> None:
    identity.sign_out(settings, by_claims(settings))
    with pytest.raises(NotAdmitted, match="ended"):
        by_claims(settings)
    assert by_claims(settings, nonce="of another sign-in").account == "fj-1"


def behind_proxy(settings: Settings, now: datetime = NOW, /, **headers: str) -> Identity:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return identify(settings, PROXY, Asked(headers=said), now)


def test_what_the_proxy_says_counts_only_with_the_mark_of_our_gate(settings: Settings) -> None:
    mark = {"x_pacific_parcels_gate": gate_mark(NOW)}
    assert behind_proxy(settings, x_remote_user="anna", **mark).audience == "member_fj"
    assert behind_proxy(settings, **mark) == NOBODY
    for forged in ("", "x", f"{'0' * 64} {NOW.timestamp():.0f}", gate_mark(NOW)[1:]):
        with pytest.raises(NotAdmitted, match="proxy"):
            behind_proxy(settings, x_remote_user="anna", x_pacific_parcels_gate=forged)
    with pytest.raises(NotAdmitted, match="unknown"):
        behind_proxy(settings, x_remote_user="Anna", **mark)


def test_a_page_that_stays_open_behind_the_proxy_ends_with_its_session(settings: Settings) -> None:
    mark = {"x_pacific_parcels_gate": gate_mark(NOW), "x_remote_user": "anna"}
    assert behind_proxy(settings, NOW + timedelta(hours=8, seconds=-1), **mark).account == "fj-1"
    with pytest.raises(NotAdmitted, match="reload"):
        behind_proxy(settings, NOW + timedelta(hours=8), **mark)


@pytest.fixture
def own_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SignIn:
    monkeypatch.setattr(
        accounts, "HASHER", accounts.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    accounts.add(tmp_path / "accounts.json", "fj-1", "member_fj", "four words in a row")
    return SignIn.model_validate({"accounts": {"file": str(tmp_path / "accounts.json")}})


def test_a_session_of_our_own_ends_with_its_hours_its_lock_and_its_password(
    settings: Settings, sessions: Sessions, own_accounts: SignIn
) -> None:
    file = settings.home / "accounts.json"
    token = sessions.begin(Session("fj-1", NOW, accounts.read(file)["fj-1"].password_hash))
    asked = Asked(cookies={COOKIE: token})
    assert identify(settings, own_accounts, asked, NOW).audience == "member_fj"
    for cookie in ("", token[:-1], token + "x", digest(token)):
        assert identify(settings, own_accounts, Asked(cookies={COOKIE: cookie}), NOW) == NOBODY
    with pytest.raises(NotAdmitted, match="expired"):
        identify(settings, own_accounts, asked, NOW + timedelta(hours=8))
    accounts.lock(file, "fj-1")
    with pytest.raises(NotAdmitted, match="unknown"):
        identify(settings, own_accounts, asked, NOW)
    accounts.unlock(file, "fj-1")
    assert identify(settings, own_accounts, asked, NOW).account == "fj-1"
    accounts.set_password(file, "fj-1", "four other words here")
    with pytest.raises(NotAdmitted, match="unknown"):
        identify(settings, own_accounts, asked, NOW)
    sessions.end(digest(token))
    assert identify(settings, own_accounts, asked, NOW) == NOBODY


def test_sessions_that_are_over_are_not_kept(sessions: Sessions) -> None:
    old = [sessions.begin(Session("fj-1", NOW, "hash")) for _ in range(3)]
    new = sessions.begin(Session("fj-1", NOW + timedelta(hours=24), "hash"))
    assert [sessions.get(token) for token in old] == [None] * 3
    assert sessions.get(new) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "figures.example.org"},
        {"Host": "10.0.0.1:8501"},
        {"Host": "127.0.0.1:8501", "X-Forwarded-For": "10.0.0.1"},
        {"Host": "localhost", "Forwarded": "for=10.0.0.1"},
        {"Host": "localhost", "X-Real-IP": "10.0.0.1"},
        {"Host": "localhost", "Via": "1.1 proxy"},
    ],
)
def test_the_operators_audience_is_for_a_person_at_this_computer(
    headers: dict[str, str], settings: Settings
) -> None:
    operators = replace(settings, audience="secretariat")
    at_home = Asked(headers={"Host": "127.0.0.1:8501"})
    assert identify(operators, None, at_home, NOW).audience == "secretariat"
    with pytest.raises(NotAdmitted, match="not_local"):
        identify(operators, None, Asked(headers=headers), NOW)
    with pytest.raises(NotAdmitted, match="two_ways"):
        identify(operators, OIDC, at_home, NOW)


def test_the_operators_audience_is_not_served_to_a_network(settings: Settings) -> None:
    config.set_option("server.address", "0.0.0.0")  # the fixture `loopback` sets it back
    with pytest.raises(NotAdmitted, match="not_local"):
        identify(replace(settings, audience="secretariat"), None, Asked(headers={"Host": "127.0.0.1"}), NOW)


def test_an_export_is_on_record_and_is_refused_to_whoever_may_not_see_the_page_any_more(
    tmp_path: Path, own_accounts: SignIn, sessions: Sessions
) -> None:
    file = tmp_path / "sign_in.toml"
    file.write_text(f'[accounts]\nfile = "{tmp_path / "accounts.json"}"\n')
    file.chmod(0o600)
    settings = Settings(home=tmp_path, sign_in_file=file)
    held = accounts.read(tmp_path / "accounts.json")["fj-1"].password_hash
    asked = Asked(cookies={COOKIE: sessions.begin(Session("fj-1", datetime.now(UTC), held))})
    whose = identify(settings, own_accounts, asked, datetime.now(UTC))
    record_export(settings, whose, asked, "20260420T090000Z", "items.csv")
    (line,) = [json.loads(text) for path in settings.audit.glob("*.jsonl") for text in path.open()]
    said = {key: line[key] for key in ("event", "account", "audience", "run_id", "subject")}
    assert said == {
        "event": "EXPORTED",
        "account": "fj-1",
        "audience": "member_fj",
        "run_id": "20260420T090000Z",
        "subject": "items.csv",
    }
    accounts.lock(tmp_path / "accounts.json", "fj-1")
    with pytest.raises(NotAdmitted):
        record_export(settings, whose, asked, "20260420T090000Z", "items.csv")
    sessions.end(whose.sign_in)
    with pytest.raises(NotAdmitted):
        record_export(settings, whose, asked, "20260420T090000Z", "items.csv")
    assert audit_log.verify(settings.audit).lines == 1


def test_what_the_public_takes_is_nobodys_doing_and_is_not_on_record(settings: Settings) -> None:
    record_export(settings, NOBODY, Asked(), "20260420T090000Z", "items.csv")
    assert audit_log.verify(settings.audit).lines == 0
