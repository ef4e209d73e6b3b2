"""Members' items as a monthly aggregate in the shape of PACComtrade, our neighbour system at SPC.

It follows PACComtrade's own program: columns, order and codes; value in the member's currency, each item
rounded to units; headings, chapters and sections beside subheadings and `_T` in every dimension; thousands
(UNIT_MULT 3), what rounds to nothing left out; four months, which take the place of what was loaded for them
before, the last three provisional. So one sees at once what the small parcels are in the figures there.

It is another dataflow, of the OCO: the items are but a part of a member's imports, and would put wrong
figures into SPC's. Ours differs where the items say less:

    INDICATOR         VALUE alone, as PACComtrade publishes; freight and insurance are no part of the contract
    TRADE_FLOW        M1
    INCOTERMS         CIF and FOB from the basis of the value; a value of the goods alone (INTRINSIC) is
                      neither and stands in _T only, which mixes bases, as it does there
    COMMODITY         six digits; chapters 93 and 99 are OTH; shorter codes, and none, are _U
    TRANSPORT         from the channel
    TRADE_AGREEMENT   _T: it is not in the contract
    CONF_STATUS       N: it is member data under no disclosure control, for the secretariat and that member
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pacific_parcels.layout import quoted
from pacific_parcels.open_data.codes import NOT_KNOWN, TOTAL
from pacific_parcels.open_data.sdmx import IMPORTS, SPC_CODES, TRANSPORT_OF_CHANNEL, mapped

FILE = "paccomtrade.csv"
DATAFLOW_ID = "OCO:DF_SMALL_PARCELS_PACCOMTRADE(1.0)"
MONTHS = 4
OTHER = "OTH"
OTHER_CHAPTERS = ("93", "99")


def write_paccomtrade(connection: duckdb.DuckDBPyConnection, is_synthetic: bool, folder: Path) -> None:
    """Write FILE out of the snapshot that is attached as w.

    Only the months that it holds are read. An item whose value is not known in the member's currency counts
    as nothing, as one without a value does.
    """
    months = connection.execute(
        f"select time_period, is_provisional from w.int_periods order by time_period desc limit {MONTHS}"
    ).fetchall()
    newest = ", ".join(quoted(month) for month, _ in months) or "null"
    provisional = ", ".join(quoted(month) for month, is_provisional in months if is_provisional) or "null"
    others = ", ".join(map(quoted, OTHER_CHAPTERS))
    comment = quoted("SYNTHETIC") if is_synthetic else "null"
    connection.execute(f"""
        copy (
            with items as (
                select
                    i.time_period,
                    i.member_code,
                    m.currency_code,
                    i.valuation_basis_code as incoterms,
                    i.counterpart_code,
                    {mapped("channel_code", TRANSPORT_OF_CHANNEL)} as transport,
                    left(i.hs_code, 2) as chapter,
                    i.hs_code,
                    round_even(
                        case
                            when i.declared_currency_code = m.currency_code then i.declared_value::double
                            else i.declared_value_usd::double * r.units_per_usd
                        end,
                        0
                    ) as value
                from w.mart_items i
                join w.stg_members m on i.member_code = m.member_code
                left join w.mart_exchange_rates r
                    on m.currency_code = r.currency_code and i.time_period = r.time_period
                where i.time_period in ({newest})
            ),
            placed as (
                select
                    items.*,
                    case
                        when s.commodity_code is null or length(hs_code) < 6 then ['{NOT_KNOWN}', '{TOTAL}']
                        when chapter in ({others}) then ['{OTHER}', '{TOTAL}']
                        else [
                            left(hs_code, 6), left(hs_code, 4), chapter,
                            {mapped("s.commodity_code", SPC_CODES["commodity_code"])}, '{TOTAL}'
                        ]
                    end as commodities
                from items
                left join (
                    select commodity_code, first_chapter, last_chapter from w.hs_sections
                    union all
                    select '{OTHER}', 99, 99
                ) s on try_cast(chapter as integer) between s.first_chapter and s.last_chapter
                where value <> 0
            ),
            cells as (
                select * exclude (commodities, value, hs_code, chapter), commodities, sum(value) as value
                from placed group by all
            ),
            leveled as (
                select * exclude (commodities), unnest(commodities) as commodity from cells
            ),
            totals as (
                select
                    time_period, member_code, currency_code, commodity,
                    case when grouping(incoterms) = 1 then '{TOTAL}' else incoterms end as incoterms,
                    case when grouping(counterpart_code) = 1 then '{TOTAL}' else counterpart_code end
                        as counterpart_code,
                    case when grouping(transport) = 1 then '{TOTAL}' else transport end as transport,
                    round_even(sum(value) / 1000, 0)::bigint as thousands
                from leveled
                group by
                    time_period, member_code, currency_code, commodity,
                    cube (incoterms, counterpart_code, transport)
            )
            select
                '{DATAFLOW_ID}' as DATAFLOW, 'M' as FREQ, time_period as TIME_PERIOD,
                member_code as GEO_PICT, 'VALUE' as INDICATOR, '{IMPORTS}' as TRADE_FLOW,
                incoterms as INCOTERMS, commodity as COMMODITY, counterpart_code as COUNTERPART,
                transport as TRANSPORT, '{TOTAL}' as TRADE_AGREEMENT,
                thousands as OBS_VALUE, currency_code as UNIT_MEASURE, 3 as UNIT_MULT,
                case when time_period in ({provisional}) then 'P' else 'A' end as OBS_STATUS,
                {comment} as OBS_COMMENT, 'N' as CONF_STATUS
            from totals
            where thousands <> 0 and incoterms in ('CIF', 'FOB', '{TOTAL}')
            order by all
        ) to {quoted(str(folder / FILE))} (format csv, header)
    """)
