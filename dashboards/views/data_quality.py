"""Data quality: what arrived, what was accepted and why not, what the checks found."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from dashboards import charts, data, markup
from dashboards.markup import Column
from dashboards.page import Page, current_page
from dashboards.words import capital
from pacific_parcels.settings import Settings


def shared(page: Page, table: str, title: str) -> bool:
    """Heads a section; where this audience is not given its table, the section says so."""
    page.heading(title)
    if page.publication.shares(table):
        return True
    page.paragraph(page.say("app.not_shared"))
    return False


def numbers(page: Page, frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: [page.say.number(value) for value in frame[name]] for name in columns})


def show_coverage(page: Page) -> None:
    say = page.say
    coverage = data.coverage(page.publication, say.language)
    title = say("quality.coverage")
    page.heading(title)
    counts = coverage["status"].value_counts()
    reported, held, missing = (
        int(sum(counts.get(status, 0) for status in statuses))
        for statuses in (("REPORTED", "NIL"), ("HELD",), ("MISSING",))
    )
    summary = say(
        "quality.coverage_summary",
        expected=say.number(reported + held + missing),
        reported=say.number(reported),
        held=say.number(held),
        missing=say.number(missing),
    )
    periods = sorted(coverage["time_period"].unique(), reverse=True)
    page.chart(
        charts.coverage_matrix(coverage, say, page.chart_source),
        summary,
        legend=markup.matrix_legend(say),
        rows=coverage,
        name="coverage",
        table=markup.coverage_table(coverage, periods, title, say) + markup.coverage_legend(say),
    )


def show_acceptance(page: Page) -> None:
    say, title = page.say, page.say("quality.acceptance")
    if not shared(page, "receipts", title):
        return
    frame = data.acceptance(page.publication, say.language)
    total = frame[["rows_in", "rows_accepted", "rows_rejected", "rows_duplicate"]].sum()
    if total["rows_in"]:
        page.paragraph(
            say(
                "quality.acceptance_summary",
                rows_in=say.number(total["rows_in"]),
                share=say.percent(100 * total["rows_accepted"] / total["rows_in"]),
                rejected=say.number(total["rows_rejected"]),
                duplicate=say.number(total["rows_duplicate"]),
            )
        )
    share = [
        say.percent(100 * row.rows_accepted / row.rows_in) if row.rows_in else "–"
        for row in frame.itertuples()
    ]
    counts = ["extracts", "refused", "rows_in", "rows_accepted", "rows_rejected", "rows_duplicate"]
    frame = numbers(page, frame, counts).assign(share_accepted=share)
    columns = [
        Column("member_name", say("app.member"), "label"),
        Column("extracts", say("quality.extracts"), "number"),
        Column("refused", say("quality.refused"), "number"),
        Column("rows_in", say("quality.rows_in"), "number"),
        Column("rows_accepted", say("quality.rows_accepted"), "number"),
        Column("rows_rejected", say("quality.rows_rejected"), "number"),
        Column("rows_duplicate", say("quality.rows_duplicate"), "number"),
        Column("share_accepted", say("quality.share_accepted"), "number"),
    ]
    page.html(markup.table(frame, columns, title, say))


def show_rejections(page: Page) -> None:
    say, title = page.say, page.say("quality.rejections")
    if not shared(page, "rejections", title):
        return
    frame = data.rejections(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("quality.no_rejections"))
        return
    page.html(markup.rejection_table(frame, title, say))


def show_held(page: Page) -> None:
    say, title = page.say, page.say("quality.held")
    if not shared(page, "held_vintages", title):
        return
    page.paragraph(say("quality.held_lead"))
    frame = data.held_vintages(page.publication, say.language)
    if frame.empty:
        page.paragraph(say("quality.no_held"))
        return
    page.html(markup.held_table(frame, title, say))


def show_checks(page: Page) -> None:
    say, title = page.say, page.say("quality.checks")
    if not shared(page, "quality_results", title):
        return
    suites = data.checks_by_suite(page.publication)
    total = suites[["passed", "failed", "errored"]].sum()
    page.paragraph(
        say(
            "quality.checks_summary",
            passed=say.number(total["passed"]),
            failed=say.number(total["failed"]),
            errored=say.number(total["errored"]),
        )
    )
    suites = numbers(page, suites, ["passed", "failed", "errored"])
    suites = suites.assign(suite=[say.term("suite", suite) for suite in suites["suite"]])
    columns = [
        Column("suite", say("quality.suite"), "label"),
        Column("passed", say("quality.passed"), "number"),
        Column("failed", say("quality.failed"), "number"),
        Column("errored", say("quality.errored"), "number"),
    ]
    page.html(markup.table(suites, columns, title, say))
    show_not_passed(page, title)


def where_checks_failed(page: Page) -> dict[tuple[str, str], str]:
    """By suite and check: its months, each with its members, the newest first."""
    say = page.say
    frame = data.places_of_checks(page.publication, say.language)
    frame["member_name"] = frame["member_name"].fillna(say("app.region"))
    told: dict[tuple[str, str], str] = {}
    for (suite, check), rows in frame.groupby(["suite", "expectation_id"], sort=False):
        months = rows.groupby("time_period", sort=False)["member_name"]
        told[str(suite), str(check)] = " · ".join(
            say("quality.place", month=capital(say.month(str(month))), members=", ".join(names))
            for month, names in months
        )
    return told


def show_not_passed(page: Page, title: str) -> None:
    say = page.say
    frame = data.checks_not_passed(page.publication, say.language)
    if frame.empty:
        return
    places = where_checks_failed(page)
    frame = numbers(page, frame, ["unexpected_count"]).assign(
        places=[places.get(key, "–") for key in zip(frame["suite"], frame["expectation_id"], strict=True)],
        suite=[say.term("suite", suite) for suite in frame["suite"]],
        severity=[say.term("severity", severity) for severity in frame["severity"]],
        status=[say.term("check", status) for status in frame["status"]],
    )
    columns = [
        Column("expectation_id", say("quality.check"), "code"),
        Column("title", say("quality.expected"), "text"),
        Column("suite", say("quality.suite")),
        Column("severity", say("quality.severity")),
        Column("status", say("quality.result")),
        Column("unexpected_count", say("quality.unexpected"), "number"),
    ]
    if places:
        columns.insert(2, Column("places", say("quality.places"), "text"))
    page.html(markup.table(frame, columns, title, say, tall=True))


def show_rates(page: Page) -> None:
    say, title = page.say, page.say("quality.rates")
    if not shared(page, "exchange_rates", title):
        return
    frame = data.flagged_rates(page.publication)
    if frame.empty:
        page.paragraph(say("quality.no_rates"))
        return
    frame = frame.assign(
        period=[
            f"{say.short_month(row.first_time_period)} – {say.short_month(row.last_time_period)}"
            for row in frame.itertuples()
        ],
        difference=[say.percent(difference) for difference in frame["difference_pct"]],
    )
    columns = [
        Column("currency_code", say("quality.currency"), "code"),
        Column("period", say("quality.period")),
        Column("source_code", say("quality.rate_used")),
        Column("second_source_code", say("quality.rate_other")),
        Column("difference", say("quality.difference"), "number"),
    ]
    page.html(markup.table(frame, columns, title, say, tall=True))


def show_builds(page: Page) -> None:
    say, title = page.say, page.say("quality.builds")
    page.heading(title)
    frame = data.builds(Settings.from_environment())
    if frame.empty:
        page.paragraph(say("quality.no_builds"))
        return
    last = frame.iloc[0]
    page.paragraph(
        say(
            "quality.builds_summary",
            seconds=say.number(last["seconds"]),
            models=say.number(last["models"]),
            tests=say.number(last["tests"]),
            result=say("quality.build_passed") if last["is_success"] else say("quality.build_failed"),
        )
    )
    shown = frame.assign(
        date=[say.moment(datetime.fromisoformat(moment)) for moment in frame["started_at"]],
        result=[
            say("quality.build_passed") if passed else say("quality.build_failed")
            for passed in frame["is_success"]
        ],
        seconds=[say.number(value) for value in frame["seconds"]],
        models=[say.number(value) for value in frame["models"]],
        tests=[say.number(value) for value in frame["tests"]],
        slowest=[
            ", ".join(f"{name} {say.number(took, 1)}" for name, took in row[:2]) for row in frame["slowest"]
        ],
        failed=[", ".join(names) or "–" for names in frame["failed"]],
    )
    columns = [
        Column("date", say("quality.build_began"), "label"),
        Column("result", say("quality.result")),
        Column("seconds", say("quality.seconds"), "number"),
        Column("models", say("quality.models"), "number"),
        Column("tests", say("quality.tests"), "number"),
        Column("slowest", say("quality.slowest"), "text"),
        Column("failed", say("quality.failed_nodes"), "text"),
    ]
    page.html(markup.table(shown, columns, title, say, tall=True))


page = current_page()
page.header(page.say("page.data_quality"), page.say("quality.lead"))
show_coverage(page)
show_acceptance(page)
show_rejections(page)
show_held(page)
show_checks(page)
show_rates(page)
if page.identity.kind == "secretariat":
    show_builds(page)
page.source()
