"""The code list of each column: what may stand in it, with names in English and French.

The lists come from the tables of the published file that is described, so that nobody is told of a member, a
country or an indicator that the file does not hold; sections come from dbt's seeds, the rest from
`words.yml`.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import duckdb

from pacific_parcels.errors import PacificParcelsError
from pacific_parcels.layout import quoted
from pacific_parcels.open_data.words import Text, words
from pacific_parcels.settings import codes_directory

TOTAL, NOT_KNOWN = "_T", "_U"
# What SDMX takes as the id of a code, without those that a spreadsheet would run as a formula.
CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_@$-]*", re.ASCII)
PERIOD = "[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?"


@dataclass(frozen=True)
class Code:
    code: str
    name: Text


# Column of the indicators -> its list.
CodeLists = dict[str, tuple[Code, ...]]


# Column -> query of (code, name_en, name_fr) over the published file.
_FROM_TABLES = {
    "indicator_code": (
        "select indicator_code, title_en, title_fr from indicator_definitions order by indicator_code"
    ),
    "member_code": "select member_code, name_en, name_fr from members order by member_code",
    "channel_code": "select channel_code, name_en, name_fr from channels order by sort_order",
    "value_band_code": "select value_band_code, name_en, name_fr from value_bands order by sort_order",
    "counterpart_code": "select counterpart_code, name_en, name_fr from counterparts order by 1",
}
_HAS_TOTAL = ("member_code", "channel_code", "value_band_code", "counterpart_code", "commodity_code")
_FIXED = ("frequency", "unit_measure", "unit_mult", "obs_status", "conf_status")
CODED_COLUMNS = (*_FROM_TABLES, "commodity_code", *_FIXED)


def code_lists(connection: duckdb.DuckDBPyConnection) -> CodeLists:
    """The list of each coded column of the indicators.

    Errors: PacificParcelsError where the indicators hold a code that no list explains, one that is no id,
    or something else than a period in time_period.
    """
    lists: dict[str, list[Code]] = {
        column: [Code(code, {"en": en, "fr": fr}) for code, en, fr in connection.execute(query).fetchall()]
        for column, query in _FROM_TABLES.items()
    }
    lists["commodity_code"] = _sections()
    for column in _HAS_TOTAL:
        name = words()["region" if column == "member_code" else "total"]
        lists[column].insert(0, Code(TOTAL, name))
    for column in _FIXED:
        lists[column] = fixed_list(column)
    _check_periods(connection)
    for column, codes in lists.items():
        _check(connection, column, {code.code for code in codes})
    return {column: tuple(codes) for column, codes in lists.items()}


def fixed_list(name: str) -> list[Code]:
    return [Code(code, text) for code, text in words()["code_lists"][name].items()]


def _sections() -> list[Code]:
    with (codes_directory() / "hs_sections.csv").open(encoding="utf-8", newline="") as file:
        return [
            Code(row["commodity_code"], {"en": row["name_en"], "fr": row["name_fr"]})
            for row in csv.DictReader(file)
        ]


def _check(connection: duckdb.DuckDBPyConnection, column: str, known: set[str]) -> None:
    found = connection.execute(
        f"select distinct {column}::varchar from indicators where {column} is not null order by 1"
    ).fetchall()
    unknown = [code for (code,) in found if code not in known or not CODE.fullmatch(code)]
    if unknown:
        raise PacificParcelsError(
            f"open data: {column} holds {', '.join(map(quoted, unknown[:5]))}; expected codes of its list, "
            "written in letters, digits and _; "
            "give them names, in the seed of that list or in pacific_parcels/open_data/words.yml"
        )


def _check_periods(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = connection.execute(
        "select distinct time_period from indicators "
        f"where not regexp_full_match(time_period, '{PERIOD}') order by 1"
    ).fetchall()
    if wrong:
        raise PacificParcelsError(
            f"open data: time_period holds {quoted(wrong[0][0])}; expected a month (2026-03), a quarter "
            "(2026-Q1) or a year (2026); mend the model of that indicator"
        )
