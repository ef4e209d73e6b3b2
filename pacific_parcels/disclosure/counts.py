"""Counts of members: what may be told of those that did not agree to be named.

A count is shown when those not named are MINIMUM_COUNTED at least and do not all say the same, even for one
of them who leaves itself out; then nobody learns what any single member says. Two counts that were shown, of
two days or two quarters, differ by what the members between them have changed: a new one is shown only where
as many have changed as a count must have, or none. Until then the old one stands.

What is shown follows from the reports in the order in which they came, so that the same reports give the same
counts whenever they are published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pacific_parcels.policy import DOMINANCE_PCT, MINIMUM_COUNTED, P_PCT

Answer = TypeVar("Answer", bound=Hashable)


def is_safe(answers: Collection[Hashable]) -> bool:
    """Whether the answers of members that are not named may be counted, one answer each.

    At least two differ from the commonest: who gave one of them and leaves it out still sees another.
    """
    if not answers:
        return True
    commonest = max(Counter(answers).values())
    return len(answers) >= MINIMUM_COUNTED and len(answers) - commonest >= 2


def is_safe_in_sum(parts: Collection[Sequence[int]]) -> bool:
    """The same of members that have several answers each, given as how many of every kind.

    Whichever member leaves its own out, the rest has more than one kind.
    """
    if not parts:
        return True
    totals = [sum(column) for column in zip(*parts, strict=True)]
    return len(parts) >= MINIMUM_COUNTED and all(
        sum(total > own for total, own in zip(totals, part, strict=True)) >= 2 for part in parts
    )


def is_not_dominated(amounts: Collection[float]) -> bool:
    """Whether a sum hides each of its parts: no dominant one, and none that the second comes close to."""
    largest = sorted((abs(amount) for amount in amounts), reverse=True)
    total = sum(largest)
    if not total:
        return True
    rest = total - sum(largest[:2])
    return 100 * largest[0] < DOMINANCE_PCT * total and 100 * rest >= P_PCT * largest[0]


@dataclass
class Releases(Generic[Answer]):
    """One count as it was shown so far. `hidden`: who is not named, for each circle of readers."""

    hidden: tuple[frozenset[str], ...]
    is_safe: Callable[[list[Answer]], bool]
    shown: list[dict[str, Answer]] = field(default_factory=list)

    def admits(self, answers: Mapping[str, Answer]) -> bool:
        """Whether the count of these answers, by member, may be shown beside all that was; if so, it is."""
        if any(self._same(answers, earlier) for earlier in self.shown):
            return True
        for hidden in self.hidden:
            if not self.is_safe([answer for member, answer in answers.items() if member in hidden]):
                return False
            for earlier in self.shown:
                changed = sum(answers.get(member) != earlier.get(member) for member in hidden)
                if 0 < changed < MINIMUM_COUNTED:
                    return False
        self.shown.append({member: answers[member] for member in answers if member in self.hidden_anywhere})
        return True

    @property
    def hidden_anywhere(self) -> frozenset[str]:
        return frozenset().union(*self.hidden)

    def _same(self, answers: Mapping[str, Answer], earlier: Mapping[str, Answer]) -> bool:
        return all(answers.get(member) == earlier.get(member) for member in self.hidden_anywhere)
