"""The only reader of published files.

A script run calls `open_publication` once and passes the result on: every figure on the screen then comes
from one file. The connection is keyed by the file's name, and a name is never used twice, so that a new
publication shows at the next run.
"""

from __future__ import annotations

import datetime
import io
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import streamlit as st
from pyarrow import parquet

from dashboards.words import typeset
from pacific_parcels.settings import Settings

REGION = "_T"
BUILDS_SHOWN = 20
TOTAL = "_T"
DIMENSIONS = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")
AUDIENCE = re.compile(r"[a-z][a-z_]*")
# Columns of our own words in the files, typed as in code: with upright apostrophes and plain blanks.
SENTENCES = ("title", "definition", "limits", "text", "reason", "remedy")

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
    "members": {"member_code", "name_en", "name_fr", "customs_system", "relief_mode_codes"},
    "channels": {"channel_code", "name_en", "name_fr", "sort_order"},
    "value_bands": {"value_band_code", "name_en", "name_fr", "sort_order"},
    "coverage": {"member_code", "time_period", "status"},
    "counterparts": {"counterpart_code", "name_en", "name_fr"},
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
    open_data: str | None

    def shares(self, table: str) -> bool:
        """Whether this audience is given the table."""
        return table in self.tables

    def rows(self, sql: str, *parameters: object, language: str = "") -> pd.DataFrame:
        """The answer, the caller's own: pandas copies what is written to, and only then.

        With a `language` the `SENTENCES` of the answer are typeset in it.

        Raises `PublicationUnavailable` ("older") where the file lacks a table or a column that is asked for:
        one of those that not every audience is given, which `REQUIRED_COLUMNS` therefore does not name.
        """
        try:
            frame = _rows(self.path, self.run_id, self.audience, sql, parameters, language)
            return frame.copy(deep=False)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise PublicationUnavailable("older") from error


def open_publication(settings: Settings) -> Publication:
    """The publication that the pointer names now, for this server's audience, or PublicationUnavailable."""
    if not AUDIENCE.fullmatch(settings.audience):
        raise PublicationUnavailable("audience")
    run_id, path, open_data = _published_file(settings)
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
    return Publication(path=str(path), tables=frozenset(tables), open_data=open_data, **catalogue[0])


def _published_file(settings: Settings) -> tuple[str, Path, str | None]:
    """The run that the pointer names, its file for this audience, and the folder of its open data."""
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
    folder = (published / str(pointer.get("open_data", ""))).resolve()
    is_there = folder.is_relative_to(published / "open_data") and folder.is_dir()
    return run_id, path, str(folder) if is_there else None


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


@lru_cache(maxsize=256)
def _rows(
    path: str, run_id: str, audience: str, sql: str, parameters: tuple[object, ...], language: str
) -> pd.DataFrame:
    """The answer, kept per run and audience: what one audience asked is never served to another.

    Not st.cache_data, which pickles what it keeps and reads the signature of this function at each call.
    """
    bound = [list(value) if isinstance(value, tuple) else value for value in parameters]
    frame = _connection(path, audience).cursor().execute(sql, bound).df()
    # The few words of a page are quicker as plain ones than in any array for text that pandas has.
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("str").columns, object))
    for name in SENTENCES if language else ():
        if name in frame:
            frame[name] = [
                typeset(text, language) if isinstance(text, str) else text for text in frame[name].tolist()
            ]
    return frame


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


def counterpart_names(publication: Publication, language: str) -> dict[str, str]:
    frame = publication.rows(
        f"select counterpart_code, name_{language} as name from counterparts order by strip_accents(name)"
    )
    return dict(zip(frame["counterpart_code"], frame["name"], strict=True))


def definitions(publication: Publication, language: str) -> pd.DataFrame:
    """Those with figures: indicator_code, title, definition, formula, unit_measure, standard, limits."""
    return publication.rows(
        f"""
        select indicator_code, title_{language} as title, definition_{language} as definition, formula,
               unit_measure, standard, limits_{language} as limits
        from indicator_definitions
        where indicator_code in (select indicator_code from indicators)
        order by strip_accents(title)
        """,
        language=language,
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

    `split` is `member` (a series per member), or `channel`, `value_band` or `counterpart` (a series per code
    of one member).
    """
    series_column = f"{split}_code"
    whole = [column for column in DIMENSIONS if column != series_column]
    totals = " and ".join(f"{column} = '_T'" for column in whole)
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

    number, member_code (_T for all), starts_on (date), time_period (its month), title, text, source; in the
    order of time, and of their numbers.
    """
    return publication.rows(
        f"""
        select row_number() over (order by starts_on, title_{language}) as number, member_code, starts_on,
               strftime(starts_on, '%Y-%m') as time_period, title_{language} as title,
               text_{language} as text, source
        from events
        where (member_code = '_T' or list_contains(?, member_code))
          and strftime(starts_on, '%Y-%m') between ? and ?
        order by number
        """,
        members,
        first_time_period,
        publication.last_time_period,
        language=language,
    )


def latest_month(publication: Publication) -> str:
    """The last month with a regional total of parcels; that of the publication where there is none."""
    found = publication.rows(
        """
        select max(time_period) as time_period
        from indicators
        where indicator_code = 'ITEMS' and member_code = '_T' and channel_code = '_T'
          and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
          and frequency = 'M' and obs_value is not null
        """
    )["time_period"].iloc[0]
    return str(found) if isinstance(found, str) else publication.last_time_period


def contributions(publication: Publication, time_period: str, language: str) -> pd.DataFrame:
    """What each member adds to the growth of the twelve months up to this one on the twelve before.

    Only members with a reported figure in all twenty-four months, so that a new reporter is not growth:
    member_name, items_before, items_after, points (of the growth of them all), growth_pct (of its own).
    """
    return publication.rows(
        f"""
        with months as (
            select member_code, obs_value * pow(10, unit_mult) as items,
                   date_diff('month', (time_period || '-01')::date, (? || '-01')::date) as age
            from indicators
            where indicator_code = 'ITEMS' and member_code <> '_T' and channel_code = '_T'
              and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'
              and frequency = 'M' and obs_value is not null and obs_status <> 'E'
        ),
        years as (
            select member_code, sum(items) filter (age >= 12) as items_before,
                   sum(items) filter (age < 12) as items_after
            from months
            where age between 0 and 23
            group by member_code
            having count(*) = 24
        )
        select members.name_{language} as member_name, items_before, items_after,
               100 * (items_after - items_before) / nullif(sum(items_before) over (), 0) as points,
               100 * (items_after - items_before) / nullif(items_before, 0) as growth_pct
        from years
        inner join members using (member_code)
        order by points desc, member_name
        """,
        time_period,
    )


def busiest_offices(publication: Publication, time_period: str, language: str) -> pd.DataFrame:
    """Offices of the month, the most pressed first.

    member_name, customs_office_code, items_per_working_day, busiest_date, busiest_day_items,
    capacity_items_per_day (null: not stated), use_pct. An office beyond its capacity comes before all others.
    """
    return publication.rows(
        f"""
        select members.name_{language} as member_name, customs_office_code, items_per_working_day,
               busiest_date, busiest_day_items, capacity_items_per_day::double as capacity_items_per_day,
               100 * busiest_day_items / nullif(capacity_items_per_day, 0) as use_pct
        from busiest_offices
        inner join members using (member_code)
        where time_period = ?
        order by coalesce(use_pct > 100, false) desc, busiest_day_items desc, member_name, customs_office_code
        """,
        time_period,
    )


def splits(publication: Publication, indicator_code: str) -> set[str]:
    """By what it is published besides its total: a subset of {channel, value_band, counterpart}."""
    found = publication.rows(
        """
        select bool_or(channel_code <> '_T') as channel, bool_or(value_band_code <> '_T') as value_band,
               bool_or(counterpart_code <> '_T') as counterpart
        from indicators
        where indicator_code = ? and commodity_code = '_T' and frequency = 'M'
        """,
        indicator_code,
    ).fillna(False)
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


def member_facts(publication: Publication) -> pd.DataFrame:
    """What peers are chosen by: member_code, customs_system, relief_mode_codes, items.

    items are those of its last twelve months; null where they are not shown to this audience.
    """
    return publication.rows(
        """
        with sizes as (
            select member_code, sum(obs_value * pow(10, unit_mult)) as items
            from indicators
            where indicator_code = 'ITEMS' and channel_code = '_T' and value_band_code = '_T'
              and counterpart_code = '_T' and commodity_code = '_T' and frequency = 'M'
              and date_diff('month', (time_period || '-01')::date, (? || '-01')::date) < 12
            group by member_code
        )
        select member_code, customs_system, relief_mode_codes, items
        from members
        left join sizes using (member_code)
        order by member_code
        """,
        publication.last_time_period,
    )


# --- open data -------------------------------------------------------------------------------------------


def open_data_size(publication: Publication, name: str) -> int | None:
    """Bytes of a file of the open data, or None where it is not there."""
    path = _open_data_path(publication, name)
    return path.stat().st_size if path and path.is_file() else None


def open_data_file(publication: Publication, name: str) -> bytes:
    path = _open_data_path(publication, name)
    if path is None:
        raise FileNotFoundError(name)
    return path.read_bytes()


def public_totals(publication: Publication) -> pd.DataFrame:
    """The public figures without their parts, month by month, by indicator and member."""
    path = _open_data_path(publication, "indicators.parquet")
    if path is None:
        raise FileNotFoundError("indicators.parquet")
    whole = [(column, "=", TOTAL) for column in DIMENSIONS]
    frame: pd.DataFrame = parquet.read_table(path, filters=[*whole, ("frequency", "=", "M")]).to_pandas()
    return frame.drop(columns=list(DIMENSIONS)).sort_values(["indicator_code", "member_code", "time_period"])


def _open_data_path(publication: Publication, name: str) -> Path | None:
    return Path(publication.open_data) / Path(name).name if publication.open_data else None


# --- a member's own ---------------------------------------------------------------------------------------


def own_coverage(publication: Publication, member_code: str) -> pd.DataFrame:
    """The member's months since it began: time_period, status, items, received_at, days_after_period_end."""
    return publication.rows(
        """
        select time_period, status, items::double as items, received_at,
               days_after_period_end::double as days_after_period_end
        from coverage
        where member_code = ? and status <> 'NOT_YET_REPORTING'
        order by time_period
        """,
        member_code,
    )


def receipts(publication: Publication) -> pd.DataFrame:
    """What was received, the latest first.

    source_name, stream_code, time_period_start, time_period_end, status, received_at, rows_in, rows_accepted,
    rows_rejected, rows_duplicate, rows_warned.
    """
    return publication.rows(
        """
        select source_name, stream_code, time_period_start, time_period_end, status, received_at, rows_in,
               rows_accepted, rows_rejected, rows_duplicate, rows_warned
        from receipts
        order by received_at desc, source_name
        """
    )


def revisions(publication: Publication) -> pd.DataFrame:
    """How months moved after they were first known, the latest first.

    time_period, first_items, last_items, revision_pct, versions_count, last_known_from, revision_status.
    """
    return publication.rows(
        """
        select time_period, first_items, last_items, revision_pct, versions_count, last_known_from,
               revision_status
        from revisions
        order by time_period desc
        """
    )


def own_figures(publication: Publication, member_code: str) -> bytes:
    """Every figure of the member in all its dimensions, as Parquet. Read when asked for, and not kept."""
    cursor = _connection(publication.path, publication.audience).cursor()
    table = cursor.execute(
        "select * from indicators where member_code = ? order by all", [member_code]
    ).to_arrow_table()
    content = io.BytesIO()
    parquet.write_table(table, content, compression="zstd")
    return content.getvalue()


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


def in_force(publication: Publication, time_period: str) -> tuple[int, int]:
    """Of a month: how many members are in force, and how many have begun to report."""
    found = publication.rows(
        """
        select count(*) filter (where status in ('REPORTED', 'NIL')) as in_force,
               count(*) filter (where status <> 'NOT_YET_REPORTING') as expected
        from coverage
        where time_period = ?
        """,
        time_period,
    )
    return int(found["in_force"].iloc[0]), int(found["expected"].iloc[0])


def reporting(publication: Publication, language: str) -> pd.DataFrame:
    """How members that have begun report, over the last twelve months, the least reliable first.

    member_code, member_name, months_in_force, months_held, days (median from the end of a month to its
    arrival), accepted_pct (of all rows ever received), status (of the last month).
    """
    return publication.rows(
        f"""
        with months as (
            select *, date_diff('month', (time_period || '-01')::date, (? || '-01')::date) as age
            from coverage
        ),
        year as (
            select member_code, count(*) filter (status in ('REPORTED', 'NIL')) as months_in_force,
                   count(*) filter (status = 'HELD') as months_held,
                   median(days_after_period_end) as days, any_value(status) filter (age = 0) as status
            from months
            where age between 0 and 11
            group by member_code
            having count(*) filter (status <> 'NOT_YET_REPORTING') > 0
        ),
        rows as (
            select member_code, 100 * sum(rows_accepted) / nullif(sum(rows_in), 0) as accepted_pct
            from receipts
            group by member_code
        )
        select year.*, rows.accepted_pct, members.name_{language} as member_name
        from year
        inner join members using (member_code)
        left join rows using (member_code)
        order by months_in_force, strip_accents(member_name)
        """,
        publication.last_time_period,
    )


def publication_changes(publication: Publication, language: str) -> pd.DataFrame:
    """How months differ from the publication before.

    kind_code, member_name, time_period, items_before, items_after.

    kind_code is NEW_REPORTER, ADDED, REVISED, HELD or GONE.
    """
    return publication.rows(
        f"""
        select kind_code, members.name_{language} as member_name, time_period,
               items_before::double as items_before, items_after::double as items_after
        from publication_changes
        inner join members using (member_code)
        order by time_period desc, strip_accents(member_name)
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
    """By rule: rule_id, level, title, remedy, row_count, extract_count, members (a list of names, those with
    most rows first)."""
    return publication.rows(
        f"""
        select rule_id, level, title_{language} as title, remedy_{language} as remedy,
               sum(row_count)::bigint as row_count, sum(extract_count)::bigint as extract_count,
               list(members.name_{language} order by row_count desc, strip_accents(members.name_{language}))
                   as members
        from rejections
        inner join members using (member_code)
        group by all
        order by row_count desc, rule_id
        """,
        language=language,
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
        """,
        language=language,
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
        """,
        language=language,
    )


def places_of_checks(publication: Publication, language: str) -> pd.DataFrame:
    """Where checks failed, the newest month first: suite, expectation_id, member_name, time_period.

    member_name is null for the region. Empty in a publication that does not tell it (see Publication.shares).
    """
    if not publication.shares("quality_places"):
        return pd.DataFrame(columns=["suite", "expectation_id", "member_name", "time_period"])
    return publication.rows(
        f"""
        select suite, expectation_id, members.name_{language} as member_name, time_period
        from quality_places
        left join members using (member_code)
        order by time_period desc, strip_accents(member_name)
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


def builds(settings: Settings) -> pd.DataFrame:
    """The last builds of the warehouse, the latest first, as dbt told of them (dbt_project.history).

    started_at (text), seconds, is_success, models, tests, failed (list), slowest (list of [name, seconds]).
    They are not of a publication, and are asked for by the secretariat's page only.
    """
    try:
        lines = settings.build_history.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    rows = [json.loads(line) for line in lines[-BUILDS_SHOWN:]]
    columns = ["started_at", "seconds", "is_success", "models", "tests", "failed", "slowest"]
    return pd.DataFrame(rows[::-1], columns=columns)
