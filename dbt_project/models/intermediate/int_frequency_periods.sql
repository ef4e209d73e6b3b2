with months as (

    select * from {{ ref('int_periods') }}

),

-- A quarter or a year counts when all of its months lie in the region's time.
frequencies as (

    select
        'M' as frequency,
        time_period,
        period_start_date,
        period_end_date,
        is_provisional,
        1 as months_wanted
    from months
    union all
    select
        'Q' as frequency,
        concat(year(period_start_date), '-Q', quarter(period_start_date)) as time_period,
        period_start_date,
        period_end_date,
        is_provisional,
        3 as months_wanted
    from months
    union all
    select
        'A' as frequency,
        cast(year(period_start_date) as varchar) as time_period,
        period_start_date,
        period_end_date,
        is_provisional,
        12 as months_wanted
    from months

),

whole as (

    select
        frequency,
        time_period,
        min(period_start_date) as period_start_date,
        max(period_end_date) as period_end_date,
        bool_or(is_provisional) as is_provisional
    from frequencies
    group by frequency, time_period, months_wanted
    having count(*) = months_wanted

),

final as (

    select
        frequency,
        time_period,
        cast(row_number() over (partition by frequency order by period_start_date) as integer) as period_number,
        period_start_date,
        period_end_date,
        is_provisional
    from whole

)

select * from final
