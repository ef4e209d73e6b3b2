"""Charts in one sentence: what a reader who cannot see the chart is told. Pure functions."""

from __future__ import annotations

import pandas as pd

from dashboards.words import Words


def trend(frame: pd.DataFrame, names: dict[str, str], indicator_code: str, say: Words) -> str:
    """`frame` as for `charts.lines`."""
    confidential = frame["conf_status"] == "C"
    shown = frame[frame["obs_value"].notna()]
    marks = say(
        "trends.marks",
        missing=say.number((frame["obs_value"].isna() & ~confidential).sum()),
        confidential=say.number(confidential.sum()),
        provisional=say.number(shown["obs_status"].eq("P").sum()),
        estimated=say.number(shown["obs_status"].eq("E").sum()),
    )
    if shown.empty:
        return say("trends.summary_none", marks=marks)
    codes = [code for code in names if code in set(shown["series_code"])]
    compared = [code for code in codes if code != "_T"]
    if len(compared) < 2:
        alone = shown[shown["series_code"] == (compared or codes)[0]].sort_values("time_period")
        first, last = alone.iloc[0], alone.iloc[-1]
        return say(
            "trends.summary_one",
            name=names[first["series_code"]],
            first_value=say.figure(indicator_code, first["obs_value"]),
            first_month=say.month(first["time_period"]),
            last_value=say.figure(indicator_code, last["obs_value"]),
            last_month=say.month(last["time_period"]),
            marks=marks,
        )
    parts = shown[shown["series_code"] != "_T"]  # the region is not compared with its members
    months = parts.groupby("time_period").size()
    month = months[months == months.max()].index.max()  # the latest month with the most figures to compare
    latest = parts[parts["time_period"] == month]
    highest, lowest = latest.loc[latest["obs_value"].idxmax()], latest.loc[latest["obs_value"].idxmin()]
    return say(
        "trends.summary_many",
        month=say.month(month),
        highest=names[highest["series_code"]],
        highest_value=say.figure(indicator_code, highest["obs_value"]),
        lowest=names[lowest["series_code"]],
        lowest_value=say.figure(indicator_code, lowest["obs_value"]),
        marks=marks,
    )
