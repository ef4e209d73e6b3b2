"""Trends: one indicator over time, by member, channel or value.

The address holds every choice, by code and not by word, so that a view mailed in one language opens in the
other.
"""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup, sentences
from dashboards.page import Page, current_page

MOST_MEMBERS = 6
MOST_ADJUSTED = 3  # each has two series, and more than eight cannot be told apart
MOST_PARTS = 8
ADJUSTED = ":adjusted"  # behind the code of a member: its seasonally adjusted series
MONTHS = ("12", "24", "36", "all")
DEFAULT_MONTHS = "36"
DEFAULT_INDICATOR = "ITEMS"


def from_address(name: str, options: list[str], default: str) -> str:
    """The choice that the address names, put where the widget of this name will find it."""
    code = st.query_params.get(name, default)
    choice = code if code in options else default
    st.session_state[f"trends_{name}"] = choice
    return choice


def members_from_address(options: list[str], most: int) -> list[str]:
    codes = st.query_params.get("members", data.REGION).split(",")
    choice = [code for code in dict.fromkeys(codes) if code in options][:most] or options[:1]
    st.session_state["trends_members"] = choice
    return choice


def to_address(name: str) -> None:
    """Called when the widget changed: the address follows, and the page is drawn from the address."""
    value = st.session_state[f"trends_{name}"]
    if value:
        st.query_params[name] = ",".join(value) if isinstance(value, list) else value
    else:
        st.query_params.pop(name, None)


def choose_indicator(page: Page, definitions: pd.DataFrame) -> str:
    say = page.say
    titles = dict(zip(definitions["indicator_code"], definitions["title"], strict=True))
    codes = list(titles)
    default = DEFAULT_INDICATOR if DEFAULT_INDICATOR in codes else codes[0]
    indicator_code = from_address("indicator", codes, default)
    st.selectbox(
        say("trends.indicator"),
        codes,
        format_func=lambda code: titles[code],
        key="trends_indicator",
        on_change=to_address,
        args=("indicator",),
    )
    with st.expander(say("trends.definition")):
        show_definition(page, definitions[definitions["indicator_code"] == indicator_code].iloc[0])
    return indicator_code


def show_definition(page: Page, definition: pd.Series) -> None:
    say = page.say
    parts = [
        (say("trends.formula"), definition["formula"]),
        (say("trends.standard"), definition["standard"]),
        (say("trends.limits"), definition["limits"]),
    ]
    more = "".join(
        f"<p><strong>{escape(label)}</strong><br>{escape(str(text))}</p>"
        for label, text in parts
        if isinstance(text, str) and text
    )
    page.html(
        f"<p><strong>{escape(definition['title'])}</strong></p><p>{escape(str(definition['definition']))}</p>{more}"
    )


def choose_split(page: Page, available: list[str]) -> str:
    say = page.say
    labels = {
        "member": say("trends.split_member"),
        "channel": say("trends.split_channel"),
        "value_band": say("trends.split_value_band"),
        "counterpart": say("trends.split_counterpart"),
    }
    split = from_address("split", available, "member")
    st.segmented_control(
        say("trends.split"),
        available,
        format_func=lambda code: labels[code],
        required=True,
        key="trends_split",
        on_change=to_address,
        args=("split",),
    )
    return split


def choose_scale(page: Page) -> str:
    say = page.say
    labels = {"level": say("trends.level"), "index": say("trends.index")}
    scale = from_address("scale", list(labels), "level")
    st.segmented_control(
        say("trends.scale"),
        list(labels),
        format_func=lambda code: labels[code],
        required=True,
        key="trends_scale",
        on_change=to_address,
        args=("scale",),
    )
    return scale


def choose_adjusted(page: Page) -> bool:
    """Whether the seasonally adjusted series stands beside the raw one."""
    say = page.say
    labels = {"0": say("trends.raw"), "1": say("trends.adjusted")}
    adjusted = from_address("adjusted", list(labels), "0")
    st.segmented_control(
        say("trends.season"),
        list(labels),
        format_func=lambda code: labels[code],
        required=True,
        key="trends_adjusted",
        on_change=to_address,
        args=("adjusted",),
    )
    return adjusted == "1"


def choose_months(page: Page) -> str:
    say = page.say
    labels = {
        "12": say("trends.months_12"),
        "24": say("trends.months_24"),
        "36": say("trends.months_36"),
        "all": say("trends.all_months"),
    }
    months = from_address("months", list(MONTHS), DEFAULT_MONTHS)
    st.segmented_control(
        say("trends.months"),
        MONTHS,
        format_func=lambda code: labels[code],
        required=True,
        key="trends_months",
        on_change=to_address,
        args=("months",),
    )
    return months


def choose_members(page: Page, names: dict[str, str], split: str, most: int) -> tuple[str, ...]:
    """Several members side by side, or the one whose parts are shown."""
    say, options = page.say, list(names)
    members = members_from_address(options, most)
    if split == "member":
        st.multiselect(
            say("trends.members", most=say.number(most)),
            options,
            format_func=lambda code: names[code],
            max_selections=most,
            placeholder=say("trends.choose_members"),
            key="trends_members",
            on_change=to_address,
            args=("members",),
        )
        return tuple(members)
    st.session_state["trends_members"] = members[0]
    st.selectbox(
        say("app.member"),
        options,
        format_func=lambda code: names[code],
        key="trends_members",
        on_change=to_address,
        args=("members",),
    )
    return (members[0],)


def show_series(
    page: Page,
    frame: pd.DataFrame,
    names: dict[str, str],
    indicator_code: str,
    title: str,
    events: pd.DataFrame,
) -> None:
    say = page.say
    page.heading(title)
    summary = sentences.trend(frame, names, indicator_code, say)
    if frame["obs_value"].notna().any():
        chart = charts.lines(frame, names, indicator_code, say, page.chart_source, events=events)
        page.chart(
            chart,
            summary,
            legend=markup.series_legend(names),
            key=say("trends.key"),
            table=markup.series_table(frame, names, indicator_code, title, say),
            rows=frame.assign(indicator_code=indicator_code, series_name=frame["series_code"].map(names)),
            name=indicator_code.lower(),
        )
    else:
        page.paragraph(summary)
    page.events(events)


def first_month(page: Page, months: str) -> str:
    if months == "all":
        return page.publication.first_time_period
    return str(pd.Period(page.publication.last_time_period, "M") - (int(months) - 1))


page = current_page()
say, publication = page.say, page.publication
page.header(say("page.trends"), say("trends.lead"))
definitions = data.definitions(publication, say.language)
if definitions.empty:
    page.paragraph(say("trends.no_indicator"))
    page.source()
    st.stop()

indicator_code = choose_indicator(page, definitions)
with st.container(horizontal=True, gap="medium", key="choices"):
    split = choose_split(page, ["member", *sorted(data.splits(publication, indicator_code))])
    index_code = f"{indicator_code}_INDEX"
    has_index = split != "value_band" and index_code in set(definitions["indicator_code"])
    scale = choose_scale(page) if has_index else "level"
    months = choose_months(page)
    shown_code = index_code if scale == "index" else indicator_code
    adjusted_code = f"{indicator_code}_SEASONALLY_ADJUSTED" + ("_INDEX" if scale == "index" else "")
    has_adjusted = split == "member" and adjusted_code in set(definitions["indicator_code"])
    is_adjusted = choose_adjusted(page) if has_adjusted else False
present = data.members_of(publication, shown_code)
member_names = {data.REGION: say("app.region"), **data.member_names(publication, say.language)}
members = choose_members(
    page,
    {code: name for code, name in member_names.items() if code in present},
    split,
    MOST_ADJUSTED if is_adjusted else MOST_MEMBERS,
)

first = first_month(page, months)
frame = data.series(publication, shown_code, members, split, first)
if frame.empty:
    page.paragraph(say("trends.none"))
    page.source()
    st.stop()
title = str(definitions.loc[definitions["indicator_code"] == shown_code, "title"].iloc[0])
if split == "member":
    names = {code: member_names[code] for code in members}
elif split == "channel":
    names = data.channel_names(publication, say.language)
elif split == "value_band":
    names = data.value_band_names(publication, say.language)
else:
    # Of many countries the largest, in the order of their size.
    sizes = frame.groupby("series_code")["obs_value"].sum().sort_values(ascending=False)
    countries = data.counterpart_names(publication, say.language)
    names = {code: countries.get(code, code) for code in sizes.index[:MOST_PARTS]}
if split != "member":
    title = f"{title} · {member_names[members[0]]}"
frame = frame[frame["series_code"].isin(names)]
frame = charts.complete_months(frame, publication.last_time_period)
if is_adjusted:
    adjusted = data.series(publication, adjusted_code, members, split, first)
    adjusted = charts.complete_months(adjusted, publication.last_time_period)
    adjusted["series_code"] += ADJUSTED
    frame = pd.concat([frame, adjusted], ignore_index=True)
    names = {
        code + mark: say("trends.adjusted_name", name=name) if mark else name
        for code, name in names.items()
        for mark in ("", ADJUSTED)
    }
names = {code: name for code, name in names.items() if code in set(frame["series_code"])}
events = data.events(publication, members, str(frame["time_period"].min()), say.language)
show_series(page, frame, names, shown_code, title, events)
if scale == "index":
    page.paragraph(say("trends.index_note"), "pp-small")
if is_adjusted:
    page.paragraph(say("trends.adjusted_note"), "pp-small")
page.source()
