with port_days as (

    select
        member_code,
        port_code,
        time_period,
        arrival_date,
        cast(sum(items) as bigint) as items
    from {{ ref('mart_port_days') }}
    where port_code <> '_U'
    group by member_code, port_code, time_period, arrival_date

),

ranked as (

    select
        *,
        row_number() over (
            partition by member_code, port_code, time_period
            order by items desc, arrival_date asc
        ) as place
    from port_days

),

final as (

    select
        member_code,
        port_code,
        time_period,
        arrival_date as busiest_date,
        items
    from ranked
    where place = 1

)

select * from final
