"""What the server does about signing in beside the pages: the proxy's gate, and our own accounts' form.

The form is plain HTML: a session has to be a cookie that no script can read, and a page cannot set one.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.identity import COOKIE, GATE_HEADER, LOOPBACK, SESSIONS, Session, digest, gate_mark
from dashboards.words import Words, language_of
from pacific_parcels import accounts, audit_log
from pacific_parcels.settings import Settings
from pacific_parcels.sign_in import Accounts, Proxy, SignIn

LONGEST_FORM = 4_096
SAFE = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    # With none at all a browser would not say where a form was sent from either.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True)
class ProxyGate:
    """Lets in what the configured proxy sends, with the shared secret; refuses all else with 403."""

    app: ASGIApp
    settings: Settings
    proxy: Proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if not self._is_from_proxy(scope):
            await to_thread.run_sync(self._put_on_record, scope)
            await self._refuse(scope, send)
            return
        gate = GATE_HEADER.lower().encode()
        kept = [(name, value) for name, value in scope["headers"] if name.lower() != gate]
        await self.app(
            {**scope, "headers": [*kept, (gate, gate_mark(datetime.now(UTC)).encode())]}, receive, send
        )

    def _is_from_proxy(self, scope: Scope) -> bool:
        peer = (scope.get("client") or ("",))[0]
        said = [value for name, value in scope["headers"] if name.lower() == self._name("secret_header")]
        who = [value for name, value in scope["headers"] if name.lower() == self._name("account_header")]
        is_secret = len(said) == 1 and hmac.compare_digest(said[0], self.proxy.secret.encode())
        return peer in self.proxy.peers and is_secret and len(who) <= 1

    def _name(self, which: str) -> bytes:
        return str(getattr(self.proxy, which)).lower().encode()

    def _put_on_record(self, scope: Scope) -> None:
        # Every minute's first: a flood of requests shall not fill the disk.
        if SESSIONS.is_first(f"proxy {datetime.now(UTC):%Y-%m-%dT%H:%M}"):
            audit_log.record(self.settings.audit, "REFUSED", account=None, subject="proxy")

    @staticmethod
    async def _refuse(scope: Scope, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True)
class CallbackRecord:
    """Puts on record every return from the identity provider after which nobody is signed in."""

    app: ASGIApp
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/oauth2callback"):
            await self.app(scope, receive, send)
            return
        signs_in = False

        async def watch(message: Message) -> None:
            nonlocal signs_in
            for name, value in message.get("headers", []):
                is_cookie = name.lower() == b"set-cookie" and value.startswith(b"_streamlit_user=")
                signs_in = signs_in or (
                    is_cookie and not value.startswith((b'_streamlit_user="";', b"_streamlit_user=;"))
                )
            await send(message)

        await self.app(scope, receive, watch)
        # The provider sends the browser here after signing out too, without anything in the address.
        if not signs_in and scope["query_string"]:
            await to_thread.run_sync(
                lambda: audit_log.record(self.settings.audit, "SIGN_IN_FAILED", account=None)
            )


def routes(settings: Settings, sign_in: SignIn | None) -> list[Route]:
    """The form of our own accounts, where they are the way in."""
    if sign_in is None or sign_in.accounts is None:
        return []
    form = Form(settings, sign_in.accounts)
    return [
        Route("/sign-in", form.show, methods=["GET"]),
        Route("/sign-in", form.take, methods=["POST"]),
        Route("/sign-out", form.end, methods=["POST"]),
    ]


@dataclass(frozen=True)
class Form:
    settings: Settings
    accounts: Accounts

    async def show(self, request: Request) -> Response:
        return self._form(request)

    async def take(self, request: Request) -> Response:
        if not is_own(request):
            return Response(status_code=403)
        fields = await read_form(request)
        name, password = fields.get("account", ""), fields.get("password", "")
        now = datetime.now(UTC)
        if not await to_thread.run_sync(accounts.admits, self.accounts.file, name, password, now):
            await to_thread.run_sync(self._put_failure_on_record, name)
            return self._form(request, is_refused=True)
        account = accounts.read(self.accounts.file)[name]
        token = SESSIONS.begin(Session(name, now, account.password_hash))
        audit_log.record(self.settings.audit, "SIGNED_IN", account=name, audience=account.audience)
        response = RedirectResponse("./", status_code=303, headers=SAFE)
        is_loopback = request.url.hostname in LOOPBACK
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=not is_loopback)
        return response

    async def end(self, request: Request) -> Response:
        if not is_own(request):
            return Response(status_code=403)
        token = request.cookies.get(COOKIE, "")
        session = SESSIONS.get(token)
        if session is not None:
            SESSIONS.end(digest(token))
            audit_log.record(self.settings.audit, "SIGNED_OUT", account=session.account)
        response = RedirectResponse("./", status_code=303, headers=SAFE)
        response.delete_cookie(COOKIE)
        return response

    def _put_failure_on_record(self, name: str) -> None:
        # What was typed as a name may be a password: only an account that there is goes on record.
        is_known = name in accounts.read(self.accounts.file)
        audit_log.record(self.settings.audit, "SIGN_IN_FAILED", account=name if is_known else None)

    def _form(self, request: Request, *, is_refused: bool = False) -> HTMLResponse:
        accepted = request.headers.get("accept-language", "").split(",")[0]
        language = language_of(request.query_params.get("lang"), accepted)
        say = Words(language)
        refused = f'<p role="alert">{escape(say("sign_in.refused"))}</p>' if is_refused else ""
        body = f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(say("sign_in.title"))} · {escape(say("app.name"))}</title>
<style>
:root {{ color-scheme: light dark; font-family: system-ui, Arial, sans-serif; }}
body {{ max-width: 24rem; margin: 10vh auto; padding: 0 1rem; }}
label {{ display: block; margin-top: 1rem; }}
input, button {{ font: inherit; width: 100%; padding: .5rem; box-sizing: border-box; }}
button {{ margin-top: 1.5rem; }}
</style></head><body><main>
<h1>{escape(say("sign_in.title"))}</h1>{refused}
<form method="post" action="sign-in?lang={language}">
<label for="account">{escape(say("sign_in.account"))}</label>
<input id="account" name="account" autocomplete="username" required autofocus>
<label for="password">{escape(say("sign_in.password"))}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>{escape(say("sign_in.title"))}</button>
</form></main></body></html>"""
        return HTMLResponse(body, status_code=401 if is_refused else 200, headers=SAFE)


def is_own(request: Request) -> bool:
    """Whether the form was sent from a page of ours: no other site can sign anyone in or out."""
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host", "-")


async def read_form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
