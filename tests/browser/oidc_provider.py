"""A small but real OpenID Connect provider on loopback: discovery, authorize, token, keys, end of session.

Authorization code flow with PKCE (S256), RS256, one confidential client. A person is chosen by a link on the
page of `authorize`; some persons' tokens are wrong on purpose, each in one way. The server runs in a thread
of the tests' own process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "pacific-parcels"
CLIENT_SECRET = (
    "for-the-tests-of-one-run-only-0001"  # pragma: allowlist secret  # of a server that lives for a test
)
LIFETIME = 600


def in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Person:
    """Claims of its own, on top of the standard ones; `lifetime` in seconds; how its token is signed."""

    claims: dict[str, Any]
    lifetime: float = LIFETIME
    signed: Literal["well", "with another key", "not at all", "with the public key"] = "well"


PEOPLE = {
    "secretariat": Person({"email": "secretariat@example.org", "email_verified": True}),
    "fiji": Person({"email": "fiji@example.org", "email_verified": True}),
    "tonga": Person({"email": "tonga@example.org", "email_verified": True}),
    "donor": Person({"email": "donor@example.org", "email_verified": True}),
    "samoa": Person({"email": "samoa@example.org", "email_verified": True}),
    "stranger": Person({"email": "stranger@example.org", "email_verified": True}),
    "unverified": Person({"email": "fiji@example.org", "email_verified": False}),
    "unsaid": Person({"email": "fiji@example.org"}),
    "forged": Person({"email": "fiji@example.org", "email_verified": True}, signed="with another key"),
    "unsigned": Person({"email": "fiji@example.org", "email_verified": True}, signed="not at all"),
    "confused": Person({"email": "fiji@example.org", "email_verified": True}, signed="with the public key"),
    "replayed": Person({"email": "fiji@example.org", "email_verified": True, "nonce": "of another day"}),
    "for-another": Person({"email": "fiji@example.org", "email_verified": True, "aud": "another"}),
    "stale": Person({"email": "fiji@example.org", "email_verified": True}, lifetime=-3600),
    # Authlib grants two minutes after the end of a token; we grant none.
    "just-stale": Person({"email": "fiji@example.org", "email_verified": True}, lifetime=-30),
    "short": Person({"email": "fiji@example.org", "email_verified": True}, lifetime=6),
    # Authlib lets another audience pass if it says that it is for us all the same.
    "other-audience": Person(
        {"email": "fiji@example.org", "email_verified": True, "aud": "another", "azp": CLIENT_ID}
    ),
    "other-issuer": Person(
        {"email": "fiji@example.org", "email_verified": True, "iss": "https://elsewhere.example.org"}
    ),
}


@dataclass
class Provider:
    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    wrong_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/authorize", self.authorize),
                Route("/grant", self.grant),
                Route("/token", self.token, methods=["POST"]),
                Route("/end", self.end),
            ]
        )

    async def discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def jwks(self, request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
            return Response("unknown client", status_code=400)
        links = "".join(
            f'<p><a href="{escape("/grant?" + urlencode({**asked, "person": name}))}">{name}</a></p>'
            for name in PEOPLE
        )
        return HTMLResponse(f"<!doctype html><title>Provider</title><h1>Who are you?</h1>{links}")

    async def grant(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", status_code=302)

    async def token(self, request: Request) -> Response:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form.get("code", ""), None)  # a code is good for once
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = in_base64(verifier)
        if asked is None or asked.get("code_challenge") != challenge:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        person = PEOPLE[asked["person"]]
        now = time.time()
        claims = {
            "iss": self.url,
            "sub": f"subject-{asked['person']}",
            "aud": CLIENT_ID,
            "iat": int(now + min(0, person.lifetime - LIFETIME)) if person.lifetime < 0 else int(now),
            "exp": int(now + person.lifetime),
            "nonce": asked["nonce"],
            **person.claims,
        }
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(),
                "token_type": "Bearer",
                "id_token": self._signed(person, claims),
            }
        )

    def _signed(self, person: Person, claims: dict[str, Any]) -> str:
        if person.signed in ("well", "with another key"):
            key = self.key if person.signed == "well" else self.wrong_key
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        is_unsigned = person.signed == "not at all"
        head = {"alg": "none"} if is_unsigned else {"alg": "HS256", "kid": "one", "typ": "JWT"}
        text = ".".join(in_base64(json.dumps(part).encode()) for part in (head, claims))
        # The oldest trick: what everyone may know, the public key, taken for a shared secret.
        secret = self.key.as_pem(private=False)
        return f"{text}." + ("" if is_unsigned else in_base64(hmac.digest(secret, text.encode(), "sha256")))

    async def end(self, request: Request) -> Response:
        return RedirectResponse(request.query_params["post_logout_redirect_uri"], status_code=302)


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(provider.app(), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
