with known_figures as (

    select * from {{ ref('mart_known_figures') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

as_of as (

    select max(known_from) as as_of_date
    from known_figures

),

-- The ages at which each month is looked at: at the end of each of the twelve months that follow it.
ages as (

    select
        periods.time_period,
        months.months_after as months_after_period,
        cast(last_day(periods.period_start_date + months.months_after * interval 1 month) as date) as seen_on
    from periods
    cross join (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) as months (months_after)

),

seen as (

    select
        known_figures.member_code,
        ages.time_period,
        ages.months_after_period,
        ages.seen_on,
        sum(known_figures.items) as items,
        count(*) as streams_count
    from ages
    cross join as_of
    inner join known_figures
        on
            ages.time_period = known_figures.time_period
            and ages.seen_on >= known_figures.known_from
            and (known_figures.known_until is null or ages.seen_on < known_figures.known_until)
    where ages.seen_on <= as_of.as_of_date
    group by known_figures.member_code, ages.time_period, ages.months_after_period, ages.seen_on

),

final as (

    select
        member_code,
        time_period,
        cast(months_after_period as integer) as months_after_period,
        seen_on,
        cast(items as bigint) as items,
        cast(streams_count as integer) as streams_count
    from seen

)

select * from final
