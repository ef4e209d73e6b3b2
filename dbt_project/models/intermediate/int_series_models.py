"""The series of int_series, adjusted and forecast (dbt_project/series.py).

A series whose values, events and method have not changed keeps the rows that it has: it is not fitted again.
"""

from datetime import date

import pyarrow

from dbt_project import series

SCHEMA = pyarrow.schema(
    [
        ("member_code", pyarrow.string()),
        ("channel_code", pyarrow.string()),
        ("unit_measure", pyarrow.string()),
        ("time_period", pyarrow.string()),
        ("is_forecast", pyarrow.bool_()),
        ("is_estimated", pyarrow.bool_()),
        ("obs_value", pyarrow.float64()),
        ("model_lower", pyarrow.float64()),
        ("model_upper", pyarrow.float64()),
        ("series_status", pyarrow.string()),
        ("forecast_error_pct", pyarrow.float64()),
        ("series_fingerprint", pyarrow.string()),
    ]
)


def model(dbt, session):
    months = (
        dbt.ref("int_series")
        .select("member_code, channel_code, unit_measure, time_period, obs_value")
        .order("member_code, channel_code, time_period")
        .fetchall()
    )
    events = (
        dbt.ref("mart_events")
        .filter("is_regressor")
        .select("member_code, channel_code, starts_on, ends_on, event_code")
        .order("starts_on, event_code")
        .fetchall()
    )
    standing = standing_rows(dbt.this, session)

    values_of = {}
    for member_code, channel_code, unit_measure, time_period, value in months:
        values_of.setdefault((member_code, channel_code, unit_measure), {})[time_period] = value

    rows = []
    for (member_code, channel_code, unit_measure), values in values_of.items():
        first_month = date.fromisoformat(f"{next(iter(values))}-01")
        inputs = (first_month, list(values.values()), events_of(events, member_code, channel_code))
        fingerprint = series.fingerprint(*inputs)
        key = (member_code, channel_code, fingerprint)
        rows += standing.get(key) or fitted_rows(member_code, channel_code, unit_measure, fingerprint, inputs)
    return pyarrow.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


def standing_rows(this, session):
    """What the table holds from the build before, by series and fingerprint."""
    stands = session.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() and table_name = ?",
        [this.identifier],
    ).fetchall()
    rows = {}
    if stands[0][0]:
        standing = session.table(str(this)).select(", ".join(SCHEMA.names)).order("time_period")
        for row in standing.fetchall():
            rows.setdefault((row[0], row[1], row[-1]), []).append(row)
    return rows


def events_of(events, member_code, channel_code):
    """Those of the member and of all members; a series of all channels feels what befell one of them."""
    return [
        (starts_on, ends_on)
        for of_member, of_channel, starts_on, ends_on, _ in events
        if of_member in ("_T", member_code) and (channel_code == "_T" or of_channel in ("_T", channel_code))
    ]


def fitted_rows(member_code, channel_code, unit_measure, fingerprint, inputs):
    """A row for each month, without a figure where nothing is adjusted, and for each month of a forecast."""
    first_month, values, _ = inputs
    analysis = series.analyse(*inputs)
    figures = [
        *((figure, False, figure.is_estimated) for figure in analysis.adjusted),
        *((None, False, False) for _ in values[len(analysis.adjusted) :]),
        *((figure, True, True) for figure in analysis.forecast),
    ]
    error_pct = analysis.back_test.error_pct if analysis.back_test else None
    return [
        (
            member_code,
            channel_code,
            unit_measure,
            f"{month:%Y-%m}",
            is_forecast,
            is_estimated,
            *(
                (None,) * 3
                if figure is None
                else map(to_6_digits, (figure.value, figure.lower, figure.upper))
            ),
            analysis.status,
            None if error_pct is None else to_6_digits(error_pct),
            fingerprint,
        )
        for month, (figure, is_forecast, is_estimated) in zip(
            series.months_from(first_month, len(figures)), figures, strict=True
        )
    ]


def to_6_digits(value):
    """What is beyond them may differ from one machine to another."""
    return float(f"{value:.6g}")
