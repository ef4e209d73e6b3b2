with capacities as (

    select * from {{ ref('stg_capacities') }}

),

port_days as (

    select * from {{ ref('mart_port_days') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}
    where is_complete or is_gap

),

periods as (

    select * from {{ ref('int_frequency_periods') }}

),

bounds as (

    select
        min(period_start_date) as first_day,
        max(period_end_date) as last_day
    from periods

),

days as (

    select {{ days_between('first_day', 'last_day') }} as arrival_date
    from bounds

),

-- A place is a port with all of its offices, or an office with what it clears from all ports.
place_days as (

    select
        capacities.member_code,
        capacities.port_code,
        capacities.customs_office_code,
        days.arrival_date,
        capacities.items_per_day
    from capacities
    inner join days
        on
            (capacities.valid_from is null or capacities.valid_from <= days.arrival_date)
            and (capacities.valid_to is null or capacities.valid_to > days.arrival_date)

),

used as (

    select
        place_days.member_code,
        place_days.port_code,
        place_days.customs_office_code,
        place_days.arrival_date,
        coalesce(sum(port_days.items), 0) as items,
        100 * cast(coalesce(sum(port_days.items), 0) as double) / place_days.items_per_day as use_pct
    from place_days
    left join port_days
        on
            place_days.member_code = port_days.member_code
            and place_days.arrival_date = port_days.arrival_date
            and (
                place_days.port_code = port_days.port_code
                or place_days.customs_office_code = port_days.customs_office_code
            )
    group by
        place_days.member_code,
        place_days.port_code,
        place_days.customs_office_code,
        place_days.arrival_date,
        place_days.items_per_day

),

-- The 95th percentile of n days is the day of rank ceil(0.95 n) from below: of rank n + 1 - ceil(0.95 n) from above.
ranked as (

    select
        used.member_code,
        periods.time_period,
        used.items,
        used.use_pct,
        row_number() over place_in_period as place,
        count(*) over (partition by used.member_code, used.port_code, used.customs_office_code, periods.time_period)
            as stated_days
    from used
    inner join periods
        on
            used.arrival_date >= periods.period_start_date
            and used.arrival_date <= periods.period_end_date
    window place_in_period as (
        partition by used.member_code, used.port_code, used.customs_office_code, periods.time_period
        order by used.use_pct desc
    )

),

marked as (

    select
        *,
        place = 1 as is_busiest_day,
        place = stated_days + 1 - ceil(95 * stated_days / 100) as is_p95_day
    from ranked

),

most_used as (

    select
        member_code,
        time_period,
        max(case when is_busiest_day then use_pct end) as busiest_day_use_pct,
        min(case when is_busiest_day then nullif(items, 0) end) as busiest_day_items,
        max(case when is_p95_day then use_pct end) as p95_day_use_pct,
        min(case when is_p95_day then nullif(items, 0) end) as p95_day_items
    from marked
    group by member_code, time_period

),

final as (

    select
        member_periods.member_code,
        member_periods.frequency,
        member_periods.time_period,
        member_periods.period_number,
        case when member_periods.is_complete then most_used.busiest_day_use_pct end as busiest_day_use_pct,
        case when member_periods.is_complete then most_used.p95_day_use_pct end as p95_day_use_pct,
        cast(most_used.busiest_day_items as bigint) as busiest_day_items,
        cast(most_used.p95_day_items as bigint) as p95_day_items
    from member_periods
    inner join most_used
        on
            member_periods.member_code = most_used.member_code
            and member_periods.time_period = most_used.time_period

)

select * from final
