"""The attack on a publication, before anybody else makes it.

Written apart from `disclosure`, whose work it judges: it knows the policy, what each indicator is computed
from, the truth, and the files that are about to leave; of how the hiding was done it knows nothing. For each
audience it lays down what a reader of that file knows,

    the open figures of the file, those of earlier files that still hold, and the reader's own
    every sum that ties figures together: members and region, channels, value bands, partner countries,
    sections, months, quarters, years; of measures too, where one makes up another
    every ratio that is open: shares, means, growth, indices, moving sums, each a linear equation between
    figures once its value is known
    which figures are nought

and asks by linear programming how far each figure that must stay hidden can be bounded. A figure is exposed
when it is open though it must not be, when its interval is narrower than the policy asks, or when it is
bounded from above too closely. `audit` gives the findings; a publication with any of them is not to leave.

Three things keep it short. What follows from one equation after the other is taken first, and of the rest
only parts with a figure that must stay hidden are looked at. A point that agrees with all that is known and
lies far away from the truth shows, for every figure at once, that it cannot be bounded more closely: a few
clear nearly all figures, for every reader who knows none of those that it moves. Members of whose cells a
year shows nothing stand together as one: only sums over them are known, and whatever their sums and totals
are, there are cells that add up to them. What a member has not agreed to show follows from its total and the
regional figures in so far as these tell it: those have to rest on enough members, none of them dominant.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from pacific_parcels import linear_programs
from pacific_parcels.layout import quoted
from pacific_parcels.policy import (
    CELL,
    CIRCLES,
    DIMENSIONS,
    DOMINANCE_PCT,
    IS_TOTAL,
    MINIMUM_ITEMS,
    MINIMUM_MEMBERS,
    P_PCT,
    PUBLIC,
    SECRETARIAT,
    Circle,
    circle_of,
    is_agreed,
    required_width,
    terms_in,
    viewer_of,
)
from pacific_parcels.processes import Processes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# All members together of whose cells a file shows nothing in a year.
UNSEEN = "_W"
# Published figures have six decimals: what an equation misses by no more than that is an equation.
ROUNDING = 2e-6
# Rounds of points for all figures of a part at once, before single figures are bounded.
ROUNDS = 6
# Solvers work to 1e-7 of what they are given.
ENOUGH = 1 - 1e-4
KEY = ("indicator_code", *CELL)
# Whoever has no records of its own has more to be attacked: so many times what a member has.
PUBLIC_WEIGHT = 4
FEW = 6


@dataclass(frozen=True)
class Finding:
    """A figure that a reader can learn too much of.

    kind           OPEN (it is shown), NARROW (its interval is too narrow), ABOVE (it is bounded from above
                   too closely)
    figure         indicator and cell, by their codes
    lower, upper   what it can be bounded to; equal where it is shown
    required       the width that the policy asks for
    """

    kind: str
    figure: str
    value: float
    lower: float
    upper: float
    required: float


@dataclass(frozen=True)
class Audit:
    """What the attack on one audience's file came to.

    figures     figures that had to stay hidden and were attacked
    narrowest   the narrowest interval found, as a share of the width that the policy asks for: below 1 it is
                a finding; infinite where nothing had to be hidden. For figures cleared by a point it is a
                lower bound.
    known       figures that earlier publications give away, whatever this one does: beyond protection
    programs    linear programs solved
    """

    audience: str
    figures: int
    findings: tuple[Finding, ...]
    narrowest: float
    known: int
    programs: int
    seconds: float

    @property
    def is_passed(self) -> bool:
        return not self.findings


def audit(
    files: Mapping[str, Path],
    snapshot: Path,
    earlier: Mapping[str, Sequence[Path]] | None = None,
    cleared: dict[str, float] | None = None,
    processes: Processes | None = None,
) -> list[Audit]:
    """Attack the files of every audience but the secretariat, which may see everything.

    files      the files as they would leave, by audience
    snapshot   the warehouse that they were made from: the truth
    earlier    files that each audience was given before
    cleared    parts that were attacked before and held, by identity, with the narrowest interval; those that
               hold now are added. A part is its numbers and nothing else: the same part holds again
    processes  what works on two halves of the audiences at once
    """
    orders = [
        _Order(audiences, files, snapshot, earlier or {}, dict(cleared or {}))
        for audiences in _shared_out(files)
    ]
    answers = [_attack(order) for order in orders] if processes is None else processes.map(_attack, orders)
    audits = [audit for found, _ in answers for audit in found]
    for _, new in answers:
        if cleared is not None:
            cleared |= new
    return sorted(audits, key=lambda audit: (CIRCLES.index(circle_of(audit.audience)), audit.audience))


@dataclass(frozen=True)
class _Order:
    """The audiences to attack in one go, and what `audit` is given."""

    audiences: list[str]
    files: Mapping[str, Path]
    snapshot: Path
    earlier: Mapping[str, Sequence[Path]]
    cleared: dict[str, float]


def _shared_out(files: Mapping[str, Path]) -> list[list[str]]:
    """The audiences in two halves of about as much work; a few are not worth it.

    So on however many cores: a point that one attack finds serves the next one in its half, and what is found
    must be the same everywhere.
    """
    audiences = sorted((one for one in files if one != SECRETARIAT), key=lambda one: (one != PUBLIC, one))
    if len(audiences) < FEW:
        return [audiences]
    weights = [PUBLIC_WEIGHT if one == PUBLIC else 1 for one in audiences]
    first = next(
        (number for number in range(len(weights)) if 2 * sum(weights[:number]) >= sum(weights)), len(weights)
    )
    return [audiences[:first], audiences[first:]]


def _attack(order: _Order) -> tuple[list[Audit], dict[str, float]]:
    """The audits of an order, and the parts that were cleared before or are now."""
    files, earlier, cleared = order.files, order.earlier, dict(order.cleared)
    audits: list[Audit] = []
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"attach {quoted(str(order.snapshot))} as w (read_only)")
        _lay_down_truth(connection)
        for circle in CIRCLES:
            audiences = [one for one in order.audiences if circle_of(one) == circle]
            attack: _Attack | None = None
            for audience in audiences:
                started = time.monotonic()
                viewer = viewer_of(audience) or ""
                if attack is None:
                    # Two files tell all that is common to the circle: in each, one member's is its own.
                    attack = _Attack(connection, circle, audiences[:2], files, earlier)
                if attack.is_common_to(connection, viewer, _sources([audience], files, earlier)):
                    audits.append(attack.on(connection, audience, cleared, started))
                else:
                    alone = _Attack(connection, circle, [audience], files, earlier)
                    audits.append(alone.on(connection, audience, cleared, started))
                    attack = None
    return audits, cleared


def _same(left: str, right: str, columns: Iterable[str] = KEY) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in columns)


def _lay_down_truth(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables links and truth: every figure that is a sum over items, and of each share the items it counts.

    An estimated regional total says, with its coverage, what was reported: that is the value here, and `told`
    is what a file says, which alone can be held against what another one said.
    """
    connection.execute("create table links as from w.mart_indicator_links")
    connection.execute(f"""
        create table truth as
        select
            i.indicator_code, {", ".join(f"i.{name}" for name in CELL)},
            case
                when l.kind = 'SUM' then
                    case when i.obs_status = 'E' then i.obs_value * i.coverage_pct / 100 else i.obs_value end
                else i.counted_items
            end as value,
            i.obs_value as told,
            i.base_items,
            l.kind = 'SHARE' as is_share,
            l.kind = 'SHARE' or i.unit_measure = 'NUMBER' as is_count,
            d.indicator_group,
            i.time_period[1:4] as year,
            {IS_TOTAL.format("i")} as is_total
        from w.mart_indicators i
        join links l using (indicator_code)
        join w.mart_indicator_definitions d using (indicator_code)
        where l.kind in ('SUM', 'SHARE') and i.obs_value > 0
            and (i.obs_status <> 'E' or l.kind = 'SUM' and i.coverage_pct is not null)
    """)
    places = ", ".join(KEY[:1] + KEY[2:])
    connection.execute(f"""
        create table contributions as
        select {places}, count(*) as members, sum(value) as total, max(value) as largest,
            arg_max(member_code, value) as largest_member,
            coalesce(list_sort(list(value), 'desc')[2], 0) as second
        from truth where member_code <> '_T' group by {places}
    """)


# Of what a file shows: the key, the value, and whether it does so now.
SEEN = (*KEY, "obs_value", "is_now")


def _sources(
    audiences: Sequence[str], files: Mapping[str, Path], earlier: Mapping[str, Sequence[Path]]
) -> list[tuple[Path, str | None, bool]]:
    """The files that readers hold, whose own each is, and whether it is one of now.

    Everybody reads the public files too.
    """
    sources = [(files[one], viewer_of(one), True) for one in (*audiences, PUBLIC) if one in files]
    sources += [
        (path, viewer_of(one), False) for one in (*audiences, PUBLIC) for path in earlier.get(one, ())
    ]
    return list(dict.fromkeys(sources))


@contextmanager
def _shown_by(
    connection: duckdb.DuckDBPyConnection, path: Path, viewer: str | None, *, is_now: bool
) -> Iterator[str]:
    """A SELECT of the columns `SEEN` of all that a file shows of others than its reader."""
    connection.execute(f"attach {quoted(str(path))} as p (read_only)")
    try:
        columns = {row[0] for row in connection.execute("describe p.indicators").fetchall()}
        # Before a dimension was published, every figure was a total of it.
        found = ", ".join(name if name in columns else f"'_T' as {name}" for name in KEY)
        yield (
            f"select {found}, obs_value, {is_now} as is_now from p.indicators "
            f"where obs_value is not null and member_code <> {quoted(viewer or '')}"
        )
    finally:
        connection.execute("detach p")


def _lay_down_shown(
    connection: duckdb.DuckDBPyConnection, sources: Iterable[tuple[Path, str | None, bool]]
) -> None:
    """Tables shown: the key and value of all that files, or earlier ones (is_now false), show of others;
    and shown_hashes: of each member, the sum of the hashes of its rows."""
    connection.execute(
        f"create or replace table shown ({', '.join(f'{name} varchar' for name in KEY)}, obs_value double, "
        "is_now boolean)"
    )
    for path, viewer, is_now in sources:
        with _shown_by(connection, path, viewer, is_now=is_now) as query:
            connection.execute(f"insert into shown {query}")
    connection.execute(f"create or replace table shown as select distinct {', '.join(SEEN)} from shown")
    connection.execute(
        "create or replace table shown_hashes as "
        f"select member_code, sum(hash({', '.join(SEEN)})) as hashes from shown group by member_code"
    )


@dataclass
class _Point:
    """A move away from the truth that agrees with all that is known: figures by number, and how far."""

    figures: Integers
    distance: Floats


@dataclass
class _Bounds:
    """How far from the truth each figure can be, as far as points found so far show."""

    lower: Floats
    upper: Floats

    def take(self, point: _Point) -> None:
        self.lower[point.figures] = np.minimum(self.lower[point.figures], point.distance)
        self.upper[point.figures] = np.maximum(self.upper[point.figures], point.distance)

    def is_clear(self, required: Floats, above: Floats) -> Flags:
        return (self.upper >= above * ENOUGH) & (self.upper - self.lower >= required * ENOUGH)


@dataclass
class _Knowledge:
    """What one reader knows of the figures, by number."""

    is_known: Flags
    is_sensitive: Flags
    floor: Floats  # the least that it may take for granted
    is_known_before: Flags
    findings: tuple[Finding, ...]  # what is shown though it must not be


class _Attack:
    """The figures and equations that all readers of a circle share."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        circle: Circle,
        audiences: Sequence[str],
        files: Mapping[str, Path],
        earlier: Mapping[str, Sequence[Path]],
    ) -> None:
        _lay_down_shown(connection, _sources(audiences, files, earlier))
        _lay_down_figures(connection, terms_in(circle))
        self.open_others = _open_others(connection)
        columns = connection.execute(
            "select value, extent, is_count, is_agreed from figures order by id"
        ).fetchnumpy()
        self.value = np.asarray(columns["value"], dtype=float)
        self.required = required_width(
            np.asarray(columns["extent"], dtype=float), np.asarray(columns["is_count"], dtype=bool)
        )
        # How far it is from a figure to its upper bound is asked where few items or members are behind it.
        self.above = np.where(np.asarray(columns["is_agreed"], dtype=bool), self.required / 2, 0.0)
        self.sums = self._equations(connection, _sums())
        self.matrix = csr_array(vstack([self.sums, self._equations(connection, _ratios(connection))]))
        self.points: list[_Point] = []

    def is_common_to(
        self,
        connection: duckdb.DuckDBPyConnection,
        viewer: str,
        sources: Iterable[tuple[Path, str | None, bool]],
    ) -> bool:
        """Whether the files of a reader show it of others what the attack was made from."""
        connection.execute("create or replace table mine (seen ubigint)")
        for path, own, is_now in sources:
            with _shown_by(connection, path, own, is_now=is_now) as query:
                connection.execute(
                    f"insert into mine select hash({', '.join(SEEN)}) from ({query}) where member_code <> ?",
                    [viewer],
                )
        ((is_same,),) = connection.execute(
            """
            select
                (select sum(hashes) from shown_hashes where member_code <> $1)
                is not distinct from (select sum(seen) from (select distinct seen from mine))
            """,
            [viewer],
        ).fetchall()
        return bool(is_same)

    def _equations(
        self, connection: duckdb.DuckDBPyConnection, queries: Iterator[tuple[str, bool]]
    ) -> csr_array:
        """Rows over all figures; those that the truth itself does not satisfy are nobody's knowledge."""
        parts = [csr_array((0, len(self.value)))]
        for query, has_constant in queries:
            found = connection.execute(query).fetchnumpy()
            if not len(found["row_number"]):
                continue
            rows = np.unique(np.asarray(found["row_number"], dtype=np.int64), return_inverse=True)[1]
            figures = np.asarray(found["id"], dtype=np.int64)
            coefficients = np.asarray(found["coefficient"], dtype=float)
            shape = (int(rows.max()) + 1, len(self.value))
            matrix = csr_array(coo_array((coefficients, (rows, figures)), shape=shape))
            if not has_constant:
                size = abs(matrix) @ self.value
                matrix = csr_array(
                    matrix[np.flatnonzero(np.abs(matrix @ self.value) <= ROUNDING * size + 1e-6)]
                )
            parts.append(matrix)
        return csr_array(vstack(parts))

    def on(
        self, connection: duckdb.DuckDBPyConnection, audience: str, cleared: dict[str, float], started: float
    ) -> Audit:
        """Attack one reader's file."""
        viewer = viewer_of(audience)
        knowledge = _know(connection, viewer, self.required, self.open_others)
        bounds = _Bounds(np.zeros(len(self.value)), np.zeros(len(self.value)))
        is_solved = _solved(self.matrix, knowledge.is_known)
        is_fixed = is_solved | knowledge.is_known
        for point in self.points:
            if self._holds(point, is_fixed, knowledge.floor):
                bounds.take(point)
        targets = knowledge.is_sensitive & ~is_fixed
        programs, narrowest, held = self._bound(is_fixed, targets, knowledge.floor, bounds, cleared)
        before = _solved(self.sums, knowledge.is_known_before)
        exposed = np.flatnonzero(
            targets & ~bounds.is_clear(self.required, self.above) & (narrowest >= 0)
            | knowledge.is_sensitive & is_solved & ~knowledge.is_known
        )
        findings = list(knowledge.findings)
        for figure in exposed[~before[exposed]].tolist():
            findings.append(self._finding(connection, figure, bounds, is_known=bool(is_fixed[figure])))
        ratios = narrowest[targets & (narrowest >= 0)]
        least = min(float(ratios.min(initial=np.inf)), held, 0.0 if findings else np.inf)
        return Audit(
            audience,
            int(np.count_nonzero(knowledge.is_sensitive)),
            tuple(findings),
            least,
            int(np.count_nonzero(before[exposed])),
            programs,
            time.monotonic() - started,
        )

    def _finding(
        self, connection: duckdb.DuckDBPyConnection, figure: int, bounds: _Bounds, *, is_known: bool
    ) -> Finding:
        value, required = float(self.value[figure]), float(self.required[figure])
        lower, upper = value + float(bounds.lower[figure]), value + float(bounds.upper[figure])
        kind = "NARROW" if is_known or upper - lower < required * ENOUGH else "ABOVE"
        return Finding(kind, _label(connection, figure), value, lower, upper, required)

    def _holds(self, point: _Point, is_fixed: Flags, floor: Floats) -> bool:
        return not is_fixed[point.figures].any() and bool(
            np.all(self.value[point.figures] + point.distance >= floor[point.figures] - 1e-6)
        )

    def _bound(
        self, is_fixed: Flags, targets: Flags, floor: Floats, bounds: _Bounds, cleared: dict[str, float]
    ) -> tuple[int, Floats, float]:
        """Programs solved; of each figure the width found, as a share of what is asked (-1 where its part was
        attacked before), and the narrowest of those that were attacked before.

        Distances from the truth are what is solved for: every equation is one between distances then.
        """
        width = (bounds.upper - bounds.lower) / np.maximum(self.required, 1e-12)
        unknown = np.flatnonzero(~is_fixed)
        matrix = csr_array(self.matrix[:, unknown])
        matrix = csr_array(matrix[np.flatnonzero(np.diff(matrix.indptr))])
        count, part_of = connected_components(_pattern(matrix), directed=False)
        part_of = part_of[: len(unknown)]
        by_figure = csr_array(matrix.T)
        is_tied = np.diff(by_figure.indptr) > 0
        is_asked = targets[unknown] & is_tied
        # What no equation speaks of can be anything.
        width[unknown[~is_tied]] = np.inf
        bounds.upper[unknown[~is_tied]] = np.inf
        is_left = is_asked & ~bounds.is_clear(self.required, self.above)[unknown]
        programs, held = 0, np.inf
        order = np.argsort(part_of, kind="stable")
        edges = np.searchsorted(part_of[order], np.arange(count + 1))
        for number in np.unique(part_of[is_left]).tolist():
            members = order[edges[number] : edges[number + 1]]
            part = _Part(by_figure, members, unknown, self, floor, is_asked[members])
            if part.identity in cleared:
                width[unknown[members[is_asked[members]]]] = -1
                held = min(held, cleared[part.identity])
                continue
            programs += part.attack(bounds)
            self.points += part.points
            figures = unknown[members[is_asked[members]]]
            width[figures] = (bounds.upper[figures] - bounds.lower[figures]) / np.maximum(
                self.required[figures], 1e-12
            )
            if bounds.is_clear(self.required, self.above)[figures].all():
                cleared[part.identity] = float(width[figures].min())
        return programs, width, held


def _pattern(matrix: csr_array) -> csr_array:
    """Figures and equations as one graph: the figures come first."""
    rows, columns = matrix.shape
    coo = matrix.tocoo()
    return csr_array(coo_array((np.ones(coo.nnz), (coo.col, columns + coo.row)), shape=(rows + columns,) * 2))


def _solved(equations: csr_array, is_known: Flags) -> Flags:
    """What is known and what follows from it: the last unknown of an equation is known."""
    is_solved = is_known.copy()
    pattern = csr_array(abs(equations) > 0, dtype=float)
    while True:
        is_unknown = (~is_solved).astype(float)
        last = np.flatnonzero(pattern @ is_unknown == 1)
        found = csr_array(pattern[last]).indices
        found = found[~is_solved[found]]
        if not len(found):
            return is_solved
        is_solved[found] = True


def _entries(starts: Integers, lines: Integers) -> tuple[Integers, Integers]:
    """Of a sparse matrix, the places of all that some of its lines hold, and which of them each is in."""
    lengths = starts[lines + 1] - starts[lines]
    line = np.repeat(np.arange(len(lines)), lengths)
    before = np.cumsum(lengths) - lengths
    return starts[lines][line] + np.arange(len(line)) - before[line], line


class _Part:
    """Figures that equations tie together, seen from the truth. Distances are in units of `scale`."""

    def __init__(
        self,
        by_figure: csr_array,
        members: Integers,
        unknown: Integers,
        attack: _Attack,
        floor: Floats,
        is_asked: Flags,
    ) -> None:
        entries, column = _entries(by_figure.indptr, members)
        rows, row = np.unique(by_figure.indices[entries], return_inverse=True)
        self.figures = unknown[members]
        self.required, self.above = attack.required[self.figures], attack.above[self.figures]
        self.room = attack.value[self.figures] - floor[self.figures]
        self.targets = np.flatnonzero(is_asked)
        self.scale = np.maximum(attack.value[self.figures], self.required)
        data = by_figure.data[entries] * self.scale[column]
        largest = np.full(len(rows), 1e-300)
        np.maximum.at(largest, row, np.abs(data))
        # By figure, with the numbers of equations in order.
        self.matrix = csc_array((data / largest[row], (row, column)), shape=(len(rows), len(members)))
        self.points: list[_Point] = []
        self.programs = 0
        digest = hashlib.sha256()
        for array in (
            self.required, self.above, self.room, self.scale, self.targets,
            self.matrix.data, self.matrix.indices, self.matrix.indptr,
        ):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        self.identity = digest.hexdigest()

    def attack(self, bounds: _Bounds) -> int:
        everything = np.arange(len(self.figures))
        for turn in range(ROUNDS):
            left = self._left(bounds)
            if len(left) < 3:
                break
            # Upwards first; what does not go up enough may still go down.
            signs = np.where(turn % 2 == 0, 1.0, np.where(left % 2 == 0, -1.0, 1.0))
            self._move(everything, left, signs, bounds)
            if len(self._left(bounds)) > 0.9 * len(left) and turn % 2:
                break
        for target in self._left(bounds).tolist():
            for near in (self._near(target), everything):
                for sign in (1.0, -1.0):
                    if target in self._left(bounds):
                        self._move(near, np.array([target]), np.array([sign]), bounds)
        return self.programs

    def _left(self, bounds: _Bounds) -> Integers:
        here = _Bounds(bounds.lower[self.figures], bounds.upper[self.figures])
        return self.targets[~here.is_clear(self.required, self.above)[self.targets]]

    def _near(self, target: int) -> Integers:
        """The figures within three equations of one: a move among them alone agrees with what is known."""
        found = np.zeros(len(self.figures), dtype=bool)
        found[target] = True
        size = abs(self.matrix)
        for _ in range(3):
            rows = (size @ found.astype(float)) > 0
            found |= (size.T @ rows.astype(float)) > 0
        return np.flatnonzero(found)

    def _move(self, figures: Integers, targets: Integers, signs: Floats, bounds: _Bounds) -> None:
        """A point in which the targets lie as far as asked in their direction, as many of them as can."""
        self.programs += 1
        entries, column = _entries(self.matrix.indptr, figures)
        equations, row = np.unique(self.matrix.indices[entries], return_inverse=True)
        data, count, size = self.matrix.data[entries], len(equations), len(figures)
        wanted = self.required[targets] / self.scale[targets]
        gain = np.arange(len(targets))
        # What a target gains is no more than it moves in its direction, and at most all of it.
        rows = csc_array(
            (
                np.concatenate([data, -signs / wanted, np.ones(len(targets))]),
                (
                    np.concatenate([row, count + gain, count + gain]),
                    np.concatenate([column, np.searchsorted(figures, targets), size + gain]),
                ),
            ),
            shape=(count + len(targets), size + len(targets)),
        )
        least = -self.room[figures] / self.scale[figures]
        solved = linear_programs.least(
            np.concatenate([np.zeros(len(figures)), -np.ones(len(targets))]),
            rows,
            np.concatenate([np.zeros(count), np.full(len(targets), -np.inf)]),
            np.zeros(count + len(targets)),
            np.concatenate([least, np.full(len(targets), -1.0)]),
            np.concatenate([np.full(len(figures), np.inf), np.ones(len(targets))]),
        )
        if solved is None:
            return
        distance = np.maximum(solved[: len(figures)], least)
        if np.abs(np.bincount(row, data * distance[column], count)).max(initial=0.0) > 1e-6:
            return
        moved = np.flatnonzero(np.abs(distance) > 1e-9)
        point = _Point(self.figures[figures[moved]], distance[moved] * self.scale[figures[moved]])
        self.points.append(point)
        bounds.take(point)


def _label(connection: duckdb.DuckDBPyConnection, number: int) -> str:
    row = connection.execute(
        f"select concat_ws(' ', {', '.join(KEY)}) from figures where id = ?", [number]
    ).fetchone()
    return str(row[0]) if row else ""


def _lay_down_figures(connection: duckdb.DuckDBPyConnection, terms: str) -> None:
    """Tables figures, unseen and margins.

    figures    id, the key, value, what the policy looks at, is_now and is_before (shown), and sole (the
               member whose own it is, if it is one's)
    unseen     cells of members of whose cells nothing is shown in the year, whose sum is in figures as _W
    revised    keys that an earlier file gave with a few items more or less
    """
    keys = ", ".join(KEY)
    places = KEY[:1] + KEY[2:]
    connection.execute(f"create or replace table terms as {terms}")
    connection.execute(f"""
        create or replace table revised as
        select distinct {", ".join(f"t.{name}" for name in CELL)}
        from truth t join shown s on {_same("t", "s")}
        where t.indicator_code = 'ITEMS' and not s.is_now
            and abs(t.told - s.obs_value) between 1 and {MINIMUM_ITEMS - 1}
    """)
    connection.execute(f"""
        create or replace table described as
        select
            t.*,
            coalesce(m.minimum_items, {MINIMUM_ITEMS}) as minimum_items,
            t.member_code = '_T' or {is_agreed("t", "m")} as is_agreed,
            v.time_period is not null as is_revised,
            -- What a few items more or less have changed is what has to stay hidden of it.
            case
                when v.time_period is not null then coalesce(b.changed, t.value)
                when t.is_share then least(t.value, t.base_items)
                else t.value
            end as extent
        from truth t
        left join terms m using (member_code, indicator_group)
        left join revised v on {_same("t", "v", CELL)}
        left join (
            select {", ".join(f"t.{name}" for name in KEY)}, min(abs(t.told - s.obs_value)) as changed
            from truth t join shown s on not s.is_now and {_same("t", "s")}
            where not t.is_share group by all
        ) b on {_same("t", "b")}
    """)
    connection.execute(f"""
        create or replace table seen as
        with of_cells as (
            select *, time_period[1:4]::integer as year from shown s
            where s.member_code <> '_T' and not ({IS_TOTAL.format("s")})
        ),
        tied as (
            select indicator_code, member_code, year from of_cells
            union
            select code, s.member_code, s.year - back.years
            from of_cells s
            join links l using (indicator_code),
                unnest([l.of_code, l.by_code]) as codes (code),
                range(0, coalesce(l.years, case when l.kind in ('INDEX', 'MOVING_SUM') then 1 end, 0) + 1)
                    as back (years)
            where code is not null and l.kind <> 'STATISTIC'
        ),
        families as (
            select indicator_code as whole, indicator_code as code from links where parts is not null
            union select indicator_code, unnest(string_split(parts, ' ')) from links where parts is not null
        )
        select distinct coalesce(other.code, t.indicator_code) as indicator_code, member_code,
            year::varchar as year
        from tied t
        left join families mine on t.indicator_code = mine.code
        left join families other on mine.whole = other.whole
        union
        -- What its member shares, and is hidden for all of a year.
        select distinct indicator_code, member_code, year from described
        where member_code <> '_T' and not is_total and is_agreed
    """)
    connection.execute("""
        create or replace table unseen as
        select d.* from described d
        anti join seen s using (indicator_code, member_code, year)
        where d.member_code <> '_T' and not d.is_total
    """)
    connection.execute(f"""
        create or replace table figures as
        with together as (
            select
                {keys}, year, is_total, value, told, extent,
                is_count, is_share, base_items, minimum_items, is_agreed, is_revised
            from described
            where member_code = '_T' or is_total
                or (indicator_code, member_code, year) in (
                    select (indicator_code, member_code, year) from seen
                )
            union all by name
            select
                count(*) as unseen_members,
                '{UNSEEN}' as member_code, {", ".join(places)}, any_value(year) as year, false as is_total,
                sum(value) as value, sum(value) as extent, any_value(is_count) as is_count,
                any_value(is_share) as is_share, false as is_agreed, false as is_revised
            from unseen group by {", ".join(places)}
        ),
        shown_once as (
            select {keys}, bool_or(is_now) as is_now, max(obs_value) filter (where not is_now) as before
            from shown group by {keys}
        )
        select
            row_number() over (order by {", ".join(f"t.{name}" for name in KEY)}) - 1 as id,
            t.*,
            coalesce(s.is_now, false) as is_now,
            -- Of a cell that was revised nobody knows which of its figures still hold.
            coalesce(
                s.before is not null and not t.is_revised and abs(s.before - t.told) <= {ROUNDING}, false
            ) as is_before,
            c.members, c.total, c.largest, c.largest_member, c.second
        from together t
        left join shown_once s using ({keys})
        left join contributions c on t.member_code = '_T' and {_same("t", "c", places)}
    """)


def _know(
    connection: duckdb.DuckDBPyConnection,
    viewer: str | None,
    required: Floats,
    open_others: Sequence[tuple[str, Finding]],
) -> _Knowledge:
    """What a reader knows, what must stay hidden from it, and what of that is shown.

    Of a regional figure that one of enough members dominates the reader may take that one's part for granted:
    several such figures whose sum is open would else cover each other, though it dominates their sum as well.
    Where there are fewer members the part is what is hidden.
    """
    places = KEY[:1] + KEY[2:]
    # The largest of the members besides the reader, against all of them; and what is left when the reader
    # takes its own off, against the largest.
    is_dominated = f"""
        f.member_code = '_T' and not f.is_share and (
            case when f.largest_member = '{viewer or ""}' then f.second else f.largest end
                >= {DOMINANCE_PCT / 100} * (f.total - coalesce(o.value, 0))
            or f.largest_member <> '{viewer or ""}'
                and f.total - f.largest - coalesce(o.value, 0) < {P_PCT / 100} * f.largest
        )
    """
    connection.execute(
        f"""
        create or replace table own as
        select {", ".join(KEY)}, value from truth where member_code = $1
        """,
        [viewer or ""],
    )
    connection.execute(f"""
        create or replace table known as
        select
            f.id,
            coalesce(f.member_code = '{viewer or ""}', false) as is_mine,
            f.is_now, f.is_before,
            case
                when f.member_code = '{UNSEEN}' then coalesce(o.value, 0)
                when f.members - (o.value is not null)::integer >= {MINIMUM_MEMBERS} and {is_dominated}
                    then f.largest
                else 0
            end as floor,
            f.member_code = '{UNSEEN}' and f.unseen_members - (o.value is not null)::integer = 1
            -- All of those of whom nothing is seen are one, besides the reader.
            or f.member_code <> '{UNSEEN}' and (
                not f.is_agreed or f.is_revised
                or f.member_code <> '_T' and f.base_items between 1 and f.minimum_items - 1
                -- A sum of the reader's own and of what others show tells nothing of anybody.
                or f.member_code = '_T'
                    and f.members > coalesce(s.members, 0) + (o.value is not null)::integer and (
                    f.base_items between 1 and f.minimum_items - 1
                    or f.members - (o.value is not null)::integer < {MINIMUM_MEMBERS}
                    or {is_dominated}
                )
            ) as must_hide
        from figures f
        left join (
            select {", ".join(places)}, count(*) as members from figures
            where is_now and member_code not in ('_T', '{UNSEEN}', '{viewer or ""}') group by all
        ) s on f.member_code = '_T' and {_same("f", "s", places)}
        left join own o on f.member_code in ('_T', '{UNSEEN}') and {_same("f", "o", places)}
        order by f.id
    """)
    columns = connection.execute("""
        select is_mine, is_now, is_before, floor, coalesce(must_hide, false) as must_hide
        from known order by id
    """).fetchnumpy()
    flags = {name: np.asarray(columns[name], dtype=bool) for name in ("is_mine", "is_now", "is_before")}
    must_hide = np.asarray(columns["must_hide"], dtype=bool) & ~flags["is_mine"]
    findings = [
        Finding("OPEN", _label(connection, number), *(3 * (value,)), float(required[number]))
        for number, value in connection.execute("""
            select f.id, f.value from figures f join known k using (id)
            where k.must_hide and f.is_now and not k.is_mine order by f.id
        """).fetchall()
    ]
    findings += [finding for member_code, finding in open_others if member_code != viewer]
    return _Knowledge(
        is_known=flags["is_mine"] | flags["is_now"] | flags["is_before"],
        is_sensitive=must_hide & ~flags["is_now"],
        floor=np.asarray(columns["floor"], dtype=float),
        is_known_before=flags["is_mine"] | flags["is_before"],
        findings=tuple(findings),
    )


def _open_others(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Finding]]:
    """Figures that are no sums, and are shown though the terms or the number of their items forbid it to
    everyone but the member whose they are, who comes first."""
    rows = connection.execute(
        f"""
        select i.member_code, concat_ws(' ', {", ".join(f"i.{name}" for name in KEY)}) as label, i.obs_value
        from w.mart_indicators i
        join links l on i.indicator_code = l.indicator_code and l.kind not in ('SUM', 'STATUS')
        join w.mart_indicator_definitions d on i.indicator_code = d.indicator_code
        left join terms t on i.member_code = t.member_code and d.indicator_group = t.indicator_group
        semi join (select * from shown where is_now) s on {_same("i", "s")}
        where i.obs_value is not null and (
            i.member_code <> '_T' and not {is_agreed("i", "t")}
            or i.base_items between 1 and coalesce(t.minimum_items, {MINIMUM_ITEMS}) - 1
            or i.member_code = '_T' and i.base_members between 1 and {MINIMUM_MEMBERS}
        )
        order by label, i.obs_value
        """
    ).fetchall()
    return [
        (member_code, Finding("OPEN", label, value, value, value, 0.0)) for member_code, label, value in rows
    ]


def _sums() -> Iterator[tuple[str, bool]]:
    """Queries of (row_number, id, coefficient): the total with -1, its parts with 1."""

    def sums(total: str, part: str, same: Iterable[str], source: str = "") -> tuple[str, bool]:
        """`total` and `part` are predicates on `a` and `b`; a total is tied to its parts by `same`."""
        return (
            f"""
            with pairs as (
                select a.id as total_id, b.id as part_id from figures a join figures b
                    on {_same("a", "b", same)} {source}
                where ({total}) and ({part})
            )
            select total_id as row_number, part_id as id, 1.0 as coefficient from pairs
            union all select distinct total_id, total_id, -1.0 from pairs
            """,
            False,
        )

    yield sums("a.member_code = '_T'", "b.member_code <> '_T'", KEY[:1] + KEY[2:])
    for place in DIMENSIONS:
        yield sums(f"a.{place} = '_T'", f"b.{place} <> '_T'", [name for name in KEY if name != place])
    longer = [name for name in KEY if name not in ("frequency", "time_period")]
    quarter = "b.time_period[1:4] || '-Q' || ((b.time_period[6:7]::integer + 2) // 3)"
    yield sums("a.frequency = 'Q'", f"b.frequency = 'M' and a.time_period = {quarter}", longer)
    for frequency in ("M", "Q"):
        yield sums(
            "a.frequency = 'A'",
            f"b.frequency = '{frequency}' and a.time_period = b.time_period[1:4]",
            longer,
        )
    # Measures that make up another one.
    yield sums(
        "a.id <> b.id",
        "true",
        CELL,
        "join links l on l.parts is not null and a.indicator_code = l.indicator_code "
        "and list_contains(string_split(l.parts, ' '), b.indicator_code)",
    )
    # What the members of whose cells nothing is seen have in all, their totals tell.
    for place in DIMENSIONS:
        others = " and ".join(f"w.{name} = '_T'" for name in DIMENSIONS if name != place)
        yield (
            f"""
            with periods as (
                select distinct indicator_code, frequency, time_period, year from figures
                where member_code = '{UNSEEN}'
            ),
            numbered as (select row_number() over () as row_number, * from periods),
            margin as (
                select n.row_number, m.id, -1.0 as coefficient
                from numbered n
                join (select distinct indicator_code, member_code, year from unseen) u
                    on n.indicator_code = u.indicator_code and n.year = u.year
                join figures m on m.indicator_code = n.indicator_code and m.member_code = u.member_code
                    and m.frequency = n.frequency and m.time_period = n.time_period and m.is_total
            )
            select n.row_number, w.id, 1.0 as coefficient
            from numbered n
            join figures w on w.member_code = '{UNSEEN}' and n.indicator_code = w.indicator_code
                and n.frequency = w.frequency and n.time_period = w.time_period
                and w.{place} <> '_T' and {others}
            union all select row_number, id, coefficient from margin
            """,
            False,
        )


def _ratios(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, bool]]:
    """Queries of (row_number, id, coefficient) for what is shown as computed from figures.

    They hold where the figures are of the same items; where they do not, the truth does not satisfy them and
    they are dropped with the sums that do not hold. What an earlier file computed from items that were since
    revised says nothing of those that there are now. True: the amount is known besides, so that its figures
    can only move against each other.
    """
    declared = connection.execute("""
        select indicator_code, kind, of_code, by_code, bands, years, months from links
        where kind not in ('SUM', 'SHARE', 'STATISTIC', 'STATUS') order by indicator_code
    """).fetchall()
    for code, kind, of_code, by_code, bands, years, months in declared:
        source = f"""(
            select row_number() over () as row_number, * from shown s
            where indicator_code = '{code}'
                and (is_now or not exists (from revised v where {_same("s", "v", CELL)}))
        )"""
        if bands is not None:
            listed = ", ".join(f"'{band}'" for band in bands.split())
            yield (
                f"""
                select
                    s.row_number, b.id,
                    case when b.value_band_code in ({listed}) then 1 else 0 end - s.obs_value / 100
                        as coefficient
                from {source} s
                join figures b on b.indicator_code = '{of_code}'
                    and {_same("s", "b", [name for name in CELL if name != "value_band_code"])}
                    and b.value_band_code not in ('_T', '_U')
                """,
                False,
            )
            # What the members of whose cells nothing is seen have in these bands, if each shows its ratio.
            yield (
                f"""
                with told as (
                    select u.frequency, u.time_period
                    from (
                        select distinct member_code, frequency, time_period from unseen
                        where indicator_code = '{of_code}'
                    ) u
                    left join (select * from shown where indicator_code = '{code}' and is_now) s
                        on u.member_code = s.member_code and u.frequency = s.frequency
                        and u.time_period = s.time_period and {IS_TOTAL.format("s")}
                    group by all having count(s.obs_value) = count(*)
                ),
                numbered as (select row_number() over () as row_number, * from told)
                select n.row_number, w.id, 1.0 as coefficient
                from numbered n
                join figures w on w.indicator_code = '{of_code}' and w.member_code = '{UNSEEN}'
                    and w.frequency = n.frequency and w.time_period = n.time_period
                    and w.value_band_code in ({listed})
                    and w.channel_code = '_T' and w.counterpart_code = '_T' and w.commodity_code = '_T'
                """,
                True,
            )
        elif kind == "RATIO":
            # Per cent or not: the truth tells by which number a ratio is multiplied.
            yield (
                f"""
                with pairs as (
                    select s.row_number, n.id as n_id, d.id as d_id, s.obs_value,
                        median(s.obs_value * d.value / n.value) over () as multiple
                    from {source} s
                    join figures n on n.indicator_code = '{of_code}' and {_same("s", "n", CELL)}
                    join figures d on d.indicator_code = '{by_code}' and {_same("s", "d", CELL)}
                )
                select row_number, n_id as id, 1.0 as coefficient from pairs
                union all select row_number, d_id, -obs_value / multiple from pairs
                """,
                False,
            )
        elif kind == "SHARE_OF_TOTAL":
            whole = _same("s", "d", ("member_code", "frequency", "time_period"))
            yield (
                f"""
                with pairs as (
                    select s.row_number, n.id as n_id, d.id as d_id, s.obs_value / 100 as share
                    from {source} s
                    join figures n on n.indicator_code = '{of_code}' and {_same("s", "n", CELL)}
                    join figures d on d.indicator_code = '{of_code}' and {whole} and d.is_total
                    where n.id <> d.id
                )
                select row_number, n_id as id, 1.0 as coefficient from pairs
                union all select row_number, d_id, -share from pairs
                """,
                False,
            )
        elif kind == "MULTIPLE":
            # Everybody knows by what it is multiplied: whoever sees it sees the figure, unless an earlier
            # file had it and it is no longer true.
            yield (
                f"""
                select s.row_number, n.id, 1.0 as coefficient from {source} s
                join figures n on n.indicator_code = '{of_code}' and {_same("s", "n", CELL)}
                semi join w.mart_indicators i
                    on {_same("s", "i")} and abs(s.obs_value - i.obs_value) <= {ROUNDING}
                """,
                True,
            )
        elif kind == "GROWTH":
            back = f"(s.time_period[1:4]::integer - {years})::varchar || s.time_period[5:]"
            if years is None:
                back = f"strftime((s.time_period || '-01')::date - interval {months} month, '%Y-%m')"
                source = f"(from {source} where frequency = 'M')"
            series = _same("s", "d", [name for name in CELL if name != "time_period"])
            yield (
                f"""
                with pairs as (
                    select s.row_number, n.id as n_id, d.id as d_id, 1 + s.obs_value / 100 as factor
                    from {source} s
                    join figures n on n.indicator_code = '{of_code}' and {_same("s", "n", CELL)}
                    join figures d on d.indicator_code = '{of_code}' and {series} and d.time_period = {back}
                )
                select row_number, n_id as id, 1.0 as coefficient from pairs
                union all select row_number, d_id, -factor from pairs
                """,
                False,
            )
        elif kind == "INDEX":
            yield from _links_of_index(code, of_code)
        elif kind == "MOVING_SUM":
            series = _same("s", "m", [name for name in CELL if name not in ("time_period", "frequency")])
            first = f"strftime((s.time_period || '-01')::date - interval {months - 1} month, '%Y-%m')"
            yield (
                f"""
                select s.row_number, m.id, 1.0 as coefficient
                from {source} s
                join figures m on m.indicator_code = '{of_code}' and m.frequency = 'M' and {series}
                    and m.time_period between {first} and s.time_period
                where s.frequency = 'M'
                qualify abs(sum(m.value) over (partition by s.row_number) - s.obs_value) <= 1e-6
                """,
                True,
            )


def _links_of_index(code: str, of_code: str) -> Iterator[tuple[str, bool]]:
    """Two values of an index, one after the other, are a ratio of two figures; for the region, of the figures
    of the members that are there in both periods, which the coverage tells."""
    series = [name for name in CELL if name != "time_period"]
    links = f"""
        with indices as (
            select
                *,
                lag(time_period) over series as period_before,
                lag(obs_value) over series as value_before
            from (select distinct on ({", ".join(KEY)}) * from shown where indicator_code = '{code}')
            window series as (partition by {", ".join(series)} order by time_period)
        ),
        steps as (
            select row_number() over () as row_number, *, obs_value / nullif(value_before, 0) as factor
            from indices where period_before is not null and value_before <> 0
        )"""
    yield (
        f"""
        {links},
        pairs as (
            select s.row_number, n.id as n_id, q.id as d_id, s.factor
            from steps s
            join figures n on n.indicator_code = '{of_code}' and {_same("s", "n", CELL)}
            join figures q on q.indicator_code = '{of_code}' and {_same("s", "q", series)}
                and q.time_period = s.period_before
        )
        select row_number, n_id as id, 1.0 as coefficient from pairs
        union all select row_number, d_id, -factor from pairs
        """,
        False,
    )
    yield (
        f"""
        {links},
        there as (
            select distinct member_code, frequency, time_period from w.mart_indicators i
            where indicator_code = '{of_code}' and member_code <> '_T' and obs_value is not null
                and {IS_TOTAL.format("i")}
        ),
        matched as (
            select s.*, a.member_code as member
            from steps s
            join there a
                on s.member_code = '_T' and a.frequency = s.frequency and a.time_period = s.time_period
            join there b on b.member_code = a.member_code and b.frequency = s.frequency
                and b.time_period = s.period_before
        ),
        sides as (
            select *, time_period as period, 1.0 as coefficient from matched
            union all select *, period_before, -factor from matched
        )
        select s.row_number, f.id, s.coefficient
        from sides s
        join figures f on f.indicator_code = '{of_code}' and f.member_code = s.member
            and f.frequency = s.frequency and f.time_period = s.period
            and {_same("f", "s", DIMENSIONS)}
        """,
        False,
    )
