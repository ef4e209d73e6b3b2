"""My data, a member's own: what it sent, what was left out and why, how late, how its figures moved."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, exports, markup
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page
from dashboards.words import capital


def show_state(page: Page, own: pd.DataFrame, receipts: pd.DataFrame) -> None:
    say = page.say
    last = own.iloc[-1]
    rows_in, accepted = receipts["rows_in"].sum(), receipts["rows_accepted"].sum()
    days = own["days_after_period_end"].dropna().tail(12)
    share = say.percent(100 * accepted / rows_in) if rows_in else "–"
    page.cards(
        [
            Card(
                capital(say.month(last["time_period"])),
                say.term("coverage", last["status"]),
                say("mine.state_note"),
            ),
            Card(say("quality.share_accepted"), share, say("mine.of_rows", rows=say.number(rows_in))),
            Card(
                say("mine.lateness"),
                say.days(days.median()) if len(days) else "–",
                say("mine.lateness_note"),
            ),
            Card(
                say("mine.extracts"),
                say.number(len(receipts)),
                say("mine.refused", count=say.number((receipts["status"] == "REFUSED").sum())),
            ),
        ]
    )


def show_timeliness(page: Page, own: pd.DataFrame) -> None:
    say = page.say
    title = say("mine.timeliness")
    page.heading(title)
    known = own[own["days_after_period_end"].notna()]
    if known.empty:
        page.paragraph(say("mine.timeliness_none"))
        return
    latest, slowest = known.iloc[-1], known.loc[known["days_after_period_end"].idxmax()]
    summary = say(
        "mine.timeliness_summary",
        month=say.month(latest["time_period"]),
        days=say.days(latest["days_after_period_end"]),
        slowest_month=say.month(slowest["time_period"]),
        slowest_days=say.days(slowest["days_after_period_end"]),
    )
    frame = pd.DataFrame(
        {
            "series_code": page.identity.member_code,
            "time_period": own["time_period"],
            "obs_value": own["days_after_period_end"],
            "obs_status": ["M" if missing else "A" for missing in own["days_after_period_end"].isna()],
            "conf_status": "F",
            "lower_value": None,
            "upper_value": None,
        }
    )
    names = {str(page.identity.member_code): say("mine.days_after")}
    page.chart(
        charts.lines(frame, names, "DAYS", say, page.chart_source, height=200),
        summary,
        table=markup.series_table(frame, names, "DAYS", title, say),
        rows=own,
        name="timeliness",
    )


def show_receipts(page: Page, receipts: pd.DataFrame) -> None:
    say = page.say
    title = say("mine.receipts")
    page.heading(title)
    if receipts.empty:
        page.paragraph(say("mine.no_receipts"))
        return
    counts = ["rows_in", "rows_accepted", "rows_rejected", "rows_duplicate", "rows_warned"]
    shown = receipts.assign(
        **{name: [say.number(value) for value in receipts[name]] for name in counts},
        received=[say.date(moment.date()) for moment in receipts["received_at"]],
        status=[say.term("receipt", status) for status in receipts["status"]],
        months=[
            "–"
            if pd.isna(row.time_period_start)
            else say.short_month(row.time_period_start)
            if row.time_period_start == row.time_period_end
            else f"{say.short_month(row.time_period_start)} – {say.short_month(row.time_period_end)}"
            for row in receipts.itertuples()
        ],
    )
    columns = [
        Column("source_name", say("mine.file"), "label"),
        Column("received", say("mine.received")),
        Column("months", say("app.month")),
        Column("status", say("app.status")),
        Column("rows_in", say("quality.rows_in"), "number"),
        Column("rows_accepted", say("quality.rows_accepted"), "number"),
        Column("rows_rejected", say("quality.rows_rejected"), "number"),
        Column("rows_duplicate", say("quality.rows_duplicate"), "number"),
        Column("rows_warned", say("mine.rows_warned"), "number"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))
    with st.container(horizontal=True, gap="small"):
        page.files(receipts, "receipts")


def show_rejections(page: Page) -> None:
    say = page.say
    title = say("mine.rejections")
    page.heading(title)
    frame = data.rejections(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("quality.no_rejections"))
    else:
        page.html(markup.rejection_table(frame, title, say, with_members=False))
        with st.container(horizontal=True, gap="small"):
            page.files(frame.drop(columns=["members"]), "rejected_by_rule")
    member = str(page.identity.member_code)
    st.page_link(
        "views/preflight.py",
        label=say("mine.check"),
        query_params={"lang": say.language, "member": member},
    )


def show_held(page: Page) -> None:
    say = page.say
    title = say("quality.held")
    page.heading(title)
    frame = data.held_vintages(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("quality.no_held"))
        return
    page.paragraph(say("quality.held_lead"))
    page.html(markup.held_table(frame, title, say))


def show_revisions(page: Page) -> None:
    say = page.say
    title = say("mine.revisions")
    page.heading(title)
    frame = data.revisions(page.publication)
    revised = frame[frame["last_items"] != frame["first_items"]]
    if revised.empty:
        page.paragraph(say("mine.no_revisions"))
    else:
        largest = revised.iloc[revised["revision_pct"].abs().fillna(0).argmax()]
        page.paragraph(
            say(
                "mine.revisions_summary",
                count=say.number(len(revised)),
                months=say.number(len(frame)),
                month=say.month(largest["time_period"]),
                change=say.percent(largest["revision_pct"], signed=True)
                if not pd.isna(largest["revision_pct"])
                else "–",
            )
        )
        shown = revised.assign(
            month=[say.month(period) for period in revised["time_period"]],
            first=[say.number(value) for value in revised["first_items"]],
            last=[say.number(value) for value in revised["last_items"]],
            change=[
                "–" if pd.isna(value) else say.percent(value, signed=True)
                for value in revised["revision_pct"]
            ],
            versions=[say.number(value) for value in revised["versions_count"]],
            known=[say.date(date) for date in revised["last_known_from"]],
        )
        columns = [
            Column("month", say("app.month"), "label"),
            Column("first", say("mine.first_items"), "number"),
            Column("last", say("mine.last_items"), "number"),
            Column("change", say("region.difference"), "number"),
            Column("versions", say("mine.versions"), "number"),
            Column("known", say("mine.known_from")),
        ]
        page.html(markup.table(shown, columns, title, say, tall=True))
        with st.container(horizontal=True, gap="small"):
            page.files(frame, "revisions")
    changes = data.publication_changes(page.publication, say.language)
    if len(changes):
        page.html(markup.change_table(changes, say("region.changes"), say))


def show_download(page: Page) -> None:
    say = page.say
    page.heading(say("mine.download"))
    page.paragraph(say("mine.download_note"))
    publication, member_code = page.publication, str(page.identity.member_code)

    def records() -> bytes:
        """Everything that this page tells of, a sheet for each table."""
        sheets = {
            "months": data.own_coverage(publication, member_code),
            "receipts": data.receipts(publication),
            "rejected_by_rule": data.rejections(publication, say.language).drop(columns=["members"]),
            "held": data.held_vintages(publication, say.language),
            "revisions": data.revisions(publication),
            "changes": data.publication_changes(publication, say.language),
        }
        return exports.xlsx(sheets, page.notes())

    with st.container(horizontal=True, gap="small"):
        page.download(say("mine.records"), f"records_{member_code.lower()}.xlsx", exports.XLSX_TYPE, records)
        page.download(
            say("mine.figures"),
            f"figures_{member_code.lower()}.parquet",
            "application/vnd.apache.parquet",
            lambda: data.own_figures(publication, member_code),
        )


page = current_page("member")
page.header(page.say("page.my_data"), page.say("mine.lead"))
own = data.own_coverage(page.publication, str(page.identity.member_code))
receipts = data.receipts(page.publication)
if own.empty:
    page.paragraph(page.say("mine.nothing"))
else:
    show_state(page, own, receipts)
    show_rejections(page)
    show_held(page)
    show_timeliness(page, own)
    show_revisions(page)
    show_receipts(page, receipts)
    show_download(page)
page.source()
