with vintages as (

    select * from {{ ref('int_vintages') }}

),

bounds as (

    select
        cast(min(time_period) || '-01' as date) as first_month,
        cast(max(time_period) || '-01' as date) as last_month
    from vintages
    where vintage_status = 'IN_FORCE'

),

months as (

    select {{ months_between('first_month', 'last_month') }} as period_start_date
    from bounds

),

final as (

    select
        strftime(period_start_date, '%Y-%m') as time_period,
        cast(row_number() over (order by period_start_date) as integer) as period_number,
        period_start_date,
        last_day(period_start_date) as period_end_date,
        row_number() over (order by period_start_date desc) <= 3 as is_provisional
    from months

)

select * from final
