"""Who is asking: asked anew at every run of every page, and never remembered in a page.

What a visitor may see is decided here and nowhere else, from what the provider signed, what the proxy
vouched for or what our own sign-in made, and from the file that PACIFIC_PARCELS_SIGN_IN names, read anew each
time: whoever is struck off it is out at the next page. With no such file everyone is the public.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from pacific_parcels import accounts, audit_log
from pacific_parcels.settings import Settings
from pacific_parcels.sign_in import Oidc, Person, SignIn, load_sign_in

PUBLIC = "public"
OPERATOR = "operator"  # in the log: the person at the computer that the server runs on
LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "pacific_parcels_session"
# Added by our own server to what the configured proxy sent, and taken off what anyone else sent.
GATE_HEADER = "X-Pacific-Parcels-Gate"
GATE = secrets.token_hex(32)
# How far the provider's clock may be ahead of ours. Nothing is granted at the end of a sign-in.
CLOCK_TOLERANCE = timedelta(minutes=2)
# Twenty-four hours is the most that the file of sign-ins may grant (session_hours).
LONGEST_SESSION = timedelta(hours=24)
# What only a proxy adds: a request that has one of them was not made at this computer.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


class NotAdmitted(Exception):
    """`reason` names the sentence that says why: `not_admitted.<reason>` of the catalogue."""

    def __init__(self, reason: str, account: str | None = None) -> None:
        self.reason = reason
        self.account = account
        super().__init__(reason)


@dataclass(frozen=True)
class Identity:
    """`account` is null for the public. `sign_in` tells one sign-in from another, and says nothing else."""

    account: str | None
    audience: str
    sign_in: str = ""

    @property
    def file_audience(self) -> str:
        """The audience whose file is opened: a donor's figures are the public ones."""
        return PUBLIC if self.audience == "donor" else self.audience

    @property
    def member_code(self) -> str | None:
        """The member whose own figures these are; None for the public and the secretariat."""
        kind, _, member = self.file_audience.partition("_")
        return member.upper() if kind == "member" else None

    @property
    def kind(self) -> str:
        """public, member or secretariat: what decides which pages there are."""
        return self.file_audience.partition("_")[0]


@dataclass(frozen=True)
class Asked:
    """What came with the request. The claims are those of a token whose signature Streamlit has checked."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """A sign-in with an account of our own. A new password or a new hash ends it."""

    account: str
    began_at: datetime
    password_hash: str


class Sessions:
    """Those of this process: a restart signs everyone out. Kept by the hash of what is in the cookie."""

    def __init__(self) -> None:
        self.began_at = datetime.now(UTC)
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        self._ended: set[str] = set()
        self._recorded: set[str] = set()

    def begin(self, session: Session) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            last = session.began_at - LONGEST_SESSION
            self._open = {key: kept for key, kept in self._open.items() if kept.began_at > last}
            self._open[digest(token)] = session
        return token

    def get(self, token: str) -> Session | None:
        with self._lock:
            return self._open.get(digest(token))

    def end(self, sign_in: str) -> None:
        with self._lock:
            self._open.pop(sign_in, None)
            self._ended.add(sign_in)

    def has_ended(self, sign_in: str) -> bool:
        with self._lock:
            return sign_in in self._ended

    def is_first(self, mark: str) -> bool:
        """True once for each mark: what is recorded once for each sign-in."""
        with self._lock:
            is_first = mark not in self._recorded
            self._recorded.add(mark)
            return is_first


SESSIONS = Sessions()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def identify(settings: Settings, sign_in: SignIn | None, asked: Asked, now: datetime) -> Identity:
    """Errors: NotAdmitted; PacificParcelsError where the file of accounts cannot be used."""
    if sign_in is None:
        return Identity(None, operators_audience(settings, asked))
    if settings.audience != PUBLIC:
        raise NotAdmitted("two_ways")
    longest = timedelta(hours=sign_in.sign_in.session_hours)
    if sign_in.oidc and sign_in.auth:
        return by_provider(sign_in, sign_in.oidc, sign_in.auth.client_id, asked.claims, longest, now)
    if sign_in.proxy:
        return by_proxy(sign_in, asked, longest, now)
    assert sign_in.accounts is not None  # one of the three, as the file was checked
    return by_account(sign_in.accounts.file, asked, longest, now)


def operators_audience(settings: Settings, asked: Asked) -> str:
    """What PACIFIC_PARCELS_AUDIENCE names, for a person at this very computer; else nothing but public."""
    if settings.audience == PUBLIC:
        return PUBLIC
    headers = lower_case(asked.headers)
    host = headers.get("host", "localhost").rsplit(":", 1)[0].strip("[]")
    is_forwarded = any(name in headers for name in FORWARDED)
    if st.get_option("server.address") not in LOOPBACK or host not in LOOPBACK or is_forwarded:
        raise NotAdmitted("not_local")
    return settings.audience


def by_provider(
    sign_in: SignIn, oidc: Oidc, client_id: str, claims: Mapping[str, Any], longest: timedelta, now: datetime
) -> Identity:
    if not claims.get("is_logged_in"):
        return Identity(None, PUBLIC)
    meant_for = claims.get("aud")
    meant_for = [meant_for] if isinstance(meant_for, str) else meant_for or []
    if claims.get("iss") != oidc.issuer or client_id not in meant_for:
        raise NotAdmitted("unknown")
    key = digest(repr([claims.get(name) for name in ("iss", "sub", "iat", "exp", "nonce")]))
    person = next((person for person in sign_in.people if is_meant(person, claims)), None)
    if person is None:
        raise NotAdmitted("unknown")
    begins, ends = moment(claims.get("iat")), moment(claims.get("exp"))
    # Who has signed out is known to this process alone: a sign-in from before its start counts for nothing.
    is_ours = begins >= SESSIONS.began_at.replace(microsecond=0)
    if not (is_ours and begins - CLOCK_TOLERANCE <= now < min(ends, begins + longest)):
        raise NotAdmitted("expired", person.account)
    if SESSIONS.has_ended(key):
        raise NotAdmitted("ended", person.account)
    return Identity(person.account, person.audience, key)


def is_meant(person: Person, claims: Mapping[str, Any]) -> bool:
    if person.subject is not None:
        return claims.get("sub") == person.subject
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True  # a provider that says nothing has verified nothing
    return is_verified and isinstance(email, str) and email.casefold() == str(person.email).casefold()


def moment(claim: object) -> datetime:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise NotAdmitted("expired")
    return datetime.fromtimestamp(claim, UTC)


def gate_mark(now: datetime) -> str:
    """What the gate writes on a request that came from the proxy: that it did, and when."""
    return f"{GATE} {now.timestamp():.0f}"


def by_proxy(sign_in: SignIn, asked: Asked, longest: timedelta, now: datetime) -> Identity:
    assert sign_in.proxy is not None  # the caller has asked
    headers = lower_case(asked.headers)
    gate, _, came = headers.get(GATE_HEADER.lower(), "").partition(" ")
    if not hmac.compare_digest(gate, GATE):
        raise NotAdmitted("proxy")
    user = headers.get(sign_in.proxy.account_header.lower(), "")
    if not user:
        return Identity(None, PUBLIC)
    person = next((person for person in sign_in.people if person.user == user), None)
    if person is None:
        raise NotAdmitted("unknown")
    # A page that stays open goes on with what the proxy said when it was opened.
    came_at = datetime.fromtimestamp(float(came), UTC)
    if now >= came_at + longest:
        raise NotAdmitted("reload", person.account)
    return Identity(person.account, person.audience, digest(f"{user} {came_at:%Y-%m-%d}"))


def by_account(file: Path, asked: Asked, longest: timedelta, now: datetime) -> Identity:
    token = asked.cookies.get(COOKIE, "")
    session = SESSIONS.get(token)
    if session is None:
        return Identity(None, PUBLIC)
    account = accounts.read(file).get(session.account)
    if account is None or account.is_locked or account.password_hash != session.password_hash:
        raise NotAdmitted("unknown", session.account)
    if now >= session.began_at + longest:
        raise NotAdmitted("expired", session.account)
    return Identity(session.account, account.audience, digest(token))


def lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def asked_now(sign_in: SignIn | None) -> Asked:
    """What came with the page that runs now."""
    claims = st.user.to_dict() if sign_in and sign_in.oidc else {}
    return Asked(claims, st.context.headers.to_dict(), st.context.cookies.to_dict())


def current_identity(settings: Settings) -> tuple[Identity, SignIn | None]:
    """Of whoever asks for the page that runs now. What is refused, and a first opening, is put on record.

    Errors: NotAdmitted, PacificParcelsError.
    """
    sign_in = load_sign_in(settings.sign_in_file)
    try:
        identity = identify(settings, sign_in, asked_now(sign_in), datetime.now(UTC))
    except NotAdmitted as refused:
        # Every minute's first: a flood of visits shall not fill the disk.
        if SESSIONS.is_first(f"{refused.reason} {refused.account} {datetime.now(UTC):%Y-%m-%dT%H:%M}"):
            audit_log.record(settings.audit, "REFUSED", account=refused.account, subject=refused.reason)
        raise
    if sign_in and sign_in.mode != "accounts" and identity.account and SESSIONS.is_first(identity.sign_in):
        audit_log.record(settings.audit, "SIGNED_IN", account=identity.account, audience=identity.audience)
    return identity, sign_in


def record_opening(settings: Settings, identity: Identity, run_id: str) -> None:
    """Once for each sign-in and publication. What the public opens is nobody's doing, and is not recorded."""
    if is_public(identity):
        return
    account = identity.account or OPERATOR
    if SESSIONS.is_first(f"{account} {identity.sign_in} {identity.audience} {run_id}"):
        audit_log.record(
            settings.audit, "OPENED", account=account, audience=identity.file_audience, run_id=run_id
        )


def record_export(settings: Settings, identity: Identity, asked: Asked, run_id: str, subject: str) -> None:
    """Before a file is made for whoever clicked: once more who is asking, and a line in the log.

    `asked` is what came with the page on which the button is. Errors: NotAdmitted, PacificParcelsError.
    """
    sign_in = load_sign_in(settings.sign_in_file)
    if identify(settings, sign_in, asked, datetime.now(UTC)) != identity:
        raise NotAdmitted("ended", identity.account)
    if not is_public(identity):
        audit_log.record(
            settings.audit,
            "EXPORTED",
            account=identity.account or OPERATOR,
            audience=identity.file_audience,
            run_id=run_id,
            subject=subject,
        )


def is_public(identity: Identity) -> bool:
    return identity.account is None and identity.audience == PUBLIC


def sign_out(settings: Settings, identity: Identity) -> None:
    """Ends the sign-in in every tab and for every copy of its cookie."""
    SESSIONS.end(identity.sign_in)
    audit_log.record(settings.audit, "SIGNED_OUT", account=identity.account, audience=identity.audience)
