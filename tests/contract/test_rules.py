"""All rules: named once, in both languages, and every one of them is put to the test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pacific_parcels.contract import COLUMNS_BY_NAME, RULES, Rule, Words
from pacific_parcels.settings import REPOSITORY

LEVELS = {"0": "FATAL", "1": "ERROR", "2": "WARNING", "3": "LEFT_OUT"}
UNIT_TESTS = Path(__file__).parents[1] / "unit"
# The rules of PACComtrade, our neighbour system.
PACCOMTRADE = {f"R{number:02d}" for number in range(1, 30)}
# Those that no rule of ours stands for: an item is an import, and few of its columns are required.
NOT_OURS = {
    "R04": "commodity missing: a small parcel often has no HS code; the row counts all the same",
    "R05": "classification missing: the edition of the HS is of no use without a code",
    "R06": "trade flow missing: every item is an import",
    "R07": "Incoterms missing: the layout may state the valuation basis; nobody has to",
    "R09": "origin missing: the item counts, its counterpart is unknown (_U)",
    "R12": "trade agreement missing: preference is not claimed item by item",
    "R18": "origin of an export is not the own country: no item is an export",
    "R21": "code of the trade flow: every item is an import",
    "R23": "unit of quantity: items are counted, and the layout turns mass into kilograms",
    "R25": "code of the trade agreement: preference is not claimed item by item",
    "R27": "freight is no number: it has no column; the valuation basis says whether the value holds it",
    "R28": "insurance is no number: as freight",
}


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


def test_they_are_numbered_in_their_order() -> None:
    assert len(RULES) >= 30
    assert list(RULES) == sorted(RULES)
    assert all(rule_id == rule.rule_id for rule_id, rule in RULES.items())


def test_every_identity_is_written_once() -> None:
    """Of two rules with one identity a dict keeps the last: so the file itself is read."""
    source = (REPOSITORY / "pacific_parcels" / "contract.py").read_text(encoding="utf-8")
    written = re.findall(r'"(R\d{3})",\n\s+"(?:FATAL|ERROR|WARNING|LEFT_OUT)"', source)
    assert written == list(RULES)


def test_those_of_paccomtrade_are_covered_or_it_is_said_why_not() -> None:
    covered = [name for rule in RULES.values() for name in rule.covers]
    assert len(covered) == len(set(covered)), "two rules of ours stand for the same one"
    assert set(covered) | set(NOT_OURS) == PACCOMTRADE
    assert not set(covered) & set(NOT_OURS)


def test_those_about_missing_values_are_covered_where_the_value_is_required() -> None:
    """R03 is the date, R08 the currency, R11 the transport; R04, R05, R07 and R09 are left to the member."""
    assert RULES["R102"].covers == ("R03", "R08", "R11")
    for name in ("arrival_date", "declared_currency_code", "channel_code"):
        assert COLUMNS_BY_NAME[name].is_required
    for name in ("hs_code", "hs_edition", "valuation_basis_code", "origin_country_code"):
        assert not COLUMNS_BY_NAME[name].is_required


def rules_named_in_unit_tests() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in UNIT_TESTS.rglob("test_*.py")]
    return {name for text in texts for name in re.findall(r"R\d{3}(?!\d)", text)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
class TestRule:
    def test_its_number_tells_its_level(self, rule: Rule) -> None:
        assert re.fullmatch(r"R[0123]\d\d", rule.rule_id)
        assert rule.level == LEVELS[rule.rule_id[1]]

    def test_says_what_is_wrong_and_what_to_do_in_both_languages(self, rule: Rule) -> None:
        for words in (rule.title, rule.remedy):
            assert words.en.strip().endswith(".")
            assert words.fr.strip().endswith(".")
            assert words.en != words.fr

    def test_both_languages_tell_the_same_details(self, rule: Rule) -> None:
        """The French of a detail, {name}_fr, fills the place of {name}: see Words.fill."""
        for words in (rule.title, rule.remedy):
            french = sorted(name.removesuffix("_fr") for name in placeholders(words.fr))
            assert placeholders(words.en) == french

    def test_its_french_is_typeset_as_french(self, rule: Rule) -> None:
        """A space stands before : ; ! and ?, none before a full stop or a comma."""
        for text in (rule.title.fr, rule.remedy.fr):
            assert not re.search(r"\S[;!?]|[^\s\d]:|\s[.,]", text.replace("{limit} %", "{limit}")), text

    def test_is_put_to_the_test(self, rule: Rule) -> None:
        assert rule.rule_id in rules_named_in_unit_tests(), f"no test under tests/unit names {rule.rule_id}"


def test_a_sentence_is_filled_in_its_own_language() -> None:
    words = RULES["R008"].title.fill({"found": "a folder", "found_fr": "un dossier"})

    assert words.en == "This is not a file that can be read: a folder."
    assert words.fr == "Ceci n’est pas un fichier lisible : un dossier."


def test_a_detail_that_reads_the_same_is_given_once_and_one_that_is_not_given_shows() -> None:
    assert RULES["R017"].title.fill({"line": "7"}).fr == (
        "Le fichier s’arrête au milieu de la ligne 7 : il a été tronqué."
    )
    assert "…" in RULES["R017"].title.fill({}).en


def test_what_a_file_holds_is_not_filled_again() -> None:
    """A column may be called {line}: what stands in braces inside a detail stays as it is."""
    words = Words("Found: {found}, {line}.", "Trouvé : {found}, {line}.")
    assert words.fill({"found": "{line}", "line": "3"}) == Words("Found: {line}, 3.", "Trouvé : {line}, 3.")
