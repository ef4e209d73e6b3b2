"""Progress, for everyone: how far a framework is put into practice, what has moved since, and by whose money.

Members are named where they consented, or where the file is their own; of the others the counts are told that
disclosure control lets through. The choices of framework, member and form are in the address.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup, progress_data
from dashboards.briefs import show_briefs
from dashboards.choices import choose
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page
from dashboards.progress_parts import (
    NOTHING,
    area_labels,
    choose_framework,
    figure,
    figure_or_withheld,
    frameworks_or_stop,
    measure_labels,
    parts_of,
    show_unconfirmed,
    words,
)
from pacific_parcels.briefs.files import PROGRESS

VIEW = "progress"
NOBODY = "none"
FORMS = ("named", "counted")
COUNTS = {
    "FULL": "full_count",
    "PARTIAL": "partial_count",
    "PILOT": "pilot_count",
    "NONE": "none_count",
    "NOT_KNOWN": "not_known_count",
    "NOT_APPLICABLE": "not_applicable_count",
}
SHARES = {
    "TO_DATE": "to_date_count",
    "WITHOUT_SUPPORT": "without_support_count",
    "WITH_SUPPORT": "with_support_count",
    "NOT_DESIGNATED": "not_designated_count",
    "UNKNOWN": "unknown_count",
}


def show_cards(page: Page, areas: pd.DataFrame, projects: pd.DataFrame) -> None:
    """The region's rate, its movement, actions on time, and how much of the budget is for what is done."""
    say = page.say
    whole = areas[areas["area_code"] == data.TOTAL]
    cards = []
    if len(whole):
        row = whole.iloc[0]
        note = say(
            "progress.rate_note",
            quarter=say.quarter(row["last_time_period"]),
            measures=say.number(row["measures_count"]),
            members=say.number(row["members_count"]),
        )
        if row["lowest_pct"] < row["highest_pct"]:
            lowest, highest = (say.percent(row[name]) for name in ("lowest_pct", "highest_pct"))
            note += " " + say("progress.between", lowest=lowest, highest=highest)
        cards.append(Card(say("progress.rate"), say.figure("RATE_PCT", row["now_pct"]), note))
        moved = row["now_pct"] - row["before_pct"]
        since = say("progress.since", quarter=say.quarter(row["first_time_period"]))
        cards.append(Card(say("progress.movement"), NOTHING if pd.isna(moved) else say.points(moved), since))
    else:
        cards.append(Card(say("progress.rate"), NOTHING, say("progress.no_rate")))
    due, on_time, overdue = (projects[name].sum() for name in ("due_count", "on_time_count", "overdue_count"))
    cards.append(
        Card(
            say("progress.on_time"),
            say.percent(100 * on_time / due) if due else NOTHING,
            say("progress.on_time_note", due=say.number(due), overdue=say.number(overdue)),
        )
    )
    budget, done = projects["budget_usd"].sum(), projects["done_budget_usd"].sum()
    cards.append(
        Card(
            say("progress.budget_done"),
            say.percent(100 * done / budget) if budget else NOTHING,
            say("progress.budget_note", done=say.usd(done), budget=say.usd(budget)),
        )
    )
    page.cards(cards)
    if (projects["conf_status"] == "C").any():
        page.paragraph(say("progress.of_projects_shown"), "pp-small")


def show_areas(page: Page, areas: pd.DataFrame, framework_code: str) -> None:
    say = page.say
    title = say("progress.by_area")
    page.heading(title)
    frame = areas[areas["area_code"] != data.TOTAL]
    known = frame[frame["now_pct"].notna()]
    if known.empty:
        page.paragraph(say("progress.by_area_none"))
        return
    now, before = (say.quarter(frame[name].iloc[0]) for name in ("last_time_period", "first_time_period"))
    frame = frame.assign(
        name=area_labels(frame),
        moved_points=frame["now_pct"] - frame["before_pct"],
    )
    known = frame[frame["now_pct"].notna()]
    highest, lowest = known.loc[known["now_pct"].idxmax()], known.loc[known["now_pct"].idxmin()]
    summary = say(
        "progress.by_area_summary",
        now=now,
        highest=highest["area_name"],
        highest_value=say.percent(highest["now_pct"]),
        lowest=lowest["area_name"],
        lowest_value=say.percent(lowest["now_pct"]),
    )
    moved = frame[frame["moved_points"].notna()]
    if len(moved):
        most = moved.loc[moved["moved_points"].idxmax()]
        summary += " " + say(
            "progress.by_area_moved",
            before=before,
            area=most["area_name"],
            points=say.points(most["moved_points"]),
        )
    shown = frame.assign(
        now=[say.figure("RATE_PCT", value) for value in frame["now_pct"]],
        before=[say.figure("RATE_PCT", value) for value in frame["before_pct"]],
        moved=[NOTHING if pd.isna(value) else say.points(value) for value in frame["moved_points"]],
        lowest=[say.figure("RATE_PCT", value) for value in frame["lowest_pct"]],
        highest=[say.figure("RATE_PCT", value) for value in frame["highest_pct"]],
        measures=[figure(value, page) for value in frame["measures_count"]],
    )
    columns = [
        Column("name", say("progress.area"), "long"),
        Column("now", now, "number"),
        Column("before", before, "number"),
        Column("moved", say("progress.points"), "number"),
        Column("lowest", say("progress.lowest"), "number"),
        Column("highest", say("progress.highest"), "number"),
        Column("measures", say("progress.measures"), "number"),
    ]
    page.chart(
        charts.before_and_now(frame, now, before, say, page.chart_source),
        summary,
        table=markup.table(shown, columns, title, say, tall=True),
        rows=frame,
        name=f"progress_areas_{framework_code.lower()}",
        key=say("progress.by_area_key", now=now, before=before),
    )


def show_movement(page: Page, framework_code: str, rated: set[str]) -> None:
    """The region's rate by quarter, with one of the members that are named beside it."""
    say = page.say
    title = say("progress.over_time")
    page.heading(title)
    if not rated:
        page.paragraph(say("progress.no_rate"))
        return
    names = data.member_names(page.publication, say.language)
    named = [code for code in names if code in rated]
    beside = NOBODY
    if named:
        options = [NOBODY, *named]
        label = say("progress.beside")
        beside = choose(VIEW, "member", label, options, lambda c: names.get(c, say("app.nobody")), NOBODY)
    frame = progress_data.rates(page.publication, framework_code, (data.REGION, beside))
    shown = {data.REGION: say("app.region")} | ({beside: names[beside]} if beside != NOBODY else {})
    said = []
    for code, name in shown.items():
        known = frame[(frame["series_code"] == code) & frame["obs_value"].notna()]
        if len(known):
            first, last = known.iloc[0], known.iloc[-1]
            said.append(
                say(
                    "progress.from_to",
                    name=name,
                    first_value=say.percent(first["obs_value"]),
                    first=say.quarter(first["time_period"]),
                    last_value=say.percent(last["obs_value"]),
                    last=say.quarter(last["time_period"]),
                )
            )
    if not said:
        page.paragraph(say("progress.no_rate"))
        return
    shown = {code: name for code, name in shown.items() if code in set(frame["series_code"])}
    page.chart(
        charts.lines(frame, shown, "RATE_PCT", say, page.chart_source, height=260),
        " ".join(said),
        legend=markup.series_legend(shown),
        table=markup.series_table(frame, shown, "RATE_PCT", title, say),
        rows=frame.assign(framework_code=framework_code),
        name=f"progress_rates_{framework_code.lower()}",
        key=say("progress.over_time_key") if frame["lower_value"].notna().any() else "",
    )


def show_measures(page: Page, framework_code: str) -> None:
    """Measure by member where members are named, else members by stage; both where there are both."""
    say = page.say
    page.heading(say("progress.by_measure"))
    stages = progress_data.stages(page.publication, framework_code, say.language)
    counts = progress_data.counts(page.publication, framework_code, say.language)
    there = {"named": len(stages) > 0, "counted": len(counts) > 0}
    forms = [form for form in FORMS if there[form]]
    if not forms:
        page.paragraph(say("progress.by_measure_none"))
        return
    form = forms[0]
    if len(forms) > 1:
        label = say("progress.form")
        form = choose(VIEW, "form", label, forms, lambda c: say.term("form", c), form, kind="buttons")
    if form == "named":
        show_stages(page, stages, framework_code)
    else:
        show_counts(page, counts, framework_code)


def show_stages(page: Page, stages: pd.DataFrame, framework_code: str) -> None:
    say = page.say
    frame = stages.assign(name=measure_labels(stages))
    found = frame["stage_code"].value_counts()
    looks = {code: look for code, look in charts.STAGE_LOOKS.items() if code in found.index}
    stage_words = {code: say.term("stage", code) for code in looks}
    summary = say(
        "progress.stages_summary",
        quarter=say.quarter(frame["time_period"].iloc[0]),
        members=say.number(frame["member_code"].nunique()),
        measures=say.number(frame["measure_code"].nunique()),
        stages=", ".join(f"{stage_words[code].lower()} {say.number(found[code])}" for code in looks),
    )
    title = say("progress.by_measure")
    page.chart(
        charts.stage_matrix(frame, say, page.chart_source),
        summary,
        legend=markup.part_legend(looks, stage_words),
        table=markup.stage_table(frame, title, say),
        rows=stages,
        name=f"progress_stages_{framework_code.lower()}",
        key=say("progress.stages_key"),
    )
    show_unconfirmed(page, stages)


def show_counts(page: Page, counts: pd.DataFrame, framework_code: str) -> None:
    say = page.say
    frame = counts.assign(name=measure_labels(counts))
    quarter = frame["time_period"].iloc[0]
    stage_words = {code: say.term("stage", code) for code in charts.STAGE_LOOKS}
    parts = parts_of(frame, COUNTS, stage_words, page)
    shown_counts = frame[frame["conf_status"] != "C"]
    said = {
        "quarter": say.quarter(quarter),
        "shown": say.number(len(shown_counts)),
        "measures": say.number(len(frame)),
    }
    if len(shown_counts) < len(frame):
        summary = say("progress.counts_summary", **said)
    else:
        summary = say("progress.counts_all", quarter=said["quarter"], measures=said["measures"])
    if len(shown_counts):
        most = shown_counts.loc[shown_counts["full_count"].astype(int).idxmax()]
        summary += " " + say(
            "progress.counts_most",
            measure=most["measure_name"],
            full=say.number(most["full_count"]),
            members=say.number(most["members_count"]),
        )
    table = frame.assign(
        **{
            column: [figure_or_withheld(value, page) for value in frame[column]] for column in COUNTS.values()
        },
        counted=[NOTHING if pd.isna(value) else say.quarter(value) for value in frame["counted_in"]],
    )
    columns = [
        Column("name", say("progress.measure"), "long"),
        *(Column(column, say.term("stage", code), "number") for code, column in COUNTS.items()),
        Column("counted", say("progress.counted_in")),
    ]
    page.chart(
        charts.parts(parts, charts.STAGE_LOOKS, say("progress.stage"), say, page.chart_source),
        summary,
        legend=markup.part_legend(charts.STAGE_LOOKS, stage_words),
        table=markup.table(table, columns, say("progress.by_measure"), say, tall=True),
        rows=counts,
        name=f"progress_counts_{framework_code.lower()}",
        key=say("progress.counts_key")
        if len(shown_counts) < len(frame)
        else say("progress.counts_whole_key"),
    )
    older = shown_counts[shown_counts["counted_in"] < quarter]
    if len(older):
        page.paragraph(
            say(
                "progress.counted_before",
                quarter=say.quarter(quarter),
                measures=", ".join(
                    f"{row.measure_code} ({say.quarter(row.counted_in)})" for row in older.itertuples()
                ),
            ),
            "pp-small",
        )
    show_unconfirmed(page, counts)


def show_commitments(page: Page, framework_code: str) -> None:
    say = page.say
    title = say("progress.commitments")
    shares = progress_data.commitment_shares(page.publication, framework_code, say.language)
    if shares.empty:
        return
    page.heading(title)
    frame = shares.assign(
        name=[
            say("app.region") if code == data.TOTAL else words(name)
            for code, name in zip(shares["member_code"], shares["member_name"], strict=True)
        ]
    )
    states = {code: say.term("commitment_state", code) for code in charts.COMMITMENT_LOOKS}
    parts = parts_of(frame, SHARES, states, page)
    # Of each row its whole: a member stands beside the region.
    parts["amount"] = 100 * parts["amount"] / parts.groupby("name")["amount"].transform("sum")
    is_told = parts["amount"].notna()
    parts.loc[is_told, "amount_text"] = [say.percent(value) for value in parts.loc[is_told, "amount"]]
    first = frame.iloc[0]
    if first["member_code"] == data.TOTAL and first["conf_status"] != "C" and first["measures_count"]:
        summary = say(
            "progress.commitments_summary",
            count=say.number(first["measures_count"]),
            members=say.number(first["members_count"]),
            **{
                column.removesuffix("_count"): say.percent(100 * first[column] / first["measures_count"])
                for column in SHARES.values()
            },
        )
    else:
        summary = say("progress.commitments_withheld")
    table = frame.assign(
        **{
            column: [figure_or_withheld(value, page) for value in frame[column]]
            for column in (*SHARES.values(), "measures_count")
        }
    )
    columns = [
        Column("name", say("app.member"), "label"),
        *(Column(column, say.term("commitment_state", code), "number") for code, column in SHARES.items()),
        Column("measures_count", say("progress.all_commitments"), "number"),
    ]
    page.chart(
        charts.parts(parts, charts.COMMITMENT_LOOKS, say("app.status"), say, page.chart_source),
        summary,
        legend=markup.part_legend(charts.COMMITMENT_LOOKS, states),
        table=markup.table(table, columns, title, say, tall=True),
        rows=shares,
        name=f"progress_commitments_{framework_code.lower()}",
        key=say("progress.commitments_key"),
    )


def show_projects(page: Page, projects: pd.DataFrame) -> None:
    say = page.say
    title = say("progress.projects")
    page.heading(title)
    if projects.empty:
        page.paragraph(say("progress.projects_none"))
        return
    names = []
    for donor, project, status in zip(
        projects["donor"], projects["project"], projects["conf_status"], strict=True
    ):
        if status == "C":
            names.append(say("progress.project_withheld"))
        elif pd.isna(donor) and pd.isna(project):
            names.append(say("progress.no_donor"))
        else:
            names.append(" · ".join(str(part) for part in (project, donor) if not pd.isna(part)))
    frame = projects.assign(name=names)
    shown = frame[frame["conf_status"] != "C"]
    frame = frame.assign(
        figure=[
            NOTHING if pd.isna(value) else say("progress.stages_up", count=say.number(value))
            for value in frame["stages_gained"]
        ],
        remark=[
            say.status("A", "C") if status == "C" else say("progress.no_budget")
            for status in frame["conf_status"]
        ],
    )
    budget, done = shown["budget_usd"].sum(), shown["done_budget_usd"].sum()
    summary = say(
        "progress.projects_summary",
        budget=say.usd(budget),
        done=say.usd(done),
        share=say.percent(100 * done / budget) if budget else NOTHING,
    )
    gained = shown[shown["stages_gained"].notna()]
    if len(gained):
        most = gained.loc[gained["stages_gained"].astype(int).idxmax()]
        count = say.number(most["stages_gained"])
        summary += " " + say("progress.projects_most", project=most["name"], count=count)
    counts = ("actions_count", "due_count", "on_time_count", "late_count", "overdue_count", "done_count")
    table = frame.assign(
        **{name: [figure_or_withheld(value, page) for value in frame[name]] for name in counts},
        stages=[figure_or_withheld(value, page) for value in frame["stages_gained"]],
        measures=[figure_or_withheld(value, page) for value in frame["measures_count"]],
        budget=[say.figure("BUDGET_USD", value) for value in frame["budget_usd"]],
        done=[say.figure("BUDGET_USD", value) for value in frame["done_budget_usd"]],
    )
    columns = [
        Column("name", say("progress.project"), "long"),
        Column("stages", say("progress.stages_gained"), "number"),
        Column("measures", say("progress.measures"), "number"),
        Column("budget", say("progress.budget"), "number"),
        Column("done", say("progress.budget_done"), "number"),
        Column("actions_count", say("plan.actions"), "number"),
        Column("done_count", say("progress.actions_done"), "number"),
        Column("due_count", say("progress.actions_due"), "number"),
        Column("on_time_count", say("progress.on_time"), "number"),
        Column("late_count", say("progress.late"), "number"),
        Column("overdue_count", say("progress.overdue"), "number"),
    ]
    page.chart(
        charts.budgets(frame, say, page.chart_source),
        summary,
        table=markup.table(table, columns, title, say, tall=True),
        rows=projects,
        name="progress_projects",
        key=say("progress.projects_key"),
    )
    trainings = progress_data.trainings(page.publication, say.language)
    region = trainings[(trainings["member_code"] == data.TOTAL) & (trainings["conf_status"] != "C")]
    for row in region.itertuples():
        page.paragraph(
            say(
                "progress.trainings",
                count=figure(row.trainings_count, page),
                participants=figure(row.participants_count, page),
                members=figure(row.members_count, page),
            )
        )


page = current_page()
say, publication = page.say, page.publication
page.header(say("page.progress"), say("progress.lead"))
names = frameworks_or_stop(page)
framework_code = choose_framework(page, VIEW, names)
areas = progress_data.first_and_last(publication, framework_code, data.REGION, say.language)
projects = progress_data.projects(publication)
show_cards(page, areas, projects)
left, right = st.columns([1, 1], gap="medium")
with left:
    show_areas(page, areas, framework_code)
with right:
    show_movement(page, framework_code, progress_data.rated_members(publication, framework_code))
show_commitments(page, framework_code)
show_measures(page, framework_code)
show_projects(page, projects)
show_briefs(page, [PROGRESS])
page.source()
