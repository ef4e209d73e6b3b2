"""The address of every page is its whole state: the back button and a mailed address restore it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboards.words import Words
from tests.browser.conftest import EACH, PAGES, VIEW, OpenBrowser, Server, assert_quiet, view

pytestmark = pytest.mark.browser


@pytest.mark.timeout(900)
@EACH
def test_the_back_button_and_a_mailed_address_restore_each_page(
    audience: str, language: str, servers: Callable[[str], Server], browser: OpenBrowser
) -> None:
    """Through the menu from page to page, with a choice where there is any; then back, one by one."""
    say, visit = Words(language), browser(servers(audience))
    visit.open(f"/?lang={language}")
    choices = {"trends": say("trends.split_channel"), "compare": say.term("peers", "system")}
    seen: list[tuple[str, str]] = [(visit.page.url, view(visit))]
    for name in PAGES[audience]:
        if name == "overview":
            continue
        title = say.term("page", name)
        visit.page.locator("[data-testid=stSidebar]").get_by_role("link", name=title, exact=True).click()
        visit.page.wait_for_selector(f"h1:has-text('{title}')")
        seen.append((visit.page.url, view(visit)))
        if name in choices:
            before = visit.page.url
            visit.page.get_by_role("radio", name=choices[name], exact=True).click()
            visit.page.wait_for_function(f"location.href !== '{before}'")
            visit.page.wait_for_function(f"text => ({VIEW})() !== text", arg=seen[-1][1])
            seen.append((visit.page.url, view(visit)))
    assert len(seen) > len(PAGES[audience])
    for address, text in reversed(seen[:-1]):
        visit.page.go_back()
        visit.page.wait_for_function(f"location.href === '{address}'")
        visit.page.wait_for_function(f"text => ({VIEW})() === text", arg=text)
    mailed = browser(servers(audience))
    for address, text in seen:
        mailed.page.goto(address)
        mailed.page.wait_for_function(f"text => ({VIEW})() === text", arg=text)
    assert_quiet(visit)
