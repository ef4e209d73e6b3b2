"""Region, for the secretariat: who has reported, what grows, where the pressure is, what changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup
from dashboards.markup import Column
from dashboards.page import Page, current_page
from dashboards.words import alphabetical, capital

MOST_OFFICES = 10
MEMBERS_AS_HIGH_AS_THE_MAP = 13  # in the chart of growth, with its sentences
OVER_CAPACITY_PCT = 100


def show_reporting(page: Page) -> None:
    say, last = page.say, page.publication.last_time_period
    title = say("region.reporting")
    page.heading(title)
    frame = data.reporting(page.publication, say.language)
    absent = list(frame.loc[~frame["status"].isin(["REPORTED", "NIL"]), "member_name"])
    count = {"expected": say.number(len(frame)), "month": say.month(last)}
    if absent:
        in_force = say.number(len(frame) - len(absent))
        page.paragraph(say("region.reporting_summary", **count, in_force=in_force, absent=", ".join(absent)))
    else:
        page.paragraph(say("region.reporting_all", **count))
    shown = frame.assign(
        status=[say.term("coverage", status) for status in frame["status"]],
        months_in_force=[say.number(value) for value in frame["months_in_force"]],
        months_held=[say.number(value) for value in frame["months_held"]],
        days=["–" if pd.isna(value) else say.number(value) for value in frame["days"]],
        accepted=["–" if pd.isna(value) else say.percent(value) for value in frame["accepted_pct"]],
    )
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("status", capital(say.month(last))),
        Column("months_in_force", say("region.months_in_force"), "number"),
        Column("months_held", say("region.held"), "number"),
        Column("days", say("region.days"), "number"),
        Column("accepted", say("region.accepted"), "number"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))


def show_growth(page: Page, month: str) -> int:
    """How many members are compared."""
    say = page.say
    title = say("region.growth")
    page.heading(title)
    frame = data.contributions(page.publication, month, say.language)
    if frame.empty:
        page.paragraph(say("region.growth_none", month=say.month(month)))
        return 0
    first = frame.iloc[frame["points"].abs().argmax()]
    summary = say(
        "region.growth_summary",
        month=say.month(month),
        growth=say.percent(frame["points"].sum(), signed=True),
        member=first["member_name"],
        points=say.points(first["points"]),
    )
    shown = frame.assign(
        points=[say.points(value) for value in frame["points"]],
        growth=[say.percent(value, signed=True) for value in frame["growth_pct"]],
        items_before=[say.number(value) for value in frame["items_before"]],
        items_after=[say.number(value) for value in frame["items_after"]],
    )
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("points", say("region.contribution"), "number"),
        Column("growth", say("region.own_growth"), "number"),
        Column("items_before", say("region.before"), "number"),
        Column("items_after", say("region.after"), "number"),
    ]
    page.chart(
        charts.contributions(frame, say, page.chart_source),
        summary,
        table=markup.table(shown, columns, title, say, tall=True),
        rows=frame,
        name=f"contributions_{month}",
    )
    begun = data.reporting(page.publication, say.language)["member_name"]
    left_out = alphabetical(set(begun) - set(frame["member_name"]))
    if left_out:
        page.paragraph(say("region.left_out", members=", ".join(left_out)), "pp-small")
    return len(frame)


def show_map(page: Page, month: str) -> None:
    say, publication = page.say, page.publication
    title = say("region.map", month=say.month(month))
    page.heading(title)
    names = data.member_names(publication, say.language)
    figures = data.series(publication, "ITEMS", tuple(names), "member", month)
    figures = figures[figures["time_period"] == month].set_index("series_code")["obs_value"]
    frame = pd.DataFrame({"member_code": list(names), "member_name": list(names.values())})
    frame = frame.assign(obs_value=[figures.get(code) for code in frame["member_code"]])
    frame["obs_value"] = pd.to_numeric(frame["obs_value"])
    frame = frame.assign(value_text=[say.figure("ITEMS", value) for value in frame["obs_value"]]).sort_values(
        "obs_value", ascending=False
    )
    known = frame[frame["obs_value"].notna()]
    if known.empty:
        page.paragraph(say("region.map_none", month=say.month(month)))
        return
    first = known.iloc[0]
    told = {
        "month": say.month(month),
        "first": first["member_name"],
        "first_value": first["value_text"],
    }
    if len(known) > 1:
        second = known.iloc[1]
        summary = say(
            "region.map_summary",
            **told,
            second=second["member_name"],
            second_value=second["value_text"],
        )
    else:
        summary = say("region.map_one", **told)
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("value_text", say("overview.items"), "number"),
    ]
    page.chart(
        charts.bubble_map(frame, say, page.chart_source),
        summary,
        table=markup.table(frame, columns, title, say, tall=True),
        key=say("region.map_key"),
        rows=frame,
        name=f"map_{month}",
    )


def show_pressure(page: Page, month: str) -> None:
    say = page.say
    title = say("region.pressure")
    page.heading(title)
    frame = data.busiest_offices(page.publication, month, say.language)
    if frame.empty:
        page.paragraph(say("region.pressure_none", month=say.month(month)))
        return
    frame = frame.assign(office=frame["member_name"] + " · " + frame["customs_office_code"])
    busiest = frame.iloc[frame["busiest_day_items"].argmax()]
    summary = say(
        "region.pressure_summary",
        month=say.month(month),
        office=busiest["customs_office_code"],
        member=busiest["member_name"],
        items=say.number(busiest["busiest_day_items"]),
        date=say.date(busiest["busiest_date"]),
    )
    over = frame[frame["use_pct"] > OVER_CAPACITY_PCT]
    if len(over):
        offices = ", ".join(
            f"{row.office} ({say.percent(row.use_pct, 0)})" for row in over.head(MOST_OFFICES).itertuples()
        )
        summary += " " + say("region.pressure_over", offices=offices)
    shown = frame.assign(
        busiest_date=[say.date(date) for date in frame["busiest_date"]],
        items=[say.number(value) for value in frame["busiest_day_items"]],
        per_day=[say.number(value, 1) for value in frame["items_per_working_day"]],
        capacity=["–" if pd.isna(value) else say.number(value) for value in frame["capacity_items_per_day"]],
        use=["–" if pd.isna(value) else say.percent(value, 0) for value in frame["use_pct"]],
    )
    columns = [
        Column("office", say("region.office"), "label"),
        Column("busiest_date", say("region.busiest_day")),
        Column("items", say("region.busiest_items"), "number"),
        Column("per_day", say("region.per_working_day"), "number"),
        Column("capacity", say("region.capacity"), "number"),
        Column("use", say("region.use"), "number"),
    ]
    page.chart(
        charts.offices(frame.head(MOST_OFFICES), say, page.chart_source),
        summary,
        table=markup.table(shown, columns, title, say, tall=True),
        key=say("region.pressure_key"),
        rows=frame,
        name=f"offices_{month}",
    )


def show_changes(page: Page) -> None:
    say = page.say
    title = say("region.changes")
    page.heading(title)
    frame = data.publication_changes(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("region.changes_none"))
        return
    counts = frame["kind_code"].value_counts()
    reporters = alphabetical(set(frame.loc[frame["kind_code"] == "NEW_REPORTER", "member_name"]))
    page.paragraph(
        say(
            "region.changes_summary",
            added=say.number(counts.get("ADDED", 0) + counts.get("NEW_REPORTER", 0)),
            revised=say.number(counts.get("REVISED", 0)),
            held=say.number(counts.get("HELD", 0)),
            gone=say.number(counts.get("GONE", 0)),
            reporters=", ".join(reporters) or say("app.nobody"),
        )
    )
    page.html(markup.change_table(frame, title, say))


page = current_page("secretariat")
month = data.latest_month(page.publication)
page.header(page.say("page.region"), page.say("region.lead"))
show_reporting(page)
left, right = st.columns([1, 1], gap="medium")
with left:
    members_compared = show_growth(page, month)
with right:
    show_map(page, month)
# Below the shorter of the two, so that neither side of the page stays empty.
with left if members_compared < MEMBERS_AS_HIGH_AS_THE_MAP else right:
    show_pressure(page, month)
show_changes(page)
page.source()
