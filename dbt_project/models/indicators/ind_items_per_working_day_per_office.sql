with port_days as (

    select * from {{ ref('mart_port_days') }}
    where customs_office_code <> '_U'

),

members as (

    select * from {{ ref('int_item_levels') }}
    where
        channel_code = '_T'
        and value_band_code = '_T'
        and counterpart_code = '_T'
        and commodity_code = '_T'
        and member_code <> '_T'

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

working_days as (

    select * from {{ ref('int_working_days') }}

),

offices_of_members as (

    select
        port_days.member_code,
        period_months.time_period,
        count(distinct port_days.customs_office_code) as offices,
        sum(port_days.items) as items
    from port_days
    inner join period_months on port_days.time_period = period_months.month_time_period
    group by port_days.member_code, period_months.time_period

),

-- A member that does not give offices, or is missing, has none here: it is no part of the region's figure.
member_loads as (

    select
        members.member_code,
        members.time_period,
        members.is_complete,
        members.items as all_items,
        case when members.is_complete then offices_of_members.offices end as offices,
        case when members.is_complete then offices_of_members.items end as items
    from members
    left join offices_of_members
        on
            members.member_code = offices_of_members.member_code
            and members.time_period = offices_of_members.time_period

),

loads as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        time_period,
        bool_and(is_complete) as is_complete,
        sum(all_items) as all_items,
        sum(offices) as offices,
        sum(items) as items,
        count(offices) as base_members
    from member_loads
    group by grouping sets ((member_code, time_period), (time_period))

),

figures as (

    select
        loads.member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        loads.time_period,
        cast(loads.items as double) / nullif(loads.offices * working_days.working_days, 0) as obs_value,
        not loads.is_complete as is_estimated,
        case when loads.is_complete then 100 * cast(loads.items as double) / nullif(loads.all_items, 0) end
            as coverage_pct,
        loads.items as base_items,
        loads.base_members
    from loads
    inner join working_days on loads.time_period = working_days.time_period

),

final as (

    {{ long_table('figures', 'ITEMS_PER_WORKING_DAY_PER_OFFICE', 'NUMBER', coverage='coverage_pct') }}

)

select * from final
