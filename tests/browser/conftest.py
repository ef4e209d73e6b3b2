"""A real server on a free port of this computer and a real Chromium, both started and ended by the tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Download,
    Locator,
    Page,
    Playwright,
    TimeoutError,
    sync_playwright,
)

from tests.publication_fixture import write_publication

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = Path(__file__).resolve().parent / "output"
# Every page there is, as its address is typed.
ROUTER = (REPOSITORY / "dashboards" / "app.py").read_text(encoding="utf-8")
ADDRESSES = (
    "/",
    *(f"/{path}" for path in re.findall(r'^    \("\w+", "([a-z-]+)", ', ROUTER, re.MULTILINE)[1:]),
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Opened by a deep address, Streamlit looks for its server below that address too, and expects a 404.
STREAMLIT_PROBES = ("/_stcore/health", "/_stcore/host-config")

EVERYONE = {
    "overview": "/",
    "trends": "/trends",
    "progress": "/progress",
    "data_quality": "/data-quality",
    "preflight": "/check",
    "methods": "/methods",
}
# The pages by the audience that finds them in its menu.
PAGES = {
    "public": EVERYONE,
    "member_fj": EVERYONE | {"my_data": "/my-data", "compare": "/compare", "my_gaps": "/my-gaps"},
    "secretariat": EVERYONE | {"region": "/region", "compare": "/compare", "plan": "/plan"},
}
EACH = pytest.mark.parametrize(
    ("audience", "language"), [(audience, language) for audience in PAGES for language in ("en", "fr")]
)

VIEWPORTS = {"wide": (1360, 900), "phone": (390, 844)}


@dataclass
class Server:
    url: str
    home: Path

    def published_file(self, audience: str) -> Path:
        """That which the pointer names."""
        pointer = json.loads((self.home / "published" / "current.json").read_text(encoding="utf-8"))
        return self.home / "published" / str(pointer["audiences"][audience])


@dataclass
class Visit:
    """An open page and what it did on the network and said on the console meanwhile."""

    page: Page
    url: str
    takes_screenshots: bool = True
    wire_bytes: int = 0
    hosts: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(f"{self.url}{address}")
        self.ready()

    def ready(self) -> None:
        """Wait for the last element of every page, and for the charts that are drawn after it."""
        self.page.wait_for_selector(".pp-source", timeout=60_000)
        self.page.wait_for_function(
            "[...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
            ".every(chart => chart.querySelector('svg'))",
            timeout=60_000,
        )
        self.page.wait_for_timeout(300)

    def screenshot(self, name: str) -> None:
        """The whole page, for people to look at: its height is that of the part that scrolls."""
        if not self.takes_screenshots:
            return
        size = self.page.viewport_size
        assert size is not None
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], height + 60)})
        self.page.wait_for_timeout(600)
        OUTPUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUTPUT / f"{name}.png")
        self.page.set_viewport_size(size)


OpenBrowser = Callable[..., Visit]
# What moves on the screen, and nobody watches, takes processor time from what is tested.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion")


def launched(playwright: Playwright, *flags: str) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *flags])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(
    home: Path,
    audience: str = "public",
    *,
    port: int | None = None,
    sign_in: Path | None = None,
    host: str | None = None,
) -> Iterator[Server]:
    """`host` is the name by which a browser comes, where it is not this computer's own."""
    port = port or free_port()
    streamlit = Path(sys.executable).with_name("streamlit")
    command = [str(streamlit), "run", "dashboards/asgi.py", "--server.port", str(port)]
    command += ["--server.allowedHosts", host] if host else []
    environment = {
        **os.environ,
        "PACIFIC_PARCELS_HOME": str(home),
        "PACIFIC_PARCELS_AUDIENCE": audience,
        "PACIFIC_PARCELS_SIGN_IN": str(sign_in or ""),
    }
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert process.poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                    break
            except urllib.error.HTTPError as refused:
                # The proxy's gate lets nobody else in, and says so: the server is there.
                if refused.code == 403:
                    break
                raise
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail(f"no answer from the server in a minute: {log.read_text()}")
        yield Server(url, home)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.skip("no chromium on the path: `make chromium` installs it")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def servers(
    tmp_path_factory: pytest.TempPathFactory, playwright: Playwright
) -> Iterator[Callable[[str], Server]]:
    """servers("secretariat"): the server of that audience, started once, when it is first asked for."""
    home = tmp_path_factory.mktemp("published")
    write_publication(home, members=("fj",))
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def server_of(audience: str) -> Server:
            if audience not in running:
                own = home.with_name(f"{home.name}_{audience}")
                shutil.copytree(home, own)
                running[audience] = stack.enter_context(running_server(own, audience))
            return running[audience]

        yield server_of


@pytest.fixture(scope="session")
def server(servers: Callable[[str], Server]) -> Server:
    return servers("public")


@pytest.fixture(scope="session")
def secretariat_server(servers: Callable[[str], Server]) -> Server:
    return servers("secretariat")


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def takes_screenshots(pytestconfig: pytest.Config) -> bool:
    return not pytestconfig.getoption("--no-screenshots")


@pytest.fixture
def browser(chromium: Browser, takes_screenshots: bool) -> Iterator[OpenBrowser]:
    """browser(server, viewport="phone", locale="fr-FR"): a visitor with an empty cache."""
    contexts: list[BrowserContext] = []

    def open_browser(
        server: Server, *, viewport: str = "wide", locale: str = "en-GB", scheme: str = "light"
    ) -> Visit:
        width, height = VIEWPORTS[viewport]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        visit = Visit(context.new_page(), server.url, takes_screenshots)
        watch(visit, context.new_cdp_session(visit.page))
        return visit

    yield open_browser
    for context in contexts:
        context.close()


def watch(visit: Visit, session: CDPSession) -> None:
    def count(number: int) -> None:
        visit.wire_bytes += number

    def complain(kind: str, text: str, url: str = "") -> None:
        if not urlsplit(url).path.endswith(STREAMLIT_PROBES):
            visit.failures.append(f"{kind}: {text} {url}")

    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: count(int(event["encodedDataLength"])))
    # The payload is shown in base64 and as it was before the server deflated it: so it is deflated once more.
    received = "Network.webSocketFrameReceived"
    session.on(received, lambda event: count(len(zlib.compress(b64decode(event["response"]["payloadData"])))))
    visit.page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).netloc))
    visit.page.on("pageerror", lambda error: complain("page error", str(error)))
    visit.page.on(
        "console",
        lambda message: (
            complain("console", message.text, message.location["url"]) if message.type == "error" else None
        ),
    )


def assert_quiet(visit: Visit) -> None:
    assert visit.failures == []
    assert visit.hosts == {urlsplit(visit.url).netloc}, "nothing but our own server was asked"


def assert_fits(visit: Visit) -> None:
    """Nothing sticks out to the side, once charts have their width: a phone does not scroll sideways."""
    main = "document.querySelector('[data-testid=stMain]')"
    visit.page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth", timeout=15_000)


def serious_findings(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """What axe-core takes for serious or critical, outside what the selectors of `without` name."""
    context = {"exclude": [[selector] for selector in without]}
    response = Axe().run(page, context=context, options={"resultTypes": ["violations"]}).response
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['html'][:160]}"
        for violation in response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def download_of(page: Page, button: Locator) -> Download:
    """What the button gives out.

    Chromium drops a second file that comes more than five seconds after its click, as on a busy machine, and
    a click may meet a page that is being drawn: then it is asked for again.
    """
    for _ in range(3):
        try:
            with page.expect_download(timeout=12_000) as download:
                button.click()
        except TimeoutError:
            continue
        return download.value
    raise AssertionError(f"no file came: {button}")


def downloaded(page: Page, button: Locator) -> Path:
    """The file that the button gives out."""
    return download_of(page, button).path()


# All words that are ours on the page, and which of the buttons are pressed.
VIEW = """() => [...document.querySelectorAll(
    '[data-testid=stMain] :is(h1, h3, .pp, [role=radio][aria-checked=true])')]
    .filter(element => element.checkVisibility()).map(element => element.innerText).join('\\n')"""


def view(visit: Visit) -> str:
    """Once the script is through: before that, some of it is still of the page before."""
    visit.ready()
    visit.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    visit.ready()
    return str(visit.page.evaluate(VIEW))
