"""A layout turns text into values strictly, and its two statements agree on every row."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pacific_parcels.contract import COLUMNS
from pacific_parcels.formats import Spool
from pacific_parcels.layout import ExtractFacts, Statement, in_french, in_words, offset_changes
from pacific_parcels.members import Member
from tests.small_member import GOOD_ROW, HEADER, SENT_ON, small_member

Row = dict[str, Any]


class Judge:
    """Runs both statements of a layout over rows, and holds them to each other."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder

    def both(self, member: Member, rows: list[dict[str, str]]) -> tuple[dict[int, Row], dict[int, Row]]:
        """What the plain statement accepts, and what the exact one says of every row; by source row."""
        spool = Spool(self.folder, HEADER)
        for number, row in enumerate(rows, 2):
            spool.row(number, [row[name] for name in HEADER])
        text = spool.close()
        facts = ExtractFacts("fj-0", member, "items", "2026-03", "2026-03", SENT_ON)
        layout = member.extracts["items"].layouts[-1]
        plain, exact = (Statement(layout, [facts], [text], is_exact=is_exact) for is_exact in (False, True))
        plain.prepare(self.connection)
        accepted = f"select * from ({plain.judged()}) where not is_rejected"
        by_row = [self._rows(accepted), self._rows(exact.judged())]
        for table in ("reject_errors", "reject_scans"):
            self.connection.execute(f"drop table if exists {table}")
        return by_row[0], by_row[1]

    def _rows(self, sql: str) -> dict[int, Row]:
        result = self.connection.execute(sql)
        names = [column[0] for column in result.description]
        return {
            row["source_row"]: row
            for row in (dict(zip(names, row, strict=True)) for row in result.fetchall())
        }

    def one(self, member: Member, **values: str) -> Row:
        """The exact verdict on one row with these values; the plain statement must not contradict it."""
        plain, exact = self.both(member, [{"Item": "A1"} | GOOD_ROW | values])
        assert exact.keys() == {2}
        hold_together(plain, exact)
        return exact[2]


def hold_together(plain: dict[int, Row], exact: dict[int, Row]) -> None:
    unread = ("extract_id", "member_code", "time_period")
    contract = [column.name for column in COLUMNS if column.name not in unread]
    for source_row, row in plain.items():
        assert not exact[source_row]["is_rejected"], exact[source_row]["faults"]
        for name in contract:
            assert row[name] == exact[source_row][name], name


@pytest.fixture
def judge(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Judge:
    return Judge(connection, tmp_path)


def faults(row: Row) -> list[str]:
    return list(row["faults"])


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1234.50", "1234.50"),
            ("12", "12.00"),
            (" 12.5 ", "12.50"),
            ("12.5\u00a0", "12.50"),
            ("+7", "7.00"),
            (".5", "0.50"),
            ("9999999999999999.99", "9999999999999999.99"),
        ],
    )
    def test_with_a_point(self, judge: Judge, text: str, value: str) -> None:
        assert judge.one(small_member(), Value=text)["declared_value"] == Decimal(value)

    @pytest.mark.parametrize(
        "text",
        ["12,50", "1,234.50", "1 234", "1e3", "1E3", "1_000", "0x10", "--5", "twelve", "12.5.0", "NaN", "inf",
         "99999999999999999", "$12", "12-"],
    )  # fmt: skip
    def test_what_is_no_number_with_a_point_is_refused(self, judge: Judge, text: str) -> None:
        assert faults(judge.one(small_member(), Value=text)) == ["R106:declared_value"]

    @pytest.mark.parametrize(
        ("text", "value"), [("1234,50", "1234.50"), ("1234", "1234.00"), (",5", "0.50"), ("0,05", "0.05")]
    )
    def test_with_a_comma(self, judge: Judge, text: str, value: str) -> None:
        assert judge.one(small_member(decimal=","), Value=text)["declared_value"] == Decimal(value)

    @pytest.mark.parametrize("text", ["1.234", "12.50", "1,234,5", "1e3"])
    def test_a_point_is_never_taken_for_a_comma(self, judge: Judge, text: str) -> None:
        """1.234 is one thousand two hundred and thirty-four, or one and a bit: nobody can know."""
        row = judge.one(small_member(decimal=","), Value=text, Mass="0,25")

        assert faults(row) == ["R106:declared_value"]

    @pytest.mark.parametrize(
        ("decimal", "thousands", "text", "value"),
        [
            (".", ",", "1,234.50", "1234.50"),
            (".", ",", "12,345,678", "12345678.00"),
            (".", ",", "1234.50", "1234.50"),
            (",", ".", "1.234,50", "1234.50"),
            (",", ".", "1.234", "1234.00"),
            (",", " ", "1 234,50", "1234.50"),
            (",", " ", "1\u00a0234,50", "1234.50"),
            (",", " ", "1\u202f234,50", "1234.50"),
            (".", "'", "1'234.50", "1234.50"),
            (",", ".", ",5", "0.50"),
            (".", ",", "-1,234.50", None),
        ],
    )
    def test_thousands_in_their_places(
        self, judge: Judge, decimal: str, thousands: str, text: str, value: str | None
    ) -> None:
        row = judge.one(small_member(decimal=decimal, thousands=thousands), Value=text)

        if value is None:
            assert faults(row) == ["R107:declared_value"]
        else:
            assert row["declared_value"] == Decimal(value)

    @pytest.mark.parametrize("text", ["12,34.50", "1,2345", ",123", "1,,234", "1.234,50", "1,234e1"])
    def test_thousands_out_of_place_are_refused(self, judge: Judge, text: str) -> None:
        row = judge.one(small_member(thousands=","), Value=text)

        assert faults(row) == ["R106:declared_value"]

    def test_a_factor_turns_grams_into_kilograms(self, judge: Judge) -> None:
        member = small_member(columns={"gross_mass_kg": {"column": "Mass", "factor": Decimal("0.001")}})

        assert judge.one(member, Mass="1250")["gross_mass_kg"] == Decimal("1.250")
        assert judge.one(member, Mass="1.5")["gross_mass_kg"] == Decimal("0.002")  # to the gram, half up
        assert faults(judge.one(member, Mass="1e3")) == ["R106:gross_mass_kg"]

    @pytest.mark.parametrize(
        ("text", "value"), [("12", 12), (" 12 ", 12), ("12.00", 12), ("0", 0), ("12.", 12)]
    )
    def test_whole_numbers(self, judge: Judge, text: str, value: int) -> None:
        assert judge.one(small_member(), Pieces=text)["pieces_count"] == value

    @pytest.mark.parametrize("text", ["12.5", "12,00", "0x1F", "1e3", "1_000", "0b11", "9999999999", "."])
    def test_what_is_no_whole_number_is_refused_and_never_rounded(self, judge: Judge, text: str) -> None:
        assert faults(judge.one(small_member(), Pieces=text)) == ["R106:pieces_count"]

    def test_whole_numbers_follow_the_signs_of_the_layout(self, judge: Judge) -> None:
        member = small_member(decimal=",", thousands=".")

        assert judge.one(member, Value="1,0", Mass="0,1", Pieces="1.234")["pieces_count"] == 1234
        assert judge.one(member, Value="1,0", Mass="0,1", Pieces="12,0")["pieces_count"] == 12
        assert faults(judge.one(member, Value="1,0", Mass="0,1", Pieces="1.2")) == ["R106:pieces_count"]

    @pytest.mark.parametrize(("column", "name"), [("Value", "declared_value"), ("Pieces", "pieces_count")])
    def test_a_negative_number_is_named_as_one(self, judge: Judge, column: str, name: str) -> None:
        assert faults(judge.one(small_member(), **{column: "-1"})) == [f"R107:{name}"]

    def test_a_layout_may_take_one_on_purpose_with_a_warning(self, judge: Judge) -> None:
        source = {"column": "Value", "may_be_negative": True}
        row = judge.one(small_member(columns={"declared_value": source}), Value="-1.50")

        assert (row["declared_value"], row["is_rejected"]) == (Decimal("-1.50"), False)
        assert row["rule_ids"] == ["R208:declared_value"]


class TestDates:
    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("%d/%m/%Y", "05/03/2026"),
            ("%d/%m/%Y", "5/3/2026"),
            ("%d/%m/%Y", " 05/03/2026 "),
            ("%m/%d/%Y", "03/05/2026"),
            ("%Y%m%d", "20260305"),
            ("%d-%b-%Y", "05-Mar-2026"),
        ],
    )
    def test_are_read_as_declared(self, judge: Judge, form: str, text: str) -> None:
        row = judge.one(small_member(dates=form), Arrived=text)

        assert row["arrival_date"] == date(2026, 3, 5)

    @pytest.mark.parametrize(
        "text",
        ["31/02/2026", "00/03/2026", "03/13/2026", "05/03/26", "2026-03-05", "05/03/2026 00:00", "05.03.2026",
         "epoch", "-infinity", "46086", "soon"],
    )  # fmt: skip
    def test_what_is_no_day_is_refused(self, judge: Judge, text: str) -> None:
        assert faults(judge.one(small_member(dates="%d/%m/%Y"), Arrived=text)) == ["R103:arrival_date"]

    def test_a_column_may_have_a_form_of_its_own(self, judge: Judge) -> None:
        member = small_member(columns={"arrival_date": {"column": "Arrived", "format": "%Y%m%d"}})

        assert judge.one(member, Arrived="20260305")["arrival_date"] == date(2026, 3, 5)
        assert faults(judge.one(member, Arrived="2026-03-05")) == ["R103:arrival_date"]

    def test_a_date_column_with_a_time_gives_its_day_also_at_midnight(self, judge: Judge) -> None:
        """A workbook shows midnight as the day alone."""
        member = small_member(columns={"arrival_date": {"column": "Arrived", "format": "%Y-%m-%d %H:%M:%S"}})

        assert judge.one(member, Arrived="2026-03-05 14:30:00")["arrival_date"] == date(2026, 3, 5)
        assert judge.one(member, Arrived="2026-03-05")["arrival_date"] == date(2026, 3, 5)


class TestTimes:
    @pytest.mark.parametrize(
        ("zone", "local", "utc"),
        [
            # Niue never changes its clocks: 11 hours behind.
            ("Pacific/Niue", "2026-03-06 09:30:00", datetime(2026, 3, 6, 20, 30)),
            # Auckland: 13 hours ahead in summer, until 3:00 on 5 April 2026; then 12.
            ("Pacific/Auckland", "2026-03-06 09:30:00", datetime(2026, 3, 5, 20, 30)),
            ("Pacific/Auckland", "2026-04-06 09:30:00", datetime(2026, 4, 5, 21, 30)),
            # The hour from 2:00 to 3:00 comes twice that night: taken as the first of the two.
            ("Pacific/Auckland", "2026-04-05 02:30:00", datetime(2026, 4, 4, 13, 30)),
            ("Pacific/Auckland", "2026-04-05 03:00:00", datetime(2026, 4, 4, 15, 0)),
            # Fiji had summer time until 17 January 2021, and none since.
            ("Pacific/Fiji", "2021-01-10 09:30:00", datetime(2021, 1, 9, 20, 30)),
            ("Pacific/Fiji", "2021-01-20 09:30:00", datetime(2021, 1, 19, 21, 30)),
            ("Pacific/Fiji", "2026-01-10 09:30:00", datetime(2026, 1, 9, 21, 30)),
            # Norfolk: 11 hours, with summer time of 12 since October 2019.
            ("Pacific/Norfolk", "2019-01-10 09:30:00", datetime(2019, 1, 9, 22, 30)),
            ("Pacific/Norfolk", "2020-01-10 09:30:00", datetime(2020, 1, 9, 21, 30)),
            # Marquesas have half hours.
            ("Pacific/Marquesas", "2026-03-06 09:30:00", datetime(2026, 3, 6, 19, 0)),
        ],
    )
    def test_local_time_becomes_utc(self, judge: Judge, zone: str, local: str, utc: datetime) -> None:
        assert judge.one(small_member(time_zone=zone), Released=local)["release_at"] == utc

    def test_an_hour_that_never_was_is_read_by_the_new_clock(self, judge: Judge) -> None:
        """On 27 September 2026 the clocks of Auckland go from 2:00 to 3:00, 13 hours ahead."""
        row = judge.one(small_member(time_zone="Pacific/Auckland"), Released="2026-09-27 02:30:00")

        assert row["release_at"] == datetime(2026, 9, 26, 13, 30)

    def test_a_time_given_as_a_day_alone_is_its_midnight(self, judge: Judge) -> None:
        row = judge.one(small_member(), Released="2026-03-06")

        assert row["release_at"] == datetime(2026, 3, 5, 12, 0)

    def test_american_times(self, judge: Judge) -> None:
        member = small_member(dates="%m/%d/%Y", timestamps="%m/%d/%Y %I:%M %p", time_zone="Pacific/Guam")

        row = judge.one(member, Arrived="03/05/2026", Released="03/06/2026 09:30 PM")

        assert row["release_at"] == datetime(2026, 3, 6, 11, 30)  # Guam is 10 hours ahead

    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-06 25:00:00",
            "2026-03-06T09:30:00",
            "26-03-06 09:30:00",
            "infinity",
            "epoch",
            "0026-03-06",
        ],
    )
    def test_what_is_no_time_is_refused(self, judge: Judge, text: str) -> None:
        assert faults(judge.one(small_member(), Released=text)) == ["R103:release_at"]

    def test_an_empty_time_is_absent_and_no_fault(self, judge: Judge) -> None:
        row = judge.one(small_member(), Released="")

        assert (row["release_at"], faults(row)) == (None, [])

    def test_the_changes_of_a_zone_that_never_changed(self) -> None:
        assert offset_changes("Pacific/Niue") == ((datetime(1, 1, 1), -660),)


class TestCodes:
    def test_a_lookup_has_no_default(self, judge: Judge) -> None:
        assert judge.one(small_member(), Mode="X")["channel_code"] == "EXPRESS_CARRIER"
        assert judge.one(small_member(), Mode=" X ")["channel_code"] == "EXPRESS_CARRIER"
        for text in ("x", "XX", "POSTAL_PARCEL"):
            assert faults(judge.one(small_member(), Mode=text)) == ["R109:channel_code"]

    def test_a_lookup_may_lead_to_yes_and_no(self, judge: Judge) -> None:
        assert judge.one(small_member(), Inspected="Y")["is_inspected"] is True
        assert judge.one(small_member(), Inspected="N")["is_inspected"] is False
        assert judge.one(small_member(), Inspected="")["is_inspected"] is None
        assert faults(judge.one(small_member(), Inspected="yes")) == ["R109:is_inspected"]

    def test_without_a_lookup_yes_and_no_are_true_and_false(self, judge: Judge) -> None:
        member = small_member(columns={"is_inspected": "Inspected"})

        assert judge.one(member, Inspected="TRUE")["is_inspected"] is True
        assert judge.one(member, Inspected="false")["is_inspected"] is False
        assert faults(judge.one(member, Inspected="1")) == ["R109:is_inspected"]

    @pytest.mark.parametrize(
        ("column", "text", "fault"),
        [
            ("Origin", "cn", "R110:origin_country_code"),
            ("Origin", "XX", "R110:origin_country_code"),
            ("Currency", "FJ$", "R108:declared_currency_code"),
            ("Port", "Suva", "R111:port_code"),
            ("Port", "WSAPW", "R111:port_code"),  # a port, but of another member
        ],
    )
    def test_a_code_that_is_not_in_its_list(self, judge: Judge, column: str, text: str, fault: str) -> None:
        assert faults(judge.one(small_member(), **{column: text})) == [fault]

    def test_namibia_is_a_country(self, judge: Judge) -> None:
        assert judge.one(small_member(), Origin="NA")["origin_country_code"] == "NA"

    def test_a_constant_needs_no_column(self, judge: Judge) -> None:
        member = small_member(
            columns={
                "declared_currency_code": {"constant": "FJD"},
                "valuation_basis_code": {"constant": "CIF"},
            }
        )

        row = judge.one(member, Currency="not read")

        assert (row["declared_currency_code"], row["valuation_basis_code"]) == ("FJD", "CIF")

    def test_a_column_that_a_member_does_not_give_is_absent(self, judge: Judge) -> None:
        assert judge.one(small_member())["duty_amount"] is None

    def test_what_must_stand_on_every_row(self, judge: Judge) -> None:
        member = small_member(expect={"Country": "FJ", "Consignee": "x"}, ignore=[])

        row = judge.one(member, Country="WS", Consignee="")

        assert faults(row) == ["R112:expect 1", "R112:expect 2"]
        assert faults(judge.one(small_member(), Country=" FJ ")) == []

    def test_words_that_mean_nothing_are_absent(self, judge: Judge) -> None:
        member = small_member(null_values=["-", "n/a"])

        row = judge.one(member, Mass="-", Goods=" n/a ", Released=" - ", Inspected="n/a", Origin="")

        assert faults(row) == []
        for name in (
            "gross_mass_kg",
            "goods_description",
            "release_at",
            "is_inspected",
            "origin_country_code",
        ):
            assert row[name] is None, name

    @pytest.mark.parametrize(
        ("text", "code", "warnings"),
        [
            ("610910", "610910", None),
            ("6109.10.00", "61091000", None),
            ("0101 21", "010121", None),
            ("6109", "6109", ["R202:hs_code"]),
            ("61091", "61091", ["R202:hs_code"]),
            ("610910A", "610910A", ["R202:hs_code"]),
            ("", None, None),
            (" . ", None, None),
        ],
    )
    def test_hs_codes_lose_points_and_spaces(
        self, judge: Judge, text: str, code: str | None, warnings: list[str] | None
    ) -> None:
        row = judge.one(small_member(), HS=text)

        assert (row["hs_code"], row["rule_ids"]) == (code, warnings)

    def test_free_text_is_trimmed(self, judge: Judge) -> None:
        row = judge.one(small_member(), Item="  A1 ", Goods="  ")

        assert (row["item_id"], row["goods_description"]) == ("A1", None)


def test_every_broken_rule_of_a_row_is_named(judge: Judge) -> None:
    row = judge.one(small_member(), Item="", Mode="?", Value="-5", Arrived="2026-04-31", Country="WS")

    assert faults(row) == [
        "R102:item_id",
        "R109:channel_code",
        "R107:declared_value",
        "R103:arrival_date",
        "R112:expect 1",
    ]


def test_names_of_columns_that_differ_by_case_alone_do_not_clash(judge: Judge) -> None:
    """As in an export with both `Value` and `VALUE`."""
    member = small_member(columns={"fee_amount": "VALUE"})
    spool = Spool(judge.folder, (*HEADER, "VALUE"))
    good = {"Item": "A1"} | GOOD_ROW | {"Value": "wrong"}
    spool.row(2, [*(good[name] for name in HEADER), "3.50"])
    facts = ExtractFacts("fj-0", member, "items", "2026-03", "2026-03", SENT_ON, for_sender=True)
    statement = Statement(member.extracts["items"].layouts[0], [facts], [spool.close()], is_exact=True)
    statement.prepare(judge.connection)

    (row,) = judge._rows(statement.judged()).values()

    assert '"Value":"wrong"' in row["source_values"]
    assert '"VALUE":"3.50"' in row["source_values"]


@pytest.mark.parametrize(
    ("form", "english", "french"),
    [
        ("%d/%m/%Y", "dd/mm/yyyy", "jj/mm/aaaa"),
        ("%m/%d/%Y %I:%M %p", "mm/dd/yyyy hh:mm AM/PM", "mm/jj/aaaa hh:mm AM/PM"),
        ("%Y%m%d%H%M%S", "yyyymmddhhmmss", "aaaammjjhhmmss"),
        ("%d-%b-%Y", "dd-mmm-yyyy", "jj-mmm-aaaa"),
    ],
)
def test_a_form_is_written_as_people_write_it(form: str, english: str, french: str) -> None:
    assert in_words(form) == english
    assert in_french(english) == french


# ---- the two statements agree --------------------------------------------------------------------------

SPACES = st.sampled_from(["", "", "", " ", "  ", "\t", "\u00a0", "\u202f"])
NUMBERS = st.one_of(
    st.decimals(-2000, 2000, places=2).map(str),
    st.integers(-5, 20_000_000).map(lambda number: f"{number:,}"),
    st.integers(0, 20_000_000).map(lambda number: f"{number:,}".replace(",", ".")),
    st.integers(0, 20_000_000).map(lambda number: f"{number:,}".replace(",", "\u202f")),
    st.text(st.sampled_from("0123456789.,+-_eE' "), max_size=6),
)
MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2026, 6, 1))
TIMES = st.one_of(
    st.tuples(MOMENTS, st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M"])).map(
        lambda pair: pair[0].strftime(pair[1])
    ),
    st.text(st.sampled_from("0123456789-/: "), max_size=11),
    st.sampled_from(["epoch", "infinity", "today", "now"]),
)
CODES = st.sampled_from(
    ["P", "X", "FJSUV", "WSAPW", "CN", "cn", "FJD", "USD", "FJ", "Y", "N", "true", "-", "n/a"]
)
VALUES = st.one_of(st.just(None), st.just(None), CODES, NUMBERS, TIMES, st.text(max_size=4))
WRITTEN = st.tuples(SPACES, VALUES, SPACES).map(lambda parts: None if parts[1] is None else "".join(parts))
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(HEADER, WRITTEN)), min_size=1, max_size=30)
LAYOUTS: list[dict[str, Any]] = [
    {},
    {"decimal": ",", "thousands": "."},
    {"decimal": ",", "thousands": " ", "dates": "%d/%m/%Y", "timestamps": "%d/%m/%Y %H:%M"},
    {"decimal": ",", "null_values": ["-", "n/a"]},
    {
        "thousands": ",",
        "columns": {
            "gross_mass_kg": {"column": "Mass", "factor": Decimal("0.001")},
            "is_inspected": "Inspected",
            "duty_amount": "Goods",
            "advance_data_at": {"column": "HS", "format": "%Y%m%d%H%M"},
        },
        "time_zone": "Pacific/Auckland",
    },
]


@pytest.fixture(scope="module")
def judge_of_many(connection: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(connection, tmp_path_factory.mktemp("random"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, layout=st.sampled_from(LAYOUTS))
@example(
    rows=[dict.fromkeys(HEADER) | {"Item": "P\u00a0"}, dict.fromkeys(HEADER) | {"Item": "\u2003P"}], layout={}
)
def test_what_the_plain_statement_accepts_the_exact_one_accepts_with_the_same_values(
    rows: list[dict[str, str | None]], layout: dict[str, Any], judge_of_many: Judge
) -> None:
    good = {"Item": "A1"} | GOOD_ROW
    texts = [{name: good[name] if text is None else text for name, text in row.items()} for row in rows]

    plain, exact = judge_of_many.both(small_member(**layout), texts)

    assert exact.keys() == set(range(2, len(rows) + 2)), "the exact statement decides about every row, once"
    hold_together(plain, exact)


def test_rows_as_they_should_be_are_accepted_by_the_plain_statement(judge: Judge) -> None:
    """Or the property above would hold of a statement that accepts nothing."""
    plain, _ = judge.both(small_member(), [{"Item": f"A{number}"} | GOOD_ROW for number in range(50)])

    assert len(plain) == 50
