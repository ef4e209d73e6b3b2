"""What the pages of progress share: which framework is looked at, and how measures and actions are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import charts, markup, progress_data
from dashboards.choices import choose
from dashboards.markup import Column
from dashboards.page import Page

DEFAULT_FRAMEWORK = "WCO_FOS_2022"
NOTHING = "–"
NOT_CONFIRMED = " *"


def frameworks_or_stop(page: Page) -> dict[str, str]:
    """The frameworks that something is reported of, by code; where there is none the page ends here."""
    say = page.say
    if not progress_data.is_told(page.publication):
        page.paragraph(say("progress.older"))
    else:
        frame = progress_data.frameworks(page.publication, say.language)
        if len(frame):
            return {
                row.framework_code: marked(row.name, row.is_confirmed)
                for row in frame.itertuples(index=False)
            }
        page.paragraph(say("progress.nothing"))
    page.source()
    st.stop()


def choose_framework(page: Page, view: str, names: dict[str, str]) -> str:
    default = DEFAULT_FRAMEWORK if DEFAULT_FRAMEWORK in names else next(iter(names))
    label = page.say("progress.framework")
    chosen = choose(view, "framework", label, list(names), lambda code: names[code], default)
    if names[chosen].endswith(NOT_CONFIRMED):
        page.paragraph(page.say("progress.unconfirmed"), "pp-small")
    return chosen


def marked(name: str, is_confirmed: bool) -> str:
    """The name, with an asterisk where our sources do not confirm it."""
    return name if is_confirmed else name + NOT_CONFIRMED


def area_labels(frame: pd.DataFrame) -> list[str]:
    """The code and the name of each row's area; the code alone where it has no name."""
    return [
        code if code == name else f"{code} · {name}"
        for code, name in zip(frame["area_code"], frame["area_name"], strict=True)
    ]


def measure_labels(frame: pd.DataFrame) -> list[str]:
    """The code and the name of each row's measure; the code alone where it has no name."""
    return [
        row.measure_code
        if row.measure_name == row.measure_code
        else f"{row.measure_code} · {marked(row.measure_name, row.is_confirmed)}"
        for row in frame.itertuples(index=False)
    ]


def show_unconfirmed(page: Page, frame: pd.DataFrame) -> None:
    """What the asterisk means, where there is one."""
    if not frame["is_confirmed"].all():
        page.paragraph(page.say("progress.unconfirmed"), "pp-small")


def figure(value: Any, page: Page) -> str:
    """A number, or a dash."""
    return NOTHING if pd.isna(value) else page.say.number(value)


def figure_or_withheld(value: Any, page: Page) -> str:
    """A number, or the word for a withheld one."""
    return page.say.status("A", "C") if pd.isna(value) else page.say.number(value)


def parts_of(
    frame: pd.DataFrame, columns: Mapping[str, str], part_words: Mapping[str, str], page: Page
) -> pd.DataFrame:
    """The rows that `charts.parts` takes, of a frame with a name and a column of counts for each part.

    A row that is withheld (conf_status C) has one line in their place, without an amount.
    """
    rows: list[dict[str, Any]] = []
    for row in frame.to_dict("records"):
        one = {"name": row["name"], "part_code": "", "part_text": "", "amount": None}
        if row["conf_status"] == "C":
            rows.append(one | {"amount_text": page.say.status("A", "C")})
            continue
        for code, column in columns.items():
            count = row[column]
            part = {"part_code": code, "part_text": part_words[code]}
            rows.append(one | part | {"amount": float(count), "amount_text": page.say.number(count)})
    named = ["name", "part_code", "part_text", "amount", "amount_text"]
    return pd.DataFrame(rows, columns=named).astype({"amount": "float64"})


def words(value: Any) -> str:
    """Text of the file, or a dash."""
    return NOTHING if pd.isna(value) or not value else str(value)


def day(value: Any, page: Page) -> str:
    return NOTHING if pd.isna(value) else page.say.date(value)


def is_late(row: Any) -> bool:
    """Whether an action is overdue, or was done after the date stated first."""
    return row.state_code in ("OVERDUE", "DONE") and bool(row.slippage_days > 0)


def state_words(row: Any, page: Page) -> str:
    """The state of an action; of one that is late, by how many days."""
    say = page.say
    state = say.term("action_state", row.state_code)
    if is_late(row):
        return say("progress.by_days", state=state, days=say.days(row.slippage_days))
    return state


def short_state(row: Any, page: Page) -> str:
    """What a telephone has room for at the end of a row, after the sign of the state."""
    say = page.say
    if is_late(row):
        return f"+{say.days(row.slippage_days)}"
    return say.term("action_state", row.state_code)


def action_table(page: Page, actions: pd.DataFrame, title: str, *, with_members: bool) -> str:
    """Actions as progress_data.actions gives them, in that order."""
    say = page.say
    shown = actions.assign(
        state=[state_words(row, page) for row in actions.itertuples()],
        mark=[charts.ACTION_LOOKS[code].mark for code in actions["state_code"]],
        measure=measure_labels(actions),
        owner=[words(value) for value in actions["owner_body"]],
        waits=[words(value) for value in actions["blocked_by"]],
        start=[day(value, page) for value in actions["start_date"]],
        first_due=[day(value, page) for value in actions["first_due_date"]],
        due=[day(value, page) for value in actions["due_date"]],
        done=[day(value, page) for value in actions["completed_on"]],
        slippage=[figure(value, page) for value in actions["slippage_days"]],
        budget=[say.figure("BUDGET_USD", value) for value in actions["budget_usd"]],
        plan=[say.term("plan_code", code) for code in actions["plan_code"]],
    )
    shown["state"] = shown["mark"] + " " + shown["state"]
    columns = [
        Column("title", say("plan.action"), "long"),
        Column("state", say("app.status")),
        *([Column("member_name", say("app.member"))] if with_members else []),
        Column("owner", say("plan.owner"), "text"),
        Column("waits", say("plan.blocked_by"), "text"),
        Column("first_due", say("plan.first_due")),
        Column("due", say("plan.due")),
        Column("done", say("plan.done")),
        Column("slippage", say("plan.slippage"), "number"),
        Column("start", say("plan.start")),
        Column("measure", say("progress.measure"), "text"),
        Column("plan", say("plan.plan")),
        Column("budget", say("progress.budget"), "number"),
    ]
    return markup.table(shown, columns, title, say, tall=True)


def show_timeline(page: Page, actions: pd.DataFrame, title: str, most: int, *, with_members: bool) -> None:
    """Actions over time, at most so many: the overdue ones are the first. The table has all of them."""
    say = page.say
    names = (
        actions["member_name"] + " · " + actions["title"] + " · " + actions["action_id"]
        if with_members
        else actions["title"] + " · " + actions["action_id"]
    )
    frame = actions.assign(
        name=names,
        state_text=[state_words(row, page) for row in actions.itertuples()],
        short_text=[short_state(row, page) for row in actions.itertuples()],
    )
    counts = frame["state_code"].value_counts()
    summary = say(
        "plan.timeline_summary",
        count=say.number(len(frame)),
        overdue=say.number(counts.get("OVERDUE", 0)),
        under_way=say.number(counts.get("UNDER_WAY", 0)),
        planned=say.number(counts.get("PLANNED", 0)),
        done=say.number(counts.get("DONE", 0)),
        stopped=say.number(counts.get("STOPPED", 0)),
    )
    if len(frame) > most:
        summary += " " + say("plan.timeline_first", shown=say.number(most))
    states = {code: say.term("action_state", code) for code in charts.ACTION_LOOKS}
    page.chart(
        charts.timeline(frame.head(most), page.publication.as_of_date, say, page.chart_source),
        summary,
        legend=markup.part_legend(charts.ACTION_LOOKS, states),
        table=action_table(page, actions, title, with_members=with_members),
        rows=actions,
        name="actions",
        key=say("plan.timeline_key"),
    )
