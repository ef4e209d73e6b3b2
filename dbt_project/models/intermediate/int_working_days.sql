with periods as (

    select * from {{ ref('int_frequency_periods') }}

),

days as (

    select
        frequency,
        time_period,
        {{ days_between('period_start_date', 'period_end_date') }} as calendar_date
    from periods

),

final as (

    select
        frequency,
        time_period,
        cast(count(*) as integer) as calendar_days,
        cast(count(case when {{ is_working_day('calendar_date') }} then 1 end) as integer) as working_days
    from days
    group by frequency, time_period

)

select * from final
