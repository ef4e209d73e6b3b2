"""Complementary suppression, attacked from outside: linear programs over everything that is open."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pacific_parcels.disclosure import required_width
from pacific_parcels.disclosure.complementary import protect
from pacific_parcels.disclosure.cube import Flags, Problem

Place = tuple[int, ...]


def table(
    parts: np.ndarray,
    hidden: set[Place],
    *,
    owner: dict[Place, int] | None = None,
    known: tuple[Place, ...] = (),
) -> tuple[Problem, dict[Place, int]]:
    """A table with all its margins, the last place of each dimension being the total."""
    values = parts.astype(float)
    for axis in range(parts.ndim):
        values = np.concatenate([values, values.sum(axis=axis, keepdims=True)], axis=axis)
    places = list(product(*(range(size) for size in values.shape)))
    number = {place: n for n, place in enumerate(places)}
    relation, cell, sign = [], [], []
    count = 0
    for axis, size in enumerate(values.shape):
        for place in places:
            if place[axis] == size - 1:
                for other in range(size):
                    relation.append(count)
                    cell.append(number[(*place[:axis], other, *place[axis + 1 :])])
                    sign.append(-1.0 if other == size - 1 else 1.0)
                count += 1
    value = values.reshape(-1)
    owners = np.full(len(value), -1)
    is_known = np.zeros(len(value), dtype=bool)
    for place, member in (owner or {}).items():
        owners[number[place]] = member
    for place in known:
        is_known[number[place]] = True
    nothing = np.zeros(len(value), dtype=bool)
    problem = Problem(
        value=value,
        extent=value,
        cost=value.copy(),
        floor=np.zeros(len(value)),
        is_primary=np.array([place in hidden for place in places]) & (value > 0),
        is_withheld=nothing,
        is_preset=nothing,
        is_usable=(value > 0) & ~is_known,
        is_known=is_known,
        owner=owners,
        relation=np.array(relation),
        cell=np.array(cell),
        sign=np.array(sign),
    )
    return problem, number


def interval(problem: Problem, is_hidden: Flags, cell: int, reader: int = -1) -> tuple[float, float]:
    """All that a reader can tell of a cell, by brute force: the least and the most that it can be."""
    count = int(problem.relation.max()) + 1
    sums = np.zeros((count, problem.size))
    sums[problem.relation, problem.cell] = problem.sign
    moves = is_hidden & ~problem.is_known & (problem.value > 0)
    if reader >= 0:
        moves = moves & (problem.owner != reader)
    bounds = [
        (problem.floor[n], None) if moves[n] else (problem.value[n], problem.value[n])
        for n in range(problem.size)
    ]
    ends = []
    for direction in (1.0, -1.0):
        weights = np.zeros(problem.size)
        weights[cell] = direction
        result = linprog(weights, A_eq=sums, b_eq=np.zeros(count), bounds=bounds)
        ends.append(np.inf if result.status == 3 else float(result.x[cell]))
    return ends[0], ends[1]


def is_wide(problem: Problem, is_hidden: Flags, cell: int, reader: int = -1) -> bool:
    least, most = interval(problem, is_hidden, cell, reader)
    required = required_width(problem.value, is_count=True)[cell] * (1 - 1e-3)
    return bool(most - least >= required and most - problem.value[cell] >= required / 2)


def assert_protected(problem: Problem, is_hidden: Flags) -> None:
    owners = sorted(set(problem.owner[problem.owner >= 0].tolist()))
    for cell in np.flatnonzero(problem.is_primary & ~problem.is_known).tolist():
        for reader in [-1, *owners]:
            if reader < 0 or problem.owner[cell] != reader:
                assert is_wide(problem, is_hidden, cell, reader)


class TestByHand:
    # Channels by bands:      20 50 10 |  80
    #                          8 19 22 |  49
    #                         17 32 12 |  61
    #                         45 101 44 | 190
    PARTS = np.array([[20, 50, 10], [8, 19, 22], [17, 32, 12]])

    def test_a_hidden_cell_of_a_table_takes_three_others_with_it(self) -> None:
        """The corners of a rectangle, at the least loss: 8 with 22, 12 and 17.

        Bands and channels by pairs: (8, 19, 20, 50) 97; (8, 19, 17, 32) 76; (8, 22, 20, 10) 60;
        (8, 22, 17, 12) 59.
        """
        problem, number = table(self.PARTS, {(1, 0)})

        hidden = protect(problem, is_count=True).is_hidden

        assert set(np.flatnonzero(hidden).tolist()) == {
            number[place] for place in ((1, 0), (1, 2), (2, 0), (2, 2))
        }
        assert_protected(problem, hidden)

    def test_a_zero_is_no_protection(self) -> None:
        parts = np.array([[3, 0, 40], [0, 30, 20], [25, 35, 45]])
        problem, number = table(parts, {(0, 0)})

        hidden = protect(problem, is_count=True).is_hidden

        assert not hidden[number[(0, 1)]]
        assert not hidden[number[(1, 0)]]
        assert_protected(problem, hidden)

    def test_margins_that_are_on_are_taken_into_account(self) -> None:
        """4 + 30 = 34 in a row whose sum is open: one hidden cell alone would be 34 - 30."""
        problem, _ = table(np.array([[4, 30], [40, 50]]), {(0, 0)})
        primary_only = problem.is_primary
        (cell,) = np.flatnonzero(primary_only)

        assert interval(problem, primary_only, int(cell)) == pytest.approx((4, 4))
        assert_protected(problem, protect(problem, is_count=True).is_hidden)

    def test_each_member_sees_two_cells_that_are_not_its_own(self) -> None:
        """The cheapest cell beside 4 is member 7's: who reads with 7's records needs another one."""
        problem, number = table(np.array([4, 6, 30, 40, 50]), {(0,)}, owner={(1,): 7})

        hidden = protect(problem, is_count=True).is_hidden

        assert_protected(problem, hidden)
        assert is_wide(problem, hidden, number[(0,)], 7)

    def test_a_cell_that_was_open_before_is_not_used(self) -> None:
        problem, number = table(np.array([4, 6, 30, 40]), {(0,)}, known=((1,),))

        hidden = protect(problem, is_count=True).is_hidden

        assert not hidden[number[(1,)]]
        assert hidden[number[(2,)]]
        assert_protected(problem, hidden)

    def test_a_cell_that_can_be_covered_by_nothing_is_told(self) -> None:
        problem, number = table(np.array([4, 6]), {(0,)}, known=((1,), (2,)))

        assert np.flatnonzero(protect(problem, is_count=True).is_exposed).tolist() == [number[(0,)]]

    def test_a_large_cell_is_covered_by_enough_and_not_by_a_crumb(self) -> None:
        """100 may not be bounded to within 15 from above: beside the crumb of 6 it is 106 at most."""
        problem, number = table(np.array([100, 6, 80, 300]), {(0,)})

        hidden = protect(problem, is_count=True).is_hidden

        assert hidden[number[(2,)]]
        assert_protected(problem, hidden)

    def test_the_least_loss_of_small_tables(self) -> None:
        """Against all 2^n patterns."""
        problem, _ = table(np.array([[3, 9, 14], [12, 8, 20]]), {(0, 0)})
        (cell,) = np.flatnonzero(problem.is_primary)
        free = [n for n in range(problem.size) if n != cell]
        best = np.inf
        for size in range(4):
            for others in combinations(free, size):
                pattern = problem.is_primary.copy()
                pattern[list(others)] = True
                if is_wide(problem, pattern, int(cell)):
                    best = min(best, problem.value[pattern].sum())

        assert problem.value[protect(problem, is_count=True).is_hidden].sum() == pytest.approx(best)

    def test_without_any_one_of_the_cells_that_protect_it_a_cell_is_exposed(self) -> None:
        problem, _ = table(self.PARTS, {(1, 0)})
        hidden = protect(problem, is_count=True).is_hidden
        (cell,) = np.flatnonzero(problem.is_primary)
        others = np.flatnonzero(hidden & ~problem.is_primary)
        assert len(others) == 3

        for other in others:
            fewer = hidden.copy()
            fewer[other] = False
            assert interval(problem, fewer, int(cell)) == pytest.approx((8, 8))


@given(
    counts=st.lists(st.integers(0, 60), min_size=24, max_size=24),
    shape=st.sampled_from([(24,), (4, 6), (2, 3, 4)]),
    owners=st.lists(st.integers(-1, 2), min_size=24, max_size=24),
)
@settings(deadline=None, max_examples=25, derandomize=True)
def test_nothing_can_be_worked_out_of_any_table(
    counts: list[int], shape: tuple[int, ...], owners: list[int]
) -> None:
    parts = np.array(counts).reshape(shape)
    places = list(product(*(range(size) for size in shape)))
    hidden = {place for place in places if 0 < parts[place] < 5}
    problem, _ = table(parts, hidden, owner=dict(zip(places, owners, strict=True)))

    protection = protect(problem, is_count=True)

    assert not protection.is_exposed.any()
    assert (protection.is_hidden >= problem.is_primary).all()
    assert not (protection.is_hidden & (problem.value == 0)).any()
    assert protection.is_hidden.any() == problem.is_primary.any()
    assert_protected(problem, protection.is_hidden)
