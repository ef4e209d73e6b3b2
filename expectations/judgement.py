"""The answer of a judgement: what passed, what failed and where, and what could not be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from expectations.expectation import Expectation, Severity

Status = Literal["PASS", "FAIL", "ERRORED"]
Place = Mapping[str, Any]
Vintage = tuple[str, str]
MOST_PLACES = 24  # of one check, published: who has more of them looks at the newest first


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation of one suite.

    `places` says where it fails: codes, periods and `fault_count`, never a value of a record.
    `message` says why an ERRORED check could not be carried out.
    """

    suite: str
    expectation: Expectation
    status: Status
    places: tuple[Place, ...] = ()
    message: str = ""

    @property
    def expectation_id(self) -> str:
        return self.expectation.expectation_id

    @property
    def severity(self) -> Severity:
        return self.expectation.severity

    @property
    def unexpected_count(self) -> int:
        return sum(int(place["fault_count"]) for place in self.places)

    @property
    def vintages(self) -> tuple[Vintage, ...]:
        """(extract_id, time_period) of all that fail; empty where vintages are not what is judged."""
        return tuple(
            (place["extract_id"], place["time_period"]) for place in self.places if "extract_id" in place
        )

    @property
    def newest_places(self) -> list[dict[str, Any]]:
        """Member, month and findings of where it fails, the newest month first: at most MOST_PLACES of them.

        A place that has no member or no month (an audience, a column) is none of these.
        """
        counts: dict[tuple[str, str], int] = {}
        for place in self.places:
            if place.get("member_code") and place.get("time_period"):
                key = (str(place["time_period"]), str(place["member_code"]))
                counts[key] = counts.get(key, 0) + int(place["fault_count"])
        newest = sorted(sorted(counts, key=lambda key: key[1]), key=lambda key: key[0], reverse=True)
        return [
            {"member_code": member, "time_period": month, "unexpected_count": counts[month, member]}
            for month, member in newest[:MOST_PLACES]
        ]

    @property
    def is_critical_failure(self) -> bool:
        return self.severity == "critical" and self.status == "FAIL"

    def described_places(self, most: int = 20) -> list[str]:
        """'FJ 2026-03: 12' for each place, the first `most` of them."""
        lines = []
        for place in self.places[:most]:
            where = " ".join(
                str(value)
                for name, value in place.items()
                if name not in ("fault_count", "extract_id") and value is not None
            )
            lines.append(f"{where}: {place['fault_count']}" if where else str(place["fault_count"]))
        return lines


@dataclass(frozen=True)
class HeldVintage:
    """A vintage that fails critical expectations, with the failures in the order of their ids."""

    extract_id: str
    time_period: str
    failures: tuple[tuple[Expectation, int], ...]

    @property
    def expectation_id(self) -> str:
        return self.failures[0][0].expectation_id

    @property
    def reason_en(self) -> str:
        return " ".join(
            f"Not met ({expectation.expectation_id}{f', {count} cases' if count > 1 else ''}):"
            f" {expectation.title_en} {expectation.remedy_en}"
            for expectation, count in self.failures
        )

    @property
    def reason_fr(self) -> str:
        return " ".join(
            f"Non respecté ({expectation.expectation_id}{f', {count} cas' if count > 1 else ''}) :"
            f" {expectation.title_fr} {expectation.remedy_fr}"
            for expectation, count in self.failures
        )


@dataclass(frozen=True)
class Judgement:
    suite: str
    fingerprint: str
    results: tuple[ExpectationResult, ...]

    @property
    def held(self) -> tuple[HeldVintage, ...]:
        """Vintages that must not be published. A warning never holds."""
        failures: dict[Vintage, list[tuple[Expectation, int]]] = {}
        for result in self.results:
            if result.is_critical_failure:
                for place in result.places:
                    if "extract_id" in place:
                        vintage = (place["extract_id"], place["time_period"])
                        failures.setdefault(vintage, []).append(
                            (result.expectation, int(place["fault_count"]))
                        )
        return tuple(
            HeldVintage(*vintage, tuple(sorted(failed, key=lambda failure: failure[0].expectation_id)))
            for vintage, failed in sorted(failures.items())
        )

    @property
    def errored(self) -> tuple[ExpectationResult, ...]:
        return tuple(result for result in self.results if result.status == "ERRORED")

    @property
    def is_passed(self) -> bool:
        return not self.errored and not any(result.is_critical_failure for result in self.results)

    def quality_results(self) -> list[dict[str, Any]]:
        """Rows of the published table quality_results; `places` are those of quality_places."""
        return [
            {
                "suite": result.suite,
                "expectation_id": result.expectation_id,
                "severity": result.severity,
                "status": result.status,
                "title_en": result.expectation.title_en,
                "title_fr": result.expectation.title_fr,
                "unexpected_count": result.unexpected_count,
                "places": result.newest_places,
            }
            for result in self.results
        ]
