"""Counts of members: what may be told of those that did not agree to be named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacific_parcels.disclosure.counts import Releases, is_not_dominated, is_safe, is_safe_in_sum
from pacific_parcels.policy import MINIMUM_COUNTED

ANSWERS = ("FULL", "PARTIAL", "NONE")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("", True),
        ("A", False),
        ("AAB", False),  # each of them sees the two others
        ("AAAA", False),
        ("AAAB", False),  # B sees that all the others are A
        ("AABB", True),
        ("AABC", True),
        ("AAAAAAAAB", False),
        ("AAAAAAABB", True),
    ],
)
def test_answers_that_may_be_counted(answers: str, expected: bool) -> None:
    assert is_safe(answers) is expected


@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6))
def test_nobody_learns_an_answer_from_a_count_not_even_one_of_those_counted(answers: list[str]) -> None:
    """Every list of answers that gives the same count is tried, and those that agree with one's own."""
    if not is_safe(answers):
        return
    members = range(len(answers))
    worlds = [world for world in product(ANSWERS, repeat=len(answers)) if Counter(world) == Counter(answers)]
    for reader in (None, *members):
        possible = [world for world in worlds if reader is None or world[reader] == answers[reader]]
        for other in members:
            if other != reader:
                assert len({world[other] for world in possible}) > 1


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], True),
        ([(3, 0), (2, 1), (1, 1)], False),  # three are too few
        ([(3, 0), (2, 0), (1, 0), (4, 0)], False),
        (
            [(3, 0), (2, 0), (1, 0), (4, 2)],
            False,
        ),  # the last one sees that the others have the first kind alone
        ([(3, 0), (2, 0), (1, 1), (4, 2)], True),
    ],
)
def test_sums_of_several_answers(parts: Sequence[tuple[int, ...]], expected: bool) -> None:
    assert is_safe_in_sum(parts) is expected


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], True),
        ([0, 0], True),
        ([76, 12, 12], False),  # 76 % of it
        ([60, 31, 9], True),  # the rest of the two largest is 9, and 15 % of the largest are 9
        ([61, 31, 9], False),  # 15 % of 61 are 9.15
        ([10, 10, 10, 10], True),
    ],
)
def test_a_sum_of_money_hides_its_parts(amounts: list[float], expected: bool) -> None:
    assert is_not_dominated(amounts) is expected


FOUR = {"FJ": "FULL", "WS": "FULL", "TO": "NONE", "VU": "NONE"}


def test_a_count_moves_on_when_as_many_have_changed_as_a_count_must_have() -> None:
    releases: Releases[str] = Releases((frozenset(FOUR),), is_safe)
    assert releases.admits({}), "nobody has reported"
    assert not releases.admits({"FJ": "FULL", "WS": "FULL", "TO": "NONE"})
    assert releases.admits(FOUR)
    assert releases.admits(FOUR), "the same once more"
    assert not releases.admits(FOUR | {"FJ": "NONE", "TO": "FULL"}), "the same count, and two have changed"
    assert releases.admits({"FJ": "NONE", "WS": "PARTIAL", "TO": "PARTIAL", "VU": "FULL"}), "all have"
    assert releases.admits(FOUR), "as once before"


def test_who_is_named_may_change_as_often_as_it_likes() -> None:
    releases: Releases[str] = Releases((frozenset(FOUR) - {"FJ"}, frozenset(FOUR) - {"FJ"}), is_safe)
    assert releases.admits({"FJ": "FULL"})
    assert releases.admits({"FJ": "PARTIAL"})
    assert not releases.admits({"FJ": "PARTIAL", "WS": "FULL"})


def test_what_is_too_little_for_one_circle_is_shown_to_none() -> None:
    """Who reads both files, in one of which Fiji has a name, is left with three."""
    both = (frozenset(FOUR), frozenset(FOUR) - {"FJ"})
    assert not Releases(both, is_safe).admits(FOUR)


@given(
    st.lists(
        st.tuples(st.sampled_from(["FJ", "WS", "TO", "VU", "SB", "KI"]), st.sampled_from([*ANSWERS, None])),
        min_size=8,
        max_size=60,
    )
)
def test_any_two_counts_that_were_shown_differ_by_nobody_or_by_enough(
    events: list[tuple[str, str | None]],
) -> None:
    public, peers = frozenset(["FJ", "WS", "TO", "VU", "SB", "KI"]), frozenset(["WS", "TO", "VU", "SB", "KI"])
    releases: Releases[str] = Releases((peers, public), is_safe)
    answers: dict[str, str] = {}
    shown: list[dict[str, str]] = []
    for member, answer in events:
        answers = {code: one for code, one in answers.items() if code != member}
        answers |= {member: answer} if answer else {}
        if releases.admits(answers):
            shown.append(answers)
    for hidden in (public, peers):
        for one in shown:
            seen = [answer for member, answer in one.items() if member in hidden]
            assert not seen or len(seen) >= MINIMUM_COUNTED
            for other in shown:
                changed = sum(one.get(member) != other.get(member) for member in hidden)
                assert changed == 0 or changed >= MINIMUM_COUNTED
