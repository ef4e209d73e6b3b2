"""Complementary suppression: which further cells have to be hidden so that no hidden one can be worked out.

First a pattern: every sum that has hidden cells has two at least; and where one is to be protected, a member
that reads does not know all others: its own cells, and regional cells that it alone contributes to. A small
problem is solved exactly (the least loss, by mixed integer programming), a large one by taking the cheapest
cell of the sum that needs one, with regard to the sums that it would open or close. A zero hides nothing and
is never taken.

Then a proof: for every cell to be protected, and every reader, linear programming finds another cube that
agrees with everything that is open and in which that cell lies as far away as `required_width` asks. Where
hidden cells alone do not allow one, it takes open cells at the least loss, and they are hidden too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, eye_array, hstack
from scipy.sparse.csgraph import connected_components

from pacific_parcels.disclosure.cube import Flags, Floats, Integers, Problem

# Nobody may bound a hidden figure to an interval narrower than 30 % of it, nor from above to within 15 %; of
# few items, to one narrower than two, nor to within one.
PROTECTION_SHARE = 0.15
PROTECTION_ITEMS = 2.0

# Problems up to this size are solved exactly.
EXACT_CELLS = 60
EXACT_TARGETS = 6
# Solvers work to 1e-7 of the numbers they are given, which are scaled to the width that is asked for.
TOLERANCE = 1e-4


def required_width(value: Floats, *, is_count: bool) -> Floats:
    """How wide, at least, the interval must be that a reader can work out for a hidden figure.

    Half of it, at least, lies above the figure: a crumb beside a large figure leaves it open to below only.
    """
    width = 2 * PROTECTION_SHARE * np.abs(value)
    return np.maximum(width, PROTECTION_ITEMS) if is_count else width


@dataclass
class _Pattern:
    """What is hidden, and the sums by cell and by relation."""

    problem: Problem
    is_hidden: Flags

    def __post_init__(self) -> None:
        problem = self.problem
        count = int(problem.relation.max()) + 1 if len(problem.relation) else 0
        by_relation = np.argsort(problem.relation, kind="stable")
        by_cell = np.argsort(problem.cell, kind="stable")
        self.cells_of = np.split(
            problem.cell[by_relation], np.searchsorted(problem.relation[by_relation], np.arange(1, count))
        )
        self.relations_of = np.split(
            problem.relation[by_cell], np.searchsorted(problem.cell[by_cell], np.arange(1, problem.size))
        )
        self.count = count
        self.total_of = np.full(count, -1)
        self.total_of[problem.relation[problem.sign < 0]] = problem.cell[problem.sign < 0]
        self.unknown = np.bincount(
            problem.relation, weights=self.is_unknown[problem.cell], minlength=count
        ).astype(int)

    @property
    def is_unknown(self) -> Flags:
        return self.is_hidden & (self.problem.value > 0) & ~self.problem.is_known

    def hide(self, cell: int) -> None:
        self.is_hidden[cell] = True
        self.unknown[self.relations_of[cell]] += 1

    def weak_reader(self, relation: int) -> int | None:
        """The owner (-1: anyone) who can work out a cell of a sum against the rules; None for nobody.

        To anyone a single hidden cell is open; to an owner the only one that is not its own. That matters
        where it is to be protected: what is hidden for another's sake the owner may know.
        """
        problem = self.problem
        if self.unknown[relation] == 0:
            return None
        if self.unknown[relation] == 1:
            return -1
        cells = self.cells_of[relation]
        hidden = cells[self.is_hidden[cells] & (problem.value[cells] > 0) & ~problem.is_known[cells]]
        owners = problem.owner[hidden]
        owners = owners[owners >= 0]
        if len(owners) < len(hidden) - 1:
            return None
        found, counts = np.unique(owners, return_counts=True)
        for owner in found[counts == len(hidden) - 1].tolist():
            (left,) = hidden[problem.owner[hidden] != owner]
            # The sum of its own cells and of open ones tells it nothing of others.
            if left != self.total_of[relation] and (problem.is_primary[left] or problem.is_withheld[left]):
                return int(owner)
        return None

    def sums_of_own(self, reader: int) -> Integers:
        """The hidden totals whose parts are all open or a reader's own."""
        problem = self.problem
        is_other = (
            self.is_unknown[problem.cell] & (problem.sign > 0) & (problem.owner[problem.cell] != reader)
        )
        is_own = self.is_unknown[problem.cell] & (problem.sign > 0) & (problem.owner[problem.cell] == reader)
        others = np.bincount(problem.relation[is_other], minlength=self.count)
        own = np.bincount(problem.relation[is_own], minlength=self.count)
        totals: Integers = self.total_of[(others == 0) & (own > 0)]
        return totals[totals >= 0]

    def cheapest(self, relation: int, reader: int) -> int | None:
        """The cell to hide next in a sum; None where nothing is left to hide."""
        problem = self.problem
        cells = self.cells_of[relation]
        cells = cells[problem.is_usable[cells] & ~self.is_hidden[cells]]
        if reader >= 0:
            cells = cells[problem.owner[cells] != reader]
        best: tuple[float, int] | None = None
        for cell in cells.tolist():
            unknown = self.unknown[self.relations_of[cell]]
            loss = (
                problem.cost[cell]
                * (1 + np.count_nonzero(unknown == 0))
                / (1 + np.count_nonzero(unknown == 1))
            )
            if best is None or (loss, cell) < best:
                best = (float(loss), cell)
        return best[1] if best else None

    def close(self, relations: list[int]) -> None:
        """Hide cells until no reader knows all but one of the hidden cells of a sum."""
        waiting = relations[::-1]
        is_waiting = np.zeros(self.count, dtype=bool)
        is_waiting[waiting] = True
        while waiting:
            relation = waiting.pop()
            is_waiting[relation] = False
            reader = self.weak_reader(relation)
            if reader is None:
                continue
            cell = self.cheapest(relation, reader)
            if cell is None:
                continue
            self.hide(cell)
            for other in self.relations_of[cell].tolist():
                if not is_waiting[other]:
                    is_waiting[other] = True
                    waiting.append(other)

    def close_all(self) -> None:
        self.close(np.flatnonzero(self.unknown).tolist())


@dataclass(frozen=True)
class Protection:
    """What is hidden in the end, and the cells that could not be given the width that is asked for."""

    is_hidden: Flags
    is_exposed: Flags


def protect(problem: Problem, *, is_count: bool) -> Protection:
    """The cells to hide so that every primary one has the width that is asked for."""
    required = required_width(problem.value, is_count=is_count)
    pattern = _Pattern(problem, problem.is_primary | problem.is_withheld | problem.is_preset)
    # What a reader knows from an earlier publication is beyond protection.
    targets = np.flatnonzero(problem.is_primary & ~problem.is_known)
    if problem.size <= EXACT_CELLS and 0 < len(targets) <= EXACT_TARGETS:
        for cell in np.flatnonzero(_optimum(problem, required) & ~pattern.is_hidden).tolist():
            pattern.hide(cell)
    pattern.close_all()
    is_exposed = np.zeros(problem.size, dtype=bool)
    owners = np.unique(problem.owner[pattern.is_hidden & ~problem.is_withheld])
    proofs: list[Floats] = []
    # Anyone first: what is hidden from all is mostly enough for each member too.
    for reader in [-1, *owners[owners >= 0].tolist()]:
        system = _System(pattern, reader)
        is_own = (problem.owner == reader) & (reader >= 0)
        is_proved = is_exposed | is_own
        if reader >= 0:
            is_proved[pattern.sums_of_own(reader)] = True
        for change in proofs:
            if not change[is_own].any():
                is_proved |= change >= required * (1 - TOLERANCE)
        for block in system.blocks(targets[~is_proved[targets]]):
            for cell in _narrow(system, block, targets[~is_proved[targets]], required).tolist():
                if is_proved[cell]:
                    continue
                found = system.widening(cell, float(required[cell]))
                if found is None:
                    is_exposed[cell] = True
                    continue
                proofs.append(found)
                is_proved |= found >= required * (1 - TOLERANCE)
                is_proved[cell] = True
                for other in np.flatnonzero((found != 0) & ~pattern.is_hidden).tolist():
                    pattern.hide(other)
    pattern.close_all()
    return Protection(pattern.is_hidden, is_exposed)


@dataclass(frozen=True)
class _Block:
    """Hidden cells that sums tie together: changes of theirs cancel out in every sum."""

    cells: Integers
    sums: csr_array
    slack_lowest: Floats
    slack_highest: Floats


class _System:
    """How the cells that are or may be hidden can change while everything open stays as it is.

    For a member that reads, its own cells stand still. Withheld parts of a sum stand in it as one slack, as
    large as all of them but the largest: whoever reads may own that one.
    """

    def __init__(self, pattern: _Pattern, reader: int) -> None:
        problem = pattern.problem
        self.problem, self.pattern = problem, pattern
        is_withheld = problem.is_withheld[problem.cell] & ~problem.is_known[problem.cell]
        value = problem.value[problem.cell]
        self.slack_lowest = np.zeros(pattern.count)
        self.slack_highest = np.zeros(pattern.count)
        is_part = is_withheld & (problem.sign > 0)
        largest = np.zeros(pattern.count)
        np.maximum.at(largest, problem.relation[is_part], value[is_part])
        np.subtract.at(self.slack_lowest, problem.relation[is_part], value[is_part])
        self.slack_lowest += largest
        self.slack_highest[problem.relation[is_part]] = np.inf
        is_residual = is_withheld & (problem.sign < 0)
        self.slack_lowest[problem.relation[is_residual]] = -np.inf
        np.add.at(self.slack_highest, problem.relation[is_residual], value[is_residual])
        self.lowest = -(problem.value - problem.floor).clip(min=0.0)
        self.is_movable = (problem.is_usable | problem.is_primary) & ~problem.is_known & ~problem.is_withheld
        if reader >= 0:
            self.is_movable &= problem.owner != reader
        is_inside = self.is_movable[problem.cell]
        self.sums = csr_array(
            coo_array(
                (problem.sign[is_inside], (problem.relation[is_inside], problem.cell[is_inside])),
                shape=(pattern.count, problem.size),
            )
        )
        self.part_of_cell = connected_components(abs(self.sums).T @ abs(self.sums), directed=False)[1]

    def block(self, cells: Integers) -> _Block:
        """The sums among some cells, and their slacks."""
        columns = self.sums[:, cells]
        rows = np.flatnonzero(np.diff(columns.indptr))
        return _Block(cells, csr_array(columns[rows]), self.slack_lowest[rows], self.slack_highest[rows])

    def blocks(self, targets: Integers) -> Iterator[_Block]:
        """The parts of what is hidden that are independent of each other, and hold a target."""
        hidden = np.flatnonzero(self.pattern.is_hidden & self.is_movable & (self.problem.value > 0))
        columns = self.sums[:, hidden]
        label = connected_components(abs(columns).T @ abs(columns), directed=False)[1]
        for part in np.unique(label[np.isin(hidden, targets)]).tolist():
            yield self.block(hidden[label == part])

    def widening(self, cell: int, width: float) -> Floats | None:
        """A change of the cube, by cell, that moves one cell by a width at the least loss; None for none.

        The cells that it moves and that are open have to be hidden.
        """
        problem = self.problem
        cells = np.flatnonzero((self.part_of_cell == self.part_of_cell[cell]) & self.is_movable)
        block = self.block(cells)
        weights = np.where(
            self.pattern.is_hidden[cells], 1e-6, problem.cost[cells] / problem.cost[cells].max()
        )
        count, slacks = len(cells), block.sums.shape[0]
        target = int(np.flatnonzero(cells == cell)[0])
        equal = hstack([block.sums, -block.sums, eye_array(slacks)], format="csr")
        for direction in (1.0, -1.0):
            most = np.concatenate([np.full(count, np.inf), -self.lowest[cells] / width])
            least = np.zeros(2 * count)
            moved, still = (target, count + target) if direction > 0 else (count + target, target)
            if most[moved] < 1.0:
                continue
            least[moved], most[moved], most[still] = 1.0, 1.0, 0.0
            found = _solved(
                np.concatenate([weights, weights, np.zeros(slacks)]),
                equal,
                np.concatenate([least, block.slack_lowest / width]),
                np.concatenate([most, block.slack_highest / width]),
            )
            if found is not None:
                change = np.zeros(problem.size)
                change[cells] = found[:count] - found[count : 2 * count]
                return np.where(np.abs(change) > TOLERANCE / 10, change * width, 0.0)
        return None


def _narrow(system: _System, block: _Block, targets: Integers, required: Floats) -> Integers:
    """The targets of a block that a few programs for all of them do not show to be wide enough."""
    asked = np.isin(block.cells, targets)
    if not asked.any():
        return block.cells[asked]
    required = required[block.cells]
    scale = float(required[asked].max())
    width = required / scale
    lowest = (system.lowest[block.cells] / scale).clip(min=-1.0)
    count, slacks = len(width), block.sums.shape[0]
    upward, downward = np.zeros(count), np.zeros(count)
    equal = hstack([block.sums, eye_array(slacks)], format="csr")
    lower = np.concatenate([lowest, block.slack_lowest / scale])
    upper = np.concatenate([np.ones(count), block.slack_highest / scale])
    left = asked
    while left.any():
        before = np.count_nonzero(left)
        for direction in (1.0, -1.0):
            weights = np.where(left, direction / np.maximum(width, 1e-3), 0.0)
            found = _solved(-np.concatenate([weights, np.zeros(slacks)]), equal, lower, upper)
            if found is not None:
                np.maximum(upward, found[:count], out=upward)
                np.minimum(downward, found[:count], out=downward)
            enough = width * (1 - TOLERANCE)
            left = asked & ((upward - downward < enough) | (upward < enough / 2))
        if np.count_nonzero(left) > 0.7 * before:
            break
    return block.cells[left]


def _solved(weights: Floats, equal: csr_array, lowest: Floats, highest: Floats) -> Floats | None:
    """The point of least weight between bounds at which every sum is nought; None where there is none."""
    result = milp(weights, constraints=LinearConstraint(equal, 0.0, 0.0), bounds=Bounds(lowest, highest))
    return None if result.x is None else np.asarray(result.x, dtype=np.float64)


def _optimum(problem: Problem, required: Floats) -> Flags:
    """The cheapest set of cells by which every primary one reaches its width, for any outside reader.

    One binary for each cell; for each primary cell two changes of the cube, upward and downward, which touch
    hidden cells only and cancel out in every sum (Fischetti and Salazar's formulation without its cuts).
    """
    count, targets = problem.size, np.flatnonzero(problem.is_primary & ~problem.is_known)
    if not len(targets) or not len(problem.relation):
        return np.zeros(count, dtype=bool)
    relations = int(problem.relation.max()) + 1
    sums = coo_array((problem.sign, (problem.relation, problem.cell)), shape=(relations, count)).toarray()
    bound = 2 * float(np.maximum(problem.value, required).max())
    is_free = (problem.is_usable | problem.is_primary | problem.is_withheld) & ~problem.is_known
    must = (problem.is_primary | problem.is_withheld | problem.is_preset) & ~problem.is_known
    changes = 2 * len(targets)
    width = count * (1 + changes)
    below = (problem.value - problem.floor).clip(min=0.0)
    rows, lower, upper = [], [], []

    def at(change: int) -> slice:
        return slice(count * (1 + change), count * (2 + change))

    for change in range(changes):
        block = np.zeros((relations, width))
        block[:, at(change)] = sums
        rows.append(block)
        lower.append(np.zeros(relations))
        upper.append(np.zeros(relations))
        for limit, sign in ((np.full(count, bound), 1.0), (below, -1.0)):
            block = np.zeros((count, width))
            block[:, at(change)] = sign * np.eye(count)
            block[:, :count] = -np.diag(limit)
            rows.append(block)
            lower.append(np.full(count, -np.inf))
            upper.append(np.zeros(count))
    for place, target in enumerate(targets.tolist()):
        row = np.zeros((1, width))
        row[0, at(2 * place).start + target] = 1.0
        row[0, at(2 * place + 1).start + target] = -1.0
        rows.append(row)
        above = np.zeros((1, width))
        above[0, at(2 * place).start + target] = 1.0
        rows.append(above)
        lower.append(required[target] * np.array([1.0, 0.5]))
        upper.append(np.full(2, np.inf))
    result = milp(
        np.concatenate([problem.cost, np.zeros(count * changes)]),
        constraints=LinearConstraint(
            csr_array(np.concatenate(rows)), np.concatenate(lower), np.concatenate(upper)
        ),
        integrality=np.concatenate([np.ones(count), np.zeros(count * changes)]),
        bounds=Bounds(
            np.concatenate([must.astype(float), np.full(count * changes, -bound)]),
            np.concatenate([is_free.astype(float), np.full(count * changes, bound)]),
        ),
    )
    # No set of cells is enough: the pattern and the proof say how far it goes.
    return np.zeros(count, dtype=bool) if result.x is None else result.x[:count] > 0.5
