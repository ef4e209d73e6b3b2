"""The file that says who may see what: PACIFIC_PARCELS_SIGN_IN, TOML, mode 600, one way to sign in.

    [sign_in]                     session_hours = 8
    [oidc] and [auth]             an identity provider; [auth] is what Streamlit's st.login reads
    [proxy]                       a proxy that has signed the person in and says who it is
    [accounts]                    accounts of our own (pacific-parcels accounts add)
    [[people]]                    with oidc and proxy: whom the one or the other knows, and their audience

Exactly one of [oidc], [proxy] and [accounts]. Without the file nobody signs in, and everyone sees what is
public. An e-mail address counts only where the provider says that it is verified.
"""

from __future__ import annotations

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pacific_parcels.errors import PacificParcelsError

Mode = Literal["oidc", "proxy", "accounts"]
Audience = Annotated[str, StringConstraints(pattern=r"^(secretariat|donor|public|member_[a-z]{2})$")]
Secret = Annotated[str, StringConstraints(min_length=32)]
Text = Annotated[str, StringConstraints(min_length=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Strict):
    session_hours: float = Field(default=8, gt=0, le=24)


class Oidc(Strict):
    issuer: Text


class Auth(Strict):
    """Names and meaning are Streamlit's."""

    redirect_uri: Text
    cookie_secret: Secret
    client_id: Text
    client_secret: Text
    server_metadata_url: Text
    client_kwargs: dict[str, str] = {}


class Proxy(Strict):
    peers: tuple[Text, ...] = Field(min_length=1)
    account_header: Text = "X-Forwarded-User"
    secret_header: Text = "X-Pacific-Parcels-Secret"  # the name of a header
    secret: Secret

    @model_validator(mode="after")
    def peers_are_addresses(self) -> Proxy:
        for peer in self.peers:
            ip_address(peer)
        return self


class Accounts(Strict):
    file: Path


class Person(Strict):
    """`account` is the id that the audit log holds; one of the other three says who it is."""

    account: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    audience: Audience
    subject: Text | None = None
    email: Text | None = None
    user: Text | None = None


class SignIn(Strict):
    sign_in: Limits = Limits()
    oidc: Oidc | None = None
    auth: Auth | None = None
    proxy: Proxy | None = None
    accounts: Accounts | None = None
    people: tuple[Person, ...] = ()

    @property
    def mode(self) -> Mode:
        return "oidc" if self.oidc else "proxy" if self.proxy else "accounts"

    @model_validator(mode="after")
    def one_way_in(self) -> SignIn:
        if [self.oidc, self.proxy, self.accounts].count(None) != 2:
            raise ValueError("expected exactly one of [oidc], [proxy] and [accounts]")
        if (self.oidc is None) != (self.auth is None):
            raise ValueError("expected [auth] with [oidc], and only with it")
        if self.accounts and self.people:
            raise ValueError("expected no [[people]] with [accounts]: an account has its audience")
        expected = {"oidc": ("subject", "email"), "proxy": ("user",), "accounts": ()}[self.mode]
        known: list[tuple[str, str]] = []
        for person in self.people:
            said = [
                (key, str(getattr(person, key)))
                for key in ("subject", "email", "user")
                if getattr(person, key)
            ]
            if len(said) != 1 or said[0][0] not in expected:
                raise ValueError(f"{person.account}: expected exactly one of {', '.join(expected)}")
            known.append((said[0][0], said[0][1].casefold()))
        accounts = [person.account for person in self.people]
        if len(set(known)) != len(known) or len(set(accounts)) != len(accounts):
            raise ValueError("expected each person and each account once")
        return self


def load_sign_in(file: Path | None) -> SignIn | None:
    """None where no file is configured. Errors: PacificParcelsError, which never quotes a secret."""
    if file is None:
        return None
    try:
        mode = file.stat().st_mode
        if mode & 0o077:
            raise PacificParcelsError(
                f"{file}: found mode {mode & 0o777:o}; expected 600; type chmod 600 {file}"
            )
        return SignIn.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise PacificParcelsError(f"{file}: found no such file; PACIFIC_PARCELS_SIGN_IN names it") from error
    except tomllib.TOMLDecodeError as error:
        raise PacificParcelsError(f"{file}: {error}; expected TOML") from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()
        ]
        raise PacificParcelsError(f"{file}: {'; '.join(faults)}") from None
