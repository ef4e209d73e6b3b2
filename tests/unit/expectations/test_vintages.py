"""The harmonised suite: what each expectation finds, what is held, what is remembered, what is never told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import harmonised, run
from expectations.expectation import suite_fingerprint
from expectations.judgement import Judgement
from pacific_parcels.errors import JudgementError
from pacific_parcels.settings import REPOSITORY, Settings

USUAL_ITEMS, USUAL_VALUE_USD = 60, 2_400


@dataclass(frozen=True)
class Case:
    """A member that reports 60 items of 40 dollars in each month of 2025, and January 2026 as said here."""

    expected: set[str]
    items: int = USUAL_ITEMS
    value: float = 40
    spoil: str = ""
    version_before: tuple[int, float] | None = None
    history: int = 12
    usual_items: int = USUAL_ITEMS


# In `spoil` the month's items are those `where month`.
CASES = {
    "all is well": Case(set()),
    "ten rows are lost": Case({"E101", "E116"}, spoil="delete from items where month and source_row <= 11"),
    "a value changed on its way": Case(
        {"E116"}, spoil="update items set declared_value = declared_value + 1 where month and source_row = 2"
    ),
    "an id stands twice": Case(
        {"E102"}, spoil="update items set item_id = 'x' where month and source_row <= 3"
    ),
    "an item of another month": Case(
        {"E103"}, spoil="update items set arrival_date = '2026-02-01' where month and source_row = 2"
    ),
    # Items arrive until the 28th; the file came on the 20th.
    "arrivals after the file": Case(
        {"E103"}, spoil="update receipt_periods set received_at = '2026-01-20' where month"
    ),
    # 15 of 60 items: 75 per cent have a value.
    "a quarter without a rate": Case(
        {"E104", "E105"},
        spoil="update items set declared_currency_code = 'ZWL' where month and source_row <= 16",
    ),
    # 2 of 60 items: 96.7 per cent have a value.
    "some without a rate": Case(
        {"E105"}, spoil="update items set declared_currency_code = 'ZWL' where month and source_row <= 3"
    ),
    # A decimal comma that was lost: a median of 4,000 dollars, and a hundred times the usual value.
    "values times a hundred": Case({"E106", "E107", "E109", "E111"}, value=4_000),
    # 1,200 dollars would be plausible, but it is thirty times the usual 40.
    "values times thirty": Case({"E107", "E109", "E111"}, value=1_200),
    "values times five": Case({"E111"}, value=200),
    "twelve times the items": Case({"E108", "E109", "E110", "E111"}, items=720),
    "five times the items": Case({"E110", "E111"}, items=300),
    "a nil report out of the blue": Case({"E108", "E109", "E110", "E111"}, items=0),
    "five times the version before": Case(
        {"E110", "E111", "E112", "E113"}, items=300, version_before=(USUAL_ITEMS, USUAL_VALUE_USD)
    ),
    "a correction towards the usual": Case(set(), version_before=(300, 12_000)),
    "data after a nil report": Case(set(), version_before=(0, 0)),
    "a step that no history explains": Case(
        {"E112", "E113"}, items=300, version_before=(USUAL_ITEMS, USUAL_VALUE_USD), history=2
    ),
    "everything on one day": Case({"E114"}, spoil="update items set arrival_date = '2026-01-05' where month"),
    "a column that fell silent": Case(
        {"E115"}, spoil="update items set origin_country_code = null where month"
    ),
    "an unknown channel": Case(
        {"E121"}, spoil="update items set channel_code = 'PIGEON' where month and source_row = 2"
    ),
    "an unknown currency": Case(
        {"E122"}, spoil="update items set declared_currency_code = 'ZZZ' where month and source_row = 2"
    ),
    "a negative value": Case(
        {"E116", "E123"}, spoil="update items set declared_value = -1 where month and source_row = 2"
    ),
    "a negative value that a layout takes on purpose": Case(
        {"E116"},
        spoil="update items set declared_value = -1, rule_ids = ['R208:declared_value'] "
        "where month and source_row = 2",
    ),
    "a missing value": Case(
        {"E116", "E124"}, spoil="update items set declared_value = null where month and source_row = 2"
    ),
    "a missing day": Case(
        {"E125"}, spoil="update items set arrival_date = null where month and source_row = 2"
    ),
    "an unknown country": Case(
        {"E126"}, spoil="update items set origin_country_code = 'QQ' where month and source_row = 2"
    ),
    "a missing channel": Case(
        {"E127"}, spoil="update items set channel_code = null where month and source_row = 2"
    ),
    "a missing currency": Case(
        {"E128"}, spoil="update items set declared_currency_code = null where month and source_row = 2"
    ),
    "items of the month before": Case(
        {"E131"},
        spoil="update items set item_id = replace(item_id, '2026-01', '2025-12')"
        " where month and source_row <= 4",
    ),
    "ids used again after two months": Case(
        set(), spoil="update items set item_id = replace(item_id, '2026-01', '2025-11') where month"
    ),
    "a small member's good month": Case(set(), items=55, usual_items=4),
}
MEMBERS = {name: f"{chr(65 + number // 26)}{chr(65 + number % 26)}" for number, name in enumerate(CASES)}


def identity(member_code: str) -> tuple[str, str]:
    return f"{member_code}-2026-01", "2026-01"


@pytest.fixture(scope="module")
def judged(
    tmp_path_factory: pytest.TempPathFactory, new_snapshot: Callable[[Path], Any]
) -> tuple[Judgement, Settings]:
    """Every case in one snapshot, judged once: no member's fault touches another's."""
    directory = tmp_path_factory.mktemp("cases of a region")
    snapshot = new_snapshot(directory / "snapshot 1.duckdb")
    for name, case in CASES.items():
        member_code = MEMBERS[name]
        history = [f"2025-{month:02d}" for month in range(13 - case.history, 13)]
        snapshot.add(*history, member_code=member_code, items=case.usual_items)
        snapshot.add("2026-01", member_code=member_code, items=case.items, value=case.value)
        extract_id, time_period = identity(member_code)
        if case.spoil:
            snapshot.execute(case.spoil.replace("where month", f"where extract_id = '{extract_id}'"))
        if case.version_before:
            items, value_usd = case.version_before
            snapshot.supersede(extract_id, time_period, items=items, value_usd=value_usd)
    settings = Settings(home=directory / "home")
    return run.judge_vintages(settings, snapshot.write()), settings


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_found_by_its_expectations_and_no_others(
    judged: tuple[Judgement, Settings], name: str
) -> None:
    judgement, _ = judged
    failed = {
        result.expectation_id for result in judgement.results if identity(MEMBERS[name]) in result.vintages
    }
    assert failed == CASES[name].expected


def test_only_the_spoilt_month_of_a_member_fails(judged: tuple[Judgement, Settings]) -> None:
    judgement, _ = judged
    periods = {time_period for result in judgement.results for _, time_period in result.vintages}
    assert periods == {"2026-01"}


def test_the_cases_try_every_expectation(judged: tuple[Judgement, Settings]) -> None:
    judgement, _ = judged
    tried = set().union(*(case.expected for case in CASES.values()))
    assert tried == {expectation.expectation_id for expectation in harmonised.EXPECTATIONS}
    assert [result.expectation_id for result in judgement.results] == sorted(tried)


def test_a_critical_failure_holds_and_a_warning_never_does(judged: tuple[Judgement, Settings]) -> None:
    judgement, _ = judged
    critical = {
        expectation.expectation_id
        for expectation in harmonised.EXPECTATIONS
        if expectation.severity == "critical"
    }
    expected = {identity(MEMBERS[name]) for name, case in CASES.items() if case.expected & critical}
    assert {(held.extract_id, held.time_period) for held in judgement.held} == expected
    assert identity(MEMBERS["everything on one day"]) not in expected
    assert not judgement.is_passed
    assert judgement.errored == ()


def test_faults_are_counted_in_items(judged: tuple[Judgement, Settings]) -> None:
    judgement, _ = judged
    counts = {
        (result.expectation_id, place["member_code"]): place["fault_count"]
        for result in judgement.results
        for place in result.places
    }
    assert counts["E101", MEMBERS["ten rows are lost"]] == 10
    assert counts["E102", MEMBERS["an id stands twice"]] == 1
    assert counts["E104", MEMBERS["a quarter without a rate"]] == 15
    assert counts["E131", MEMBERS["items of the month before"]] == 3


def test_nothing_that_is_kept_holds_a_value_of_a_record(judged: tuple[Judgement, Settings]) -> None:
    judgement, settings = judged
    run.hold(settings, judgement)
    kept = [*settings.judged.iterdir(), *settings.holds.iterdir()]
    assert len(kept) > 2
    text = "\n".join(path.read_text(encoding="utf-8") for path in kept) + str(judgement.quality_results())
    assert "PIGEON" not in text
    assert "QQ" not in text
    # Item ids are made of member, period and a number: 'AA 2026-01 7'.
    assert f"{MEMBERS['an unknown channel']} 2026-01 " not in text


def test_the_file_is_let_go_of(judged: tuple[Judgement, Settings], tmp_path: Path) -> None:
    _, settings = judged
    snapshot = settings.home.parent / "snapshot 1.duckdb"
    with duckdb.connect(str(snapshot)) as connection:
        assert connection.execute("select count(*) from duckdb_tables() where temporary").fetchall() == [(0,)]


def test_a_hold_says_why_in_both_languages_and_by_which_suite(
    judged: tuple[Judgement, Settings], tmp_path: Path
) -> None:
    judgement, _ = judged
    settings = Settings(home=tmp_path)
    paths = run.hold(settings, judgement)
    extract_id, time_period = identity(MEMBERS["values times a hundred"])
    path = settings.holds / f"{extract_id}_{time_period}.json"
    assert path in paths
    held = json.loads(path.read_text(encoding="utf-8"))
    assert (held["extract_id"], held["time_period"], held["expectation_id"]) == (
        extract_id,
        time_period,
        "E106",
    )
    assert held["suite_fingerprint"] == suite_fingerprint(harmonised.EXPECTATIONS)
    assert "Not met (E107): The median value" in held["reason_en"]
    assert "Check the decimal separator" in held["reason_en"]
    assert "Non respecté (E107) : La valeur médiane" in held["reason_fr"]
    assert "E111" not in held["reason_en"]
    assert [each for each in settings.holds.iterdir() if each.suffix != ".json"] == []


def test_holds_of_another_suite_are_dropped_and_those_by_hand_stay(settings: Settings) -> None:
    settings.holds.mkdir(parents=True)
    fingerprints = {
        "old": "of an older suite",
        "new": suite_fingerprint(harmonised.EXPECTATIONS),
        "hand": None,
    }
    for extract_id, fingerprint in fingerprints.items():
        content = {"extract_id": extract_id} | ({"suite_fingerprint": fingerprint} if fingerprint else {})
        (settings.holds / f"{extract_id}_2026-01.json").write_text(json.dumps(content), encoding="utf-8")
    assert [path.name for path in run.drop_stale_holds(settings)] == ["old_2026-01.json"]
    assert {path.name for path in settings.holds.iterdir()} == {"new_2026-01.json", "hand_2026-01.json"}


def test_a_faulty_year_is_held_whole_and_the_month_after_it_is_not(settings: Settings, snapshot: Any) -> None:
    # A hundred times too much for twelve months, in one file. Once half of the last twelve periods are
    # faulty, their median would make the faulty ones usual and condemn the good one after them.
    snapshot.add_year(2024)
    snapshot.add_year(2025, value=4_000, extract_id="comma")
    snapshot.add_year(2026, months=2)
    judgement = run.judge_vintages(settings, snapshot.write())
    assert [(held.extract_id, held.time_period) for held in judgement.held] == [
        ("comma", f"2025-{month:02d}") for month in range(1, 13)
    ]


def test_more_faults_than_great_expectations_hands_on_are_all_found(
    settings: Settings, snapshot: Any
) -> None:
    # Great Expectations cuts what a query returns at 200 rows; here are 18 x 12 = 216 vintages.
    for number in range(18):
        snapshot.add_year(2025, member_code=f"M{chr(65 + number)}")
    snapshot.execute("update items set channel_code = 'PIGEON' where source_row = 2")
    assert len(run.judge_vintages(settings, snapshot.write()).held) == 216


def test_what_passed_is_not_judged_again(
    settings: Settings, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.add_year(2025)
    snapshot.execute("update items set arrival_date = '2025-12-05' where time_period = '2025-12'")
    path = snapshot.write()
    first = run.judge_vintages(settings, path)
    assert [result.expectation_id for result in first.results if result.status == "FAIL"] == ["E114"]

    def refuse(*_: object) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(run, "_Judge", refuse)
    assert run.judge_vintages(settings, path) == first


def test_great_expectations_is_not_imported_when_nothing_is_due(settings: Settings, snapshot: Any) -> None:
    snapshot.add_year(2025, months=2)
    path = snapshot.write()
    run.judge_vintages(settings, path)
    program = (
        "import sys; from pathlib import Path; from expectations.run import judge_vintages;"
        "from pacific_parcels.settings import Settings;"
        "judgement = judge_vintages(Settings(home=Path(sys.argv[1])), Path(sys.argv[2]));"
        "print(judgement.is_passed, 'great_expectations' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(settings.home), str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.split() == ["True", "False"]


def test_a_vintage_whose_hold_was_never_written_fails_again(settings: Settings, snapshot: Any) -> None:
    snapshot.add_year(2025)
    snapshot.add("2026-01", value=4_000)
    path = snapshot.write()
    first = run.judge_vintages(settings, path)
    assert len(first.held) == 1
    assert run.judge_vintages(settings, path).held == first.held


def test_only_the_month_that_came_is_read(
    settings: Settings, new_snapshot: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is seen from the queries: the items of the new month, and the ids of the month before."""
    before, after = new_snapshot(tmp_path / "1.duckdb"), new_snapshot(tmp_path / "2.duckdb")
    for snapshot in (before, after):
        snapshot.add_year(2025)
        snapshot.add_year(2025, member_code="WS")
    after.add("2026-01")
    run.judge_vintages(settings, before.write())

    queries: list[str] = []
    read = run._Judge._table_to_read

    def watched(judge: Any, table: str, query: str | None) -> Any:
        queries.append(query or "")
        return read(judge, table, query)

    monkeypatch.setattr(run._Judge, "_table_to_read", watched)
    run.judge_vintages(settings, after.write())
    of_items = [query for query in queries if "stg_items" in query]
    assert len(of_items) == 2
    assert "member_code in ('FJ') and time_period in ('2026-01')" in of_items[0]
    assert "member_code = 'FJ' and items.time_period in ('2025-12', '2026-01')" in of_items[1]


def test_the_order_of_arrival_does_not_matter(
    settings: Settings, new_snapshot: Callable[[Path], Any], tmp_path: Path
) -> None:
    """March comes late: judged bit by bit, or all at once with the memory lost, the answer is the same."""

    def write(name: str, months: list[int]) -> Path:
        snapshot = new_snapshot(tmp_path / name)
        for month in months:
            snapshot.add(f"2025-{month:02d}", items=400 if month == 5 else 60)
        # Four items of April stand in March as well: no fault of April's until March is there.
        snapshot.execute(
            "update items set item_id = replace(item_id, '-04', '-03')"
            " where time_period = '2025-04' and source_row <= 5"
        )
        return snapshot.write()

    run.judge_vintages(settings, write("1.duckdb", [1, 2, 4, 5]))
    whole = write("2.duckdb", [1, 2, 3, 4, 5])
    bit_by_bit = run.judge_vintages(settings, whole)
    at_once = run.judge_vintages(Settings(home=tmp_path / "another"), whole)
    assert bit_by_bit == at_once
    # May has more than six times the usual items.
    assert {result.expectation_id for result in at_once.results if result.status == "FAIL"} == {
        "E110",
        "E111",
        "E131",
    }
    assert {result.vintages for result in at_once.results if result.expectation_id == "E131"} == {
        (("FJ-2025-04", "2025-04"),)
    }


def test_another_suite_judges_anew(
    settings: Settings, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.add_year(2025, months=2)
    path = snapshot.write()
    run.judge_vintages(settings, path)
    monkeypatch.setattr(harmonised, "EXPECTATIONS", harmonised.EXPECTATIONS[1:])
    run.judge_vintages(settings, path)
    assert len((settings.judged / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_a_check_that_cannot_be_carried_out_is_no_fault_in_data(settings: Settings, snapshot: Any) -> None:
    snapshot.add_year(2025, months=2)
    path = snapshot.write()
    with duckdb.connect(str(path)) as connection:
        connection.execute("alter table mart_vintage_profiles drop items_valued")
    with pytest.raises(JudgementError, match=r"harmonised: 2 of 25 checks could not be carried out.*E104"):
        run.judge_vintages(settings, path)
    line = json.loads((settings.judged / "results.jsonl").read_text(encoding="utf-8"))
    assert [other["status"] for other in line["others"]] == ["ERRORED", "ERRORED"]
    assert not (settings.judged / "vintages.json").exists()
    assert not settings.holds.exists()


@pytest.mark.parametrize("spoil", ["drop table mart_vintage_profiles", "drop view stg_items"])
def test_a_table_that_is_not_there_is_a_defect_of_ours(settings: Settings, snapshot: Any, spoil: str) -> None:
    snapshot.add_year(2025, months=2)
    path = snapshot.write()
    with duckdb.connect(str(path)) as connection:
        connection.execute(spoil)
    with pytest.raises(JudgementError, match="cannot be read"):
        run.judge_vintages(settings, path)


def test_the_canary_stops_a_judgement_that_cannot_be_trusted(
    settings: Settings, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the patch Great Expectations says of every table that it fails, the good one too."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    snapshot.add_year(2025, months=2)
    path = snapshot.write()
    unpatched = tuple(each for each in engine._PERSISTED_CONNECTION_DIALECTS if each.value != "duckdb")
    monkeypatch.setattr(engine, "_PERSISTED_CONNECTION_DIALECTS", unpatched)
    monkeypatch.setattr("expectations.duckdb_patch.apply", lambda: None)
    with pytest.raises(JudgementError):
        run.judge_vintages(settings, path)
    assert not (settings.judged / "vintages.json").exists()


def test_the_canary_notices_a_good_table_that_fails_and_a_bad_one_that_passes(
    settings: Settings, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = snapshot.write()
    for name, table in (("CANARY_GOOD", run.CANARY_BAD), ("CANARY_BAD", run.CANARY_GOOD)):
        with monkeypatch.context() as patched:
            patched.setattr(run, name, table)
            with pytest.raises(JudgementError, match="the canary shows that verdicts cannot be trusted"):
                run.judge_region(settings, path)


def test_without_vintages_nothing_fails(settings: Settings, snapshot: Any) -> None:
    judgement = run.judge_vintages(settings, snapshot.write())
    assert judgement.is_passed
    assert judgement.held == ()
