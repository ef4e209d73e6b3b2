"""All member files and code lists: complete, sourced, in both languages and in agreement with each other."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import available_timezones

import pytest

from pacific_parcels.contract import COLUMNS_BY_NAME
from pacific_parcels.formats import load_format, read_options
from pacific_parcels.members import Member, load_members
from pacific_parcels.settings import Settings, codes_directory

MEMBER_CODES = [
    "AS", "AU", "MP", "CK", "FJ", "PF", "GU", "KI", "MH", "FM", "NR", "NC",
    "NZ", "NU", "NF", "PW", "PG", "WS", "SB", "TL", "TO", "TV", "VU", "WF",
]  # fmt: skip

CODE_LISTS = {
    "channels": "channel_code",
    "countries": "country_code",
    "currencies": "currency_code",
    "declaration_types": "declaration_type_code",
    "exchange_rate_sources": "source_code",
    "hs_sections": "commodity_code",
    "inspection_results": "inspection_result_code",
    "outcomes": "outcome_code",
    "ports": "port_code",
    "selectivity_lanes": "selectivity_lane_code",
    "valuation_bases": "valuation_basis_code",
    "value_bands": "value_band_code",
}
PROPER_NAMES = {"currencies", "ports"}  # names of money and of places, as ISO 4217 and UN/LOCODE write them


def rows(name: str) -> list[dict[str, str]]:
    with (codes_directory() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Member]:
    return load_members(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def currencies() -> set[str]:
    return {row["currency_code"] for row in rows("currencies")}


def test_there_is_one_file_for_each_of_the_24_members(members: dict[str, Member]) -> None:
    assert len(MEMBER_CODES) == 24
    assert set(members) == set(MEMBER_CODES)
    assert all(member.is_oco_member for member in members.values())


@pytest.mark.parametrize("code", MEMBER_CODES)
class TestMember:
    def test_is_named_in_both_languages_as_the_list_of_countries_names_it(
        self, code: str, members: dict[str, Member]
    ) -> None:
        country = {row["country_code"]: row for row in rows("countries")}[code]
        assert (members[code].name.en, members[code].name.fr) == (country["name_en"], country["name_fr"])

    def test_currency_and_time_zone_exist(
        self, code: str, members: dict[str, Member], currencies: set[str]
    ) -> None:
        assert members[code].currency in currencies
        assert members[code].time_zone in available_timezones()

    def test_every_threshold_and_every_tax_has_a_source_or_its_absence_is_explained(
        self, code: str, members: dict[str, Member], currencies: set[str]
    ) -> None:
        member = members[code]
        for line in (*member.de_minimis, *member.taxes):
            assert line.source.strip()
        for threshold in member.de_minimis:
            assert threshold.currency in currencies
            assert (threshold.basis == "DUTY_OWED") == (threshold.mode == "DUTY_OWED")
        if not member.de_minimis:
            assert member.note is not None
            assert "de minimis" in member.note
        if member.customs_system is None:
            assert member.note is not None
            assert "ustoms system" in member.note

    def test_gives_its_items_in_a_format_that_exists(self, code: str, members: dict[str, Member]) -> None:
        layouts = members[code].extracts["items"].layouts
        assert layouts
        for layout in layouts:
            read_options(
                load_format(layout.format), layout.options
            )  # raises on a name or an option not known

    def test_names_of_persons_are_never_landed(self, code: str, members: dict[str, Member]) -> None:
        for layout in members[code].extracts["items"].layouts:
            mapped = {source.column for source in layout.columns.values()} | set(layout.expect)
            assert layout.ignore, "the layouts of this list all carry columns about persons"
            assert not mapped & set(layout.ignore)

    def test_each_source_column_feeds_one_contract_column(
        self, code: str, members: dict[str, Member]
    ) -> None:
        """The synthetic extracts are written by reading the layout backwards."""
        for layout in members[code].extracts["items"].layouts:
            mapped = [source.column for source in layout.columns.values() if source.column is not None]
            assert len(mapped) == len(set(mapped))
            for source in layout.columns.values():
                if source.lookup is not None:
                    assert len(set(source.lookup.values())) == len(source.lookup)

    def test_its_constants_and_ports_are_in_the_code_lists(
        self, code: str, members: dict[str, Member], currencies: set[str]
    ) -> None:
        own_ports = {row["port_code"] for row in rows("ports") if row["member_code"] == code}
        assert members[code].demo.ports
        assert set(members[code].demo.ports) <= own_ports
        for layout in members[code].extracts["items"].layouts:
            for name, source in layout.columns.items():
                if source.constant is None:
                    continue
                if name in ("declared_currency_code", "revenue_currency_code"):
                    assert source.constant in currencies
                else:
                    assert source.constant in COLUMNS_BY_NAME[name].codes


def test_no_two_members_would_take_the_same_file(members: dict[str, Member]) -> None:
    for member in members.values():
        example = member.extracts["items"].file
        for placeholder, text in (("{period}", "2026-03"), ("{yyyymm}", "202603"), ("{quarter}", "2026-Q1")):
            example = example.replace(placeholder, text)
        takers = [other.code for other in members.values() if other.extracts["items"].covers(example)]
        assert takers == [member.code]


def test_the_layouts_differ_as_those_of_a_region_do(members: dict[str, Member]) -> None:
    layouts = [layout for member in members.values() for layout in member.extracts["items"].layouts]
    shapes = {
        (
            layout.format,
            layout.options.get("delimiter"),
            layout.options.get("encoding"),
            layout.dates,
            layout.decimal,
            layout.thousands,
        )
        for layout in layouts
    }
    assert len(shapes) >= 6
    assert {layout.options.get("encoding") for layout in layouts} >= {"utf-8", "cp1252", "utf-16"}
    assert {layout.format for layout in layouts} >= {"delimited", "xlsx"}
    assert {layout.dates for layout in layouts} >= {"%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"}
    assert any(
        source.factor == Decimal("0.001") for layout in layouts for source in layout.columns.values()
    ), "a mass in grams"


@pytest.mark.parametrize(("name", "key"), sorted(CODE_LISTS.items()))
def test_a_code_list_has_unique_keys_and_both_languages(name: str, key: str) -> None:
    listed = rows(name)
    assert listed
    codes = [row[key] for row in listed]
    assert all(codes)
    assert len(codes) == len(set(codes))
    for row in listed:
        assert None not in row, f"a row of {name} has more cells than the header"
        if name not in PROPER_NAMES:
            assert row["name_en"].strip()
            assert row["name_fr"].strip()


def test_every_code_list_is_checked_here() -> None:
    found = {path.stem for path in Path(codes_directory()).glob("*.csv")}
    # Rates, events and numbers of inhabitants are dated facts, not codes.
    assert found == set(CODE_LISTS) | {"exchange_rates", "events", "population"}


@pytest.mark.parametrize("path", sorted(codes_directory().glob("*.csv")), ids=lambda path: path.name)
def test_a_code_list_is_plain_utf8_without_mark_or_carriage_return(path: Path) -> None:
    content = path.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert "\ufffd" not in content.decode("utf-8")


def test_the_countries_are_those_of_iso_3166_and_namibia_is_not_lost() -> None:
    countries = {row["country_code"]: row["name_en"] for row in rows("countries")}
    assert len(countries) == 249
    assert countries["NA"] == "Namibia"


def test_every_member_has_ports_and_each_port_stands_under_its_country(members: dict[str, Member]) -> None:
    ports = rows("ports")
    assert {row["member_code"] for row in ports} == set(members)
    for row in ports:
        assert row["port_code"][:2] == row["member_code"]
        assert len(row["port_code"]) == 5
        assert row["name"].strip()
        assert set(row["kind"].split("_")) <= {"SEA", "AIR", "POST"}


def test_the_value_bands_follow_each_other_without_a_gap() -> None:
    bands = sorted(rows("value_bands"), key=lambda row: int(row["sort_order"]))
    known = [row for row in bands if row["value_band_code"] != "_U"]
    assert [row["value_band_code"] for row in known] == [
        "LE25", "GT25_LE50", "GT50_LE100", "GT100_LE250", "GT250_LE500", "GT500_LE1000", "GT1000",
    ]  # fmt: skip
    for lower, upper in pairwise(known):
        assert upper["lower_usd_exclusive"] == lower["upper_usd_inclusive"]
    assert (known[0]["lower_usd_exclusive"], known[-1]["upper_usd_inclusive"]) == ("", "")


class TestExchangeRates:
    def test_a_rate_is_positive_and_given_once_by_a_source_that_is_described(
        self, currencies: set[str]
    ) -> None:
        rates = rows("exchange_rates")
        keys = [(row["currency_code"], row["time_period"], row["source_code"]) for row in rates]
        assert keys
        assert len(keys) == len(set(keys))
        assert {row["source_code"] for row in rates} == {
            row["source_code"] for row in rows("exchange_rate_sources")
        }
        assert {row["currency_code"] for row in rates} <= currencies
        for row in rates:
            assert Decimal(row["units_per_usd"]) > 0
            assert len(row["time_period"]) == {"A": 4, "M": 7}[row["frequency"]]

    def test_every_currency_of_a_member_has_a_monthly_rate_from_2019_on(
        self, members: dict[str, Member]
    ) -> None:
        """January 2019 to September 2026: seven years of twelve months and nine more are 93."""
        needed = {member.currency for member in members.values()}
        # USD AUD NZD FJD XPF PGK WST SBD TOP VUV
        assert len(needed) == 10
        months: dict[str, set[str]] = {currency: set() for currency in needed}
        for row in rows("exchange_rates"):
            if row["source_code"] == "HMRC" and row["currency_code"] in needed:
                months[row["currency_code"]].add(row["time_period"])
        for currency, given in months.items():
            assert (len(given), min(given), max(given)) == (93, "2019-01", "2026-09"), currency

    def test_the_published_figures_are_kept_as_published(self) -> None:
        rates = {
            (row["currency_code"], row["time_period"], row["source_code"]): Decimal(row["units_per_usd"])
            for row in rows("exchange_rates")
        }
        # The annual averages of 2019 that the IMF publishes, to four decimals.
        assert round(rates["FJD", "2019", "IMF"], 4) == Decimal("2.1604")
        assert round(rates["TOP", "2019", "IMF"], 4) == Decimal("2.2895")
        assert rates["USD", "2019-01", "HMRC"] == 1
        # HMRC published the Australian rate for the pa'anga until September 2023. The list keeps what was
        # published: to notice it is for the models.
        assert rates["TOP", "2019-01", "HMRC"] == rates["AUD", "2019-01", "HMRC"]
        assert rates["TOP", "2023-09", "HMRC"] == rates["AUD", "2023-09", "HMRC"]
        assert rates["TOP", "2023-10", "HMRC"] != rates["AUD", "2023-10", "HMRC"]
