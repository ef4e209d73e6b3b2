"""Who sees what, in a real browser with a real identity provider: role by role, page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from pacific_parcels.audit_log import verify
from tests.browser.conftest import ADDRESSES, OUTPUT, Server, free_port, launched, running_server
from tests.browser.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.publication_fixture import write_publication

pytestmark = pytest.mark.browser

PUBLIC = "Public figures."
# What each person is told to be looking at.
FIGURES = {
    "secretariat": "Figures for the secretariat only.",
    "fiji": "Figures for Fiji only",
    "tonga": "Figures for Tonga only",
    "donor": PUBLIC,
}
NOT_ADMITTED = "You are not signed in here"
NO_FILE = "There is no publication for your audience."
# Their tokens are in order, and are not enough: nothing is shown.
NOT_ENOUGH = ("stranger", "unverified", "unsaid", "just-stale", "other-audience")
# Their tokens are wrong: nobody is signed in, and the public figures are shown.
WRONG = ("forged", "unsigned", "confused", "replayed", "stale", "for-another", "other-issuer")
FIJI_MARCH_2026 = "2,950"  # 1000 + 50 x 39
TONGA_JANUARY_2026 = "185"  # 5 x 37

Visitor = Callable[[], Page]


@pytest.fixture(scope="module")
def provider(playwright: Playwright) -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("signed_in")
    write_publication(home, members=("fj", "to"))  # and none for Samoa
    port = free_port()
    people = "".join(
        f'[[people]]\naccount = "{account}"\nemail = "{email}@example.org"\naudience = "{audience}"\n'
        for account, email, audience in (
            ("sec-1", "secretariat", "secretariat"),
            ("fj-1", "fiji", "member_fj"),
            ("to-1", "tonga", "member_to"),
            ("ws-1", "samoa", "member_ws"),
            ("donor-1", "donor", "donor"),
        )
    )
    # The token of this one has no e-mail address that would be known: its subject is.
    people += '[[people]]\naccount = "fj-2"\nsubject = "subject-short"\naudience = "member_fj"\n'
    sign_in = home / "sign_in.toml"
    sign_in.write_text(
        f"""
[oidc]
issuer = "{provider.url}"
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "{"c" * 40}"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
server_metadata_url = "{provider.url}/.well-known/openid-configuration"
{people}"""
    )
    sign_in.chmod(0o600)
    with running_server(home, port=port, sign_in=sign_in) as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture
def visitor(server: Server, chromium: Browser) -> Iterator[Visitor]:
    """visitor(): a person of their own, with no cookie."""
    pages: list[Page] = []

    def come() -> Page:
        page = chromium.new_context(locale="en-GB", base_url=server.url).new_page()
        page.set_default_timeout(90_000)
        pages.append(page)
        return page

    yield come
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def matrix() -> Iterator[dict[str, dict[str, str]]]:
    """Who was shown what on which page, for people to read: tests/browser/output/who_sees_what.txt."""
    seen: dict[str, dict[str, str]] = {}
    yield seen
    OUTPUT.mkdir(exist_ok=True)
    lines = [f"{who:16} {page:16} {what}" for who, pages in seen.items() for page, what in pages.items()]
    (OUTPUT / "who_sees_what.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def outcome(page: Page, address: str) -> str:
    """Whose figures the page says that it shows, or why it shows none. More than one thing is an error."""
    text = see(page, address)
    (said,) = {words for words in (*FIGURES.values(), NOT_ADMITTED, NO_FILE) if words in text}
    return said


def see(page: Page, address: str = "/") -> str:
    """All that the page says once it is drawn to its last line."""
    page.goto(address)
    instead = "h2:has-text('You are not signed in here'), h2:has-text('nothing to')"
    for part in (".pp-source", ".pp-lead"):  # the last of a page is not always drawn last
        page.wait_for_selector(f"{part}, {instead}")
    return page.locator("[data-testid=stMain]").inner_text()


def sign_in(page: Page, person: str, until: str = ".pp-lead") -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name=person, exact=True).click()
    page.wait_for_selector(until)


def events(server: Server) -> list[tuple[str, str | None, str | None]]:
    lines = [line for file in sorted((server.home / "audit").glob("*.jsonl")) for line in file.open()]
    return [(entry["event"], entry["account"], entry["audience"]) for entry in map(json.loads, lines)]


def test_whoever_has_not_signed_in_sees_the_public_figures_on_every_page(
    visitor: Visitor, matrix: dict[str, dict[str, str]]
) -> None:
    page = visitor()
    matrix["nobody"] = {address: outcome(page, address) for address in ADDRESSES}
    assert len(ADDRESSES) > 4
    assert matrix["nobody"] == dict.fromkeys(ADDRESSES, PUBLIC)


@pytest.mark.parametrize("person", list(FIGURES))
def test_each_role_sees_its_own_file_on_every_page_and_the_public_one_again_after_signing_out(
    person: str, visitor: Visitor, server: Server, matrix: dict[str, dict[str, str]]
) -> None:
    page = visitor()
    sign_in(page, person)
    matrix[person] = {address: outcome(page, address) for address in ADDRESSES}
    assert matrix[person] == dict.fromkeys(ADDRESSES, FIGURES[person])
    cookies = page.context.cookies()
    other = visitor()
    other.context.add_cookies(cookies)
    assert FIGURES[person] in see(other)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in", exact=True).wait_for()
    assert outcome(page, "/data-quality") == PUBLIC
    # A copy of the cookie is of no use any more, and the open tab shows nothing at its next run.
    other.get_by_role("link", name="Trends").click()
    other.wait_for_selector(f"h2:has-text('{NOT_ADMITTED}')")
    assert outcome(other, "/trends") == NOT_ADMITTED
    account = {"secretariat": "sec-1", "fiji": "fj-1", "tonga": "to-1", "donor": "donor-1"}[person]
    mine = [event for event, who, _ in events(server) if who == account]
    # A refusal is on record once in a minute.
    assert list(dict.fromkeys(mine)) == ["SIGNED_IN", "OPENED", "SIGNED_OUT", "REFUSED"]
    assert mine.count("SIGNED_IN") == mine.count("OPENED") == mine.count("SIGNED_OUT") == 1


def test_a_token_that_is_not_good_enough_opens_nothing(
    visitor: Visitor, matrix: dict[str, dict[str, str]]
) -> None:
    page = visitor()
    for person in NOT_ENOUGH:
        sign_in(page, person, "h2")
        matrix[person] = {address: outcome(page, address) for address in ADDRESSES}
        assert matrix[person] == dict.fromkeys(ADDRESSES, NOT_ADMITTED)
        page.get_by_role("button", name="Sign in again").first.click()
        page.get_by_role("button", name="Sign in", exact=True).wait_for()
        assert outcome(page, "/") == PUBLIC


def test_a_forged_token_signs_nobody_in_and_is_put_on_record(
    visitor: Visitor, server: Server, matrix: dict[str, dict[str, str]]
) -> None:
    page = visitor()
    for person in WRONG:
        before = events(server).count(("SIGN_IN_FAILED", None, None))
        sign_in(page, person)
        page.get_by_role("button", name="Sign in", exact=True).wait_for(timeout=30_000)
        matrix[person] = {address: outcome(page, address) for address in ("/", "/data-quality")}
        assert set(matrix[person].values()) == {PUBLIC}
        assert [cookie for cookie in page.context.cookies() if cookie["name"] == "_streamlit_user"] == []
        assert events(server).count(("SIGN_IN_FAILED", None, None)) == before + 1


def test_a_cookie_made_up_by_the_visitor_is_worth_nothing(visitor: Visitor, server: Server) -> None:
    page = visitor()
    sign_in(page, "fiji")
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "_streamlit_user")
    value = cookie["value"].strip('"')
    for forged in (value[:-4] + ("AAAA" if value[-4:] != "AAAA" else "BBBB"), "x" + value[1:], ""):
        other = visitor()
        other.context.add_cookies([{"name": "_streamlit_user", "value": forged, "url": server.url}])
        assert PUBLIC in see(other)


def test_a_sign_in_ends_with_its_token_while_the_page_is_open(visitor: Visitor) -> None:
    page = visitor()
    sign_in(page, "short")
    assert FIGURES["fiji"] in page.locator("[data-testid=stMain]").inner_text()
    page.wait_for_timeout(6_000)
    page.get_by_role("link", name="Trends").click()
    page.wait_for_selector(f"h2:has-text('{NOT_ADMITTED}')")
    assert FIGURES["fiji"] not in page.locator("[data-testid=stMain]").inner_text()


def test_two_members_at_the_same_time_never_see_each_others_figures(visitor: Visitor) -> None:
    fiji, tonga = visitor(), visitor()
    sign_in(fiji, "fiji")
    sign_in(tonga, "tonga")
    of_fiji = "/trends?lang=en&indicator=ITEMS&members=FJ&months=12"
    of_tonga = "/trends?lang=en&indicator=ITEMS&members=TO&months=12"
    for _ in range(2):  # the second time from what the server has kept
        own, others = see(fiji, of_fiji), see(tonga, of_fiji)
        assert FIJI_MARCH_2026 in own
        assert FIJI_MARCH_2026 not in others
        own, others = see(tonga, of_tonga), see(fiji, of_tonga)
        assert f"to {TONGA_JANUARY_2026} in January 2026" in own
        assert f"to {TONGA_JANUARY_2026} in January 2026" not in others
    assert FIGURES["fiji"] in see(fiji)
    assert FIGURES["tonga"] in see(tonga)


def test_what_is_added_to_the_address_changes_nobodys_audience(visitor: Visitor) -> None:
    nobody, fiji = visitor(), visitor()
    sign_in(fiji, "fiji")
    for query in (
        "audience=secretariat",
        "audience=member_to&members=TO",
        "account=sec-1&is_logged_in=true&email=tonga@example.org",
        "lang=../to&run_id=../member_to",
    ):
        assert outcome(nobody, f"/trends?{query}") == PUBLIC
        assert outcome(fiji, f"/trends?{query}") == FIGURES["fiji"]


def test_a_member_without_a_file_is_told_so_and_is_shown_no_other(
    visitor: Visitor, matrix: dict[str, dict[str, str]]
) -> None:
    page = visitor()
    sign_in(page, "samoa", "h2:has-text('nothing to')")
    matrix["samoa"] = {address: outcome(page, address) for address in ADDRESSES}
    assert matrix["samoa"] == dict.fromkeys(ADDRESSES, NO_FILE)
    assert "Traceback" not in page.content()


def test_the_log_of_it_all_is_whole_and_names_nobody(server: Server) -> None:
    verdict = verify(server.home / "audit")
    assert verdict.broken_at is None
    assert verdict.lines > 10
    logged = b"".join(file.read_bytes() for file in (server.home / "audit").glob("*.jsonl"))
    assert [word for word in (b"example.org", b"127.0.0.1", b"subject-", b"@") if word in logged] == []
