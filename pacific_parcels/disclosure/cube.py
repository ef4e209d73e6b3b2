"""The one description of the cube: every cell, and every sum that ties cells together.

    members          the region is the sum of its members
    dimensions       a total is the sum of its channels, value bands, counterparts or sections; channel by
                     band adds up both ways
    time             a quarter is the sum of its months, a year of its quarters
    numerators       the share of items in some bands times the items is the sum of those bands, which ties
                     the share of a cell to those bands, to the rest of them, and to the shares of other cells
    measures         revenue is the sum of duty, tax and fees
    residuals        what a quarter or year leaves out of its months because one or two members were not there
                     in all of it: hidden, and tied to the months and to the quarter or year

Other measures of a cell are linked to it and not sums: `linked` says which of them fall with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from pacific_parcels.disclosure.links import ITEMS
from pacific_parcels.disclosure.primary import PLACE, ROUNDING
from pacific_parcels.policy import CELL, DIMENSIONS, MINIMUM_ITEMS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Problem:
    """Cells and the sums that tie them, for measures that are tied to each other.

    A sum is given as its memberships: the total once with sign -1, each part with sign 1.
    """

    value: Floats
    extent: Floats  # of what a reader's interval has to be wide: the value; of a share its smaller side
    cost: Floats  # what hiding the cell loses
    floor: Floats  # the least that a reader may take for granted of a hidden cell
    is_primary: Flags  # hidden, and to be protected
    is_withheld: (
        Flags  # hidden because the member's terms, or its small numbers, keep the whole dimension back
    )
    is_preset: Flags  # hidden with another measure of the cell, or from a circle whose readers read here too
    is_usable: Flags  # may be hidden to protect others
    is_known: Flags  # open in an earlier publication with the same value: hides nothing
    owner: Integers  # number of the one member that knows the cell from its own records; -1 for none
    relation: Integers
    cell: Integers
    sign: Floats

    @property
    def size(self) -> int:
        return len(self.value)

    def part(self, cells: Integers, memberships: Integers, place: Integers) -> Problem:
        """The problem of some cells, which the memberships given are all of; `place` has where among them
        each of these cells stands."""
        return Problem(
            **{
                name: getattr(self, name)[cells]
                for name in (
                    "value", "extent", "cost", "floor", "is_primary", "is_withheld", "is_preset", "is_usable",
                    "is_known", "owner",
                )
            },
            relation=np.unique(self.relation[memberships], return_inverse=True)[1].astype(np.int64),
            cell=place[self.cell[memberships]],
            sign=self.sign[memberships],
        )  # fmt: skip

    def identity(self, required: Floats) -> str:
        """The same for the same numbers: who the members are plays no part in what has to be hidden."""
        digest = hashlib.sha256(required.tobytes())
        for one in fields(self):
            digest.update(np.ascontiguousarray(getattr(self, one.name)).tobytes())
        return digest.hexdigest()


def number_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Table sdc_numbered: the cells of sdc_cells, and the numerators and residuals, with a cell_id each."""
    keys = ", ".join(CELL)
    # A band that is in no code list: the items of some bands together, as a ratio gives them away.
    key = ", ".join(
        "s.link_code as value_band_code" if name == "value_band_code" else f"s.{name}" for name in CELL
    )
    connection.execute(f"""
        create or replace temp table sdc_numbered as
        with shares as (
            select
                l.indicator_code as link_code, string_split(l.bands, ' ') as bands,
                {", ".join(name for name in CELL if name != "value_band_code")}, base_items
            from w.mart_indicators
            join sdc_links l using (indicator_code)
            where l.bands is not null and obs_value is not null
        ),
        numerators as (
            select
                '{ITEMS}' as indicator_code,
                {key},
                sum(b.obs_value) as obs_value,
                case when any_value(s.base_items) between 1 and {MINIMUM_ITEMS} - 1 then 'FREQUENCY' end
                    as reason,
                any_value(t.sole_contributor) as sole_contributor,
                sum(b.obs_value) as extent
            from shares s
            join sdc_cells t
                on t.indicator_code = '{ITEMS}' and t.value_band_code = '_T' and not t.is_withheld
                and {" and ".join(f"s.{n} = t.{n}" for n in CELL if n != "value_band_code")}
            join w.mart_indicators b
                on b.indicator_code = '{ITEMS}' and list_contains(s.bands, b.value_band_code)
                and {" and ".join(f"s.{n} = b.{n}" for n in CELL if n != "value_band_code")}
            group by all
        ),
        together as (
            select 'CELL' as kind, '' as finer, * exclude (is_not_agreed) from sdc_cells
            union all by name
            select 'NUMERATOR' as kind, '' as finer, *, false as is_withheld, 0 as largest from numerators
            union all by name
            select 'RESIDUAL' as kind, '_T' as member_code, *, true as is_withheld, 0 as largest,
                obs_value as extent
            from sdc_residuals
        )
        select
            (row_number() over (order by indicator_code, kind, finer, {keys}) - 1)::bigint as cell_id,
            *,
            time_period[1:4] as year,
            case frequency
                when 'M' then time_period[1:4] || '-Q' || ((time_period[6:7]::integer + 2) // 3)
                when 'Q' then time_period
            end as quarter
        from together
    """)


def problem_of(connection: duckdb.DuckDBPyConnection, codes: list[str]) -> tuple[Problem, Integers]:
    """The problem of measures that are tied to each other, and the cell_id of each of their cells.

    Reads sdc_numbered, sdc_known (what earlier publications showed), sdc_fallen (what falls with ITEMS) and
    sdc_preset (what is hidden in any case).
    """
    connection.execute(
        """
        create or replace temp table sdc_now as
        select
            (row_number() over (order by cell_id) - 1)::bigint as position,
            n.*,
            coalesce(f.is_primary, false) as is_fallen,
            coalesce(k.obs_value is not null, false) as is_known,
            coalesce(k.was_hidden, false) as was_hidden,
            p.cell_id is not null or f.cell_id is not null as is_preset
        from sdc_numbered n
        left join sdc_preset p using (cell_id)
        left join sdc_fallen f using (cell_id)
        left join sdc_known k using (cell_id)
        where list_contains(?, n.indicator_code)
        """,
        [codes],
    )
    columns = _columns(
        connection,
        """
        select
            cell_id, kind, abs(obs_value) as value, largest as floor,
            coalesce(extent, abs(obs_value)) as extent,
            is_withheld, is_known, was_hidden, is_preset,
            reason is not null or is_fallen as is_primary,
            coalesce(dense_rank() over (order by sole_contributor nulls last), 0)::bigint as owner,
            sole_contributor is not null as is_owned
        from sdc_now order by position
        """,
    )
    memberships = _columns(connection, _memberships())
    value = columns["value"].astype(float)
    # A cell that was hidden before is hidden again first, so that the pattern stays what readers have seen; a
    # share is hidden before the figures that it would give away.
    cost = np.where(columns["kind"] == "NUMERATOR", 1.0, value)
    cost = np.where(columns["was_hidden"], cost / 1000, cost)
    is_primary = columns["is_primary"] & ~columns["is_withheld"] & (value > 0)
    return (
        Problem(
            value=value,
            extent=columns["extent"].astype(float),
            cost=cost,
            floor=columns["floor"].astype(float),
            is_primary=is_primary,
            is_withheld=columns["is_withheld"] & (value > 0),
            is_preset=columns["is_preset"] & ~columns["is_withheld"] & (value > 0),
            is_usable=(value > 0) & ~columns["is_withheld"] & ~columns["is_known"],
            is_known=columns["is_known"],
            owner=np.where(columns["is_owned"], columns["owner"], -1),
            relation=memberships["relation"].astype(np.int64),
            cell=memberships["position"].astype(np.int64),
            sign=memberships["sign"].astype(float),
        ),
        columns["cell_id"].astype(np.int64),
    )


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """The columns of a query without nulls: masked arrays, as they come, are slow at everything."""
    found = connection.execute(query).fetchnumpy()
    return {name: np.ma.getdata(column) for name, column in found.items()}


def _memberships() -> str:
    """SELECT of relation, position, sign: every sum of sdc_now that holds."""
    parts = [
        # Of a cell of the region that is shown, what its members bring, shown or not.
        f"select 'member' as kind, concat_ws('|', indicator_code, {', '.join(PLACE)}) as key, position, "
        "member_code = '_T' as is_total from sdc_now where kind <> 'RESIDUAL'"
    ]
    for dimension in DIMENSIONS:
        others = ", ".join(("indicator_code", *(name for name in CELL if name != dimension)))
        numerators = "and kind <> 'NUMERATOR'" if dimension == "value_band_code" else ""
        parts.append(
            f"select '{dimension}', concat_ws('|', {others}), position, {dimension} = '_T' "
            f"from sdc_now where kind <> 'RESIDUAL' and not is_withheld {numerators}"
        )
    where = ", ".join(("indicator_code", "member_code", *DIMENSIONS))
    for finer, coarser, period in (("M", "Q", "quarter"), ("Q", "A", "year"), ("M", "A", "year")):
        parts += [
            f"select '{finer}{coarser}', concat_ws('|', {where}, {period}), position, false "
            f"from sdc_now where kind <> 'RESIDUAL' and not is_withheld and frequency = '{finer}'",
            f"select '{finer}{coarser}', concat_ws('|', {where}, time_period), position, kind <> 'RESIDUAL' "
            f"from sdc_now where frequency = '{coarser}' and (not is_withheld and kind <> 'RESIDUAL' "
            f"or finer = '{finer}')",
        ]
    others = ", ".join(f"n.{name}" for name in CELL if name != "value_band_code")
    of_bands = (
        "from sdc_now n join sdc_links l on l.bands is not null "
        f"and n.indicator_code = '{ITEMS}' and not n.is_withheld and n.kind <> 'RESIDUAL' "
        "and (n.kind <> 'NUMERATOR' or n.value_band_code = l.indicator_code)"
    )
    is_in = "list_contains(string_split(l.bands, ' '), n.value_band_code)"
    key = f"concat_ws('|', l.indicator_code, {others})"
    parts += [
        f"select 'numerator', {key}, position, n.kind = 'NUMERATOR' {of_bands} "
        f"where n.kind = 'NUMERATOR' or {is_in}",
        f"select 'rest', {key}, position, n.value_band_code = '_T' {of_bands} where not {is_in}",
        # Measures that make up another one, cell by cell.
        f"select 'parts', concat_ws('|', l.indicator_code, {', '.join(f'n.{name}' for name in CELL)}), "
        "position, n.indicator_code = l.indicator_code from sdc_now n join sdc_links l "
        "on l.parts is not null and (n.indicator_code = l.indicator_code "
        "or list_contains(string_split(l.parts, ' '), n.indicator_code)) "
        "where n.kind = 'CELL' and not n.is_withheld",
    ]
    return f"""
        with memberships as (
            select * from ({" union all ".join(parts)}) as t (kind, key, position, is_total)
        ),
        sums as (
            select m.kind, m.key, bool_or(n.obs_status = 'E') as is_estimated
            from memberships m join sdc_now n using (position)
            group by m.kind, m.key
            having count(*) filter (where is_total) = 1 and count(*) > 1
                and (
                    abs(
                        sum(case when is_total then -n.obs_value when n.kind = 'RESIDUAL' then -n.obs_value
                            else n.obs_value end)
                    ) <= {ROUNDING} * (count(*) + sum(abs(n.obs_value)))
                    -- An estimate leans on what was reported, which the coverage tells.
                    or bool_or(n.obs_status = 'E')
                )
                -- Months to a year says something of its own only where it leaves a residual.
                and (m.kind <> 'MA' or bool_or(n.kind = 'RESIDUAL'))
                and (m.kind <> 'rest' or bool_or(n.kind = 'NUMERATOR'))
        )
        select
            dense_rank() over (order by m.kind, m.key) - 1 as relation,
            m.position,
            case when m.is_total or n.kind = 'RESIDUAL' then -1 else 1 end as sign
        from memberships m
        join sums s on m.kind = s.kind and m.key = s.key
        join sdc_now n using (position)
        -- The estimate of a quarter leans on all months reported, whoever is not there in all of it.
        where not (n.kind = 'RESIDUAL' and s.is_estimated)
        order by relation, position
    """
