with port_days as (

    select
        member_code,
        port_code,
        time_period,
        arrival_date,
        sum(items) as items
    from {{ ref('mart_port_days') }}
    where port_code <> '_U'
    group by member_code, port_code, time_period, arrival_date

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

-- The 95th percentile of n days is the day of rank ceil(0.95 n) from below: of rank n + 1 - ceil(0.95 n) from above.
ranked as (

    select
        port_days.member_code,
        port_days.port_code,
        period_months.time_period,
        port_days.items,
        row_number() over (
            partition by port_days.member_code, port_days.port_code, period_months.time_period
            order by port_days.items desc
        ) as place,
        working_days.calendar_days + 1 - ceil(95 * working_days.calendar_days / 100) as p95_place
    from port_days
    inner join period_months on port_days.time_period = period_months.month_time_period
    inner join working_days on period_months.time_period = working_days.time_period

),

-- Where fewer days had items than lie above the percentile, the day at it had none.
port_periods as (

    select
        member_code,
        port_code,
        time_period,
        max(items) as busiest_day_items,
        coalesce(max(case when place = p95_place then items end), 0) as p95_day_items
    from ranked
    group by member_code, port_code, time_period

),

busiest_of_members as (

    select
        member_code,
        time_period,
        max(busiest_day_items) as busiest_day_items,
        max(p95_day_items) as p95_day_items
    from port_periods
    group by member_code, time_period

),

member_loads as (

    select
        members.member_code,
        members.frequency,
        members.time_period,
        members.is_complete,
        case
            when members.items = 0 then 0
            when members.is_complete then busiest_of_members.busiest_day_items
        end as busiest_day_items,
        case
            when members.items = 0 then 0
            when members.is_complete then busiest_of_members.p95_day_items
        end as p95_day_items,
        1 as base_members
    from members
    left join busiest_of_members
        on
            members.member_code = busiest_of_members.member_code
            and members.time_period = busiest_of_members.time_period

),

region_loads as (

    select
        '_T' as member_code,
        frequency,
        time_period,
        bool_and(is_complete) as is_complete,
        max(busiest_day_items) as busiest_day_items,
        max(p95_day_items) as p95_day_items,
        count(busiest_day_items) as base_members
    from member_loads
    group by frequency, time_period

),

together as (

    select * from member_loads
    union all by name
    select * from region_loads

),

final as (

    select
        member_code,
        frequency,
        time_period,
        is_complete,
        cast(busiest_day_items as bigint) as busiest_day_items,
        cast(p95_day_items as bigint) as p95_day_items,
        cast(base_members as integer) as base_members
    from together

)

select * from final
