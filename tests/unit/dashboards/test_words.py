"""Both languages say everything, nothing is left over, and numbers and dates are those of the language."""

from __future__ import annotations

import ast
import datetime
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from dashboards.words import (
    CATALOGUE,
    LANGUAGES,
    WORDS,
    Words,
    alphabetical,
    language_of,
    read_catalogue,
    typeset,
)

DASHBOARDS = Path(__file__).resolve().parents[3] / "dashboards"
# Written the same in both languages on purpose.
SAME = {
    "app.name", "app.chart_source", "app.csv", "region.contribution", "trends.months_12", "trends.months_24",
    "trends.months_36", "compare.ranking", "mine.versions", "quality.tests", "methods.size",
    "open_data.datapackage.json",
    "open_data.structure_2_1.xml", "open_data.structure_3_0.xml",
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr", abort_invalid=True)


def test_nothing_in_the_catalogue_waits_for_a_translator(catalogue: Catalog) -> None:
    entries = [message for message in catalogue if message.id]
    assert len(entries) > 150
    assert [message.context for message in entries if not message.string] == []
    assert [message.context for message in entries if message.fuzzy] == []
    assert [message.context for message in entries if not message.context] == []
    assert dict(catalogue.obsolete) == {}


def test_each_name_stands_in_the_catalogue_once() -> None:
    """A name that stood twice would be read without a word, as the later of the two."""
    names = re.findall(r'^msgctxt "(.*)"$', CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert set(names) == set(WORDS)


def test_a_sentence_that_is_fuzzy_or_not_translated_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(
        'msgctxt "a.said"\nmsgid "Yes"\nmsgstr "Oui"\n\n'
        '#, fuzzy\nmsgctxt "a.fuzzy"\nmsgid "No"\nmsgstr "Oui"\n\n'
        'msgctxt "a.empty"\nmsgid "Perhaps"\nmsgstr ""\n',
        encoding="utf-8",
    )
    assert read_catalogue(path) == {"a.said": ("Yes", "Oui")}


def used() -> tuple[set[str], set[str]]:
    """The keys and the families of keys that the code asks for: `say("key")`, `say.term("family", …)`."""
    keys: set[str] = set()
    families: set[str] = set()
    for path in sorted(DASHBOARDS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            is_words = isinstance(node.func, ast.Call) and getattr(node.func.func, "id", "") == "Words"
            if name == "say" or is_words:
                assert isinstance(node.args[0], ast.Constant), (
                    f"{path.name}:{node.lineno}: a key is written out"
                )
                keys.add(node.args[0].value)
            elif name == "term":
                assert isinstance(node.args[0], ast.Constant), (
                    f"{path.name}:{node.lineno}: a family is written out"
                )
                families.add(node.args[0].value)
    return keys, families


def test_every_key_that_a_page_asks_for_has_words() -> None:
    keys, families = used()
    assert len(keys) > 50
    assert keys - set(WORDS) == set()
    assert {family for family in families if not any(key.startswith(f"{family}.") for key in WORDS)} == set()


def test_no_words_are_left_over() -> None:
    keys, families = used()
    assert {key for key in WORDS if key not in keys and key.split(".")[0] not in families} == set()


@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    english, french = WORDS[key]
    assert english.strip()
    assert french.strip()
    assert (english == french) == (key in SAME)
    fields = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, french)
    ]
    assert fields[0] == fields[1]


@pytest.mark.parametrize("key", sorted(WORDS))
def test_french_is_typeset_as_french(key: str) -> None:
    french = WORDS[key].fr
    assert "'" not in french, "an apostrophe is ’"
    for space, sign in (("\u00a0", ":"), ("\u202f", ";"), ("\u202f", "!"), ("\u202f", "?")):
        assert french.count(f"{space}{sign}") == french.count(sign)
    assert "..." not in french
    assert not re.search(r'["“”]', french), "quotation marks are « and »"
    assert not re.search(r"\d%", french), "a space stands before %"


def test_signs_and_figures_do_not_leave_the_line_of_their_word() -> None:
    marks = {"missing": "2", "confidential": "0", "provisional": "1", "estimated": "3"}
    assert Words("fr")("trends.marks", **marks) == (
        "Manquants ou non diffusés\u00a0:\u00a02\u202f; confidentiels\u00a0:\u00a00\u202f; "
        "provisoires\u00a0:\u00a01\u202f; estimés\u00a0:\u00a03."
    )


@pytest.mark.parametrize(
    ("language", "value", "decimals", "expected"),
    [
        ("en", 1234567.891, 0, "1,234,568"),
        ("en", -1234.5, 1, "−1,234.5"),
        ("fr", 1234567.891, 0, "1\u202f234\u202f568"),
        ("fr", -1234.5, 1, "−1\u202f234,5"),
    ],
)
def test_numbers(language: str, value: float, decimals: int, expected: str) -> None:
    assert Words(language).number(value, decimals) == expected


@pytest.mark.parametrize(
    ("language", "value", "expected"),
    [
        ("en", 0, "0 days"),
        ("en", 1, "1 day"),
        ("en", -1, "−1 day"),
        ("en", 1200, "1,200 days"),
        ("fr", 0, "0 jour"),
        ("fr", 1, "1 jour"),
        ("fr", 1.6, "2 jours"),
        ("fr", -30.0, "−30 jours"),
    ],
)
def test_days_are_in_the_number_of_the_language(language: str, value: float, expected: str) -> None:
    assert Words(language).days(value) == expected


@pytest.mark.parametrize(
    ("language", "indicator_code", "value", "expected"),
    [
        ("en", "ITEMS", 4945.0, "4,945"),
        ("en", "SHARE_LE_100_USD_PCT", 85.24, "85.2%"),
        ("fr", "SHARE_LE_100_USD_PCT", 85.24, "85,2\u202f%"),
        ("en", "ITEMS_GROWTH_YOY_PCT", 41.25, "+41.2%"),
        ("en", "ITEMS_GROWTH_3Y_PCT", 212.4, "+212%"),
        ("fr", "ITEMS_GROWTH_YOY_PCT", -3.04, "−3,0\u202f%"),
        ("en", "DUTY_USD", 98765.4, "US$98,765"),
        ("fr", "DUTY_USD", 98765.4, "98\u202f765\u00a0$ US"),
        ("en", "DUTY_USD", 1234567.0, "US$1.23 million"),
        ("fr", "DUTY_USD", 1234567.0, "1,23\u00a0M$ US"),
        ("en", "DUTY_USD", 999800.0, "US$1.00 million"),
        ("en", "DUTY_USD", 2.5e9, "US$2.50 billion"),
        ("fr", "DUTY_USD", 2.5e9, "2\u202f500\u00a0M$ US"),
        ("en", "ITEMS_INDEX", 340.04, "340.0"),
        ("en", "TIMELINESS_DAYS", 12.5, "12.5"),
        ("en", "ITEMS", float("nan"), "–"),
        ("en", "ITEMS", None, "–"),
    ],
)
def test_figures_take_the_form_of_their_indicator(
    language: str, indicator_code: str, value: float | None, expected: str
) -> None:
    assert Words(language).figure(indicator_code, value) == expected


def test_dates_and_months() -> None:
    english, french = Words("en"), Words("fr")
    assert english.date(datetime.date(2026, 1, 1)) == "1 January 2026"
    assert french.date(datetime.date(2026, 1, 1)) == "1er janvier 2026"
    assert french.date(datetime.date(2026, 8, 14)) == "14 août 2026"
    assert english.month("2026-03") == "March 2026"
    assert french.month("2026-12") == "décembre 2026"
    assert french.short_month("2026-02") == "févr. 2026"
    for say in map(Words, LANGUAGES):
        for named in (say.month, say.short_month):
            assert len({named(f"2026-{month:02d}") for month in range(1, 13)}) == 12


@pytest.mark.parametrize(
    ("chosen", "locale", "expected"),
    [
        ("fr", "en-GB", "fr"),
        (None, "fr-NC", "fr"),
        (None, "fr_FR", "fr"),
        (None, "to-TO", "en"),
        (None, None, "en"),
        ("xx", "fr-FR", "fr"),
    ],
)
def test_the_address_decides_the_language_then_the_browser(
    chosen: str | None, locale: str | None, expected: str
) -> None:
    assert language_of(chosen, locale) == expected


def test_a_sentence_that_begins_with_a_month_begins_with_a_capital() -> None:
    values = {"days": "14 jours", "slowest_month": "août 2025", "slowest_days": "27 jours"}
    said = Words("fr")("mine.timeliness_summary", month="septembre 2026", **values)
    assert said.startswith("Septembre 2026\u00a0: arrivée 14 jours après")
    assert Words("fr")("methods.size", name="indices", size="2 ko") == "indices, 2 ko", "no sentence"


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("fr", "L'envoi d'un autre ; oui", "L’envoi d’un autre\u202f; oui"),
        ("en", "The item's own: 'as is'", "The item’s own: 'as is'"),
    ],
)
def test_words_of_the_files_are_typeset(language: str, typed: str, expected: str) -> None:
    assert typeset(typed, language) == expected


def test_accents_do_not_count_in_the_order_of_names() -> None:
    assert alphabetical({"Kiribati", "Îles Salomon", "Wallis-et-Futuna", "Fidji"}) == [
        "Fidji", "Îles Salomon", "Kiribati", "Wallis-et-Futuna",
    ]  # fmt: skip


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert Words("fr").term("obs_status", "P") == "provisoire"
    assert Words("fr").term("obs_status", "Z") == "Z"


def test_confidential_comes_before_any_other_status() -> None:
    assert Words("en").status("P", "C") == "confidential"
    assert Words("en").status("P", "F") == "provisional"


def test_de_is_elided_before_a_month_that_begins_with_a_vowel() -> None:
    values = {"as_of": "20 avril 2026", "last": "avril 2026", "audience": "Chiffres publics.", "run": "1"}
    said = [
        Words("fr")("app.as_of", first=Words("fr").month(f"2025-{month:02d}"), **values).split(". ")[1]
        for month in range(1, 13)
    ]
    assert [sentence.split(" 2025")[0] for sentence in said] == [
        "Mois de janvier", "Mois de février", "Mois de mars", "Mois d’avril", "Mois de mai", "Mois de juin",
        "Mois de juillet", "Mois d’août", "Mois de septembre", "Mois d’octobre", "Mois de novembre",
        "Mois de décembre",
    ]  # fmt: skip
    assert Words("en")("app.as_of", first="October 2025", **values).startswith(
        "As of 20 avril 2026. Months from"
    )


def test_what_is_listed_is_set_apart_as_the_language_does() -> None:
    assert Words("en").listed(["a, b", "c"]) == "a, b; c"
    assert Words("fr").listed(["a, b", "c"]) == "a, b\u202f; c"
