"""Compare: an administration beside the peers that consented, and the region.

Whose figures are here was decided by their own terms when the file was made; a peer that shares nothing is
not in it. The peers to compare with are chosen by size, customs system or relief of small parcels.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import charts, data, markup
from dashboards.choices import choose
from dashboards.markup import Column
from dashboards.page import Card, Page, current_page, draw
from dashboards.words import alphabetical

VIEW = "compare"
DEFAULT_INDICATOR = "SHARE_LE_100_USD_PCT"
GROUPS = ("all", "size", "system", "relief")
SCALES = ("level", "per_person")
SIMILAR_SIZE = 3  # up to three times as many parcels, or as few
FEWEST_RANKED = 4
MOST_SMALL, SMALL_IN_A_ROW = 9, 3
MONTHS = 24
PER_PERSON = "_PER_1000"  # behind the code of an indicator: the same for each 1,000 inhabitants
# A place in a row of these says nothing of how well one does: they follow the size of a member.
OF_SIZE = ("NUMBER", "USD")


def choose_member(page: Page) -> str:
    """A member's own page is about itself; the secretariat chooses."""
    names = data.member_names(page.publication, page.say.language)
    own = page.identity.member_code
    if own:
        return own
    present = data.members_of(page.publication, "ITEMS")
    codes = [code for code in names if code in present] or list(names)
    return choose(VIEW, "member", page.say("app.member"), codes, lambda code: names[code], codes[0])


def choose_scale(page: Page, indicator_code: str, codes: list[str]) -> str:
    """The indicator as it is, or for each 1,000 inhabitants where it is published so too."""
    if indicator_code + PER_PERSON not in codes:
        return indicator_code
    say = page.say
    scale = choose(
        VIEW,
        "scale",
        say("compare.scale"),
        SCALES,
        lambda code: say.term("scale", code),
        "level",
        kind="buttons",
    )
    return indicator_code + PER_PERSON if scale == "per_person" else indicator_code


def peers_of(page: Page, member_code: str, group: str, candidates: list[str]) -> list[str]:
    facts = data.member_facts(page.publication).set_index("member_code")
    if group == "all":
        return candidates
    if group == "size":
        own = facts["items"].get(member_code)
        if own is None or pd.isna(own) or own <= 0:
            return []
        ratio = facts["items"] / own
        alike = facts.index[(ratio <= SIMILAR_SIZE) & (ratio >= 1 / SIMILAR_SIZE)]
    else:
        column = "customs_system" if group == "system" else "relief_mode_codes"
        alike = facts.index[facts[column].notna() & (facts[column] == facts[column].get(member_code))]
    return [code for code in candidates if code in set(alike)]


def show_place(page: Page, latest: pd.DataFrame, member_code: str, indicator_code: str, unit: str) -> None:
    """The member's figure, the median of the others, how far it is from it, and its place."""
    say = page.say
    own = latest.loc[latest["series_code"] == member_code, "obs_value"]
    others = latest.loc[latest["series_code"] != member_code, "obs_value"].dropna()
    value = own.iloc[0] if len(own) else None
    has_value = value is not None and not pd.isna(value)
    month = say.month(str(latest["time_period"].iloc[0]))
    cards = [Card(say("compare.own"), say.figure(indicator_code, value), month)]
    median = others.median() if len(others) else None
    note = say("compare.of_peers", count=say.number(len(others)))
    cards.append(Card(say("compare.median"), say.figure(indicator_code, median), note))
    if has_value and median is not None:
        away = value - median
        figure = (
            say.points(away)
            if unit == "PERCENT"
            else say.percent(100 * away / median, signed=True)
            if median
            else "–"
        )
        unit_note = say("compare.in_points") if unit == "PERCENT" else say("compare.of_median")
        cards.append(Card(say("compare.distance"), figure, unit_note))
    ranked = pd.concat([others, pd.Series([value])]) if has_value else others
    if not has_value or len(ranked) < FEWEST_RANKED:
        cards.append(Card(say("compare.place"), "–", say("compare.too_few")))
    else:
        place = say(
            "compare.place_of",
            place=say.number(int((ranked > value).sum()) + 1),
            count=say.number(len(ranked)),
        )
        cards.append(
            Card(
                say("compare.place"),
                place,
                say("compare.place_of_size") if unit in OF_SIZE else say("compare.place_note"),
            )
        )
    page.cards(cards)


def show_ranking(
    page: Page, latest: pd.DataFrame, names: dict[str, str], member_code: str, indicator_code: str, title: str
) -> None:
    say = page.say
    frame = latest.assign(name=[names[code] for code in latest["series_code"]])
    frame = frame.sort_values("obs_value", ascending=False, na_position="last")
    month = say.month(str(frame["time_period"].iloc[0]))
    heading = say("compare.ranking", title=title, month=month)
    page.heading(heading)
    shown = frame[frame["obs_value"].notna()]
    if shown.empty:
        page.paragraph(say("compare.none"))
        return
    highest, lowest = shown.iloc[0], shown.iloc[-1]
    summary = say(
        "compare.summary",
        month=month,
        highest=highest["name"],
        highest_value=say.figure(indicator_code, highest["obs_value"]),
        lowest=lowest["name"],
        lowest_value=say.figure(indicator_code, lowest["obs_value"]),
    )
    columns = [
        Column("name", say("app.member"), "label"),
        Column("value", title, "number"),
        Column("status", say("app.status")),
    ]
    table = frame.assign(
        value=[say.figure(indicator_code, value) for value in frame["obs_value"]],
        status=[say.status(row.obs_status, row.conf_status) for row in frame.itertuples()],
    )
    page.chart(
        charts.bars(shown, indicator_code, say, page.chart_source, marked=names[member_code]),
        summary,
        table=markup.table(table, columns, heading, say, tall=True),
        rows=frame.assign(indicator_code=indicator_code),
        name=f"compare_{indicator_code.lower()}",
        key=say("compare.key"),
    )
    without = alphabetical(frame.loc[frame["obs_value"].isna(), "name"])
    if without:
        page.paragraph(say("compare.without", month=month, members=", ".join(without)), "pp-small")


def show_small_multiples(
    page: Page, frame: pd.DataFrame, names: dict[str, str], indicator_code: str, title: str
) -> None:
    say = page.say
    page.heading(say("compare.over_time"))
    with_figures = set(frame.loc[frame["obs_value"].notna(), "series_code"])
    every = [code for code in names if code in with_figures]
    codes = every[:MOST_SMALL]
    events = data.events(page.publication, tuple(codes), str(frame["time_period"].min()), say.language)
    for place, code in enumerate(codes):
        if place % SMALL_IN_A_ROW == 0:  # row by row, so that on a telephone they follow in their order
            columns = st.columns(SMALL_IN_A_ROW, gap="small")
        rows = frame[frame["series_code"] == code]
        summary = page.say(
            "compare.small_summary", name=names[code], trend=_trend(page, rows, indicator_code)
        )
        with columns[place % SMALL_IN_A_ROW], st.container(gap="xxsmall"):
            page.html(f'<p class="pp-small-title">{markup.text(names[code])}</p>')
            concerning = events[events["member_code"].isin((data.REGION, code))]
            chart = charts.small_line(rows, indicator_code, say, concerning)
            draw(chart, summary)
    key = say(
        "compare.small_key",
        first=say.month(str(frame["time_period"].min())),
        last=say.month(str(frame["time_period"].max())),
    )
    if len(codes) < len(every):
        key += " " + say("compare.small_first", shown=say.number(len(codes)), count=say.number(len(every)))
    # The source is said once for all of them, as the table below is one: each picture tells its own member.
    page.paragraph(f"{key} {page.chart_source}.", "pp-small")
    page.events(events)
    with st.expander(say("app.table")):
        shown = frame[frame["series_code"].isin(every)]
        heading = f"{title} · {say('compare.over_time')}"
        page.html(
            markup.series_table(shown, {code: names[code] for code in every}, indicator_code, heading, say)
        )
        with st.container(horizontal=True, gap="small"):
            page.files(
                shown.assign(indicator_code=indicator_code), f"compare_{indicator_code.lower()}_months"
            )


def _trend(page: Page, rows: pd.DataFrame, indicator_code: str) -> str:
    shown = rows[rows["obs_value"].notna()].sort_values("time_period")
    if shown.empty:
        return page.say("compare.no_figure")
    first, last = shown.iloc[0], shown.iloc[-1]
    return page.say(
        "compare.from_to",
        first_value=page.say.figure(indicator_code, first["obs_value"]),
        first_month=page.say.month(first["time_period"]),
        last_value=page.say.figure(indicator_code, last["obs_value"]),
        last_month=page.say.month(last["time_period"]),
    )


page = current_page("member", "secretariat")
say, publication = page.say, page.publication
page.header(say("page.compare"), say("compare.lead"))
definitions = data.definitions(publication, say.language)
if definitions.empty:
    page.paragraph(say("trends.no_indicator"))
    page.source()
    st.stop()
titles = dict(zip(definitions["indicator_code"], definitions["title"], strict=True))
codes = list(titles)
# On a member's own page no member is to be chosen, and no room is kept for it.
left, right = [st.container()] * 2 if page.identity.member_code else st.columns([1, 2])
with left:
    member_code = choose_member(page)
with right:
    default = DEFAULT_INDICATOR if DEFAULT_INDICATOR in codes else codes[0]
    indicator_code = choose(
        VIEW, "indicator", say("trends.indicator"), codes, lambda code: titles[code], default
    )
with st.container(horizontal=True, gap="medium", key="choices"):
    indicator_code = choose_scale(page, indicator_code, codes)
    group = choose(
        VIEW,
        "peers",
        say("compare.peers"),
        GROUPS,
        lambda code: say.term("peers", code),
        "all",
        kind="buttons",
    )
names = data.member_names(publication, say.language)
present = data.members_of(publication, indicator_code)
candidates = [code for code in names if code in present and code != member_code]
peers = peers_of(page, member_code, group, candidates)
first = str(pd.Period(publication.last_time_period, "M") - (MONTHS - 1))
frame = data.series(publication, indicator_code, (member_code, *peers, data.REGION), "member", first)
own = frame[(frame["series_code"] == member_code) & frame["obs_value"].notna()]
if own.empty:
    page.paragraph(say("compare.no_own", member=names[member_code]))
else:
    month = str(own["time_period"].max())
    unit = str(definitions.loc[definitions["indicator_code"] == indicator_code, "unit_measure"].iloc[0])
    latest = frame[(frame["time_period"] == month) & (frame["series_code"] != data.REGION)]
    show_place(page, latest, member_code, indicator_code, unit)
    if not peers:
        page.paragraph(say("compare.no_peers"))
    elif group != "all":
        page.paragraph(say("compare.peers_are", members=", ".join(names[code] for code in peers)), "pp-small")
    shown = {member_code: names[member_code], data.REGION: say("app.region")}
    shown |= {code: names[code] for code in peers}
    show_ranking(page, latest, shown, member_code, indicator_code, titles[indicator_code])
    complete = charts.complete_months(frame, publication.last_time_period)
    show_small_multiples(page, complete, shown, indicator_code, titles[indicator_code])
page.source()
