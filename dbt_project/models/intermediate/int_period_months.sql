with periods as (

    select * from {{ ref('int_frequency_periods') }}

),

months as (

    select * from {{ ref('int_periods') }}

),

final as (

    select
        periods.frequency,
        periods.time_period,
        periods.period_number,
        months.time_period as month_time_period
    from periods
    inner join months
        on
            periods.period_start_date <= months.period_start_date
            and periods.period_end_date >= months.period_end_date

)

select * from final
