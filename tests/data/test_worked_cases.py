"""docs/WORKED_CASES.md, whose figures are worked by hand, beside what the models make of its items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pytest

from dbt_project.build import build_models
from dbt_project.known import known_on
from pacific_parcels.contract import CHANNELS, code_list
from pacific_parcels.settings import REPOSITORY
from tests.data.conftest import Region

PAGE = REPOSITORY / "docs" / "WORKED_CASES.md"
FIRST_REPORT = {"2026-02": 8}
"""What Fiji said of February before it sent it again."""
REJECTED = {"rows_in": 15, "rows_rejected": 2}
COLUMNS = {
    "channel": "channel_code",
    "value": "declared_value",
    "basis": "valuation_basis_code",
    "origin": "origin_country_code",
    "hs": "hs_code",
    "kg": "gross_mass_kg",
    "office": "customs_office_code",
    "advance": "advance_data_at",
    "lodged": "lodgement_at",
    "released": "release_at",
    "declaration": "declaration_type_code",
    "inspected": "is_inspected",
    "result": "inspection_result_code",
    "outcome": "outcome_code",
    "duty": "duty_amount",
    "tax": "tax_amount",
    "fee": "fee_amount",
}
PORTS = {"SUV": "FJSUV", "NAN": "FJNAN", "TBU": "TOTBU", "APW": "WSAPW"}


def table(heading: str) -> list[dict[str, str]]:
    """The rows of the table under a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


def months(text: str) -> list[str]:
    first, last = (text.split(" to ") * 2)[:2]
    numbers = [int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last)]
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(numbers[0], numbers[1] + 1)]


def items_of(row: dict[str, str], month: str) -> Iterator[dict[str, object]]:
    for number in range(int(row["count"])):
        item: dict[str, object] = {column: row[name] or None for name, column in COLUMNS.items()}
        yield item | {
            "item_id": f"{row['value']}-{row['day']}-{number}",
            "port_code": PORTS[row["office"]],
            "arrival_date": f"{month}-{row['day']}",
            "declared_currency_code": "USD",
            "revenue_currency_code": "USD",
        }


@dataclass(frozen=True)
class Case:
    indicator: str
    member: str
    cell: str
    period: str
    figure: str
    status: str

    @property
    def place(self) -> dict[str, str]:
        """The codes of the cell: what is not named is a total."""
        codes = dict.fromkeys(("channel_code", "value_band_code", "counterpart_code", "commodity_code"), "_T")
        for code in self.cell.split():
            if code in CHANNELS:
                codes["channel_code"] = code
            elif code in code_list("value_bands", "value_band_code"):
                codes["value_band_code"] = code
            elif re.fullmatch(r"S\d\d", code):
                codes["commodity_code"] = code
            else:
                codes["counterpart_code"] = code
        if self.cell == "_U section":
            codes |= {"value_band_code": "_T", "counterpart_code": "_T", "commodity_code": "_U"}
        if self.cell == "_U partner":
            codes |= {"value_band_code": "_T", "counterpart_code": "_U"}
        return codes | {"member_code": self.member, "time_period": self.period}


CASES = [
    Case(**{name: row[name] for name in ("indicator", "member", "cell", "period", "figure", "status")})
    for row in table("The figures")
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    region = Region(tmp_path_factory.mktemp("worked"))
    region.allow("FJ", "100.00")
    region.tax("FJ", "15.00")
    region.carry("advance_data_at", "FJ")
    landed: dict[tuple[str, str], list[dict[str, object]]] = {}
    for row in table("The items"):
        for month in months(row["months"]):
            landed.setdefault((row["member"], month), []).extend(items_of(row, month))
    for (member, month), items in landed.items():
        region.land(f"{member}-{month}", member, month, items, vintage_at="2026-05-01 08:00:00")
        if member == "FJ" and month in FIRST_REPORT:
            first = items[: FIRST_REPORT[month]]
            region.land(f"first-{month}", member, month, first, vintage_at="2026-04-01 08:00:00")
    region.receipts["FJ-2026-01"].update(REJECTED)
    region.values.append(
        {"extract_id": "FJ-2026-01", "currency_code": "USD", "accepted_value": 920, "rejected_value": 80}
    )
    region.write_inputs()
    with duckdb.connect(str(build_models(region.settings).snapshot), read_only=True) as connection:
        yield connection


def test_the_page_has_its_thirty_cases_and_each_says_how() -> None:
    assert len(CASES) >= 30
    assert len({(case.indicator, *case.place.items()) for case in CASES}) == len(CASES)
    assert all(row["how it is worked out"] for row in table("The figures"))


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.indicator}-{case.member}-{case.cell}-{case.period}"
)
def test_the_figure_is_the_one_on_the_page(case: Case, warehouse: duckdb.DuckDBPyConnection) -> None:
    where = " and ".join(f"{name} = '{code}'" for name, code in case.place.items())
    found = warehouse.execute(
        "select obs_value, obs_status from mart_indicators"
        f" where indicator_code = '{case.indicator}' and {where}"
    ).fetchall()
    if case.figure == "absent":
        assert found == []
        return
    expected = None if case.figure == "—" else float(case.figure)
    assert found == [(expected, case.status)]


@pytest.mark.parametrize(
    "row", table("What was known when"), ids=lambda row: f"{row['day']}-{row['member']}-{row['period']}"
)
def test_what_was_known_on_a_day(row: dict[str, str], warehouse: duckdb.DuckDBPyConnection) -> None:
    found = [
        (items, status)
        for member, period, items, status, _ in known_on(warehouse, date.fromisoformat(row["day"]))
        if (member, period) == (row["member"], row["period"])
    ]
    if row["figure"] == "absent":
        assert found == []
    else:
        assert found == [(None, "M") if row["figure"] == "—" else (int(row["figure"]), "A")]


def test_nothing_was_known_before_the_first_extract(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert known_on(warehouse, date(2026, 3, 31)) == []
