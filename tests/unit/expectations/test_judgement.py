"""Where a check fails, as it is published: members and months, no extract and nothing of a record."""

from __future__ import annotations

from expectations.expectation import Expectation, RowsCheck
from expectations.judgement import MOST_PLACES, ExpectationResult, Judgement

CHECK = Expectation(
    "E110", "warning", "title", "titre", "remedy", "remède", RowsCheck("profiles", "select 1 as fault_count")
)


def failed(*places: dict[str, object]) -> ExpectationResult:
    return ExpectationResult("harmonised", CHECK, "FAIL", places)


def test_places_are_members_and_months_the_newest_first_and_their_findings_are_added_up() -> None:
    result = failed(
        {
            "extract_id": "x",
            "member_code": "TO",
            "stream_code": "AIR",
            "time_period": "2026-02",
            "fault_count": 1,
        },
        {
            "extract_id": "y",
            "member_code": "TO",
            "stream_code": "SEA",
            "time_period": "2026-02",
            "fault_count": 4,
        },
        {
            "extract_id": "z",
            "member_code": "FJ",
            "stream_code": "ALL",
            "time_period": "2026-03",
            "fault_count": 2,
        },
        {
            "extract_id": "z",
            "member_code": "CK",
            "stream_code": "ALL",
            "time_period": "2026-02",
            "fault_count": 1,
        },
    )
    (row,) = Judgement("harmonised", "f", (result,)).quality_results()
    assert row["unexpected_count"] == 8
    assert row["places"] == [
        {"member_code": "FJ", "time_period": "2026-03", "unexpected_count": 2},
        {"member_code": "CK", "time_period": "2026-02", "unexpected_count": 1},
        {"member_code": "TO", "time_period": "2026-02", "unexpected_count": 5},
    ]


def test_a_place_without_a_member_or_a_month_is_none_and_there_are_not_many() -> None:
    assert (
        failed(
            {"audience": "public", "fault_count": 1}, {"member_code": "FJ", "fault_count": 1}
        ).newest_places
        == []
    )
    months = [f"{2020 + number // 12}-{number % 12 + 1:02d}" for number in range(MOST_PLACES + 6)]
    places = failed(
        *({"member_code": "FJ", "time_period": month, "fault_count": 1} for month in months)
    ).newest_places
    assert [place["time_period"] for place in places] == months[:5:-1]
