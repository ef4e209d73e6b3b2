"""Rows that are broken on purpose: the kinds, and how each is written in a layout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.layout import quoted
from pacific_parcels.members import ColumnSource, Layout, Member

KINDS = {
    "missing_value": "R102",
    "unreadable_date": "R103",
    "future_date": "R104",
    "date_outside_period": "R105",
    "unreadable_number": "R106",
    "negative_number": "R107",
    "unknown_currency": "R108",
    "unknown_code": "R109",
    "unknown_country": "R110",
    "place_of_another_member": "R111",
    "row_of_another_member": "R112",
    "too_few_fields": "R101",
    "misplaced_quotes": "R113",
    "repeated_item": "R114",
    "zero_value": "R201",
    "short_hs_code": "R202",
    "released_before_arrival": "R203",
    "zero_mass": "R204",
}
"""What can be wrong with a row, and the rule that finds it. Not every layout has room for each."""

KINDS_BY_CODE_LIST = {
    "currencies": "unknown_currency",
    "countries": "unknown_country",
    "ports": "place_of_another_member",
}
# Only text has these, and only one file in eight: reading such a file takes much longer.
STRUCTURAL_KINDS = ("too_few_fields", "misplaced_quotes")
KINDS_WITHOUT_CONTROL_TOTALS = {
    *STRUCTURAL_KINDS,
    "missing_value",
    "unreadable_number",
    "negative_number",
    "unknown_currency",
    "zero_value",
}


@dataclass(frozen=True)
class Fault:
    """One way to break a row: source columns and the SQL of the wrong text in them."""

    kind: str
    texts: dict[str, str] = field(default_factory=dict)


def faults(
    member: Member, layout: Layout, all_members: list[Member], *, says_months: bool, is_text: bool
) -> list[Fault]:
    """Every way to break one rule on one column of the contract that the layout has room for.

    `says_months`: the name of the file says which months it covers. `is_text`: its rows are lines of text.
    """
    used = Counter(source.column for source in layout.columns.values() if source.column is not None)
    used.update(list(layout.expect))
    # A source column that serves two columns of the contract would break both.
    columns = {
        name: source
        for name, source in layout.columns.items()
        if source.column is not None and used[source.column] == 1
    }
    found: list[Fault] = []

    def add(kind: str, column: str, sql: str) -> None:
        source_column = columns[column].column if column in columns else None
        if source_column is not None:
            found.append(Fault(kind, {source_column: sql}))

    for name in columns:
        if COLUMNS_BY_NAME[name].is_required:
            add("missing_value", name, "''")
    for name in ("arrival_date", "release_at"):
        add("unreadable_date", name, "'99-99-9999'")
    for name in ("declared_value", "gross_mass_kg"):
        add("unreadable_number", name, "'about 20'")
    if "arrival_date" in columns:
        form = quoted(columns["arrival_date"].format or layout.dates)
        add("future_date", "arrival_date", f"strftime(arrival_date + 3650, {form})")
        if says_months:
            add("date_outside_period", "arrival_date", f"strftime(arrival_date - 400, {form})")
    add("negative_number", "declared_value", "'-25'")
    for name, source in columns.items():
        wrong_text, kind = _wrong_code(name, source, member)
        if wrong_text is not None:
            add(kind, name, quoted(wrong_text))
    for source_column, expected in layout.expect.items():
        if used[source_column] == 1:
            other = next((other.code for other in all_members if other.code not in expected), "ZZ")
            found.append(Fault("row_of_another_member", {source_column: quoted(other)}))
    if is_text:
        found += [Fault(kind) for kind in STRUCTURAL_KINDS]
    if "item_id" in columns:
        found.append(Fault("repeated_item"))
    add("zero_value", "declared_value", "'0'")
    add("short_hs_code", "hs_code", "'61'")
    add("zero_mass", "gross_mass_kg", "'0'")
    if "release_at" in columns:
        form = quoted(columns["release_at"].format or layout.timestamps)
        add("released_before_arrival", "release_at", f"strftime(cast(arrival_date - 5 as timestamp), {form})")
    return found


def _wrong_code(name: str, source: ColumnSource, member: Member) -> tuple[str | None, str]:
    """A text that is no code of the column, and the kind of fault that it makes; (None, '') without codes."""
    column = COLUMNS_BY_NAME[name]
    if name == "declared_currency_code" and source.lookup is not None:
        return None, ""  # its control totals could not be told
    if source.lookup is None and column.kind == "code" and column.code_list is not None:
        code_list = column.code_list[0]
        kind = KINDS_BY_CODE_LIST.get(code_list, "unknown_code")
        if code_list == "ports":
            return next((port for port in column.codes if not port.startswith(member.code)), "ZZZZZ"), kind
        return ("QQQ" if code_list == "currencies" else "QQ"), kind
    if column.kind in ("code", "boolean"):
        return "Q9", "unknown_code"
    return None, ""
