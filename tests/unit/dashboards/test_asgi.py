"""The middleware: Streamlit's scripts go out compressed, and nothing else is touched or opened up."""

from __future__ import annotations

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dashboards.asgi import CONTROLS, STATIC_FILES, CompressedStaticFiles, ControlsInAdvance, scripts_of

SCRIPT = next(iter(sorted((STATIC_FILES / "static" / "js").glob("*.js"))))
PATH = f"/{SCRIPT.relative_to(STATIC_FILES).as_posix()}"


async def passed_through(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"from streamlit"})


async def page(scope: Any, receive: Any, send: Any) -> None:
    kind = b"text/html; charset=utf-8" if scope["path"] == "/" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": b"from streamlit"})


def get(
    path: str, *, accept: bytes = b"gzip, deflate, br", method: str = "GET", app: Any = None
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"accept-encoding", accept)]}
    # In a thread of its own: where the browser tests ran before, this one already has an event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(
            asyncio.run, (app or CompressedStaticFiles(passed_through))(scope, receive, send)
        ).result()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_a_script_is_compressed_and_the_same_after_unpacking() -> None:
    status, headers, body = get(PATH)
    assert status == 200
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"cache-control"] == b"public, immutable, max-age=31536000"
    assert gzip.decompress(body) == SCRIPT.read_bytes()


def test_a_browser_that_takes_no_gzip_gets_streamlits_own_answer() -> None:
    assert get(PATH, accept=b"identity")[0] == 299


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/_stcore/health",
        "/static/js/no-such-file.js",
        "/static/../index.html",
        "/static/../../../../../../etc/passwd",
        "/static/../../web/bootstrap.js",
        "/static/media",
        "/statics/app.js",
    ],
)
def test_everything_else_passes_through(path: str) -> None:
    assert get(path)[0] == 299


def test_other_methods_pass_through() -> None:
    assert get(PATH, method="POST")[0] == 299


def test_a_page_names_the_scripts_of_controls_and_nothing_else_does() -> None:
    scripts = scripts_of(CONTROLS)
    assert {name.split(".")[0] for name in scripts} > set(CONTROLS)
    assert all((STATIC_FILES / "static" / "js" / name).is_file() for name in scripts)
    assert not any(name.startswith("index.") for name in scripts)
    app = ControlsInAdvance(page)
    links = get("/", app=app)[1][b"link"].decode().split(", ")
    assert links == [f"</static/js/{name}>; rel=modulepreload" for name in scripts]
    assert b"link" not in get("/_stcore/host-config", app=app)[1]
    assert b"link" not in get("/", app=app, method="POST")[1]
