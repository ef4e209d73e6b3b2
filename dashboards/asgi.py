"""The server: `streamlit run dashboards/asgi.py` (or any ASGI server on `dashboards.asgi:app`).

Streamlit sends its own scripts and styles uncompressed: 3 MB for a first visit, which is minutes on a
satellite link. The middleware here compresses each of those files once and keeps the result in memory.
With a file named by PACIFIC_PARCELS_SIGN_IN the server also has a way to sign in; a wrong file stops it.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
from pathlib import Path

import streamlit as st
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts the script's own folder on the path, not the repository
    sys.path.insert(0, str(HERE.parent))

from dashboards.page import show_failure  # noqa: E402
from dashboards.sign_in import CallbackRecord, ProxyGate, routes  # noqa: E402
from pacific_parcels.settings import Settings  # noqa: E402
from pacific_parcels.sign_in import load_sign_in  # noqa: E402

STATIC_FILES = Path(st.__file__).resolve().parent / "static"
# Those of Trends, that the first page does without.
CONTROLS = ("Selectbox", "Multiselect", "ButtonGroup")
IMPORTED = re.compile(rb'(?:from|import)\s*"\./([\w.-]+\.js)"')
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


class ControlsInAdvance:
    """Names the scripts of the controls in the answer to a first visit, so that the next page need not wait.

    Streamlit fetches the script of a control when a page first shows it: two dozen small files, one after the
    other, each of which is a round trip by satellite.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.scripts = scripts_of(CONTROLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        base = str(st.get_option("server.baseUrlPath") or "").strip("/")
        prefix = f"/{base}/static/js" if base else "/static/js"
        links = ", ".join(f"<{prefix}/{name}>; rel=modulepreload" for name in self.scripts).encode()

        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                if dict(headers).get(b"content-type", b"").startswith(b"text/html"):
                    message = {**message, "headers": [*headers, (b"link", links)]}
            await send(message)

        await self.app(scope, receive, send_with_links)


def scripts_of(controls: tuple[str, ...]) -> list[str]:
    """The controls' scripts and all that those import, without what the first page loads in any case."""
    first = imported_by(["index"])
    return [name for name in imported_by(list(controls)) if name not in set(first)]


def imported_by(names: list[str]) -> list[str]:
    """Files of Streamlit's by the name before their hash, and what they import, each once."""
    folder = STATIC_FILES / "static" / "js"
    waiting = [path.name for name in names for path in sorted(folder.glob(f"{name}.*.js"))[:1]]
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += [part.decode() for part in IMPORTED.findall((folder / name).read_bytes())]
    return found


# The server below us shall tell the address of who is connected, not what a header says of it.
os.environ["FORWARDED_ALLOW_IPS"] = ""
settings = Settings.from_environment()
sign_in = load_sign_in(settings.sign_in_file)
middleware = [Middleware(CompressedStaticFiles), Middleware(ControlsInAdvance)]
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
