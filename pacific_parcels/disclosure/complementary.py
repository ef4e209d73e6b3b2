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

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.csgraph import connected_components

from pacific_parcels import linear_programs
from pacific_parcels.disclosure.cube import Flags, Floats, Integers, Problem
from pacific_parcels.policy import required_width
from pacific_parcels.processes import Processes

_Order = tuple[Problem, Floats]  # a part, and the width that each of its cells is asked for

# Problems up to this size are solved exactly.
EXACT_CELLS = 60
EXACT_TARGETS = 6
# So many cells of a part are widened together first.
FEW = 4
# In which direction, and which share of the way, they are moved, one round after the other.
ROUNDS = ((1, 1.0), (1, 1.0), (1, 0.5), (-1, 0.5), (-1, 0.5), (1, 0.5), (-1, 1.0))
# Fewer cells than these are protected sooner than a process has started; more are so many jobs for several.
WORTH_A_PROCESS = 3_000
JOBS = 8
# How many sums away from a cell others are looked for that protect it; at last anywhere.
NEAR = (1, 2, 3, None)
# Solvers work to 1e-7 of the numbers they are given, which are scaled to the width that is asked for.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class _Lists:
    """For each number below a count the numbers that belong to it, one list after the other."""

    starts: Integers
    values: Integers
    places: Integers  # of each value, where it stands among the memberships

    @classmethod
    def of(cls, number: Integers, value: Integers, is_inside: Flags, count: int) -> _Lists:
        places = np.flatnonzero(is_inside)
        places = places[np.argsort(number[places], kind="stable")]
        starts = np.searchsorted(number[places], np.arange(count + 1))
        return cls(starts.astype(np.int64), value[places], places)

    def __getitem__(self, number: int) -> Integers:
        found: Integers = self.values[self.starts[number] : self.starts[number + 1]]
        return found

    def entries(self, numbers: Integers) -> tuple[Integers, Integers]:
        """Where in `values` the lists of some numbers stand, and of which of the numbers each entry is."""
        sizes = self.starts[numbers + 1] - self.starts[numbers]
        of_number = np.repeat(np.arange(len(numbers)), sizes)
        before = np.cumsum(sizes) - sizes
        return self.starts[numbers][of_number] + np.arange(len(of_number)) - before[of_number], of_number


@dataclass
class _Pattern:
    """What is hidden, and the sums by cell and by relation."""

    problem: Problem
    is_hidden: Flags

    def __post_init__(self) -> None:
        problem = self.problem
        count = int(problem.relation.max()) + 1 if len(problem.relation) else 0
        everything = np.ones(len(problem.cell), dtype=bool)
        self.by_relation = _Lists.of(problem.relation, problem.cell, everything, count)
        self.by_cell = _Lists.of(problem.cell, problem.relation, everything, problem.size)
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
        self.unknown[self.by_cell[cell]] += 1

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
        cells = self.by_relation[relation]
        hidden = cells[self.is_hidden[cells] & (problem.value[cells] > 0) & ~problem.is_known[cells]]
        owners = problem.owner[hidden]
        # Of any two cells one is that of an owner of all but one.
        for owner in sorted(set(owners[:2].tolist()) - {-1}):
            is_own = owners == owner
            if np.count_nonzero(is_own) != len(hidden) - 1:
                continue
            (left,) = hidden[~is_own]
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
        cells = self.by_relation[relation]
        cells = cells[problem.is_usable[cells] & ~self.is_hidden[cells]]
        if reader >= 0:
            cells = cells[problem.owner[cells] != reader]
        best: tuple[float, int] | None = None
        for cell in cells.tolist():
            unknown = self.unknown[self.by_cell[cell]]
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
            for other in self.by_cell[cell].tolist():
                if not is_waiting[other]:
                    is_waiting[other] = True
                    waiting.append(other)

    def hide_moved(self, change: _Change, reach: _Reach) -> list[_Change]:
        """Take a change for a proof: what it moves has to be hidden. Its pieces are proofs by themselves."""
        for cell in change.cells[~self.is_hidden[change.cells]].tolist():
            self.hide(cell)
        reach.take(change)
        return self.pieces(change)

    def pieces(self, change: _Change) -> list[_Change]:
        """A change taken apart into those that no sum ties to each other."""
        if not len(change.cells):
            return []
        entries, cell = self.by_cell.entries(change.cells)
        label = _parts(self.by_cell.values[entries], cell, len(change.cells))
        order = np.argsort(label, kind="stable")
        edges = np.flatnonzero(np.diff(label[order])) + 1
        return [_Change(change.cells[piece], change.distance[piece]) for piece in np.split(order, edges)]

    def close_all(self) -> None:
        self.close(np.flatnonzero(self.unknown).tolist())


@dataclass(frozen=True)
class Protection:
    """What is hidden in the end, and the cells that could not be given the width that is asked for."""

    is_hidden: Flags
    is_exposed: Flags


def protect(
    problem: Problem,
    *,
    is_count: bool,
    memory: dict[str, str] | None = None,
    processes: Processes | None = None,
) -> Protection:
    """The cells to hide so that every primary one has the width that is asked for.

    Parts that no sum ties together (years, for one) are protected by themselves; in `processes`, where there
    are any and the work is worth it. `memory` has what was hidden in parts by the identity of their numbers,
    and gets those that are new: what has not changed is not worked out again.
    """
    memory = {} if memory is None else memory
    required = required_width(problem.extent, is_count)
    is_hidden = problem.is_primary | problem.is_withheld | problem.is_preset
    is_exposed = np.zeros(problem.size, dtype=bool)
    if not len(problem.relation):
        return Protection(is_hidden, is_exposed)
    label = _parts(problem.relation, problem.cell, problem.size)
    parts = int(label.max(initial=-1)) + 1
    cells_of, memberships_of = _by_number(label, parts), _by_number(label[problem.cell], parts)
    place = np.empty(problem.size, dtype=np.int64)
    found: list[tuple[Integers, str]] = []
    new: dict[str, _Order] = {}
    for part in np.unique(label[is_hidden & (problem.value > 0)]).tolist():
        cells = cells_of(part)
        place[cells] = np.arange(len(cells))
        piece = problem.part(cells, memberships_of(part), place)
        identity = piece.identity(required[cells])
        found.append((cells, identity))
        if identity not in memory:
            new[identity] = (piece, required[cells])
    memory |= zip(new, _protected(list(new.values()), processes), strict=True)
    for cells, identity in found:
        is_hidden[cells], is_exposed[cells] = _unpacked(memory[identity], len(cells))
    return Protection(is_hidden, is_exposed)


def _by_number(numbers: Integers, count: int) -> Callable[[int], Integers]:
    """Where each number below a count stands, in order."""
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(count + 1))
    return lambda number: order[starts[number] : starts[number + 1]]


def _protected(orders: list[_Order], processes: Processes | None) -> list[str]:
    """What is hidden in each part, packed."""
    if processes is None or sum(piece.size for piece, _ in orders) < WORTH_A_PROCESS:
        return _protect_parts(orders)
    # The largest first, so that no process is left with one of them at the end.
    by_size = sorted(range(len(orders)), key=lambda number: -orders[number][0].size)
    jobs = [by_size[start::JOBS] for start in range(min(JOBS, len(orders)))]
    answers = processes.map(_protect_parts, [[orders[number] for number in job] for job in jobs])
    packed = [""] * len(orders)
    for job, answer in zip(jobs, answers, strict=True):
        for number, text in zip(job, answer, strict=True):
            packed[number] = text
    return packed


def _protect_parts(orders: list[_Order]) -> list[str]:
    found = [_protect_part(piece, required) for piece, required in orders]
    return [_packed(one.is_hidden, one.is_exposed) for one in found]


def _packed(is_hidden: Flags, is_exposed: Flags) -> str:
    return np.packbits(np.concatenate([is_hidden, is_exposed])).tobytes().hex()


def _unpacked(text: str, size: int) -> tuple[Flags, Flags]:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8), count=2 * size).astype(bool)
    return bits[:size], bits[size:]


def _protect_part(problem: Problem, required: Floats) -> Protection:
    pattern = _Pattern(problem, problem.is_primary | problem.is_withheld | problem.is_preset)
    # What a reader knows from an earlier publication is beyond protection.
    targets = np.flatnonzero(problem.is_primary & ~problem.is_known)
    if problem.size <= EXACT_CELLS and 0 < len(targets) <= EXACT_TARGETS:
        for cell in np.flatnonzero(_optimum(problem, required) & ~pattern.is_hidden).tolist():
            pattern.hide(cell)
    pattern.close_all()
    is_exposed = np.zeros(problem.size, dtype=bool)
    owners = np.unique(problem.owner[pattern.is_hidden & ~problem.is_withheld])
    owners = owners[owners >= 0]
    proofs: list[_Change] = []
    # Anyone first: what is hidden from all is mostly enough for each member too.
    for reader in [-1, *owners.tolist()]:
        is_own = (problem.owner == reader) & (reader >= 0)
        is_done = is_exposed | is_own
        if reader >= 0:
            is_done[pattern.sums_of_own(reader)] = True
        reach = _Reach(required, is_done)
        for change in proofs:
            if not is_own[change.cells].any():
                reach.take(change)
        if not len(reach.left(targets)):
            continue
        system = _System(pattern, is_own)
        if reader < 0:
            left = [
                cell
                for block in system.blocks(targets)
                for cell in _narrow(system, block, targets, required).tolist()
            ]
            reach.is_done[np.setdiff1d(targets, left)] = True
        else:
            proofs += system.rounds(targets, reach)
        for cells in system.together(reach.left(targets)):
            proofs += pattern.hide_moved(system.widen_all(cells, required[cells], 1, among=None), reach)
        for cell in reach.left(targets).tolist():
            if reach.is_done[cell]:
                continue
            widened = system.widening(cell, float(required[cell]))
            is_exposed[cell] = widened is None
            if widened is not None:
                proofs += pattern.hide_moved(widened, reach)
                reach.is_done[cell] = True
        if reader < 0 and len(owners):
            # What moves nothing of any member's own is a proof for all of them, and so is each piece of a
            # change for all whose cells are not in it.
            for is_still in (problem.owner >= 0, is_own):
                proofs += _System(pattern, is_still).rounds(targets, _Reach(required, is_exposed | is_still))
    pattern.close_all()
    return Protection(pattern.is_hidden, is_exposed)


@dataclass(frozen=True)
class _Change:
    """Another cube that agrees with all that is open: the cells that differ, and by how much."""

    cells: Integers
    distance: Floats


class _Reach:
    """How far up and down cells are shown to move for one reader, and which need not move further."""

    def __init__(self, required: Floats, is_done: Flags) -> None:
        self.required, self.is_done = required * (1 - TOLERANCE), is_done
        self.up, self.down = np.zeros(len(required)), np.zeros(len(required))

    def take(self, change: _Change) -> None:
        cells = change.cells
        self.up[cells] = np.maximum(self.up[cells], change.distance)
        self.down[cells] = np.minimum(self.down[cells], change.distance)
        self.is_done[cells] |= (self.up[cells] >= self.required[cells] / 2) & (
            self.up[cells] - self.down[cells] >= self.required[cells]
        )

    def left(self, targets: Integers) -> Integers:
        found: Integers = targets[~self.is_done[targets]]
        return found


@dataclass(frozen=True)
class _Block:
    """Cells that sums tie together: changes of theirs cancel out in every sum.

    A sum is given as its memberships: row (of the sums here), column (of the cells here) and sign.
    """

    cells: Integers
    row: Integers
    column: Integers
    sign: Floats
    slack_lowest: Floats
    slack_highest: Floats


class _System:
    """How the cells that are or may be hidden can change while everything open stays as it is.

    What its reader knows of its own stands still. Withheld parts of a sum stand in it as one slack, as
    large as all of them but the largest: whoever reads may own that one.
    """

    def __init__(self, pattern: _Pattern, is_still: Flags) -> None:
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
        self.is_movable &= ~is_still
        is_inside = self.is_movable[problem.cell]
        self.by_relation = _Lists.of(problem.relation, problem.cell, is_inside, pattern.count)
        self.by_cell = _Lists.of(problem.cell, problem.relation, is_inside, problem.size)
        self.part_of_cell = _parts(problem.relation[is_inside], problem.cell[is_inside], problem.size)

    def block(self, cells: Integers) -> _Block:
        """The sums among some cells, and their slacks."""
        entries, column = self.by_cell.entries(cells)
        sums, row = np.unique(self.by_cell.values[entries], return_inverse=True)
        sign = self.problem.sign[self.by_cell.places[entries]]
        return _Block(cells, row, column, sign, self.slack_lowest[sums], self.slack_highest[sums])

    def blocks(self, targets: Integers) -> Iterator[_Block]:
        """The parts of what is hidden that are independent of each other, and hold a target."""
        hidden = np.flatnonzero(self.pattern.is_hidden & self.is_movable & (self.problem.value > 0))
        entries, column = self.by_cell.entries(hidden)
        label = _parts(self.by_cell.values[entries], column, len(hidden))
        for part in np.unique(label[np.isin(hidden, targets)]).tolist():
            yield self.block(hidden[label == part])

    def together(self, targets: Integers) -> Iterator[Integers]:
        """Targets that are better widened together than one by one: those of a part, where it has several."""
        parts = self.part_of_cell[targets]
        for part in np.unique(parts).tolist():
            found = targets[parts == part]
            if len(found) >= FEW:
                yield found

    def rounds(self, targets: Integers, reach: _Reach) -> list[_Change]:
        """Changes of what is hidden that move targets as far as asked, round by round.

        Not all can go up at once, and of those that cannot go all the way up half of it is enough, and the
        rest down.
        """
        changes = []
        for sign, share in ROUNDS:
            for cells in self.together(reach.left(targets)):
                if share < 1:
                    gone = reach.up[cells] if sign > 0 else -reach.down[cells]
                    cells = cells[gone < share * reach.required[cells]]
                if not len(cells):
                    continue
                widths = share * reach.required[cells]
                change = self.widen_all(cells, widths, sign, among=self.pattern.is_hidden)
                reach.take(change)
                changes += self.pattern.pieces(change)
        return changes

    def widen_all(self, targets: Integers, widths: Floats, sign: int, *, among: Flags | None) -> _Change:
        """A change of the cube that moves cells up (sign 1) or down by their widths, as many as can be.

        Those of its cells that are open have to be hidden; among: the cells that may move.
        """
        problem = self.problem
        cells = self._near(int(targets[0]), None)
        if among is not None:
            cells = cells[among[cells]]
        block = self.block(cells)
        scale = float(np.median(widths))
        count, slacks, asked = len(cells), len(block.slack_lowest), len(targets)
        place = np.searchsorted(cells, targets)
        weights = np.where(
            self.pattern.is_hidden[cells], 1e-6, problem.cost[cells] / problem.cost[cells].max()
        )
        # What falls short costs more than any cells that would help it.
        short = 100 * widths / scale
        # Columns: what goes up, what goes down, the slacks, what falls short of each width.
        each, goal = np.arange(slacks), slacks + np.arange(asked)
        rows = csc_array(
            (
                np.concatenate([block.sign, -block.sign, np.ones(slacks + asked), widths / scale]),
                (
                    np.concatenate([block.row, block.row, each, goal, goal]),
                    np.concatenate(
                        [
                            block.column,
                            count + block.column,
                            2 * count + each,
                            place if sign > 0 else count + place,
                            2 * count + goal,
                        ]
                    ),
                ),
            ),
            shape=(slacks + asked, 2 * count + slacks + asked),
        )
        most_up, most_down = np.full(count, np.inf), -self.lowest[cells] / scale
        (most_down if sign > 0 else most_up)[place] = 0.0
        found = linear_programs.least(
            np.concatenate([weights, weights, np.zeros(slacks), short]),
            rows,
            np.concatenate([np.zeros(slacks), widths / scale]),
            np.concatenate([np.zeros(slacks), np.full(asked, np.inf)]),
            np.concatenate([np.zeros(2 * count), block.slack_lowest / scale, np.zeros(asked)]),
            np.concatenate([most_up, most_down, block.slack_highest / scale, np.ones(asked)]),
        )
        if found is None:
            return _Change(cells[:0], np.zeros(0))
        return _moved(cells, (found[:count] - found[count : 2 * count]) * scale, scale)

    def widening(self, cell: int, width: float) -> _Change | None:
        """A change of the cube, by cell, that moves one cell by a width at the least loss; None for none.

        The cells that it moves and that are open have to be hidden. They are looked for near the cell first:
        the sums of a large cube reach everywhere, and what is cheapest lies close by.
        """
        size = 0
        for steps in NEAR:
            cells = self._near(cell, steps)
            if len(cells) > size:
                size = len(cells)
                found = self._widening(cell, width, cells)
                if found is not None:
                    return found
        return None

    def _near(self, cell: int, steps: int | None) -> Integers:
        """The cells that can move within so many sums of one; None: within any number."""
        if steps is None:
            return np.flatnonzero((self.part_of_cell == self.part_of_cell[cell]) & self.is_movable)
        cells = np.array([cell])
        for _ in range(steps):
            relations = np.unique(self.by_cell.values[self.by_cell.entries(cells)[0]])
            cells = np.unique(self.by_relation.values[self.by_relation.entries(relations)[0]])
        found: Integers = cells[self.is_movable[cells]]
        return found

    def _widening(self, cell: int, width: float, cells: Integers) -> _Change | None:
        problem = self.problem
        block = self.block(cells)
        weights = np.where(
            self.pattern.is_hidden[cells], 1e-6, problem.cost[cells] / problem.cost[cells].max()
        )
        count, slacks = len(cells), len(block.slack_lowest)
        target = int(np.flatnonzero(cells == cell)[0])
        each = np.arange(slacks)
        equal = csc_array(
            (
                np.concatenate([block.sign, -block.sign, np.ones(slacks)]),
                (
                    np.concatenate([block.row, block.row, each]),
                    np.concatenate([block.column, count + block.column, 2 * count + each]),
                ),
            ),
            shape=(slacks, 2 * count + slacks),
        )
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
                return _moved(cells, (found[:count] - found[count : 2 * count]) * width, width)
        return None


def _moved(cells: Integers, distance: Floats, scale: float) -> _Change:
    """What is left of a move when what the solver cannot tell from nought is taken for nought."""
    is_moved = np.abs(distance) > scale * TOLERANCE / 10
    return _Change(cells[is_moved], distance[is_moved])


def _parts(relation: Integers, cell: Integers, cells: int) -> Integers:
    """Which part each cell belongs to: sums tie the cells of a part, and no others, to each other."""
    relations, row = np.unique(relation, return_inverse=True)
    size = cells + len(relations)
    graph = coo_array((np.ones(len(cell)), (cell, cells + row)), shape=(size, size))
    parts = connected_components(graph, directed=False)[1]
    return np.asarray(parts, dtype=np.int64)[:cells]


def _narrow(system: _System, block: _Block, targets: Integers, required: Floats) -> Integers:
    """The targets of a block that a few programs for all of them do not show to be wide enough."""
    asked = np.isin(block.cells, targets)
    if not asked.any():
        return block.cells[asked]
    required = required[block.cells]
    scale = float(required[asked].max())
    width = required / scale
    lowest = (system.lowest[block.cells] / scale).clip(min=-1.0)
    count, slacks = len(width), len(block.slack_lowest)
    upward, downward = np.zeros(count), np.zeros(count)
    each = np.arange(slacks)
    equal = csc_array(
        (
            np.concatenate([block.sign, np.ones(slacks)]),
            (np.concatenate([block.row, each]), np.concatenate([block.column, count + each])),
        ),
        shape=(slacks, count + slacks),
    )
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


def _solved(weights: Floats, equal: csc_array, lowest: Floats, highest: Floats) -> Floats | None:
    """The point of least weight between bounds at which every sum is nought; None where there is none."""
    nought = np.zeros(equal.shape[0])
    return linear_programs.least(weights, equal, nought, nought, lowest, highest)


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
