"""The file that says who may see what: what it may say, and that its errors quote no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.sign_in import load_sign_in

KEY = "k" * 32
OIDC = f"""
[oidc]
issuer = "https://id.example.org"
[auth]
redirect_uri = "https://figures.example.org/oauth2callback"
cookie_secret = "{KEY}"
client_id = "parcels"
client_secret = "{KEY}"
server_metadata_url = "https://id.example.org/.well-known/openid-configuration"
"""
PROXY = f'[proxy]\npeers = ["127.0.0.1"]\nsecret = "{KEY}"\n'
ACCOUNTS = '[accounts]\nfile = "/srv/accounts.json"\n'


def person(account: str = "fj-1", audience: str = "member_fj", **known: str) -> str:
    said = "".join(f'{key} = "{value}"\n' for key, value in known.items())
    return f'[[people]]\naccount = "{account}"\naudience = "{audience}"\n{said}'


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "sign_in.toml"
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        (OIDC + person(email="a@example.org") + person("to-1", "member_to", subject="s-1"), "oidc"),
        (PROXY + person(user="anna") + person("d-1", "donor", user="ben"), "proxy"),
        (ACCOUNTS, "accounts"),
    ],
)
def test_each_way_to_sign_in_is_read(text: str, mode: str, tmp_path: Path) -> None:
    sign_in = load_sign_in(write(tmp_path, text))
    assert sign_in is not None
    assert sign_in.mode == mode
    assert sign_in.sign_in.session_hours == 8


def test_no_file_is_no_way_in() -> None:
    assert load_sign_in(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",  # no way in
        OIDC + PROXY,  # two
        PROXY + ACCOUNTS,
        OIDC.split("[auth]")[0],  # a provider of which nothing is known
        "[auth]" + OIDC.split("[auth]")[1] + ACCOUNTS,
        ACCOUNTS + person(email="a@example.org"),
        OIDC + person(),  # nothing says who it is
        OIDC + person(user="anna"),  # what only a proxy says
        PROXY + person(email="a@example.org"),
        OIDC + person(email="a@example.org", subject="s-1"),
        OIDC + person(email="a@example.org") + person("fj-2", email="A@EXAMPLE.ORG"),  # one person, twice
        OIDC + person(email="a@example.org") + person(email="b@example.org"),  # one account, twice
        OIDC + person("a@example.org", email="a@example.org"),  # an address would go into the log
        OIDC + person(audience="member_fji", email="a@example.org"),
        OIDC + person(audience="everything", email="a@example.org"),
        PROXY.replace(KEY, "short"),
        PROXY.replace('"127.0.0.1"', ""),
        PROXY.replace("127.0.0.1", "proxy.example.org"),
        ACCOUNTS + "[sign_in]\nsession_hours = 25\n",
        ACCOUNTS + "[sign_in]\nsession_hours = 0\n",
        ACCOUNTS + "[sign_in]\nsesion_hours = 8\n",
        "[accounts\n",
    ],
)
def test_whatever_is_not_clear_is_refused_and_no_secret_is_quoted(text: str, tmp_path: Path) -> None:
    with pytest.raises(PacificParcelsError) as refused:
        load_sign_in(write(tmp_path, text))
    assert "sign_in.toml" in str(refused.value)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_read_or_write_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(PacificParcelsError, match="chmod 600"):
        load_sign_in(write(tmp_path, ACCOUNTS, mode))


def test_a_file_that_is_not_there_is_refused_and_does_not_mean_nobody(tmp_path: Path) -> None:
    with pytest.raises(PacificParcelsError, match="no such file"):
        load_sign_in(tmp_path / "none.toml")
