"""My gaps, a member's own: what is not full yet, by when it is promised, what is done about it, and who has
done it already.

All of it is in the member's own file. Where its assessment and its measured figures do not seem to fit, it is
told here first, in careful words.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup, progress_data
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page
from dashboards.progress_parts import (
    NOTHING,
    area_labels,
    choose_framework,
    day,
    frameworks_or_stop,
    measure_labels,
    show_timeline,
    show_unconfirmed,
    words,
)

VIEW = "my_gaps"
MOST_ACTIONS = 30
DOUBTFUL = ("CLAIMED_NOT_SEEN", "SEEN_NOT_CLAIMED")
# Whose figure is a number of whole things or of days; the others are read by their unit.
UNIT_CODES = {"PERCENT": "MEASURED_PCT", "USD": "MEASURED_USD"}


def show_cards(
    page: Page,
    areas: pd.DataFrame,
    gaps: pd.DataFrame,
    actions: pd.DataFrame,
    coming: pd.DataFrame,
    *,
    is_assessed: bool,
) -> None:
    say = page.say
    whole = areas[areas["area_code"] == data.TOTAL]
    if len(whole):
        row = whole.iloc[0]
        moved = row["now_pct"] - row["before_pct"]
        quarter = say.quarter(row["first_time_period"])
        note = NOTHING if pd.isna(moved) else say("gaps.rate_note", points=say.points(moved), quarter=quarter)
        rate = Card(say("gaps.rate"), say.figure("RATE_PCT", row["now_pct"]), note)
    else:
        rate = Card(say("gaps.rate"), NOTHING, say("gaps.no_rate"))
    first = coming.iloc[0] if len(coming) else None
    overdue = actions[actions["is_overdue"]]
    page.cards(
        [
            rate,
            Card(say("gaps.count"), say.number(len(gaps)), say("gaps.count_note"))
            if is_assessed
            else Card(say("gaps.count"), NOTHING, say("gaps.not_assessed")),
            Card(
                say("gaps.overdue"),
                say.number(len(overdue)),
                say("gaps.overdue_note", actions=say.number(len(actions))),
            ),
            Card(
                say("gaps.next"),
                NOTHING if first is None else say.date(first["target_date"]),
                say("gaps.next_none") if first is None else first["measure_name"],
            ),
        ]
    )


def show_areas(page: Page, areas: pd.DataFrame, framework_code: str) -> None:
    """The member's own rate by area, beside that of the region."""
    say = page.say
    title = say("gaps.by_area")
    page.heading(title)
    frame = areas[areas["area_code"] != data.TOTAL]
    known = frame[frame["now_pct"].notna()]
    if known.empty:
        page.paragraph(say("gaps.by_area_none"))
        return
    region = progress_data.first_and_last(page.publication, framework_code, data.REGION, say.language)
    of_region = region.set_index("area_code")["now_pct"]
    frame = frame.assign(
        name=area_labels(frame),
        region_pct=[of_region.get(code) for code in frame["area_code"]],
    ).astype({"region_pct": "float64"})
    lowest = known.loc[known["now_pct"].idxmin()]
    behind = frame[frame["now_pct"] < frame["region_pct"]]
    summary = say(
        "gaps.by_area_summary",
        quarter=say.quarter(frame["last_time_period"].iloc[0]),
        lowest=lowest["area_name"],
        value=say.percent(lowest["now_pct"]),
        behind=", ".join(behind["area_name"]) or say("gaps.none_behind"),
    )
    shown = frame.assign(
        now=[say.figure("RATE_PCT", value) for value in frame["now_pct"]],
        region=[say.figure("RATE_PCT", value) for value in frame["region_pct"]],
    )
    columns = [
        Column("name", say("progress.area"), "long"),
        Column("now", say("gaps.own"), "number"),
        Column("region", say("app.region"), "number"),
    ]
    drawn = frame.assign(before_pct=frame["region_pct"])
    page.chart(
        charts.before_and_now(drawn, say("gaps.own"), say("app.region"), say, page.chart_source),
        summary,
        table=markup.table(shown, columns, title, say, tall=True),
        rows=frame.drop(columns=["before_pct"]),
        name=f"my_areas_{framework_code.lower()}",
        key=say("gaps.by_area_key"),
    )


def show_gaps(page: Page, gaps: pd.DataFrame, framework_code: str, *, is_assessed: bool) -> None:
    """Measures that are not full, by area, and who has them in full already."""
    say = page.say
    title = say("gaps.open")
    page.heading(title)
    if gaps.empty:
        page.paragraph(say("gaps.open_none") if is_assessed else say("gaps.open_unassessed"))
        return
    counts = gaps["area_name"].value_counts()
    page.paragraph(
        say(
            "gaps.open_summary",
            count=say.number(len(gaps)),
            area=str(counts.index[0]) or NOTHING,
            most=say.number(counts.iloc[0]),
        )
    )
    shown = gaps.assign(
        measure=measure_labels(gaps),
        stage=[f"{charts.STAGE_LOOKS[code].mark} {say.term('stage', code)}" for code in gaps["stage_code"]],
        assessed=[day(value, page) for value in gaps["assessed_on"]],
        assessor=[NOTHING if pd.isna(code) else say.term("assessor", code) for code in gaps["assessor_code"]],
        who=[peers(row.peers, row.full_count, row.counted_in, page) for row in gaps.itertuples()],
    )
    columns = [
        Column("measure", say("progress.measure"), "long"),
        Column("stage", say("progress.stage")),
        Column("who", say("gaps.peers"), "text"),
        Column("assessed", say("gaps.assessed_on")),
        Column("assessor", say("gaps.assessor"), "text"),
        Column("area_name", say("progress.area"), "text"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))
    with st.container(horizontal=True, gap="small"):
        page.files(gaps, f"my_gaps_{framework_code.lower()}")
    page.paragraph(say("gaps.peers_key"), "pp-small")
    show_unconfirmed(page, gaps)


def peers(names: str, full_count: float, counted_in: str, page: Page) -> str:
    """Who has a measure in full: by name where members agreed to it, else how many."""
    say = page.say
    if not pd.isna(names):
        return names
    if pd.isna(full_count):
        return say.status("A", "C")
    return say("gaps.peers_count", count=say.number(full_count), quarter=say.quarter(counted_in))


def show_commitments(page: Page, coming: pd.DataFrame, framework_code: str) -> None:
    say = page.say
    title = say("gaps.commitments")
    page.heading(title)
    if coming.empty:
        page.paragraph(say("gaps.commitments_none"))
        return
    first = coming.iloc[0]
    page.paragraph(
        say(
            "gaps.commitments_summary",
            count=say.number(len(coming)),
            measure=first["measure_name"],
            date=say.date(first["target_date"]),
        )
    )
    shown = coming.assign(
        measure=measure_labels(coming),
        date=[say.date(value) for value in coming["target_date"]],
        kind=[NOTHING if pd.isna(code) else say.term("date_kind", code) for code in coming["date_kind_code"]],
        category=[
            NOTHING if pd.isna(code) else say.term("category", code) for code in coming["category_code"]
        ],
        support=[NOTHING if pd.isna(text) else text for text in coming["support_needed"]],
    )
    columns = [
        Column("date", say("gaps.date"), "label"),
        Column("measure", say("progress.measure"), "text"),
        Column("category", say("gaps.category"), "text"),
        Column("kind", say("gaps.date_kind")),
        Column("support", say("gaps.support"), "text"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))
    with st.container(horizontal=True, gap="small"):
        page.files(coming, f"my_commitments_{framework_code.lower()}")
    show_unconfirmed(page, coming)


def show_forecast(page: Page, framework_code: str, member_code: str) -> None:
    say = page.say
    page.heading(say("gaps.forecast"))
    frame = progress_data.forecast(page.publication, framework_code, member_code)
    if frame.empty:
        page.paragraph(say("gaps.forecast_none"))
        return
    row = frame.iloc[0]
    if row["status_code"] != "GIVEN":
        page.paragraph(say.term("forecast_status", row["status_code"]))
        return
    dates = {"expected": say.date(row["expected_on"]), "earliest": say.date(row["earliest_on"])}
    if pd.isna(row["latest_on"]):
        page.paragraph(say("gaps.forecast_open", **dates))
    else:
        page.paragraph(say("gaps.forecast_given", **dates, latest=say.date(row["latest_on"])))
    page.paragraph(say("gaps.forecast_key"), "pp-small")


def show_actions(page: Page, actions: pd.DataFrame) -> None:
    """All actions of the member, of every framework, and what holds the overdue ones up."""
    say = page.say
    title = say("gaps.actions")
    page.heading(title)
    if actions.empty:
        page.paragraph(say("gaps.actions_none"))
        return
    waiting = actions[actions["is_overdue"] & actions["blocked_by"].notna()]
    if len(waiting):
        counts = waiting["blocked_by"].value_counts()
        bodies = ", ".join(f"{body} ({say.number(count)})" for body, count in counts.items())
        page.paragraph(say("gaps.waiting", bodies=bodies))
    show_timeline(page, actions, title, MOST_ACTIONS, with_members=False)
    show_unconfirmed(page, actions)


def show_measured(page: Page, framework_code: str) -> None:
    say = page.say
    title = say("gaps.measured")
    page.heading(title)
    frame = progress_data.measured(page.publication, framework_code, say.language)
    if frame.empty:
        page.paragraph(say("gaps.measured_none"))
        return
    doubtful = frame["verdict_code"].isin(DOUBTFUL).sum()
    if doubtful:
        count = {"count": say.number(doubtful), "all": say.number(len(frame))}
        page.paragraph(say("gaps.measured_summary", **count))
    else:
        page.paragraph(say("gaps.measured_fit", all=say.number(len(frame))))
    shown = frame.assign(
        measure=measure_labels(frame),
        stage=[f"{charts.STAGE_LOOKS[code].mark} {say.term('stage', code)}" for code in frame["stage_code"]],
        value=[
            say(
                "gaps.median",
                title=row.title,
                value=measured_value(row.obs_value, row.unit_measure, page),
                months=say.number(row.months_count),
            )
            for row in frame.itertuples()
        ],
        verdict=[
            f"{'⚑ ' if code in DOUBTFUL else ''}{say.term('verdict', code)}" for code in frame["verdict_code"]
        ],
        reason=[words(value) for value in frame["reason"]],
    )
    columns = [
        Column("measure", say("progress.measure"), "long"),
        Column("stage", say("gaps.self_assessed")),
        Column("value", say("gaps.measured_value"), "text"),
        Column("verdict", say("gaps.verdict"), "text"),
        Column("reason", say("gaps.reason"), "text"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))
    with st.container(horizontal=True, gap="small"):
        page.files(frame, f"my_measured_{framework_code.lower()}")
    page.paragraph(say("gaps.measured_key"), "pp-small")
    show_unconfirmed(page, frame)


def measured_value(value: float, unit_measure: str, page: Page) -> str:
    say = page.say
    if pd.isna(value):
        return NOTHING
    if unit_measure in UNIT_CODES:
        return say.figure(UNIT_CODES[unit_measure], value)
    unit = say.term("unit", unit_measure)
    return f"{say.number(value, 1)} {unit}".strip()


page = current_page("member")
say, publication = page.say, page.publication
member_code = str(page.identity.member_code)
page.header(say("page.my_gaps"), say("gaps.lead"))
names = frameworks_or_stop(page)
framework_code = choose_framework(page, VIEW, names)
areas = progress_data.first_and_last(publication, framework_code, member_code, say.language)
gaps = progress_data.gaps(publication, framework_code, member_code, say.language)
coming = progress_data.next_commitments(publication, framework_code, member_code, say.language)
actions = progress_data.actions(publication, say.language)
actions = actions[actions["member_code"] == member_code]
is_assessed = progress_data.is_assessed(publication, framework_code, member_code)
show_cards(page, areas, gaps, actions, coming, is_assessed=is_assessed)
left, right = st.columns([1, 1], gap="medium")
with left:
    show_areas(page, areas, framework_code)
with right:
    show_forecast(page, framework_code, member_code)
show_gaps(page, gaps, framework_code, is_assessed=is_assessed)
show_commitments(page, coming, framework_code)
show_measured(page, framework_code)
show_actions(page, actions)
page.source()
