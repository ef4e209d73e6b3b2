"""Every page for every audience in both languages, in a real browser over real HTTP.

Of each: the figures that it shows and gives out, its width on a desk and on a phone, its contrast and names
on a light and on a dark ground, and the way through it by keyboard.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Callable

import duckdb
import pytest
from playwright.sync_api import Locator

from dashboards.words import Words
from tests.browser.conftest import (
    EACH,
    PAGES,
    OpenBrowser,
    Server,
    Visit,
    assert_fits,
    assert_quiet,
    downloaded,
    serious_findings,
    view,
)

pytestmark = pytest.mark.browser

# Choices by address, where a page opens on another view than the one looked at.
CHOICES = {"compare": "&member=FJ&indicator=ITEMS"}
ITEMS = """
    select obs_value::bigint from indicators
    where indicator_code = 'ITEMS' and member_code = '{member}' and time_period = '{month}'
      and frequency = 'M' and channel_code = '_T' and value_band_code = '_T' and counterpart_code = '_T'
      and commodity_code = '_T'
"""
# Of each page one figure, by plain SQL on the file that the server shows.
FIGURES = {
    "overview": ITEMS.format(member="_T", month="2026-01"),
    "trends": ITEMS.format(member="_T", month="2026-01"),
    "region": ITEMS.format(member="FJ", month="2026-01"),
    "compare": ITEMS.format(member="FJ", month="2026-03"),
    "my_data": "select sum(rows_in)::bigint from receipts",
    "data_quality": "select count(*) from coverage where status in ('REPORTED', 'NIL')",
    "progress": "select sum(budget_usd)::bigint from progress_projects",
    "my_gaps": "select floor(max(obs_value))::bigint from progress_measured",
    "plan": "select max(budget_usd)::bigint from progress_actions where is_overdue",
}
# What axe finds in the frame that Streamlit draws around our pages, and that a page cannot change.
STREAMLIT_S_OWN = ("[data-testid=stSidebarHeader]", "[data-testid=stHeader]", "[data-testid=stFileUploader]")
Row = dict[str, str]


def observation(row: Row, code: str, say: Words) -> str:
    status = say.status(row["obs_status"], row["conf_status"])
    return f"{say.month(row['time_period'])} · {say.figure(code, float(row['obs_value']))} · {status}"


def rates(row: Row, beside: str, say: Words) -> str:
    return " · ".join([row["name"], *(say.percent(float(row[name])) for name in ("now_pct", beside))])


def planned(row: Row, say: Words) -> str:
    """An action: its name, its state with the days by which it is late, and its four dates."""
    state, days = say.term("action_state", row["state_code"]), int(row["slippage_days"])
    if row["state_code"] in ("OVERDUE", "DONE") and days > 0:
        state = say("progress.by_days", state=state, days=say.days(days))
    dates = [row[name] for name in ("start_date", "first_due_date", "due_date", "completed_on")]
    told = [say.date(datetime.date.fromisoformat(date[:10])) if date else "–" for date in dates]
    return " · ".join([row["member_name"], row["title"], row["action_id"], state, *told])


# What the marks of the first chart of a page say, by the rows of the file that is given out beside it.
MARKS: dict[str, Callable[[Row, Words], str]] = {
    "overview": lambda row, say: f"{say('app.region')} · {observation(row, 'ITEMS', say)}",
    "trends": lambda row, say: f"{row['series_name']} · {observation(row, row['indicator_code'], say)}",
    "compare": lambda row, say: f"{row['name']} · {say.figure('ITEMS', float(row['obs_value']))}",
    "region": lambda row, say: f"{row['member_name']} · {say.points(float(row['points']))}",
    "my_data": lambda row, say: " · ".join(
        [
            say("mine.days_after"),
            say.month(row["time_period"]),
            say.figure("DAYS", float(row["days_after_period_end"])),
            say.status("A", "F"),
        ]
    ),
    "data_quality": lambda row, say: " · ".join(
        [row["member_name"], say.month(row["time_period"]), say.term("coverage", row["status"])]
    ),
    "progress": lambda row, say: rates(row, "before_pct", say),
    "my_gaps": lambda row, say: rates(row, "region_pct", say),
    "plan": lambda row, say: planned(row, say),
}
VALUE = {
    "region": "points", "my_data": "days_after_period_end", "data_quality": "status", "progress": "now_pct",
    "my_gaps": "now_pct", "plan": "action_id",
}  # fmt: skip

# All that can be operated and is seen, and whether the keyboard came by. Of radio buttons one is enough.
WATCH_FOCUS = """() => {
    window.reached = new Set();
    document.addEventListener('focusin', event => window.reached.add(event.target), true);
}"""
NOT_REACHED = """() => {
    const seen = element => !element.closest('[aria-hidden=true]')
        && element.checkVisibility({opacityProperty: true, visibilityProperty: true});
    const all = [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter(element => element.tabIndex >= 0 && !element.disabled && seen(element));
    const come = element => window.reached.has(element) || element.closest('[role=radiogroup]')
        && [...window.reached].some(other =>
            other.closest('[role=radiogroup]') === element.closest('[role=radiogroup]'));
    return {count: all.length, missed: all.filter(element => !come(element)).map(
        element => element.outerHTML.slice(0, 160))};
}"""


# Words of a chart that its picture cuts off or that end in dots, and buttons of a choice out of sight.
CUT_OFF = """() => {
    const within = (element, frame) => {
        const [a, b] = [element.getBoundingClientRect(), frame.getBoundingClientRect()];
        return a.left >= b.left - 1 && a.right <= b.right + 1
            && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
    };
    const main = document.querySelector('[data-testid=stMain]');
    const words = [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg text')]
        .filter(text => text.checkVisibility() && text.textContent.trim());
    const buttons = [...main.querySelectorAll('[role=radiogroup] button')];
    const across = button => {
        const [a, b] = [button.getBoundingClientRect(), main.getBoundingClientRect()];
        return a.left >= b.left && a.right <= b.right;
    };
    const shortened = text => !within(text, text.closest('svg')) || text.textContent.includes('…');
    return [...words.filter(shortened), ...buttons.filter(b => !across(b))]
        .map(element => element.textContent);
}"""


def marks_of(chart: Locator) -> list[str]:
    """What a screen reader is told of each figure: events, and our source line, are in no file."""
    labels = chart.locator("[role=graphics-symbol][aria-label*='·']:not([aria-label^=Title])")
    return sorted(labels.evaluate_all("marks => marks.map(mark => mark.getAttribute('aria-label'))"))


def given_out(visit: Visit, say: Words) -> list[Row]:
    """The rows of the CSV beside the first chart."""
    twin = visit.page.locator("[data-testid=stExpander]", has_text=say("app.table")).first
    twin.locator("summary").click()
    button = twin.get_by_role("button", name=say("app.csv"), exact=True)
    content = downloaded(visit.page, button).read_text(encoding="utf-8-sig")
    twin.locator("summary").click()
    button.wait_for(state="hidden")  # it closes slowly, and is seen until it is closed
    return list(csv.DictReader(content.splitlines()))


def assert_file_is_chart(visit: Visit, name: str, say: Words) -> None:
    rows = [row for row in given_out(visit, say) if row[VALUE.get(name, "obs_value")]]
    assert rows
    expected = sorted(MARKS[name](row, say) for row in rows)
    assert marks_of(visit.page.locator("[data-testid=stVegaLiteChart] svg").first) == expected, name


def assert_nothing_is_cut_off(visit: Visit, name: str) -> None:
    assert visit.page.evaluate(CUT_OFF) == [], (name, visit.page.viewport_size)


def assert_keyboard_goes_through(visit: Visit, name: str) -> None:
    """Tab after Tab from the top of the page, every control is reached."""
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.evaluate(WATCH_FOCUS)
    count = int(visit.page.evaluate(NOT_REACHED)["count"])
    assert count >= 8, name
    for _ in range(count + 12):
        visit.page.keyboard.press("Tab")
    assert visit.page.evaluate(NOT_REACHED)["missed"] == [], name
    # The last control may have opened its hint, which fades: it would be looked at half transparent.
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.mouse.move(0, 0)
    visit.page.wait_for_function("!document.querySelector('.stTooltipContent')")


@pytest.mark.timeout(900)  # up to nine pages
@EACH
def test_each_page_is_whole_and_open_to_everyone(
    audience: str, language: str, servers: Callable[[str], Server], browser: OpenBrowser
) -> None:
    server, say = servers(audience), Words(language)
    visit = browser(server)
    findings = {}
    for name, address in PAGES[audience].items():
        visit.page.emulate_media(color_scheme="light")
        visit.page.set_viewport_size({"width": 1360, "height": 900})
        visit.open(f"{address}?lang={language}{CHOICES.get(name, '')}")
        banner = visit.page.locator("[data-testid=stAlert]").first.inner_text()
        assert banner.startswith({"en": "Synthetic data.", "fr": "Données synthétiques."}[language])
        if name in FIGURES:
            with duckdb.connect(str(server.published_file(audience)), read_only=True) as connection:
                (figure,) = connection.execute(FIGURES[name]).fetchone() or (None,)
            assert say.number(figure) in view(visit), name
            chart = visit.page.locator("[data-testid=stVegaLiteChart] svg").first
            words = {"en": "SYNTHETIC DATA", "fr": "DONNÉES SYNTHÉTIQUES"}[language]
            assert words in chart.inner_html()
            assert_file_is_chart(visit, name, say)
        assert_fits(visit)
        assert_nothing_is_cut_off(visit, name)
        of_streamlit = visit.page.get_by_role(
            "button", name=re.compile("^(Show data|Download as|Fullscreen)")
        )
        assert of_streamlit.count() == 0, "they speak English whatever the language of the page"
        assert_keyboard_goes_through(visit, name)
        findings[name, "light"] = serious_findings(visit.page, without=STREAMLIT_S_OWN)
        visit.screenshot(f"{name}_{audience}_{language}_wide_light")
        visit.page.emulate_media(color_scheme="dark")
        visit.page.wait_for_function(
            "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
            " === 'rgb(11, 28, 36)'"
        )
        visit.ready()
        findings[name, "dark"] = serious_findings(visit.page, without=STREAMLIT_S_OWN)
        visit.page.set_viewport_size({"width": 390, "height": 844})
        visit.page.wait_for_timeout(300)
        assert_fits(visit)
        assert_nothing_is_cut_off(visit, name)
        visit.screenshot(f"{name}_{audience}_{language}_phone_dark")
    assert {where: found for where, found in findings.items() if found} == {}
    assert_quiet(visit)
