"""What was published, as a table that a person understands. All figures are of the secretariat's file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pacific_parcels.settings import Settings

SANDBOX = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}
MOST_LINES = 8

REGION = """
    select obs_value from indicators
    where indicator_code = ? and time_period = ? and member_code = '_T' and channel_code = '_T'
      and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T' and frequency = 'M'
      and obs_status not in ('E', 'M') and obs_value is not null
"""
LAST_COMPLETE_MONTH = """
    select max(time_period) from indicators
    where indicator_code = 'ITEMS' and member_code = '_T' and channel_code = '_T'
      and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T' and frequency = 'M'
      and obs_status not in ('E', 'M') and obs_value is not null
"""
ALL_ITEMS = """
    select coalesce(sum(obs_value), 0) from indicators
    where indicator_code = 'ITEMS' and member_code <> '_T' and channel_code = '_T'
      and value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T' and frequency = 'M'
"""
BUSIEST_DAY = """
    select ports.name, busiest_days.port_code, busiest_days.busiest_date, busiest_days.items
    from busiest_days left join ports using (port_code)
    where time_period between ? and ? order by items desc nulls last, busiest_days.port_code limit 1
"""
RECEIPTS = """
    select count(*), count(*) filter (where status = 'REFUSED'),
           coalesce(sum(rows_in), 0)::bigint, coalesce(sum(rows_accepted), 0)::bigint,
           coalesce(sum(rows_rejected), 0)::bigint, coalesce(sum(rows_duplicate), 0)::bigint
    from receipts
"""
REJECTIONS = """
    select rule_id, any_value(title_en),
           case when count(distinct remedy_en) = 1 then any_value(remedy_en)
                else 'What to write instead is on each member''s receipt.' end,
           sum(row_count)::bigint,
           string_agg(distinct member_code, ', ' order by member_code)
    from rejections where level = ? group by rule_id order by sum(row_count) desc, rule_id
"""
LOSSES = """
    select indicator_group, cells, primary_cells, complementary_cells, withheld_cells, value_lost_pct
    from disclosure_summary order by indicator_group
"""
HELD = """
    select member_code, stream_code, time_period, reason_en
    from held_vintages order by time_period desc, member_code
"""


def held_count(settings: Settings) -> int:
    """Vintages that the publication which now stands does not contain, because the judge holds them."""
    with _secretariat(settings) as publication:
        ((count,),) = publication.execute("select count(*) from held_vintages").fetchall()
    return int(count)


def print_summary(settings: Settings, console: Console) -> None:
    with _secretariat(settings) as publication:
        for part in _parts(settings, publication):
            console.print(part)


def _secretariat(settings: Settings) -> duckdb.DuckDBPyConnection:
    return _opened(settings, "secretariat")


def _opened(settings: Settings, audience: str) -> duckdb.DuckDBPyConnection:
    file = settings.published / _pointer(settings)["audiences"][audience]
    return duckdb.connect(file, read_only=True, config=dict(SANDBOX))


def _pointer(settings: Settings) -> dict[str, dict[str, str]]:
    pointer: dict[str, dict[str, str]] = json.loads(settings.pointer.read_text(encoding="utf-8"))
    return pointer


def _parts(settings: Settings, publication: duckdb.DuckDBPyConnection) -> list[RenderableType]:
    def one(query: str, *parameters: object) -> tuple[object, ...] | None:
        rows = publication.execute(query, list(parameters)).fetchall()
        return rows[0] if rows else None

    catalogue = one(
        "select run_id, as_of_date, first_time_period, last_time_period, is_synthetic, members_reporting,"
        " (select count(*) from members) from catalogue"
    )
    assert catalogue is not None, "a published file has one catalogue row"
    run_id, as_of, first, last, is_synthetic, reporting, members = catalogue
    ((month,),) = publication.execute(LAST_COMPLETE_MONTH).fetchall()
    month = month or last
    receipts = one(RECEIPTS)
    assert receipts is not None, "an aggregate without groups has one row"
    extracts, refused, *rows = receipts

    figures = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    figures.add_column()
    figures.add_column(justify="right", no_wrap=True)
    figures.add_row(
        f"Items in {month}, the last complete month",
        _number(one(REGION, "ITEMS", month)),
    )
    figures.add_row(f"Items in all, {first} to {last}", _number(one(ALL_ITEMS)))
    figures.add_row(
        f"Growth in three years, to {month}", _percent(one(REGION, "ITEMS_GROWTH_3Y_PCT", month), "+")
    )
    figures.add_row(
        f"Growth in one year, to {month}", _percent(one(REGION, "ITEMS_GROWTH_YOY_PCT", month), "+")
    )
    figures.add_row(
        f"Share at or under US$100, {month}", _percent(one(REGION, "SHARE_LE_100_USD_PCT", month))
    )
    for months, (start, end) in ((str(month), (month, month)), ("all months", (first, last))):
        busiest = one(BUSIEST_DAY, start, end)
        figures.add_row(
            f"Busiest port and day, {months}",
            f"{busiest[0] or busiest[1]}, {busiest[2]}: {busiest[3]:,} items"
            if busiest and busiest[3]
            else "not known",
        )
    figures.add_row("Extracts received", f"{extracts:,}, of them {refused:,} refused")
    figures.add_row("Rows received", f"{rows[0]:,}")
    for row_count, fate in zip(rows[1:], ("accepted", "rejected", "duplicate"), strict=True):
        figures.add_row(f"    of them {fate}", f"{row_count:,}")

    title = f"The region as published: run {run_id}, as of {as_of}, {reporting} of {members} members report"
    parts: list[RenderableType] = [Text(title, style="bold")]
    if is_synthetic:
        parts.append(Text("SYNTHETIC DATA: made up by this program, true of no country.", style="bold"))
    parts.append(figures)
    parts += _what_was_rejected(publication)
    parts += _what_was_kept_out(publication)
    parts += _what_was_hidden(settings)
    parts.append(_where_and_what_next(settings))
    return parts


def _what_was_rejected(publication: duckdb.DuckDBPyConnection) -> list[RenderableType]:
    rejections = publication.execute(REJECTIONS, ["ERROR"]).fetchall()
    if not rejections:
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Rejected by rule", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("why, and what the member does")
    table.add_column("members")
    for rule_id, title, remedy, row_count, members in rejections[:MOST_LINES]:
        table.add_row(rule_id, f"{row_count:,}", _printable(f"{title} {remedy}"), members)
    return [table, *_rest(rejections, "rules, all of them in the table rejections of the secretariat's file")]


def _what_was_kept_out(publication: duckdb.DuckDBPyConnection) -> list[RenderableType]:
    parts: list[RenderableType] = []
    rules = publication.execute(REJECTIONS, ["FATAL"]).fetchall()
    if rules:
        reasons = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        reasons.add_column("Refused extracts", no_wrap=True)
        reasons.add_column("why, and what the member does")
        reasons.add_column("members")
        for rule_id, title, remedy, _, members in rules[:MOST_LINES]:
            reasons.add_row(rule_id, _printable(f"{title} {remedy}"), members)
        parts += [reasons, *_rest(rules, "rules")]
    held = publication.execute(HELD).fetchall()
    if held:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("Held months", no_wrap=True)
        table.add_column("why; the member's last good data for the month stays in force")
        for member_code, stream_code, time_period, reason in held[:MOST_LINES]:
            table.add_row(f"{member_code} {stream_code} {time_period}", _printable(reason))
        parts += [table, *_rest(held, "held months")]
    return parts


def _what_was_hidden(settings: Settings) -> list[RenderableType]:
    """What disclosure control has taken from the public, and what the attack on it came to."""
    with _opened(settings, "public") as publication:
        losses = publication.execute(LOSSES).fetchall()
        attack = publication.execute("select attacked_figures, narrowest_interval from catalogue").fetchone()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Hidden from the public", no_wrap=True)
    for heading in ("figures", "hidden", "to protect them", "kept back", "value lost"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group, *counts, lost in losses:
        table.add_row(group, *(f"{count:,}" for count in counts), f"{lost:.0f} %" if lost is not None else "")
    attacked, narrowest = attack or (None, None)
    if attacked is None:
        return [table]
    words = f"Attacked: {attacked:,} hidden figures; none can be worked out"
    if narrowest is not None:
        words += f"; the narrowest interval is {narrowest:.2f} of what is asked"
    return [table, Text(f"{words}.")]


def _where_and_what_next(settings: Settings) -> RenderableType:
    pointer = _pointer(settings)
    table = Table.grid(padding=(0, 3))
    table.add_column(no_wrap=True, overflow="fold")
    table.add_column()
    for audience, file in sorted(pointer["audiences"].items()):
        table.add_row(_shown(settings.published / file), f"for the audience {audience}")
    table.add_row(
        _shown(settings.published / "open_data" / str(pointer["run_id"])), "open data: Parquet and CSV"
    )
    table.add_row("", "")
    table.add_row("make dashboards", "look at it")
    table.add_row(".venv/bin/pacific-parcels check FILE --member fj", "check an extract before it is sent")
    table.add_row(f"put extracts into {_shown(settings.inbox)}/<member>, then make run", "take in new data")
    table.add_row("make airflow", "let the scheduler do it")
    return Group(Text("Where it is, and what you can do next", style="bold"), table)


def _rest(rows: Sequence[object], of_what: str) -> list[RenderableType]:
    return [Text(f"… and {len(rows) - MOST_LINES} more {of_what}.")] if len(rows) > MOST_LINES else []


def _number(row: tuple[object, ...] | None) -> str:
    return "withheld: a member is missing" if row is None else f"{float(str(row[0])):,.0f}"


def _percent(row: tuple[object, ...] | None, sign: str = "") -> str:
    return "not known for this month" if row is None else f"{float(str(row[0])):{sign},.1f} %"


def _printable(text: str) -> str:
    """Sentences quote what members wrote; nothing of it may steer a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _shown(path: Path) -> str:
    """Relative to where the person is, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
