"""The receipt as a member gets it back: what it says, in whose language, and that it is safe to open."""

from __future__ import annotations

import copy
from html.parser import HTMLParser
from typing import Any

import pytest

from pacific_parcels.contract import RULES
from pacific_parcels.receipt_page import WORDS, page, returned

RECEIPT: dict[str, Any] = {
    "extract_id": "fj-0123456789abcdef01234567",
    "member_code": "FJ",
    "stream_code": "items",
    "source_name": "items-2026-03.csv",
    "delivery": "feedfeedfeedfeed",
    "content_sha256": "a" * 64,
    "byte_count": 1234567,
    "received_at": "2026-04-10 08:00:00",
    "vintage_at": "2026-04-10 08:00:00",
    "status": "ACCEPTED",
    "is_synthetic": False,
    "has_manifest": False,
    "contract_version": "1",
    "reading_fingerprint": "beefbeefbeefbeef",
    "layout_valid_from": "2019-01",
    "time_period_start": "2026-03",
    "time_period_end": "2026-03",
    "rows_in": 12345,
    "rows_accepted": 12343,
    "rows_rejected": 1,
    "rows_duplicate": 1,
    "rows_warned": 0,
    "values": [
        {
            "currency_code": "FJD",
            "accepted_value": "1234567.50",
            "rejected_value": "10.00",
            "duplicate_value": "2.25",
        }
    ],
    "periods": [{"time_period": "2026-03", "items": 12343, "files": ["items/member_code=FJ/x.parquet"]}],
    "rules": [
        {
            "rule_id": "R103",
            "level": "ERROR",
            "column_name": "declared_value",
            "row_count": 1,
            "first_rows": [4567],
            "title_en": "The value is no number.",
            "title_fr": "La valeur n’est pas un nombre.",
            "remedy_en": "Write it in digits.",
            "remedy_fr": "Écrivez-la en chiffres.",
        }
    ],
}


def receipt(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(RECEIPT) | changes


class Shown(HTMLParser):
    """The text of a page and its tags, as a browser takes them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attributes)

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def test_it_says_in_english_what_became_of_the_file() -> None:
    text = Shown(page(receipt(), "en")).text

    assert "Receipt: items-2026-03.csv" in text
    assert "Accepted without 2 of its 12,345 items" in text
    assert "The value is no number. Write it in digits." in text
    assert "item rejected" in text
    assert "4,567" in text
    assert "1,234,567.50" in text


def test_records_that_are_no_items_are_counted_beside_the_items() -> None:
    left_out = RECEIPT["rules"][0] | {"rule_id": "R301", "level": "LEFT_OUT", "row_count": 3}
    text = Shown(page(receipt(rows_left_out=3, rules=[left_out]), "en")).text

    assert "besides, no items" in text
    assert "no item, counted apart" in text
    assert "besides, no items" not in Shown(page(receipt(rows_left_out=0), "en")).text


def test_it_says_the_same_in_french_with_the_spaces_and_the_comma_of_french() -> None:
    shown = Shown(page(receipt(), "fr"))

    assert shown.attributes["lang"] == "fr"
    assert "Accusé de réception\u202f: items-2026-03.csv" in shown.text
    assert (
        "Accepté sans 2 de ses 12\u202f345 envois\u202f: corrigez ce qui est indiqué ci-dessous" in shown.text
    )
    assert "La valeur n’est pas un nombre. Écrivez-la en chiffres." in shown.text
    assert "1\u202f234\u202f567,50" in shown.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows_rejected": 0, "rows_duplicate": 0}, "Accepted: every one of its 12,345 items counts."),
        (
            {"rows_in": 0, "rows_accepted": 0, "rows_rejected": 0, "rows_duplicate": 0, "periods": []},
            "Accepted: it reports a period without items.",
        ),
        ({"status": "REFUSED", "stream_code": "", "periods": []}, "Refused: nothing of it counts."),
        ({"status": "SEEN_BEFORE", "outcome": "ACCEPTED"}, "Received before: the same bytes came already."),
        ({"is_synthetic": True}, "SYNTHETIC: made by a program, true of no country."),
    ],
)
def test_the_verdict_is_one_sentence(changes: dict[str, Any], said: str) -> None:
    assert said in Shown(page(receipt(**changes), "en")).text


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{0}{{x}}&amp;\u202e.csv"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_a_member_wrote_is_text_and_nothing_else(language: Any) -> None:
    rules = [RECEIPT["rules"][0] | dict.fromkeys(("column_name", "title_en", "title_fr"), HOSTILE)]

    shown = Shown(page(receipt(source_name=HOSTILE, rules=rules), language))

    assert shown.text.count(HOSTILE) == 5  # in both titles, as the file, as the column and in the rule
    assert not {"script", "img"} & set(shown.tags)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_asks_nothing_of_any_server(language: Any) -> None:
    shown = Shown(page(receipt(), language))

    assert not {"script", "link", "img", "iframe", "a", "form"} & set(shown.tags)
    assert not {"src", "href"} & set(shown.attributes)


def test_the_data_is_without_what_only_our_own_landing_needs() -> None:
    data = returned(receipt())

    assert set(RECEIPT) - set(data) == {"delivery", "reading_fingerprint", "layout_valid_from"}
    assert data["periods"] == [{"time_period": "2026-03", "items": 12343}]


def test_every_level_of_a_rule_and_every_word_is_said_in_both_languages() -> None:
    assert {f"level.{rule.level}" for rule in RULES.values()} <= set(WORDS)
    assert all(set(words) == {"en", "fr"} and all(words.values()) for words in WORDS.values())
