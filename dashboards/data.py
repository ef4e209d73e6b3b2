"""The only reader of published files.

A script run calls `open_publication` once and passes the result on: every figure on the screen then comes
from one file. The connection is keyed by the file's name, and a name is never used twice, so that a new
publication shows at the next run.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from pacific_parcels.settings import Settings

REGION = "_T"
TOTAL = "_T"
AUDIENCE = re.compile(r"[a-z][a-z_]*")

# What a page cannot do without. Tables that an audience may not see are asked for with `Publication.shares`.
REQUIRED_COLUMNS = {
    "catalogue": {
        "run_id",
        "audience",
        "as_of_date",
        "first_time_period",
        "last_time_period",
        "is_synthetic",
        "code_version",
    },
    "indicators": {
        "indicator_code",
        "member_code",
        "channel_code",
        "value_band_code",
        "counterpart_code",
        "time_period",
        "obs_value",
        "unit_mult",
        "obs_status",
        "conf_status",
    },
    "indicator_definitions": {
        "indicator_code",
        "title_en",
        "title_fr",
        "definition_en",
        "definition_fr",
        "formula",
        "standard",
        "limits_en",
        "limits_fr",
    },
    "members": {"member_code", "name_en", "name_fr"},
    "channels": {"channel_code", "name_en", "name_fr", "sort_order"},
    "value_bands": {"value_band_code", "name_en", "name_fr", "sort_order"},
    "coverage": {"member_code", "time_period", "status"},
    "ports": {"port_code", "name"},
    "busiest_days": {"member_code", "port_code", "time_period", "busiest_date", "items"},
}

# Whoever found a way to send SQL would still meet a database that reads no other file and keeps its settings.
SANDBOX: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "threads": "2",
    "memory_limit": "512MB",
    "temp_directory": "",
    "lock_configuration": "true",
}


class PublicationUnavailable(Exception):
    """Nothing to show. `reason` names the sentence that says why: `unavailable.<reason>` of the catalogue."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Publication:
    """One published file and what its catalogue says of it."""

    path: str
    run_id: str
    audience: str
    as_of_date: datetime.date
    first_time_period: str
    last_time_period: str
    is_synthetic: bool
    code_version: str
    tables: frozenset[str]

    def shares(self, table: str) -> bool:
        """Whether this audience is given the table."""
        return table in self.tables

    def rows(self, sql: str, *parameters: object) -> pd.DataFrame:
        frame: pd.DataFrame = _rows(self.path, self.run_id, self.audience, sql, parameters)
        return frame


def open_publication(settings: Settings) -> Publication:
    """The publication that the pointer names now, for this server's audience, or PublicationUnavailable."""
    if not AUDIENCE.fullmatch(settings.audience):
        raise PublicationUnavailable("audience")
    run_id, path = _published_file(settings)
    try:
        tables, catalogue = _catalogue(str(path), settings.audience)
    except duckdb.Error as error:
        raise PublicationUnavailable("incomplete") from error
    for table, columns in REQUIRED_COLUMNS.items():
        if not columns <= tables.get(table, frozenset()):
            raise PublicationUnavailable("older")
    said = [(row["run_id"], row["audience"]) for row in catalogue]
    if said != [(run_id, settings.audience)]:
        raise PublicationUnavailable("incomplete")
    return Publication(path=str(path), tables=frozenset(tables), **catalogue[0])


def _published_file(settings: Settings) -> tuple[str, Path]:
    """The run that the pointer names, and its file for this audience."""
    try:
        pointer = json.loads(settings.pointer.read_text(encoding="utf-8"))
        run_id, audiences = pointer["run_id"], dict(pointer["audiences"])
    except FileNotFoundError as error:
        raise PublicationUnavailable("missing") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublicationUnavailable("incomplete") from error
    if settings.audience not in audiences:
        raise PublicationUnavailable("audience")
    published = settings.published.resolve()
    path = (published / str(audiences[settings.audience])).resolve()
    if not path.is_relative_to(published / settings.audience) or not path.is_file():
        raise PublicationUnavailable("incomplete")
    return run_id, path


@st.cache_resource(max_entries=4, show_spinner=False)
def _connection(path: str, audience: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(path, read_only=True, config=SANDBOX)


@st.cache_data(max_entries=8, show_spinner=False)
def _catalogue(path: str, audience: str) -> tuple[dict[str, frozenset[str]], list[dict[str, Any]]]:
    """Columns by table, and the rows of the table `catalogue` (none in a file that has no such table)."""
    cursor = _connection(path, audience).cursor()
    columns: dict[str, set[str]] = {}
    for table, column in cursor.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'main'"
    ).fetchall():
        columns.setdefault(table, set()).add(column)
    rows: list[dict[str, Any]] = []
    if REQUIRED_COLUMNS["catalogue"] <= columns.get("catalogue", set()):
        names = sorted(REQUIRED_COLUMNS["catalogue"])
        found = cursor.execute(f"select {', '.join(names)} from catalogue").fetchall()
        rows = [dict(zip(names, row, strict=True)) for row in found]
    return {table: frozenset(names) for table, names in columns.items()}, rows


@st.cache_data(max_entries=256, show_spinner=False)
def _rows(path: str, run_id: str, audience: str, sql: str, parameters: tuple[object, ...]) -> pd.DataFrame:
    """The answer, kept per run and audience: what one audience asked is never served to another."""
    bound = [list(value) if isinstance(value, tuple) else value for value in parameters]
    return _connection(path, audience).cursor().execute(sql, bound).df()


# --- names -----------------------------------------------------------------------------------------------


def member_names(publication: Publication, language: str) -> dict[str, str]:
    frame = publication.rows(
        f"select member_code, name_{language} as name from members order by strip_accents(name)"
    )
    return dict(zip(frame["member_code"], frame["name"], strict=True))


def channel_names(publication: Publication, language: str) -> dict[str, str]:
    frame = publication.rows(
        f"select channel_code, name_{language} as name from channels order by sort_order"
    )
    return dict(zip(frame["channel_code"], frame["name"], strict=True))


def value_band_names(publication: Publication, language: str) -> dict[str, str]:
    frame = publication.rows(
        f"select value_band_code, name_{language} as name from value_bands order by sort_order"
    )
    return dict(zip(frame["value_band_code"], frame["name"], strict=True))


def definitions(publication: Publication, language: str) -> pd.DataFrame:
    """The indicators that have figures: indicator_code, title, definition, formula, standard, limits."""
    return publication.rows(
        f"""
        select indicator_code, title_{language} as title, definition_{language} as definition, formula,
               standard, limits_{language} as limits
        from indicator_definitions
        where indicator_code in (select indicator_code from indicators)
        order by strip_accents(title)
        """
    )


# --- figures ---------------------------------------------------------------------------------------------


def headlines(publication: Publication) -> pd.DataFrame:
    """The latest regional totals there are: indicator_code, time_period, obs_value, obs_status."""
    return publication.rows(
        """
        select indicator_code, time_period, obs_value * pow(10, unit_mult) as obs_value, obs_status
        from indicators
        where member_code = '_T' and channel_code = '_T' and value_band_code = '_T'
          and counterpart_code = '_T' and commodity_code = '_T' and frequency = 'M'
          and obs_value is not null
        qualify row_number() over (partition by indicator_code order by time_period desc) = 1
        """
    )


def series(
    publication: Publication,
    indicator_code: str,
    members: tuple[str, ...],
    split: str,
    first_time_period: str,
) -> pd.DataFrame:
    """The observations of a trend: series_code, time_period, obs_value, obs_status, conf_status.

    Where the figure is an estimate it has an interval, lower_value to upper_value.

    `split` is `member` (a series per member), `channel` or `value_band` (a series per code of one member).
    """
    series_column, whole = {
        "member": ("member_code", ("channel_code", "value_band_code")),
        "channel": ("channel_code", ("value_band_code",)),
        "value_band": ("value_band_code", ("channel_code",)),
    }[split]
    totals = " and ".join(f"{column} = '_T'" for column in (*whole, "counterpart_code", "commodity_code"))
    parts = "" if split == "member" else f"and {series_column} <> '_T'"
    return publication.rows(
        f"""
        select {series_column} as series_code, time_period, obs_value * pow(10, unit_mult) as obs_value,
               obs_status, conf_status,
               coalesce(revision_lower, model_lower) * pow(10, unit_mult) as lower_value,
               coalesce(revision_upper, model_upper) * pow(10, unit_mult) as upper_value
        from indicators
        where indicator_code = ? and list_contains(?, member_code) and time_period >= ? and frequency = 'M'
          and {totals} {parts}
        order by series_code, time_period
        """,
        indicator_code,
        members,
        first_time_period,
    )


def events(
    publication: Publication, members: tuple[str, ...], first_time_period: str, language: str
) -> pd.DataFrame:
    """What happened in the months shown, for the region or for these members.

    starts_on (date), time_period (its month), title, text, source; in the order of time.
    """
    return publication.rows(
        f"""
        select starts_on, strftime(starts_on, '%Y-%m') as time_period, title_{language} as title,
               text_{language} as text, source
        from events
        where (member_code = '_T' or list_contains(?, member_code))
          and strftime(starts_on, '%Y-%m') between ? and ?
        order by starts_on, title
        """,
        members,
        first_time_period,
        publication.last_time_period,
    )


def splits(publication: Publication, indicator_code: str) -> set[str]:
    """By what the indicator is published besides its total: a subset of {channel, value_band}."""
    found = publication.rows(
        """
        select count(*) filter (where channel_code <> '_T' and value_band_code = '_T') > 0 as channel,
               count(*) filter (where value_band_code <> '_T' and channel_code = '_T') > 0 as value_band
        from indicators
        where indicator_code = ? and counterpart_code = '_T' and commodity_code = '_T'
        """,
        indicator_code,
    )
    return {name for name in found.columns if bool(found[name].iloc[0])}


def members_of(publication: Publication, indicator_code: str) -> set[str]:
    """The members, and the region, for which the indicator has rows."""
    frame = publication.rows(
        "select distinct member_code from indicators where indicator_code = ?", indicator_code
    )
    return set(frame["member_code"])


def busiest_ports(publication: Publication, time_period: str, language: str) -> pd.DataFrame:
    """Ports of the month, busiest first: port_name, member_name, busiest_date, items."""
    return publication.rows(
        f"""
        select coalesce(ports.name, busiest_days.port_code) as port_name,
               members.name_{language} as member_name, busiest_days.busiest_date, busiest_days.items
        from busiest_days
        left join ports using (port_code)
        left join members on members.member_code = busiest_days.member_code
        where busiest_days.time_period = ? and busiest_days.items is not null
        order by busiest_days.items desc, port_name
        """,
        time_period,
    )


# --- quality ---------------------------------------------------------------------------------------------


def coverage(publication: Publication, language: str) -> pd.DataFrame:
    """One row per member and month: member_code, member_name, time_period, status."""
    return publication.rows(
        f"""
        select coverage.member_code, members.name_{language} as member_name, coverage.time_period,
               coverage.status
        from coverage
        inner join members using (member_code)
        order by strip_accents(member_name), coverage.time_period
        """
    )


def acceptance(publication: Publication, language: str) -> pd.DataFrame:
    """Rows received by member: member_name, extracts, refused, rows_in, _accepted, _rejected, _duplicate."""
    return publication.rows(
        f"""
        select members.name_{language} as member_name, count(*) as extracts,
               count(*) filter (where receipts.status = 'REFUSED') as refused,
               coalesce(sum(rows_in), 0)::bigint as rows_in,
               coalesce(sum(rows_accepted), 0)::bigint as rows_accepted,
               coalesce(sum(rows_rejected), 0)::bigint as rows_rejected,
               coalesce(sum(rows_duplicate), 0)::bigint as rows_duplicate
        from receipts
        inner join members using (member_code)
        group by members.name_{language}
        order by strip_accents(members.name_{language})
        """
    )


def rejections(publication: Publication, language: str) -> pd.DataFrame:
    """By rule: rule_id, level, title, remedy, row_count, extract_count, members (names)."""
    return publication.rows(
        f"""
        select rule_id, level, title_{language} as title, remedy_{language} as remedy,
               sum(row_count)::bigint as row_count, sum(extract_count)::bigint as extract_count,
               string_agg(distinct members.name_{language}, ', ' order by members.name_{language}) as members
        from rejections
        inner join members using (member_code)
        group by all
        order by row_count desc, rule_id
        """
    )


def held_vintages(publication: Publication, language: str) -> pd.DataFrame:
    """member_name, stream_code, time_period, expectation_id, reason."""
    return publication.rows(
        f"""
        select members.name_{language} as member_name, stream_code, time_period, expectation_id,
               reason_{language} as reason
        from held_vintages
        inner join members using (member_code)
        order by time_period desc, strip_accents(member_name), expectation_id
        """
    )


def checks_by_suite(publication: Publication) -> pd.DataFrame:
    """suite, passed, failed, errored."""
    return publication.rows(
        """
        select suite, count(*) filter (where status = 'PASS') as passed,
               count(*) filter (where status = 'FAIL') as failed,
               count(*) filter (where status = 'ERRORED') as errored
        from quality_results
        group by suite
        order by suite
        """
    )


def checks_not_passed(publication: Publication, language: str) -> pd.DataFrame:
    """suite, expectation_id, severity, status, title, unexpected_count."""
    return publication.rows(
        f"""
        select suite, expectation_id, severity, status, title_{language} as title, unexpected_count
        from quality_results
        where status <> 'PASS'
        order by severity, suite, expectation_id
        """
    )


def flagged_rates(publication: Publication) -> pd.DataFrame:
    """Where two sources disagree: currency_code, the sources, first and last month, difference_pct."""
    return publication.rows(
        """
        select currency_code, source_code, second_source_code, min(time_period) as first_time_period,
               max(time_period) as last_time_period, max(abs(difference_pct)) as difference_pct
        from exchange_rates
        where is_flagged
        group by all
        order by last_time_period desc, currency_code
        """
    )
