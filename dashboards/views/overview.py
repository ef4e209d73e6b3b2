"""Overview: how many parcels, are they more, how much is small, where is the pressure, who has reported."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup, sentences
from dashboards.briefs import show_briefs
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page

TREND_MONTHS = 36
STATUS_MONTHS = 6
BEGUN = ("REPORTED", "NIL", "HELD", "MISSING")
IN_FORCE = ("REPORTED", "NIL")
ABSENT = ("HELD", "MISSING")
DUTY_AND_TAX = ("DUTY_USD", "TAX_USD")


def headline_cards(page: Page, headlines: pd.DataFrame) -> list[Card]:
    say = page.say

    def card(indicator_code: str, label: str, note: str) -> Card:
        """`note` holds {month}."""
        if indicator_code not in headlines.index:
            return Card(label, "–", say("overview.no_figure"))
        row = headlines.loc[indicator_code]
        figure = say.figure(indicator_code, row["obs_value"])
        return Card(label, figure, note.format(month=say.month(row["time_period"])), row["obs_status"])

    return [
        card("ITEMS", say("overview.items"), say("overview.items_note")),
        card("ITEMS_GROWTH_YOY_PCT", say("overview.growth_yoy"), say("overview.growth_note")),
        card("ITEMS_GROWTH_3Y_PCT", say("overview.growth_3y"), say("overview.growth_note")),
        card("SHARE_LE_100_USD_PCT", say("overview.share_le_100"), say("overview.share_note")),
        card("SHARE_LE_DE_MINIMIS_PCT", say("overview.share_le_de_minimis"), say("overview.share_note")),
        busiest_card(page),
        card("DECLARED_VALUE_USD", say("overview.value"), say("overview.items_note")),
        duty_card(page, headlines),
    ]


def busiest_card(page: Page) -> Card:
    say = page.say
    month = data.latest_month(page.publication)
    ports = data.busiest_ports(page.publication, month, say.language)
    if ports.empty:
        return Card(say("overview.busiest"), "–", say("overview.busiest_none"))
    port = ports.iloc[0]
    note = say("overview.busiest_note", items=say.number(port["items"]), date=say.date(port["busiest_date"]))
    return Card(say("overview.busiest"), f"{port['port_name']}", note)


def duty_card(page: Page, headlines: pd.DataFrame) -> Card:
    """Duty in large, tax in the note: the two are never added up, and are of one month.

    It is the last month of which either is known: where the other is not shown for it, an older figure would
    be read as one of the same month.
    """
    say = page.say
    label = say("overview.duty")
    months = [str(headlines.loc[code, "time_period"]) for code in DUTY_AND_TAX if code in headlines.index]
    if not months:
        return Card(label, "–", say("overview.no_figure"))
    month = max(months)
    duty, tax = (
        data.series(page.publication, code, (data.REGION,), "member", month).set_index("time_period")
        for code in DUTY_AND_TAX
    )
    note = say("overview.items_note", month=say.month(month))
    if month in tax.index and not pd.isna(tax.loc[month, "obs_value"]):
        paid = say.usd(tax.loc[month, "obs_value"])
        note = say("overview.duty_and_tax_note", tax=paid, month=say.month(month))
    if month not in duty.index:
        return Card(label, "–", note)
    owed = duty.loc[month]
    if pd.isna(owed["obs_value"]):
        return Card(label, say.status(owed["obs_status"], owed["conf_status"]), note)
    return Card(label, say.usd(owed["obs_value"]), note, owed["obs_status"])


def show_completeness(page: Page, coverage: pd.DataFrame, headlines: pd.DataFrame) -> None:
    """Why the last month is estimated, or is not the one on the cards, by name."""
    say, month = page.say, page.publication.last_time_period
    now = coverage[coverage["time_period"] == month]
    absent = list(now.loc[now["status"].isin(ABSENT), "member_name"])
    told = {"month": say.month(month), "members": ", ".join(absent)}
    is_estimated = "ITEMS" in headlines.index and tuple(
        headlines.loc["ITEMS", ["time_period", "obs_status"]]
    ) == (month, "E")
    if absent and is_estimated:
        page.paragraph(say("overview.estimated", **told))
    elif absent:
        page.paragraph(say("overview.withheld", **told))
    else:
        page.paragraph(say("overview.complete", month=say.month(month)))


def show_trend(page: Page) -> None:
    say, publication = page.say, page.publication
    first = str(pd.Period(publication.last_time_period, "M") - (TREND_MONTHS - 1))
    frame = data.series(publication, "ITEMS", (data.REGION,), "member", first)
    frame = charts.complete_months(frame, publication.last_time_period)
    names = {data.REGION: say("app.region")}
    events = data.events(publication, (), first, say.language)
    page.heading(say("overview.trend"))
    summary = sentences.trend(frame, names, "ITEMS", say)
    if frame["obs_value"].notna().any():
        page.chart(
            charts.lines(frame, names, "ITEMS", say, page.chart_source, events=events, height=280),
            summary,
            table=markup.series_table(frame, names, "ITEMS", say("overview.trend"), say),
            rows=frame,
            name="items_region",
        )
    else:
        page.paragraph(summary)
    page.events(events)


def show_channels(page: Page, month: str) -> None:
    say, publication = page.say, page.publication
    page.heading(say("overview.channels", month=say.month(month)))
    names = data.channel_names(publication, say.language)
    frame = data.series(publication, "ITEMS", (data.REGION,), "channel", month)
    frame = frame[frame["time_period"] == month].assign(name=frame["series_code"].map(names))
    frame = frame.sort_values("obs_value", ascending=False, na_position="last")
    shown = frame[frame["obs_value"].notna()]
    if shown.empty:
        page.paragraph(say("overview.channels_none"))
        return
    largest = {
        "month": say.month(month),
        "channel": shown.iloc[0]["name"],
        "value": say.figure("ITEMS", shown.iloc[0]["obs_value"]),
    }
    # Where some are hidden, the largest that is shown need not be the largest.
    summary = (
        say("overview.channels_summary", **largest)
        if len(shown) == len(frame)
        else say(
            "overview.channels_some", **largest, shown=say.number(len(shown)), count=say.number(len(frame))
        )
    )
    columns = [
        Column("name", say("overview.channel"), "label"),
        Column("value_text", say("overview.items"), "number"),
    ]
    table = markup.table(
        frame.assign(
            value_text=[
                say.status(row.obs_status, row.conf_status)
                if pd.isna(row.obs_value)
                else say.figure("ITEMS", row.obs_value)
                for row in frame.itertuples()
            ]
        ),
        columns,
        say("overview.channels", month=say.month(month)),
        say,
    )
    page.chart(
        charts.bars(frame, "ITEMS", say, page.chart_source),
        summary,
        table=table,
        rows=frame,
        name=f"items_channels_{month}",
    )


def show_reporting(page: Page, coverage: pd.DataFrame) -> None:
    say, last = page.say, page.publication.last_time_period
    page.heading(say("overview.reporting"))
    now = coverage[coverage["time_period"] == last]
    page.paragraph(
        say(
            "overview.reporting_summary",
            month=say.month(last),
            reported=say.number(now["status"].isin(IN_FORCE).sum()),
            expected=say.number(now["status"].isin(BEGUN).sum()),
        )
    )
    periods = sorted(coverage["time_period"].unique())[-STATUS_MONTHS:]
    shown = coverage[coverage["time_period"].isin(periods)]
    begun = set(shown.loc[shown["status"].isin(BEGUN), "member_name"])
    table = markup.coverage_table(
        shown[shown["member_name"].isin(begun)], periods, say("overview.reporting"), say
    )
    page.html(table + markup.coverage_legend(say))
    others = [name for name in shown["member_name"].unique() if name not in begun]
    if others:
        page.paragraph(say("overview.not_reporting", members=", ".join(others)), "pp-small")


def show_definitions(page: Page, headlines: pd.DataFrame) -> None:
    definitions = data.definitions(page.publication, page.say.language)
    definitions = definitions[definitions["indicator_code"].isin(headlines.index)]
    with st.expander(page.say("overview.definitions")):
        entries = "".join(
            f"<p><strong>{escape(row.title)}</strong><br>{escape(row.definition)}</p>"
            for row in definitions.itertuples()
        )
        page.html(entries)


page = current_page()
headlines = data.headlines(page.publication).set_index("indicator_code")
coverage = data.coverage(page.publication, page.say.language)

page.header(page.say("page.overview"), page.say("overview.lead"))
page.heading(page.say("overview.figures"))
page.cards(headline_cards(page, headlines))
show_completeness(page, coverage, headlines)
left, right = st.columns([4, 3], gap="medium")
with left:
    show_trend(page)
    show_channels(page, data.latest_month(page.publication))
with right:
    show_reporting(page, coverage)
show_definitions(page, headlines)
show_briefs(page)
page.source()
