"""Plan, for the secretariat: the actions of all members over time, what is overdue, and what it waits for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup, progress_data
from dashboards.choices import choose
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page
from dashboards.progress_parts import (
    NOTHING,
    action_table,
    figure_or_withheld,
    parts_of,
    show_timeline,
    show_unconfirmed,
)
from dashboards.words import alphabetical, without_accents

VIEW = "plan"
ALL = "all"
PLANS = (ALL, "NATIONAL", "REGIONAL")
MOST_ACTIONS = 40
STATES = {
    "OVERDUE": "overdue_count",
    "UNDER_WAY": "under_way_count",
    "PLANNED": "planned_count",
    "DONE": "done_count",
    "STOPPED": "stopped_count",
}


def choose_actions(page: Page, actions: pd.DataFrame) -> pd.DataFrame:
    """The actions of one plan and one member, or of all: what the address says."""
    say = page.say
    names = data.member_names(page.publication, say.language)
    present = set(actions["member_code"])
    members = [ALL, *(code for code in names if code in present)]
    left, right = st.columns([1, 1])
    with left:
        label = say("app.member")
        every = say("plan.all_members")
        member_code = choose(VIEW, "member", label, members, lambda code: names.get(code, every), ALL)
    with right:
        plan_code = choose(
            VIEW, "plan", say("plan.plan"), PLANS, lambda c: say.term("plan_code", c), ALL, kind="buttons"
        )
    if member_code != ALL:
        actions = actions[actions["member_code"] == member_code]
    return actions if plan_code == ALL else actions[actions["plan_code"] == plan_code]


def show_cards(page: Page, actions: pd.DataFrame) -> None:
    """Timeliness as in progress/scores.py: stopped actions are counted apart."""
    say = page.say
    going = actions[actions["state_code"] != "STOPPED"]
    due = going[going["first_due_date"] <= pd.Timestamp(page.publication.as_of_date)]
    on_time = due[(due["status_code"] == "DONE") & (due["completed_on"] <= due["first_due_date"])]
    overdue = actions["is_overdue"].sum()
    waiting = (actions["is_overdue"] & actions["blocked_by"].notna()).sum()
    slippage = going["slippage_days"].median() if len(going) else None
    page.cards(
        [
            Card(
                say("plan.actions"),
                say.number(len(actions)),
                say("plan.of_members", members=say.number(actions["member_code"].nunique())),
            ),
            Card(
                say("progress.on_time"),
                say.percent(100 * len(on_time) / len(due)) if len(due) else NOTHING,
                say("plan.of_due", due=say.number(len(due))),
            ),
            Card(
                say("progress.overdue"),
                say.number(overdue),
                say("plan.waiting_count", count=say.number(waiting)),
            ),
            Card(
                say("plan.median_slippage"),
                NOTHING if slippage is None else say.days(slippage),
                say("plan.median_slippage_note"),
            ),
        ]
    )


def show_overdue(page: Page, actions: pd.DataFrame) -> None:
    """The overdue actions, the longest first."""
    say = page.say
    title = say("plan.overdue")
    page.heading(title)
    overdue = actions[actions["is_overdue"]].sort_values("slippage_days", ascending=False, kind="stable")
    if overdue.empty:
        page.paragraph(say("plan.overdue_none"))
        return
    longest = overdue.iloc[0]
    page.paragraph(
        say(
            "plan.overdue_summary",
            count=say.number(len(overdue)),
            title=longest["title"],
            member=longest["member_name"],
            days=say.days(longest["slippage_days"]),
        )
    )
    page.html(action_table(page, overdue, title, with_members=True))
    with st.container(horizontal=True, gap="small"):
        page.files(overdue, "overdue")
    show_unconfirmed(page, overdue)


def show_waiting(page: Page, actions: pd.DataFrame) -> None:
    """The offices that actions wait for which are neither done nor stopped."""
    say = page.say
    title = say("plan.blocked")
    page.heading(title)
    waiting = actions[actions["blocked_by"].notna() & ~actions["status_code"].isin(["DONE", "STOPPED"])]
    if waiting.empty:
        page.paragraph(say("plan.blocked_none"))
        return
    grouped = (
        waiting.groupby("blocked_by")
        .agg(
            actions_count=("action_id", "size"),
            overdue_count=("is_overdue", "sum"),
            members=("member_name", lambda names: ", ".join(alphabetical(set(names)))),
            titles=("title", ", ".join),
        )
        .reset_index()
        .sort_values(["actions_count", "blocked_by"], ascending=[False, True])
    )
    first = grouped.iloc[0]
    summary = say(
        "plan.blocked_summary",
        count=say.number(len(waiting)),
        bodies=say.number(len(grouped)),
        body=first["blocked_by"],
        most=say.number(first["actions_count"]),
    )
    bars = pd.DataFrame(
        {
            "name": grouped["blocked_by"],
            "obs_value": grouped["actions_count"].astype("float64"),
            "obs_status": "A",
            "conf_status": "F",
        }
    )
    shown = grouped.assign(
        count=[say.number(value) for value in grouped["actions_count"]],
        overdue=[say.number(value) for value in grouped["overdue_count"]],
    )
    columns = [
        Column("blocked_by", say("plan.blocked_by"), "label"),
        Column("count", say("plan.actions"), "number"),
        Column("overdue", say("progress.overdue"), "number"),
        Column("members", say("plan.members"), "text"),
        Column("titles", say("plan.action"), "text"),
    ]
    page.chart(
        charts.bars(bars, "ACTIONS", say, page.chart_source),
        summary,
        table=markup.table(shown, columns, title, say, tall=True),
        rows=waiting,
        name="waiting",
    )


def show_members(page: Page, actions: pd.DataFrame) -> None:
    """Actions by member and state."""
    say = page.say
    title = say("plan.by_member")
    page.heading(title)
    states = {code: say.term("action_state", code) for code in charts.ACTION_LOOKS}
    counts = (
        actions.groupby(["member_code", "member_name", "state_code"]).size().unstack(fill_value=0)
    ).reindex(columns=list(STATES), fill_value=0)
    counts = counts.rename(columns=STATES).reset_index()
    counts = counts.assign(
        name=counts["member_name"],
        actions_count=counts[list(STATES.values())].sum(axis=1),
        conf_status="F",
        in_order=counts["member_name"].map(without_accents),
    )
    counts = counts.sort_values(["actions_count", "in_order"], ascending=[False, True])
    budgets = actions.groupby("member_code")["budget_usd"].sum(min_count=1)
    counts["budget_usd"] = [budgets.get(code) for code in counts["member_code"]]
    first = counts.iloc[0]
    summary = say(
        "plan.by_member_summary",
        member=first["member_name"],
        count=say.number(first["actions_count"]),
        members=say.number(len(counts)),
    )
    shown = counts.assign(
        **{
            column: [say.number(value) for value in counts[column]]
            for column in (*STATES.values(), "actions_count")
        },
        budget=[say.figure("BUDGET_USD", value) for value in counts["budget_usd"]],
    )
    columns = [
        Column("member_name", say("app.member"), "label"),
        *(Column(column, states[code], "number") for code, column in STATES.items()),
        Column("actions_count", say("plan.actions"), "number"),
        Column("budget", say("progress.budget"), "number"),
    ]
    page.chart(
        charts.parts(
            parts_of(counts, STATES, states, page),
            charts.ACTION_LOOKS,
            say("app.status"),
            say,
            page.chart_source,
        ),
        summary,
        legend=markup.part_legend(charts.ACTION_LOOKS, states),
        table=markup.table(shown, columns, title, say, tall=True),
        rows=counts.drop(columns=["name", "conf_status", "in_order"]),
        name="actions_by_member",
    )


def show_trainings(page: Page) -> None:
    say = page.say
    title = say("plan.trainings")
    page.heading(title)
    frame = progress_data.trainings(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("plan.trainings_none"))
        return
    shown = frame.assign(
        name=[
            say("app.region") if code == data.TOTAL else name
            for code, name in zip(frame["member_code"], frame["member_name"], strict=True)
        ],
        held=[figure_or_withheld(value, page) for value in frame["trainings_count"]],
        participants=[figure_or_withheld(value, page) for value in frame["participants_count"]],
    )
    columns = [
        Column("name", say("app.member"), "label"),
        Column("held", say("plan.trainings_held"), "number"),
        Column("participants", say("plan.participants"), "number"),
    ]
    page.html(markup.table(shown, columns, title, say))
    with st.container(horizontal=True, gap="small"):
        page.files(frame, "trainings")


def show_plan(page: Page) -> None:
    say = page.say
    if not progress_data.is_told(page.publication):
        page.paragraph(say("progress.older"))
        return
    every = progress_data.actions(page.publication, say.language)
    if every.empty:
        page.paragraph(say("progress.projects_none"))
    else:
        actions = choose_actions(page, every)
        show_cards(page, actions)
        if actions.empty:
            page.paragraph(say("plan.none_chosen"))
        else:
            page.heading(say("plan.timeline"))
            show_timeline(page, actions, say("plan.timeline"), MOST_ACTIONS, with_members=True)
            show_unconfirmed(page, actions)
            show_overdue(page, actions)
            left, right = st.columns([1, 1], gap="medium")
            with left:
                show_waiting(page, actions)
                show_trainings(page)
            with right:
                show_members(page, actions)
            return
    show_trainings(page)


page = current_page("secretariat")
page.header(page.say("page.plan"), page.say("plan.lead"))
show_plan(page)
page.source()
