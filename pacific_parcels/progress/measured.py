"""Self-assessment meets measurement: the stage of a measure beside what the extracts show of it.

Which indicator is the counterpart of which measure is data (measured.csv), with the reason on each line:

    framework_codes, measure_code   the measure, in these editions
    indicator_code                  the indicator, monthly, over all items of the member
    speaks_when                     HIGH or LOW: the side on which it speaks for the measure; NEITHER: it is
                                    shown and no more
    full_at, none_at                from here on it fits a measure in use, and from there on one that is not;
                                    both are ours. Without full_at no figure shows that a measure is in use
    reason_en, reason_fr            why it is a counterpart, and why both can be right all the same

Only the ends are told apart: *fully implemented* beside a figure that fits one not in use, and the other way
round. What lies between says nothing. The figures are those of the member's own published file, which it may
see anyway, so that a contradiction comes to the member first, and to nobody by this program.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb

from pacific_parcels.errors import PacificParcelsError

FILE = Path(__file__).resolve().parent / "measured.csv"
MONTHS = 12
LEAST_MONTHS = 6

Verdict = Literal["CLAIMED_NOT_SEEN", "SEEN_NOT_CLAIMED", "BESIDE", "TOO_LITTLE"]


@dataclass(frozen=True)
class Counterpart:
    """One line of measured.csv. Both limits are None where speaks_when is NEITHER."""

    framework_codes: tuple[str, ...]
    measure_code: str
    indicator_code: str
    speaks_when: str
    full_at: float | None
    none_at: float | None
    reason_en: str
    reason_fr: str

    def fits(self, value: float) -> Literal["IN_USE", "NOT_IN_USE", ""]:
        """What a value fits; empty for one that says nothing."""
        sign = 1 if self.speaks_when == "HIGH" else -1
        if self.full_at is not None and sign * value >= sign * self.full_at:
            return "IN_USE"
        return "NOT_IN_USE" if self.none_at is not None and sign * value <= sign * self.none_at else ""


@dataclass(frozen=True)
class Measured:
    """The median of the last months of one indicator, and over how many; titles as they are published."""

    value: float
    months: int
    unit_measure: str
    title_en: str
    title_fr: str


@dataclass(frozen=True)
class Meeting:
    counterpart: Counterpart
    framework_code: str
    stage_code: str
    measured: Measured
    verdict: Verdict


@cache
def counterparts(path: Path = FILE) -> tuple[Counterpart, ...]:
    """Errors: PacificParcelsError for a line that cannot be one."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for number, row in enumerate(rows, 2):
        full_at, none_at = (float(row[name]) if row[name] else None for name in ("full_at", "none_at"))
        has_reasons = bool(row["reason_en"]) and bool(row["reason_fr"])
        if not has_reasons or not _are_sides(row["speaks_when"], full_at, none_at):
            raise PacificParcelsError(
                f"{path}, row {number}: found {row}; expected HIGH or LOW with none_at and full_at, if any, "
                "on their sides, or NEITHER without them, and a reason in both languages; correct the file"
            )
        found.append(
            Counterpart(
                tuple(row["framework_codes"].split()),
                row["measure_code"],
                row["indicator_code"],
                row["speaks_when"],
                full_at,
                none_at,
                row["reason_en"],
                row["reason_fr"],
            )
        )
    return tuple(found)


def _are_sides(speaks_when: str, full_at: float | None, none_at: float | None) -> bool:
    if speaks_when == "NEITHER":
        return full_at is None and none_at is None
    if speaks_when not in ("HIGH", "LOW") or none_at is None:
        return False
    return full_at is None or (full_at > none_at) == (speaks_when == "HIGH")


def meet(stages: Mapping[tuple[str, str], str], measured: Mapping[str, Measured]) -> list[Meeting]:
    """Every assessed measure beside each of its counterparts that has a figure.

    `stages` is by framework and measure, of one member; `measured` by indicator.
    """
    meetings = []
    for counterpart in counterparts():
        for framework_code in counterpart.framework_codes:
            stage = stages.get((framework_code, counterpart.measure_code))
            figure = measured.get(counterpart.indicator_code)
            if stage is not None and figure is not None:
                verdict = _verdict(counterpart, stage, figure)
                meetings.append(Meeting(counterpart, framework_code, stage, figure, verdict))
    return meetings


def _verdict(counterpart: Counterpart, stage: str, figure: Measured) -> Verdict:
    fits = counterpart.fits(figure.value)
    if not fits:
        return "BESIDE"
    if figure.months < LEAST_MONTHS:
        return "TOO_LITTLE"
    if (stage, fits) == ("FULL", "NOT_IN_USE"):
        return "CLAIMED_NOT_SEEN"
    if (stage, fits) == ("NONE", "IN_USE"):
        return "SEEN_NOT_CLAIMED"
    return "BESIDE"


def measured_of(published_file: Path, member_code: str, as_of: date) -> dict[str, Measured]:
    """As `measured_in`, of a published file."""
    connection = duckdb.connect(str(published_file), read_only=True, config={"threads": 1})
    try:
        return measured_in(connection, member_code, as_of)
    finally:
        connection.close()


def measured_in(connection: duckdb.DuckDBPyConnection, member_code: str, as_of: date) -> dict[str, Measured]:
    """The counterparts of one member in a published file: medians of its last 12 months with a value.

    Months after `as_of` are not looked at. What the file hides has no value, and is not told here either.
    """
    codes = sorted({counterpart.indicator_code for counterpart in counterparts()})
    rows = connection.execute(
        "select i.indicator_code, median(i.obs_value), count(*), any_value(i.unit_measure), "
        "any_value(d.title_en), any_value(d.title_fr) from (select * from indicators "
        "where frequency = 'M' and member_code = ? and list_contains(?, indicator_code) "
        "and obs_value is not null and time_period <= ? "
        "and channel_code = '_T' and value_band_code = '_T' and counterpart_code = '_T' "
        "and commodity_code = '_T' "
        "qualify row_number() over (partition by indicator_code order by time_period desc) <= ?) i "
        "join indicator_definitions d using (indicator_code) group by 1 order by 1",
        [member_code, codes, f"{as_of:%Y-%m}", MONTHS],
    ).fetchall()
    return {code: Measured(float(value), *rest) for code, value, *rest in rows}
