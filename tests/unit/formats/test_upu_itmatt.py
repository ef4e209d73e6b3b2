"""Postal messages: items, what happened to them and what customs decided become one row each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pacific_parcels.errors import ExtractError
from pacific_parcels.formats import upu_itmatt
from pacific_parcels.formats.upu_itmatt import COLUMNS, Options, header, read
from tests.spooled_rows import Row, rows_of

SAMPLE = Path(__file__).parents[2] / "formats" / "upu_itmatt" / "sample.xml"
SUVA = Options(time_zone="Pacific/Fiji")  # twelve hours ahead of UTC, all year


def read_text(folder: Path, xml: str, options: Options = SUVA) -> dict[int, Row]:
    path = folder / "messages.xml"
    path.write_text(xml, encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return rows_of(read(path, options, scratch))


def tags(**texts: str) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())


def item(item_id: str = "RB123456785GB", contents: str = "", **texts: str) -> str:
    return f"<Item>{tags(ItemId=item_id, **texts)}{contents}</Item>"


def piece(**texts: str) -> str:
    return f"<ContentPiece>{tags(**texts)}</ContentPiece>"


def event(code: str, moment: str, item_id: str = "RB123456785GB", **texts: str) -> str:
    return f"<Event>{tags(ItemId=item_id, EventCode=code, EventDateTime=moment, **texts)}</Event>"


def response(item_id: str = "RB123456785GB", **texts: str) -> str:
    return f"<Response>{tags(ItemId=item_id, **texts)}</Response>"


def itmatt(*content: str) -> str:
    return f"<ITMATT>{''.join(content)}</ITMATT>"


def emsevt(*content: str) -> str:
    return f"<EMSEVT>{''.join(content)}</EMSEVT>"


def cusrsp(*content: str) -> str:
    return f"<CUSRSP>{''.join(content)}</CUSRSP>"


def messages(*content: str) -> str:
    return f"<PostalMessages>{''.join(content)}</PostalMessages>"


XML = '<?xml version="1.0"?>'
SENT = tags(MessagePreparationDateTime="2026-03-01T10:00:00Z")
ARRIVED = event("EMD", "2026-03-04 08:15:00")
RELEASED = response(Decision="REL", DecisionDateTime="2026-03-04T14:00:00")


class TestMessages:
    @pytest.mark.parametrize(
        ("xml", "source_row"),
        [
            (messages(itmatt(SENT, item()), emsevt(ARRIVED), cusrsp(RELEASED)), 1),
            (messages(cusrsp(RELEASED), emsevt(ARRIVED), itmatt(SENT, item())), 3),
            (messages(emsevt(ARRIVED)) + XML + messages(cusrsp(RELEASED), itmatt(SENT, item())), 3),
            (XML + emsevt(ARRIVED) + XML + itmatt(SENT, item()) + XML + cusrsp(RELEASED), 2),
        ],
        ids=["items first", "items last", "two documents", "messages that stand alone"],
    )  # fmt: skip
    def test_are_joined_in_whatever_order_they_stand(self, tmp_path: Path, xml: str, source_row: int) -> None:
        assert read_text(tmp_path, xml) == {
            source_row: {
                "Item_id": "RB123456785GB",
                "Advance_data_at": "2026-03-01 22:00:00",
                "Arrived_at": "2026-03-04 08:15:00",
                "Decision": "REL",
                "Decision_at": "2026-03-04 14:00:00",
            }
        }

    def test_find_an_item_whatever_its_blanks_and_capitals(self, tmp_path: Path) -> None:
        rows = read_text(
            tmp_path,
            messages(
                itmatt(item(" RB 123456785 gb ")),
                emsevt(ARRIVED, event("EDB", "2026-03-04T09:00:00", "rb123456785GB")),
            ),
        )

        assert rows == {
            1: {
                "Item_id": "RB 123456785 gb",
                "Arrived_at": "2026-03-04 08:15:00",
                "Presented_at": "2026-03-04 09:00:00",
            }
        }

    def test_of_items_that_are_not_in_the_file_are_rows_in_which_only_they_stand(
        self, tmp_path: Path
    ) -> None:
        rows = read_text(
            tmp_path,
            messages(
                emsevt(event("EMD", "2026-03-04 08:15:00", "CP000001010CN", Office="FJSUVA")),
                itmatt(item()),
                cusrsp(response("CX473124007US", Decision="HLD"), response("CP000001010CN", Decision="REL")),
            ),
        )

        assert rows == {
            1: {
                "Item_id": "CP000001010CN",
                "Arrived_at": "2026-03-04 08:15:00",
                "Event_office": "FJSUVA",
                "Decision": "REL",
            },
            2: {"Item_id": "RB123456785GB"},
            3: {"Item_id": "CX473124007US", "Decision": "HLD"},
        }

    def test_without_an_identifier_belong_to_nothing_and_each_is_kept(self, tmp_path: Path) -> None:
        rows = read_text(
            tmp_path,
            messages(
                itmatt(item("", MailClass="U"), item("3", MailClass="C")),
                emsevt(event("EMD", "2026-03-04 08:15:00", ""), event("EMD", "2026-03-05 08:15:00", "")),
            ),
        )

        assert rows == {
            1: {"Mail_class": "U"},
            2: {"Item_id": "3", "Mail_class": "C"},
            3: {"Arrived_at": "2026-03-04 08:15:00"},
            4: {"Arrived_at": "2026-03-05 08:15:00"},
        }

    def test_give_an_item_that_is_sent_twice_two_rows(self, tmp_path: Path) -> None:
        rows = read_text(
            tmp_path, messages(itmatt(SENT, item(), item()), emsevt(ARRIVED), itmatt(item(MailClass="U")))
        )

        assert [row["Arrived_at"] for row in rows.values()] == ["2026-03-04 08:15:00"] * 3
        assert [row.get("Advance_data_at") for row in rows.values()] == ["2026-03-01 22:00:00"] * 2 + [None]
        assert list(rows) == [1, 2, 4]

    def test_that_hold_nothing_are_no_row(self, tmp_path: Path) -> None:
        assert read_text(tmp_path, messages(itmatt(SENT), emsevt())) == {}

    def test_were_received_when_they_say_so_and_else_when_they_were_sent(self, tmp_path: Path) -> None:
        received = tags(MessageReceivedDateTime="2026-03-01T10:04:10Z")

        rows = read_text(tmp_path, messages(itmatt(SENT, received, item("A")), itmatt(SENT, item("B"))))

        assert [row["Advance_data_at"] for row in rows.values()] == [
            "2026-03-01 22:04:10",
            "2026-03-01 22:00:00",
        ]

    def test_that_say_their_time_after_their_items_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ExtractError) as error:
            read_text(tmp_path, itmatt(item(), SENT))

        assert error.value.rule_id == "R014"
        assert error.value.details["found"] == "MessagePreparationDateTime after the items of its message"

    def test_never_hand_on_who_sends_and_who_receives(self, tmp_path: Path) -> None:
        person = "<Name>Mere Vakacegu</Name><Telephone>+679 3300000</Telephone>"

        rows = read_text(
            tmp_path,
            itmatt(
                item(
                    contents=f"<Sender>{person}</Sender><Recipient><Person>{person}</Person></Recipient>"
                    f"{person}"
                )
            ),
        )

        assert rows == {1: {"Item_id": "RB123456785GB"}}


class TestEvents:
    def test_that_come_again_are_the_first_on_the_way_in_and_the_last_on_the_way_out(
        self, tmp_path: Path
    ) -> None:
        days = ("2026-03-06", "2026-03-05", "2026-03-07")
        codes = ("EMD", "EDB", "EME", "EDA", "EDC", "EDD", "EMF")
        events = [event(code, f"{day} 10:00:00") for code in codes for day in days]

        (row,) = read_text(tmp_path, messages(itmatt(item()), emsevt(*events))).values()

        assert row == {
            "Item_id": "RB123456785GB",
            "Arrived_at": "2026-03-05 10:00:00",
            "Presented_at": "2026-03-05 10:00:00",
            "Held_at": "2026-03-05 10:00:00",
            "Held_by_post_at": "2026-03-05 10:00:00",
            "Returned_at": "2026-03-07 10:00:00",
            "Sorted_at": "2026-03-07 10:00:00",
            "Departed_inward_at": "2026-03-07 10:00:00",
            "Released_at": "2026-03-07 10:00:00",
        }

    def test_give_the_release_by_customs_or_else_the_departure_from_the_office(self, tmp_path: Path) -> None:
        rows = read_text(
            tmp_path,
            messages(
                itmatt(item("A"), item("B")),
                emsevt(
                    event("EMF", "2026-03-06 16:00:00", "A"),
                    event("EDC", "2026-03-06 11:00:00", "A"),
                    event("EMF", "2026-03-06 16:00:00", "B"),
                ),
            ),
        )

        assert [row["Released_at"] for row in rows.values()] == ["2026-03-06 11:00:00", "2026-03-06 16:00:00"]

    def test_give_reason_and_office_of_the_first_that_names_them_and_list_what_has_no_column(
        self, tmp_path: Path
    ) -> None:
        events = [
            event("EMI", "2026-03-08 10:00:00"),
            event("EME", "2026-03-07 10:00:00", RetentionReason="14", Office="FJNANA"),
            event("EME", "2026-03-06 10:00:00", RetentionReason="12", Office="FJSUVA"),
            event("EMD", "2026-03-05 10:00:00"),
            event("EMH", "2026-03-08 09:00:00"),
            event("EMH", "2026-03-08 09:30:00"),
        ]

        (row,) = read_text(tmp_path, messages(itmatt(item()), emsevt(*events))).values()

        assert row["Retention_reason"] == "12"
        assert row["Event_office"] == "FJSUVA"
        assert row["Other_events"] == "EMH EMI"

    def test_the_last_decision_counts_with_its_own_charges(self, tmp_path: Path) -> None:
        (row,) = read_text(
            tmp_path,
            messages(
                itmatt(item()),
                cusrsp(
                    response(Decision="REL", DecisionDateTime="2026-03-07 09:00", Tax="5.10", Currency="FJD"),
                    response(Decision="HLD", DecisionDateTime="2026-03-06 09:00", Reason="12", Duty="9.00"),
                    response(Decision="HLD", Reason="99"),
                ),
            ),
        ).values()  # fmt: skip

        assert row == {
            "Item_id": "RB123456785GB",
            "Decision": "REL",
            "Decision_at": "2026-03-07 09:00:00",
            "Tax": "5.10",
            "Charges_currency": "FJD",
        }

    @pytest.mark.parametrize("moment", ["", "2026-03-07 09:00:00"])
    def test_of_decisions_at_one_time_the_last_in_the_file_counts(self, tmp_path: Path, moment: str) -> None:
        decisions = [response(Decision=code, DecisionDateTime=moment) for code in ("HLD", "RTN", "REL")]

        rows = read_text(tmp_path, messages(cusrsp(*decisions), itmatt(item())))

        assert [row["Decision"] for row in rows.values()] == ["REL"]
        assert list(rows) == [4]


class TestContents:
    def contents(self, folder: Path, *pieces: str) -> Row:
        (row,) = read_text(folder, itmatt(item(contents="".join(pieces)))).values()
        return {name: text for name, text in row.items() if name != "Item_id"}

    def test_are_summed_exactly_and_the_most_valuable_piece_says_what_they_are(self, tmp_path: Path) -> None:
        assert self.contents(
            tmp_path,
            piece(Number="2", Description="Socks", NetWeight="0.1", Amount="0.10", Currency="USD",
                  HSCode="611594", OriginCountry="GB"),
            piece(Number="1", Description="Tea", NetWeight="0.2", Amount="1.5e1", Currency="USD",
                  HSCode="090210", OriginCountry="CN"),
            piece(Number="1", Description="More tea", NetWeight="0.0005", Amount="15", Currency="USD",
                  HSCode="090210", OriginCountry="LK"),
        ) == {
            "Content_pieces": "3",
            "Units": "4",
            "Net_weight": "0.3005",
            "Amount": "30.10",
            "Currency": "USD",
            "Description": "Tea",
            "HS_code": "090210",
            "Origin_country": "CN",
            "HS_codes": "2",
        }  # fmt: skip

    def test_in_several_currencies_have_no_amount_and_name_them_all(self, tmp_path: Path) -> None:
        row = self.contents(
            tmp_path,
            piece(Amount="8.00", Currency="USD"),
            piece(Amount="30.00", Currency="CNY"),
            piece(Amount="1.00", Currency="USD"),
        )

        assert row == {"Content_pieces": "3", "Currency": "USD, CNY", "HS_codes": "0"}

    @pytest.mark.parametrize(
        ("amounts", "shown"),
        [
            (("10.00", ""), None),
            (("10.00", "about 5"), "about 5"),
            (("10.00", "-5.00"), "-5.00"),
            (("10,50", "1.00"), "10,50"),
            (("999999999999999.99", "0.000001"), "999999999999999.990001"),
            (("about 5",), "about 5"),
            (("1.25E1",), "12.5"),
        ],
    )
    def test_never_have_an_amount_that_is_a_guess(
        self, tmp_path: Path, amounts: tuple[str, ...], shown: str | None
    ) -> None:
        row = self.contents(tmp_path, *(piece(Amount=amount, Currency="USD") for amount in amounts))

        assert row.get("Amount") == shown

    def test_keep_every_sign_of_a_text_but_are_one_line(self, tmp_path: Path) -> None:
        row = self.contents(
            tmp_path,
            piece(Description="=1+1; \"N/A\", 'x' \\N | Thé\n      vert\t&amp; ’ 茶 &#13;&#10; &lt;b&gt;"),
        )

        assert row["Description"] == "=1+1; \"N/A\", 'x' \\N | Thé vert & ’ 茶 <b>"

    def test_without_pieces_leave_their_columns_empty(self, tmp_path: Path) -> None:
        assert self.contents(tmp_path) == {}


class TestTimes:
    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("2026-03-04T08:15:00", "2026-03-04 08:15:00"),
            ("2026-03-04 08:15", "2026-03-04 08:15:00"),
            ("2026-03-04T08:15:30.999", "2026-03-04 08:15:30"),
            ("2026-03-04T08:15:00Z", "2026-03-04 20:15:00"),
            ("2026-03-31T23:30:00+08:00", "2026-04-01 03:30:00"),
            ("2026-03-04T08:15:00-0330", "2026-03-04 23:45:00"),
            ("2026-03-04", "2026-03-04"),
            ("2026-13-04T08:15:00Z", "2026-13-04T08:15:00Z"),
            ("9999-12-31T23:00:00Z", "9999-12-31T23:00:00Z"),
            ("4 March 2026", "4 March 2026"),
        ],
    )
    def test_become_local_in_one_spelling_or_stay_for_the_rules_to_show(
        self, tmp_path: Path, written: str, shown: str
    ) -> None:
        (row,) = read_text(tmp_path, messages(itmatt(item()), emsevt(event("EMD", written)))).values()

        assert row["Arrived_at"] == shown

    def test_with_an_offset_stay_as_they_are_without_the_zone_of_the_member(self, tmp_path: Path) -> None:
        xml = itmatt(SENT, item(PostingDateTime="2026-03-01T09:30:00"))

        (row,) = read_text(tmp_path, xml, Options()).values()

        assert row["Advance_data_at"] == "2026-03-01T10:00:00Z"
        assert row["Posted_at"] == "2026-03-01 09:30:00"

    def test_of_a_zone_that_does_not_exist_are_refused_in_the_member_file(self) -> None:
        for name in ("Pacific/Atlantis", "../../etc/passwd", ""):
            with pytest.raises(ValidationError, match="is not an IANA time zone"):
                Options(time_zone=name)


class TestFile:
    @pytest.mark.parametrize("xml", ["<ASYCUDA/>", "<Item/>", "<html><ITMATT/></html>"])
    def test_of_another_kind_is_refused_by_its_first_element(self, tmp_path: Path, xml: str) -> None:
        path = tmp_path / "other.xml"
        path.write_text(xml)

        for reader in (lambda: header(path, SUVA), lambda: read(path, SUVA, tmp_path)):
            with pytest.raises(ExtractError) as error:
                reader()
            assert error.value.rule_id == "R014"
            assert "ITMATT" in error.value.details["expected"]

    @pytest.mark.parametrize(
        ("xml", "most"),
        [
            (itmatt(item(contents=piece(Description="x" * 262_144))), "262\u202f144"),
            (itmatt(item("x" * 131_073)), "262\u202f144"),
            (emsevt(event("x" * 4_096, "2026-03-04 08:15:00")), "4\u202f096"),
            (cusrsp(response(Reason="x" * 4_096)), "4\u202f096"),
        ],
        ids=["description", "identifier", "event", "response"],
    )
    def test_with_one_record_beyond_all_reason_is_refused(self, tmp_path: Path, xml: str, most: str) -> None:
        with pytest.raises(ExtractError) as error:
            read_text(tmp_path, xml)

        assert error.value.rule_id == "R019"
        assert error.value.details["expected_fr"] == f"{most} caractères pour un enregistrement"

    def test_with_one_item_of_more_events_than_memory_holds_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upu_itmatt, "MEMORY", "20MB")
        events = (event(f"{number:04000d}", "2026-03-04 08:15:00") for number in range(6000))

        with pytest.raises(ExtractError) as error:
            read_text(tmp_path, emsevt(*events))

        assert error.value.rule_id == "R019"

    def test_with_many_long_events_of_one_item_is_still_one_line(self, tmp_path: Path) -> None:
        events = (event(f"{number:04000d}", "2026-03-04 08:15:00") for number in range(100))

        (row,) = read_text(tmp_path, emsevt(*events)).values()

        assert len(row["Other_events"].split()) == 10

    def test_with_the_longest_record_is_read(self, tmp_path: Path) -> None:
        (row,) = read_text(tmp_path, itmatt(item(contents=piece(Description="茶" * 260_000)))).values()

        assert len(row["Description"]) == 260_000

    def test_is_read_in_parts_as_it_is_in_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = [f"LX{number:09d}CN" for number in range(300)]
        xml = messages(
            emsevt(*(event("EMD", "2026-03-04 08:15:00", item_id) for item_id in ids)),
            itmatt(*(item(item_id) for item_id in ids[:200])),
        )
        in_one = read_text(tmp_path, xml)

        monkeypatch.setattr(upu_itmatt, "SOURCE_OF_ONE_JOIN", 4096)
        in_parts = read_text(tmp_path, xml)

        assert in_parts == in_one
        assert len(in_one) == 300
        assert min(in_one) == 201  # the events of the 100 last items, then the 200 items
        assert {row["Arrived_at"] for row in in_one.values()} == {"2026-03-04 08:15:00"}

    def test_leaves_nothing_but_the_rows_behind(self, tmp_path: Path) -> None:
        scratch = tmp_path / "it's scratch"
        scratch.mkdir()

        text = read(SAMPLE, SUVA, scratch)

        assert text.lines is not None
        left = {path.name for path in scratch.iterdir() if path.is_file()}
        assert left == {text.path.name, text.lines.name}
        assert text.columns == header(SAMPLE, SUVA).columns == COLUMNS


@st.composite
def damaged_samples(draw: st.DrawFn) -> bytes:
    """The sample with a part cut out, or doubled, or overwritten."""
    content = SAMPLE.read_bytes()
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(start + 400, len(content))))
    put = draw(st.one_of(st.just(b""), st.just(content[start:end] * 2), st.binary(max_size=12)))
    return content[:start] + put + content[end:]


@settings(deadline=None, max_examples=60)
@given(content=st.one_of(damaged_samples(), st.binary(max_size=200)))
def test_any_bytes_end_in_rows_or_in_a_named_rule(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "messages.xml"
    path.write_bytes(content)

    with suppress(ExtractError):
        rows_of(read(path, SUVA, folder))
