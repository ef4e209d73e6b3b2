with office_days as (

    select
        member_code,
        customs_office_code,
        time_period,
        arrival_date,
        sum(items) as items
    from {{ ref('mart_port_days') }}
    where customs_office_code <> '_U'
    group by member_code, customs_office_code, time_period, arrival_date

),

working_days as (

    select * from {{ ref('int_working_days') }}

),

ranked as (

    select
        *,
        sum(items) over (partition by member_code, customs_office_code, time_period) as month_items,
        row_number() over (
            partition by member_code, customs_office_code, time_period
            order by items desc, arrival_date asc
        ) as place
    from office_days

),

final as (

    select
        ranked.member_code,
        ranked.customs_office_code,
        ranked.time_period,
        cast(ranked.month_items as bigint) as items,
        round(cast(ranked.month_items as double) / nullif(working_days.working_days, 0), 6) as items_per_working_day,
        ranked.arrival_date as busiest_date,
        cast(ranked.items as bigint) as busiest_day_items
    from ranked
    inner join working_days on ranked.time_period = working_days.time_period
    where ranked.place = 1

)

select * from final
