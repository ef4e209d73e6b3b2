"""The attack on a publication, before anybody else makes it.

Written apart from `disclosure`, whose work it judges: it knows the policy (who may see what, from how many
items on, how wide the interval of a hidden figure must stay) and nothing of how the hiding was done. For one
audience it lays down what a reader of that file knows,

    the open figures of the file, and those of earlier files that still hold
    every sum that ties figures together: members and region, channels, value bands, partner countries,
    sections, months, quarters, years
    every ratio that is open: shares, means, growth, indices, rolling sums, each a linear equation between
    two figures once its value is known
    which figures are nought

and asks by linear programming how far each figure that must stay hidden can be bounded. A figure is exposed
when it is open though it must not be, when its interval is narrower than the policy asks, or when it is
bounded from above too closely. `audit` gives the findings; a publication with any of them is not to leave.

A point that agrees with all that is known and lies far away from the truth shows, for every figure at once,
that it cannot be bounded more closely than that: a few such points clear nearly all figures, and only those
that are left are bounded one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack
from scipy.sparse.csgraph import connected_components

from pacific_parcels.layout import quoted

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CELL = (
    "member_code", "channel_code", "value_band_code", "counterpart_code", "commodity_code", "frequency",
    "time_period",
)  # fmt: skip
PLACES = ("channel_code", "value_band_code", "counterpart_code", "commodity_code")
TOTAL = " and ".join(f"{{0}}.{place} = '_T'" for place in PLACES)
LE_100 = ("LE25", "GT25_LE50", "GT50_LE100")

# Published figures have six decimals: what an equation misses by no more than that is an equation.
ROUNDING = 2e-6
# Rounds of points for all figures of a group at once, before single figures are bounded.
ROUNDS = 8


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

    figures    figures that had to stay hidden and were attacked
    narrowest  the narrowest interval found, as a share of the width that the policy asks for: below 1 it is
               a finding; infinite where nothing had to be hidden. For figures cleared by a point it is a
               lower bound.
    """

    audience: str
    figures: int
    findings: tuple[Finding, ...]
    narrowest: float
    programs: int

    @property
    def is_passed(self) -> bool:
        return not self.findings


@dataclass
class _Knowledge:
    """Figures by number, which of them a reader knows, and the equations between them."""

    value: Floats
    is_known: Flags
    is_sensitive: Flags
    required: Floats
    equations: list[csr_array] = field(default_factory=list)
    """Over all figures; those that the truth itself does not satisfy are nobody's knowledge."""
    known_sums: list[csr_array] = field(default_factory=list)

    def matrix(self) -> csr_array:
        if not self.equations and not self.known_sums:
            return csr_array((0, len(self.value)))
        parts = list(self.known_sums)
        for equations in self.equations:
            size = abs(equations) @ self.value
            holds = np.abs(equations @ self.value) <= ROUNDING * size + 1e-6
            parts.append(csr_array(equations[np.flatnonzero(holds)]))
        return csr_array(vstack(parts))


def audit(
    audience: str,
    published: Path,
    snapshot: Path,
    *,
    viewer: str | None,
    additive: Iterable[str],
    is_sensitive: str,
    required_width: Callable[[Floats, Flags], Floats],
    earlier: Iterable[Path] = (),
) -> Audit:
    """Attack one audience's file.

    published       the file as it would leave
    snapshot        the warehouse that it was made from: the truth
    viewer          the member that reads it, whose own figures are no secret to it
    additive        the indicators that are sums over items
    is_sensitive    SQL predicate on a relation `t` of true figures (columns of mart_indicators, and
                    others_count, largest_other_share: contributions to a regional figure without the
                    viewer's; detail and minimum_items: the member's terms for this audience)
    required_width  the policy: (values, whether they are counts) -> widths
    earlier         files that the same audience was given before
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(str(snapshot))} as w (read_only)")
        connection.execute(f"attach {quoted(str(published))} as p (read_only)")
        _lay_down(connection, viewer, tuple(additive), is_sensitive)
        for number, path in enumerate(earlier):
            connection.execute(f"attach {quoted(str(path))} as e{number} (read_only)")
            _remember(connection, f"e{number}")
        knowledge = _knowledge(connection, required_width)
        open_figures = _open_figures(connection)
        exposed, narrowest, programs = _bound(knowledge)
        findings = [*open_figures, *_narrow_figures(connection, knowledge, exposed)]
    return Audit(
        audience, int(np.count_nonzero(knowledge.is_sensitive)), tuple(findings), narrowest, programs
    )


def _lay_down(
    connection: duckdb.DuckDBPyConnection, viewer: str | None, additive: tuple[str, ...], is_sensitive: str
) -> None:
    """Tables figures (id, indicator, cell, value, is_known, is_sensitive) and shown (what the file shows)."""
    indicators = ", ".join(f"'{code}'" for code in additive)
    keys = ", ".join(CELL)
    mine = f"member_code = '{viewer}'" if viewer else "false"
    connection.execute(f"""
        create table shown as
        select indicator_code, {keys}, obs_value from p.indicators where obs_value is not null
    """)
    connection.execute(f"""
        create table truth as
        select indicator_code, {keys}, obs_value, base_items, obs_status
        from w.mart_indicators
        where indicator_code in ({indicators}) and obs_value > 0 and obs_status <> 'E'
    """)
    places = ", ".join(("indicator_code", *CELL[1:]))
    connection.execute(f"""
        create table contributions as
        select
            {places},
            count(*) as others_count,
            max(obs_value) / nullif(sum(obs_value), 0) as largest_other_share
        from truth where member_code <> '_T' and not ({mine}) group by {places}
    """)
    connection.execute(f"""
        create table figures as
        with described as (
            select
                t.*,
                c.others_count,
                c.largest_other_share,
                {mine.replace("member_code", "t.member_code")} as is_mine
            from truth t left join contributions c using ({places})
        )
        select
            row_number() over (order by t.indicator_code, {", ".join(f"t.{key}" for key in CELL)}) - 1 as id,
            t.indicator_code, {", ".join(f"t.{key}" for key in CELL)},
            t.obs_value as value,
            t.is_mine or s.obs_value is not null as is_known,
            s.obs_value is not null and not t.is_mine as is_shown,
            not t.is_mine and coalesce({is_sensitive}, false) as is_sensitive
        from described t left join shown s using (indicator_code, {keys})
    """)


def _remember(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """What an earlier file showed and still holds is known, and so are ratios that it showed."""
    keys = ", ".join(("indicator_code", *CELL))
    connection.execute(f"""
        update figures set is_known = true
        from {database}.indicators b
        where {" and ".join(f"figures.{key} = b.{key}" for key in ("indicator_code", *CELL))}
            and abs(b.obs_value - figures.value) <= 1e-6
    """)
    connection.execute(f"""
        insert into shown
        select {keys}, obs_value from {database}.indicators
        where obs_value is not null
            and ({keys}) not in (select ({keys}) from shown)
    """)


def _open_figures(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    numbers = connection.execute("select id, value from figures where is_sensitive and is_shown order by id")
    return [
        Finding("OPEN", _label(connection, number), value, value, value, 0.0)
        for number, value in numbers.fetchall()
    ]


def _label(connection: duckdb.DuckDBPyConnection, number: int) -> str:
    row = connection.execute(
        f"select concat_ws(' ', indicator_code, {', '.join(CELL)}) from figures where id = ?", [number]
    ).fetchone()
    return str(row[0]) if row else ""


def _narrow_figures(
    connection: duckdb.DuckDBPyConnection, knowledge: _Knowledge, exposed: dict[int, tuple[float, float]]
) -> list[Finding]:
    findings = []
    for number, (lower, upper) in sorted(exposed.items()):
        value, required = float(knowledge.value[number]), float(knowledge.required[number])
        kind = "NARROW" if upper - lower < required else "ABOVE"
        findings.append(Finding(kind, _label(connection, number), value, lower, upper, required))
    return findings


def _knowledge(
    connection: duckdb.DuckDBPyConnection, required_width: Callable[[Floats, Flags], Floats]
) -> _Knowledge:
    columns = connection.execute("""
        select value, is_known, is_sensitive, is_shown, indicator_code = 'ITEMS' as is_count
        from figures order by id
    """).fetchnumpy()
    value = np.asarray(columns["value"], dtype=float)
    knowledge = _Knowledge(
        value,
        np.asarray(columns["is_known"], dtype=bool),
        # A sensitive figure that is shown is a finding already.
        np.asarray(columns["is_sensitive"], dtype=bool) & ~np.asarray(columns["is_shown"], dtype=bool),
        required_width(value, np.asarray(columns["is_count"], dtype=bool)),
    )
    for queries, matrices in (
        ((*_sums(), *_ratios()), knowledge.equations),
        (_known_sums(), knowledge.known_sums),
    ):
        for query in queries:
            parts = connection.execute(query).fetchnumpy()
            if len(parts["row_number"]):
                rows = np.unique(np.asarray(parts["row_number"], dtype=np.int64), return_inverse=True)[1]
                figures = np.asarray(parts["id"], dtype=np.int64)
                coefficients = np.asarray(parts["coefficient"], dtype=float)
                shape = (int(rows.max()) + 1, len(value))
                matrices.append(csr_array(coo_array((coefficients, (rows, figures)), shape=shape)))
    return knowledge


def _sums() -> Iterator[str]:
    """Queries of (row_number, id, coefficient): the total with -1, its parts with 1."""
    kept = ("indicator_code", *CELL)

    def sums(total: str, part: str, same: Iterable[str]) -> str:
        """`total` and `part` are predicates on `a` and `b`; a total is tied to its parts by `same`."""
        on = " and ".join(f"a.{name} = b.{name}" for name in same)
        return f"""
            with pairs as (
                select a.id as total_id, b.id as part_id from figures a join figures b on {on}
                where ({total}) and ({part})
            )
            select total_id as row_number, part_id as id, 1.0 as coefficient from pairs
            union all select distinct total_id, total_id, -1.0 from pairs
        """

    yield sums("a.member_code = '_T'", "b.member_code <> '_T'", [n for n in kept if n != "member_code"])
    for place in PLACES:
        rest = [name for name in kept if name != place]
        yield sums(f"a.{place} = '_T'", f"b.{place} <> '_T'", rest)
    longer = [name for name in kept if name not in ("frequency", "time_period")]
    quarter = "b.time_period[1:4] || '-Q' || ((b.time_period[6:7]::integer + 2) // 3)"
    yield sums("a.frequency = 'Q'", f"b.frequency = 'M' and a.time_period = {quarter}", longer)
    for frequency in ("M", "Q"):
        yield sums(
            "a.frequency = 'A'",
            f"b.frequency = '{frequency}' and a.time_period = b.time_period[1:4]",
            longer,
        )


def _ratios() -> Iterator[str]:
    """Queries of (row_number, id, coefficient) for what is shown as a ratio of two figures.

    They hold where both figures are of the same items; where they do not, the truth does not satisfy them
    and they are dropped with the sums that do not hold.
    """
    same = " and ".join(f"s.{name} = {{0}}.{name}" for name in CELL)
    numbered = "row_number() over () as row_number"

    def link(code: str, numerator: str, denominator: str, factor: str, on: str = "") -> str:
        """numerator - factor × denominator = 0, both of the cell of the ratio unless `on` says otherwise."""
        return f"""
            with pairs as (
                select {numbered}, n.id as n_id, d.id as d_id, {factor} as factor
                from shown s
                join figures n on n.indicator_code = '{numerator}' and {same.format("n")}
                join figures d on d.indicator_code = '{denominator}' and {on or same.format("d")}
                where s.indicator_code = '{code}'
            )
            select row_number, n_id as id, 1.0 as coefficient from pairs
            union all select row_number, d_id, -factor from pairs
        """

    yield link("MEAN_VALUE_USD", "DECLARED_VALUE_USD", "ITEMS", "s.obs_value")
    yield link("REVENUE_PER_ITEM_USD", "REVENUE_USD", "ITEMS", "s.obs_value")
    whole = (
        "s.member_code = d.member_code and s.frequency = d.frequency and s.time_period = d.time_period and "
        + TOTAL.format("d")
    )
    yield link("SHARE_OF_ITEMS_PCT", "ITEMS", "ITEMS", "s.obs_value / 100", whole)
    yield link("SHARE_OF_VALUE_PCT", "DECLARED_VALUE_USD", "DECLARED_VALUE_USD", "s.obs_value / 100", whole)
    rest = " and ".join(f"s.{name} = d.{name}" for name in CELL if name != "time_period")
    back = {
        1: "case s.frequency when 'A' then (s.time_period::integer - 1)::varchar"
        " else (s.time_period[1:4]::integer - 1)::varchar || s.time_period[5:] end",
        3: "case s.frequency when 'A' then (s.time_period::integer - 3)::varchar"
        " else (s.time_period[1:4]::integer - 3)::varchar || s.time_period[5:] end",
    }
    for measure, prefix in (("ITEMS", "ITEMS"), ("DECLARED_VALUE_USD", "DECLARED_VALUE")):
        for years, name in ((1, "YOY"), (3, "3Y")):
            on = f"{rest} and d.time_period = {back[years]}"
            yield link(f"{prefix}_GROWTH_{name}_PCT", measure, measure, "1 + s.obs_value / 100", on)
    # Two shown values of an index are a ratio of the two figures.
    cell = " and ".join(f"s.{name} = q.{name}" for name in CELL if name != "time_period")
    yield f"""
        with indices as (
            select
                *,
                lag(time_period) over series as period_before,
                lag(obs_value) over series as value_before
            from shown where indicator_code = 'ITEMS_INDEX'
            window series as (
                partition by {", ".join(name for name in CELL if name != "time_period")} order by time_period
            )
        ),
        pairs as (
            select {numbered}, n.id as n_id, q.id as d_id, s.obs_value / nullif(s.value_before, 0) as factor
            from indices s
            join figures n on n.indicator_code = 'ITEMS' and {same.format("n")}
            join figures q on q.indicator_code = 'ITEMS' and {cell} and q.time_period = s.period_before
        )
        select row_number, n_id as id, 1.0 as coefficient from pairs where factor is not null
        union all select row_number, d_id, -factor from pairs where factor is not null
    """
    le_100 = ", ".join(f"'{band}'" for band in LE_100)
    other = " and ".join(f"s.{name} = b.{name}" for name in CELL if name != "value_band_code")
    yield f"""
        with shares as (
            select {numbered}, * from shown where indicator_code = 'SHARE_LE_100_USD_PCT'
        )
        select
            s.row_number, b.id,
            case when b.value_band_code in ({le_100}) then 1 else 0 end - s.obs_value / 100 as coefficient
        from shares s
        join figures b on b.indicator_code = 'ITEMS' and {other} and b.value_band_code not in ('_T', '_U')
    """


def _known_sums() -> Iterator[str]:
    """Queries of (row_number, id, coefficient) for sums whose amount is shown and true: a rolling year.

    The amount being known, the figures in it can only move against each other.
    """
    months = " and ".join(f"s.{name} = m.{name}" for name in CELL if name not in ("time_period", "frequency"))
    first = "strftime((s.time_period || '-01')::date - interval 11 month, '%Y-%m')"
    yield f"""
        with rolling as (
            select row_number() over () as row_number, *
            from shown where indicator_code = 'ITEMS_ROLLING_12M' and frequency = 'M'
        )
        select s.row_number, m.id, 1.0 as coefficient
        from rolling s
        join figures m on m.indicator_code = 'ITEMS' and m.frequency = 'M' and {months}
            and m.time_period between {first} and s.time_period
        qualify abs(sum(m.value) over (partition by s.row_number) - s.obs_value) <= 1e-6
    """


@dataclass
class _Bounds:
    """How far from the truth each figure of a group can be, as far as points found so far show."""

    lower: Floats
    upper: Floats

    def take(self, point: Floats) -> None:
        np.minimum(self.lower, point, out=self.lower)
        np.maximum(self.upper, point, out=self.upper)

    def is_clear(self, required: Floats) -> Flags:
        enough = 1 - 1e-6
        return (self.upper >= required / 2 * enough) & (self.upper - self.lower >= required * enough)


def _bound(knowledge: _Knowledge) -> tuple[dict[int, tuple[float, float]], float, int]:
    """The figures that can be bounded too closely, with their bounds; the narrowest interval; the programs.

    Distances from the truth are what is solved for: every equation is one between distances then.
    """
    equations = knowledge.matrix()
    is_solved = _solved(equations, knowledge.is_known)
    unknown = np.flatnonzero(~is_solved)
    matrix = csr_array(equations[:, unknown])
    matrix = csr_array(matrix[np.flatnonzero(np.diff(matrix.indptr))])
    sensitive = knowledge.is_sensitive[unknown]
    required, value = knowledge.required[unknown], knowledge.value[unknown]
    links = abs(matrix).T @ abs(matrix)
    count, group_of = connected_components(links, directed=False)
    is_tied = np.diff(csr_array(matrix.T).indptr) > 0
    given_away = np.flatnonzero(knowledge.is_sensitive & is_solved & ~knowledge.is_known)
    exposed = {int(figure): (float(knowledge.value[figure]),) * 2 for figure in given_away}
    narrowest, programs = (0.0 if exposed else np.inf), 0
    order = np.argsort(group_of, kind="stable")
    for members in np.split(order, np.searchsorted(group_of[order], np.arange(1, count))):
        # What no equation speaks of can be anything.
        if not np.any(sensitive[members] & is_tied[members]):
            continue
        group = _Group(matrix, members, value[members], required[members])
        bounds, used = group.attack(np.flatnonzero(sensitive[members]))
        programs += used
        width = (bounds.upper - bounds.lower) / np.maximum(required[members], 1e-12)
        narrowest = min(narrowest, float(width[sensitive[members]].min()))
        for number in np.flatnonzero(sensitive[members] & ~bounds.is_clear(required[members])):
            figure = members[number]
            exposed[int(unknown[figure])] = (
                float(value[figure] + bounds.lower[number]),
                float(value[figure] + bounds.upper[number]),
            )
    return exposed, narrowest, programs


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


class _Group:
    """Figures that equations tie together, seen from the truth. Distances are in units of `scale`."""

    def __init__(self, matrix: csr_array, members: Integers, value: Floats, required: Floats) -> None:
        columns = csr_array(matrix.T)[members]
        rows = np.unique(columns.indices)
        part = csr_array(columns.T)[rows]
        self.value, self.required = value, required
        self.scale = np.maximum(value, required)
        scaled = part.multiply(self.scale[None, :]).tocsr()
        largest = np.maximum(abs(scaled).max(axis=1).toarray().ravel(), 1e-300)
        self.matrix = csr_array(scaled.multiply(1 / largest[:, None]))
        self.programs = 0

    def attack(self, targets: Integers) -> tuple[_Bounds, int]:
        size = len(self.value)
        bounds = _Bounds(np.zeros(size), np.zeros(size))
        everything = np.arange(size)
        for turn in range(ROUNDS):
            left = targets[~bounds.is_clear(self.required)[targets]]
            if len(left) < 3:
                break
            # Upwards first; what does not go up enough may still go down.
            signs = np.where(turn % 2 == 0, 1.0, np.where(left % 2 == 0, -1.0, 1.0))
            self._move(everything, left, signs, bounds)
        for target in targets[~bounds.is_clear(self.required)[targets]]:
            for near in (self._near(target), everything):
                for sign in (1.0, -1.0):
                    if not bounds.is_clear(self.required)[target]:
                        self._move(near, np.array([target]), np.array([sign]), bounds)
        return bounds, self.programs

    def _near(self, target: int) -> Integers:
        """The figures within three equations of one: a move among them alone agrees with what is known."""
        found = np.zeros(len(self.value), dtype=bool)
        found[target] = True
        for _ in range(3):
            rows = (abs(self.matrix) @ found.astype(float)) > 0
            found |= (abs(self.matrix).T @ rows.astype(float)) > 0
        return np.flatnonzero(found)

    def _move(self, figures: Integers, targets: Integers, signs: Floats, bounds: _Bounds) -> None:
        """A point in which the targets lie as far as asked in their direction, as many of them as can."""
        self.programs += 1
        part = csr_array(csr_array(self.matrix.T)[figures].T)
        part = csr_array(part[np.flatnonzero(np.diff(part.indptr))])
        place = np.full(len(self.value), -1)
        place[figures] = np.arange(len(figures))
        wanted = self.required[targets] / self.scale[targets]
        reach = coo_array(
            (-signs / wanted, (np.arange(len(targets)), place[targets])), shape=(len(targets), len(figures))
        )
        gain = coo_array((np.ones(len(targets)), (np.arange(len(targets)),) * 2))
        solved = linprog(
            np.concatenate([np.zeros(len(figures)), -np.ones(len(targets))]),
            A_ub=csr_array(hstack([reach, gain])),
            b_ub=np.zeros(len(targets)),
            A_eq=csr_array(hstack([part, csr_array((part.shape[0], len(targets)))])),
            b_eq=np.zeros(part.shape[0]),
            bounds=np.column_stack(
                [
                    np.concatenate([-self.value[figures] / self.scale[figures], np.full(len(targets), -1.0)]),
                    np.concatenate([np.full(len(figures), np.inf), np.ones(len(targets))]),
                ]
            ),
            method="highs",
        )
        if solved.x is None:
            return
        distance = np.maximum(solved.x[: len(figures)], -self.value[figures] / self.scale[figures])
        if len(part.data) and np.max(np.abs(part @ distance)) > 1e-6:
            return
        point = np.zeros(len(self.value))
        point[figures] = distance * self.scale[figures]
        bounds.take(point)
