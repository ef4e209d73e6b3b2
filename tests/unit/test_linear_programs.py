"""Linear programs: by hand, and beside SciPy's own call of a solver."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_array

from pacific_parcels.linear_programs import least

INF = np.inf


def solved(
    cost: list[float], rows: list[list[float]], low: list[float], high: list[float]
) -> np.ndarray | None:
    """All columns from nought to ten."""
    return least(
        np.array(cost),
        csc_array(np.array(rows)),
        np.array(low),
        np.array(high),
        np.zeros(len(cost)),
        np.full(len(cost), 10.0),
    )


def test_the_cheapest_point_by_hand() -> None:
    # 2x + y with x + y >= 4 and x - y = 1: x = 2.5 and y = 1.5.
    found = solved([2, 1], [[1, 1], [1, -1]], [4, 1], [INF, 1])
    assert found is not None
    assert found == pytest.approx([2.5, 1.5])


def test_no_point_is_none() -> None:
    assert solved([1, 1], [[1, 1]], [21], [INF]) is None


def test_no_least_point_is_none() -> None:
    nothing = csc_array((0, 1))
    empty = np.zeros(0)
    assert least(np.array([-1.0]), nothing, empty, empty, np.zeros(1), np.full(1, INF)) is None


def test_a_small_coefficient_is_no_nought() -> None:
    # y is x / 10^10, as a cent is in units of a hundred million: with x at 10^10, y reaches 1.
    found = least(
        np.array([0.0, -1.0]),
        csc_array(np.array([[1e-10, -1.0]])),
        np.zeros(1),
        np.zeros(1),
        np.zeros(2),
        np.array([1e10, 5.0]),
    )
    assert found is not None
    assert found == pytest.approx([1e10, 1.0])


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    solved([1, 1], [[1, 1]], [1], [INF])
    assert capfd.readouterr() == ("", "")


@settings(deadline=None)
@given(st.data())
def test_it_costs_what_scipy_finds(data: st.DataObject) -> None:
    columns = data.draw(st.integers(1, 6))
    number = st.integers(-5, 5).map(float)
    vector = st.lists(number, min_size=columns, max_size=columns)
    cost = data.draw(vector)
    rows = data.draw(st.lists(vector, min_size=1, max_size=4))
    point = data.draw(st.lists(st.integers(0, 10).map(float), min_size=columns, max_size=columns))
    right = (np.array(rows) @ np.array(point)).tolist() if data.draw(st.booleans()) else [3.0] * len(rows)
    found = solved(cost, rows, right, right)
    expected = linprog(cost, A_eq=np.array(rows), b_eq=right, bounds=[(0, 10)] * columns, method="highs")
    assert (found is None) == (expected.x is None)
    if found is not None:
        assert float(np.array(cost) @ found) == pytest.approx(expected.fun, abs=1e-6)
        assert np.array(rows) @ found == pytest.approx(right, abs=1e-6)
        assert found == pytest.approx(found.clip(0, 10), abs=1e-6)
