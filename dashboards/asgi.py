"""The server: `streamlit run dashboards/asgi.py` (or any ASGI server on `dashboards.asgi:app`).

Streamlit sends its own scripts and styles uncompressed: 3 MB for a first visit, which is minutes on a
satellite link. The middleware here compresses each of those files once and keeps the result in memory.
With a file named by PACIFIC_PARCELS_SIGN_IN the server also has a way to sign in; a wrong file stops it.
"""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import streamlit as st
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts the script's own folder on the path, not the repository
    sys.path.insert(0, str(HERE.parent))

from dashboards.page import show_failure  # noqa: E402
from dashboards.sign_in import CallbackRecord, ProxyGate, routes  # noqa: E402
from pacific_parcels.settings import Settings  # noqa: E402
from pacific_parcels.sign_in import load_sign_in  # noqa: E402

STATIC_FILES = Path(st.__file__).resolve().parent / "static"
CONTENT_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}


class CompressedStaticFiles:
    """Answers GET /static/*.js and *.css with gzip where the browser takes it; all else passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressed: dict[Path, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._file(scope)
        if file is None:
            await self.app(scope, receive, send)
            return
        body = self.compressed.get(file)
        if body is None:
            body = await to_thread.run_sync(lambda: gzip.compress(file.read_bytes(), 9, mtime=0))
            self.compressed[file] = body
        headers = [
            (b"content-type", CONTENT_TYPES[file.suffix]),
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"accept-encoding"),
            # the file names carry a hash of the content
            (b"cache-control", b"public, immutable, max-age=31536000"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @staticmethod
    def _file(scope: Scope) -> Path | None:
        """The file to send compressed, or None where Streamlit itself should answer."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        base = "/" + str(st.get_option("server.baseUrlPath") or "").strip("/")
        path = scope["path"].removeprefix(base.rstrip("/"))
        headers = dict(scope["headers"])
        if not path.startswith("/static/") or b"gzip" not in headers.get(b"accept-encoding", b""):
            return None
        file = (STATIC_FILES / path.lstrip("/")).resolve()
        inside = file.is_relative_to(STATIC_FILES / "static")
        return file if inside and file.suffix in CONTENT_TYPES and file.is_file() else None


# The server below us shall tell the address of who is connected, not what a header says of it.
os.environ["FORWARDED_ALLOW_IPS"] = ""
settings = Settings.from_environment()
sign_in = load_sign_in(settings.sign_in_file)
middleware = [Middleware(CompressedStaticFiles)]
if sign_in and sign_in.proxy:
    middleware.insert(0, Middleware(ProxyGate, settings=settings, proxy=sign_in.proxy))
if sign_in and sign_in.oidc:
    middleware.insert(0, Middleware(CallbackRecord, settings=settings))
app = st.App(
    HERE / "app.py",
    secrets={"auth": sign_in.auth.model_dump()} if sign_in and sign_in.auth else None,
    routes=routes(settings, sign_in),
    middleware=middleware,
    on_script_error=show_failure,
)
