"""Every expectation of every suite: what a person reads, what a machine runs, and nothing twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from expectations import briefs, harmonised, indicators, published, run
from expectations.expectation import SEVERITIES, ColumnCheck, Expectation
from pacific_parcels.contract import RULES
from pacific_parcels.members import load_members
from pacific_parcels.publishing import ATTACK_EXPECTATION
from pacific_parcels.settings import REPOSITORY, Settings

SETTINGS = Settings(home=Path("nowhere"))
SUITES: dict[str, tuple[Expectation, ...]] = {
    harmonised.SUITE: harmonised.EXPECTATIONS,
    indicators.SUITE: indicators.EXPECTATIONS,
    **{
        f"{published.SUITE} {audience}": (*structure, *content, *briefs.EXPECTATIONS)
        for audience in ("public", "secretariat")
        for structure, content in [published.expectations(load_members(SETTINGS), audience)]
    },
}
EVERY = [
    pytest.param(expectation, id=f"{suite} {expectation.expectation_id}")
    for suite, expectations in SUITES.items()
    for expectation in expectations
]


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_is_not_empty_and_its_ids_are_its_own(suite: str) -> None:
    ids = [expectation.expectation_id for expectation in SUITES[suite]]
    assert len(ids) >= 10
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)


def test_no_id_is_shared_between_suites_or_with_the_rules_on_rows_or_the_attack() -> None:
    ids = {suite: {each.expectation_id for each in expectations} for suite, expectations in SUITES.items()}
    of_files = ids["published public"] | ids["published secretariat"]
    sets = [ids[harmonised.SUITE], ids[indicators.SUITE], of_files, set(RULES), {ATTACK_EXPECTATION}]
    assert len(set().union(*sets)) == sum(len(each) for each in sets)


@pytest.mark.parametrize("expectation", EVERY)
def test_an_expectation_says_all_that_it_must(expectation: Expectation) -> None:
    assert re.fullmatch(r"E[123]\d\d", expectation.expectation_id)
    assert expectation.severity in SEVERITIES
    for words in (
        expectation.title_en,
        expectation.title_fr,
        expectation.remedy_en,
        expectation.remedy_fr,
    ):
        assert re.fullmatch(r"[A-ZÀÉÊ].+[^.]\.", words), words
    assert expectation.title_en != expectation.title_fr
    assert expectation.remedy_en != expectation.remedy_fr


@pytest.mark.parametrize("expectation", EVERY)
def test_french_is_written_as_french_is(expectation: Expectation) -> None:
    """A space before the colon, the semicolon and the question mark."""
    for words in (expectation.title_fr, expectation.remedy_fr):
        assert not re.search(r"\w[:;?!]", words), words


@pytest.mark.parametrize("suite", [harmonised.SUITE, indicators.SUITE])
def test_a_suite_warns_as_well_as_holds(suite: str) -> None:
    assert {expectation.severity for expectation in SUITES[suite]} == set(SEVERITIES)


def test_a_published_file_is_never_only_warned_about() -> None:
    severities = {
        each.severity for suite in SUITES if suite.startswith("published") for each in SUITES[suite]
    }
    assert severities == {"critical"}


def test_the_canary_tries_every_kind_of_check() -> None:
    checks = [expectation.check for expectations in SUITES.values() for expectation in expectations]
    used = {check.name if isinstance(check, ColumnCheck) else "rows" for check in checks}
    tried = {each.check.name if isinstance(each.check, ColumnCheck) else "rows" for each in run.CANARY}
    assert used
    assert tried == used


def test_great_expectations_is_touched_in_one_place() -> None:
    modules = sorted((REPOSITORY / "expectations").glob("*.py"))
    touching = {path.name for path in modules if "great_expectations" in path.read_text(encoding="utf-8")}
    assert len(modules) > 5
    assert touching == {"run.py", "duckdb_patch.py"}
