"""The pages behind nginx, with the files of docs/proxy: with our own accounts, and with nginx's sign-in."""

from __future__ import annotations

import csv
import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright

from pacific_parcels import accounts
from pacific_parcels.audit_log import verify
from tests.browser.conftest import ADDRESSES, Server, download_of, free_port, launched, running_server
from tests.browser.nginx import HOST, NGINX, running_nginx, trusting
from tests.publication_fixture import write_publication

pytestmark = pytest.mark.browser

WITH_A_CHART = ("/", "/trends", "/data-quality")
PASSWORD = "four words in a row"  # pragma: allowlist secret  # of an account that lives for a test
SECRET = "of-a-proxy-that-lives-for-a-test-0001"  # pragma: allowlist secret  # the same
PUBLIC, FIJI, TONGA = "Public figures.", "Figures for Fiji only", "Figures for Tonga only"


@dataclass
class Site:
    """`url` is what a visitor types; `server` is what listens behind it."""

    url: str
    server: Server
    http: int

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def events(self) -> list[tuple[str, str | None]]:
        lines = [
            line for file in sorted((self.server.home / "audit").glob("*.jsonl")) for line in file.open()
        ]
        return [(entry["event"], entry["account"]) for entry in map(json.loads, lines)]

    def exports(self) -> list[tuple[str, str | None, str]]:
        """Event, account and what it was."""
        lines = [line for file in (self.server.home / "audit").glob("*.jsonl") for line in file.open()]
        return [(entry["event"], entry["account"], entry["subject"]) for entry in map(json.loads, lines)]


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if NGINX is None:
        pytest.skip("no nginx here: `make nginx` installs it")
    browser = launched(playwright, f"--host-resolver-rules=MAP {HOST} 127.0.0.1")
    yield browser
    browser.close()


def write_sign_in(home: Path, text: str) -> Path:
    file = home / "sign_in.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With accounts of our own."""
    home = tmp_path_factory.mktemp("accounts")
    write_publication(home, members=("fj", "to"))
    for name, audience in (("fj-1", "member_fj"), ("to-1", "member_to"), ("sec-1", "secretariat")):
        accounts.add(home / "accounts.json", name, audience, PASSWORD)
    sign_in = write_sign_in(home, f'[accounts]\nfile = "{home / "accounts.json"}"\n')
    http, https = free_port(), free_port()
    with running_server(home, sign_in=sign_in, host=HOST) as server:
        backend = int(urlsplit(server.url).port or 0)
        with running_nginx(tmp_path_factory.mktemp("nginx"), backend, http, https) as url:
            yield Site(url, server, http)


@pytest.fixture(scope="module")
def guarded(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a proxy that signs people in."""
    home = tmp_path_factory.mktemp("proxy")
    write_publication(home, members=("fj", "to"))
    people = "".join(
        f'[[people]]\naccount = "{account}"\nuser = "{user}"\naudience = "{audience}"\n'
        for account, user, audience in (("fj-1", "anna", "member_fj"), ("to-1", "ben", "member_to"))
    )
    sign_in = write_sign_in(home, f'[proxy]\npeers = ["127.0.0.1"]\nsecret = "{SECRET}"\n{people}')
    http, https = free_port(), free_port()
    known = {"anna": PASSWORD, "ben": PASSWORD, "carl": PASSWORD}
    with running_server(home, sign_in=sign_in, host=HOST) as server:
        backend = int(urlsplit(server.url).port or 0)
        folder = tmp_path_factory.mktemp("nginx")
        with running_nginx(folder, backend, http, https, secret=SECRET, people=known) as url:
            yield Site(url, server, http)


def visit(chromium: Browser, site: Site, user: str = "", **headers: str) -> Page:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    credentials = {"username": user, "password": PASSWORD} if user else None
    context = chromium.new_context(
        locale="en-GB",
        base_url=site.url,
        ignore_https_errors=True,
        http_credentials=credentials,  # type: ignore[arg-type]  # the names are those of HttpCredentials
        extra_http_headers=said or None,
    )
    page = context.new_page()
    page.set_default_timeout(90_000)
    return page


def see(page: Page, address: str = "/") -> str:
    page.goto(address)
    for part in (".pp-source", ".pp-lead"):  # the last of a page is not always drawn last
        page.wait_for_selector(f"{part}, h2:has-text('You are not signed in here')")
    return page.locator("[data-testid=stMain]").inner_text()


def sign_in(page: Page, account: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in?lang=en")
    page.get_by_label("Account").fill(account)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def ask(site: Site, path: str, **headers: str) -> http.client.HTTPResponse:
    said = {"Host": urlsplit(site.url).netloc} | headers
    connection = http.client.HTTPSConnection("127.0.0.1", site.port, context=trusting(), timeout=20)
    connection.request("GET", path, headers=said)
    answer = connection.getresponse()
    answer.read()
    return answer


def test_every_page_lives_with_the_headers_of_the_proxy(chromium: Browser, site: Site) -> None:
    page = visit(chromium, site)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: said.append(message.text) if "Content Security Policy" in message.text else None,
    )
    sockets: list[str] = []
    page.on("websocket", lambda opened: sockets.append(opened.url))
    for address in ADDRESSES:
        assert PUBLIC in see(page, address)
        if address in WITH_A_CHART:
            page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
    assert said == []
    assert len(sockets) == len(ADDRESSES)
    assert all(url.startswith("wss://") for url in sockets)


def test_what_the_proxy_sends_is_encrypted_compressed_and_framed_by_nobody(site: Site) -> None:
    for path in ("/", "/sign-in"):
        headers = ask(site, path).headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert all(
            "frame-ancestors 'none'" in policy for policy in headers.get_all("Content-Security-Policy")
        )
        assert "nginx/" not in headers["Server"]
    script = next(
        line.split('src="')[1].split('"')[0].removeprefix(".")
        for line in urllib.request.urlopen(f"{site.server.url}/").read().decode().splitlines()
        if 'type="module"' in line
    )
    assert ask(site, script, **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    plain = http.client.HTTPConnection("127.0.0.1", site.http, timeout=20)
    plain.request("GET", "/trends", headers={"Host": HOST})
    moved = plain.getresponse()
    assert (moved.status, moved.headers["Location"]) == (301, f"https://{HOST}/trends")


def test_with_an_account_of_our_own_a_person_signs_in_sees_their_own_file_and_signs_out(
    chromium: Browser, site: Site
) -> None:
    fiji, tonga = visit(chromium, site), visit(chromium, site)
    sign_in(fiji, "fj-1")
    sign_in(tonga, "to-1")
    for page, own in ((fiji, FIJI), (tonga, TONGA)):
        page.wait_for_selector(".pp-source")
        for address in ADDRESSES:
            assert own in see(page, f"{address}?audience=secretariat&members=FJ,TO")
    cookie = next(cookie for cookie in fiji.context.cookies() if cookie["name"] == "pacific_parcels_session")
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    copy = visit(chromium, site)
    copy.context.add_cookies([cookie])  # type: ignore[list-item]  # what cookies() gives, add_cookies() takes
    assert FIJI in see(copy)
    fiji.get_by_role("button", name="Sign out").click()
    fiji.wait_for_selector("a:has-text('Sign in')")
    assert PUBLIC in see(fiji)
    # A copy of the cookie is of no use, and neither is the tab that was open.
    copy.get_by_role("link", name="Trends").click()
    copy.wait_for_selector(f".pp-small:has-text('{PUBLIC}')")
    assert TONGA in see(tonga)
    assert [event for event, account in site.events() if account == "fj-1"] == [
        "SIGNED_IN",
        "OPENED",
        "SIGNED_OUT",
    ]


def test_an_export_is_on_record_before_the_file_is_made(chromium: Browser, site: Site) -> None:
    page = visit(chromium, site)
    sign_in(page, "sec-1")
    page.wait_for_selector(".pp-source")
    see(page, "/trends?lang=en&members=FJ")
    page.get_by_text("The same as a table").first.click()
    download = download_of(page, page.get_by_role("button", name="CSV", exact=True).first)
    name = download.suggested_filename
    rows = list(csv.DictReader(download.path().read_text("utf-8-sig").splitlines()))
    # 1000 + 50 x 39, as tests/publication_fixture.py has it
    assert [float(row["obs_value"]) for row in rows if row["time_period"] == "2026-03"] == [2950]
    assert ("EXPORTED", "sec-1", name) in site.exports()


def test_wrong_passwords_are_on_record_and_make_the_account_wait(chromium: Browser, site: Site) -> None:
    page = visit(chromium, site)
    for account, password in (("to-1", "a wrong password"), ("nobody", PASSWORD)):
        sign_in(page, account, password)
        page.wait_for_selector("[role=alert]")
        assert "the account or the password is wrong" in page.locator("[role=alert]").inner_text()
        assert PUBLIC in see(page)
    failed = [account for event, account in site.events() if event == "SIGN_IN_FAILED"]
    assert failed == ["to-1", None]  # what is no account may be a password
    assert accounts.read(site.server.home / "accounts.json")["to-1"].failures == 1


def test_no_other_site_signs_anyone_in_or_out(site: Site) -> None:
    port = int(urlsplit(site.server.url).port or 0)
    for path in ("/sign-in", "/sign-out"):
        for origin in ({"Origin": "https://elsewhere.example.org"}, {"Origin": "null"}, {}):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", path, f"account=fj-1&password={PASSWORD}", {"Host": HOST, **origin})
            assert connection.getresponse().status == 403


def upgrade(port: int, source: str = "127.0.0.1", **headers: str) -> int:
    """The status with which the server answers a WebSocket that asks for this."""
    said = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "streamlit",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(source, 0))
    connection.request("GET", "/_stcore/stream", headers=said | headers)
    return connection.getresponse().status


def test_a_name_that_is_not_ours_is_refused(site: Site) -> None:
    port = int(urlsplit(site.server.url).port or 0)
    assert upgrade(port, Host=HOST) == 101
    assert upgrade(port, Host="elsewhere.example.org") == 403


def test_whom_the_proxy_has_signed_in_sees_their_own_file_on_every_page(
    chromium: Browser, guarded: Site
) -> None:
    assert ask(guarded, "/").status == 401
    # The browser's own words for what only the proxy says are worth nothing.
    forged = {"X_Forwarded_User": "ben", "X_Pacific_Parcels_Secret": "x", "X_Pacific_Parcels_Gate": "x"}
    anna, ben = visit(chromium, guarded, "anna", **forged), visit(chromium, guarded, "ben")
    for page, own in ((anna, FIJI), (ben, TONGA)):
        for address in ADDRESSES:
            assert own in see(page, address)
    carl = visit(chromium, guarded, "carl")
    for address in ADDRESSES:
        assert "figures for" not in see(carl, address).lower()
    assert guarded.events().count(("OPENED", "fj-1")) == 1
    assert guarded.events().count(("OPENED", "to-1")) == 1
    assert ("REFUSED", None) in guarded.events()


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/media/x", "/_stcore/stream"]
)
def test_whoever_comes_past_the_proxy_is_refused(path: str, guarded: Site) -> None:
    port = int(urlsplit(guarded.server.url).port or 0)
    anna = {"X-Forwarded-User": "anna"}
    secret = {"X-Pacific-Parcels-Secret": SECRET}

    def status(source: str, headers: list[tuple[str, str]]) -> int:
        with socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as link:
            lines = [
                f"GET {path} HTTP/1.1",
                f"Host: {HOST}",
                *(f"{name}: {value}" for name, value in headers),
            ]
            link.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
            return int(link.makefile("rb").readline().split()[1])

    came = {
        "no secret": status("127.0.0.1", [*anna.items()]),
        "a wrong one": status("127.0.0.1", [*anna.items(), ("X-Pacific-Parcels-Secret", SECRET[:-1])]),
        "two": status("127.0.0.1", [*anna.items(), *secret.items(), *secret.items()]),
        "two names": status("127.0.0.1", [*anna.items(), ("x-forwarded-user", "ben"), *secret.items()]),
        "from elsewhere": status("127.0.0.2", [*anna.items(), *secret.items()]),
        "from elsewhere, saying otherwise": status(
            "127.0.0.2", [*anna.items(), *secret.items(), ("X-Forwarded-For", "127.0.0.1")]
        ),
        "the mark of the gate": status("127.0.0.1", [*anna.items(), ("X-Pacific-Parcels-Gate", "x")]),
    }
    assert came == dict.fromkeys(came, 403)
    assert status("127.0.0.1", [*anna.items(), *secret.items()]) != 403


def test_a_websocket_that_comes_past_the_proxy_is_refused(guarded: Site) -> None:
    port = int(urlsplit(guarded.server.url).port or 0)
    anna = {"Host": HOST, "X-Forwarded-User": "anna"}
    secret = {"X-Pacific-Parcels-Secret": SECRET}
    assert upgrade(port, **anna) == 403
    assert upgrade(port, "127.0.0.2", **anna, **secret) == 403
    assert upgrade(port, **anna, **secret) == 101


def test_guessing_passwords_is_slowed_down_by_the_proxy(site: Site) -> None:
    answers = [ask(site, "/sign-in").status for _ in range(12)]
    assert answers.count(429) >= 4
    assert ask(site, "/").status == 200


def test_the_logs_are_whole_and_hold_no_secret(site: Site, guarded: Site) -> None:
    for home in (site.server.home, guarded.server.home):
        assert verify(home / "audit").broken_at is None
        logged = b"".join(path.read_bytes() for path in (home / "audit").glob("*.jsonl"))
        logged += (home / "server.log").read_bytes()
        assert [word for word in (PASSWORD, SECRET, "argon2id") if word.encode() in logged] == []
