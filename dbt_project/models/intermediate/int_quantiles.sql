with distributions as (

    select * from {{ ref('mart_distributions') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

counted as (

    select
        member_periods.member_code,
        member_periods.frequency,
        member_periods.time_period,
        distributions.channel_code,
        distributions.measure_code,
        distributions.measure_value,
        distributions.items
    from member_periods
    inner join period_months on member_periods.time_period = period_months.time_period
    inner join distributions
        on
            member_periods.member_code = distributions.member_code
            and period_months.month_time_period = distributions.time_period
    where member_periods.is_counted

),

values_counted as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        case when grouping(channel_code) = 1 then '_T' else channel_code end as channel_code,
        frequency,
        time_period,
        measure_code,
        measure_value,
        sum(items) as items
    from counted
    group by grouping sets (
        (frequency, time_period, measure_code, measure_value, member_code, channel_code),
        (frequency, time_period, measure_code, measure_value, member_code),
        (frequency, time_period, measure_code, measure_value, channel_code),
        (frequency, time_period, measure_code, measure_value)
    )

),

ranked as (

    select
        *,
        sum(items) over up_to_here as items_up_to_here,
        sum(items) over everything as items_in_all
    from values_counted
    window
        everything as (
            partition by member_code, channel_code, time_period, measure_code
        ),
        up_to_here as (
            partition by member_code, channel_code, time_period, measure_code
            order by measure_value
            rows between unbounded preceding and current row
        )

),

-- Nearest rank: the least value that at least this share of the items does not exceed.
quantiles as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        measure_code,
        sum(items) as items,
        min(case when items_up_to_here >= 0.5 * items_in_all then measure_value end) as median,
        min(case when items_up_to_here >= 0.9 * items_in_all then measure_value end) as p90,
        min(case when items_up_to_here >= 0.95 * items_in_all then measure_value end) as p95
    from ranked
    group by member_code, channel_code, frequency, time_period, measure_code

),

contributors as (

    select
        channel_code,
        time_period,
        measure_code,
        count(*) as members
    from quantiles
    where member_code <> '_T'
    group by channel_code, time_period, measure_code

),

periods_with_gaps as (

    select distinct time_period
    from member_periods
    where is_gap

),

final as (

    select
        quantiles.member_code,
        quantiles.channel_code,
        quantiles.frequency,
        quantiles.time_period,
        quantiles.measure_code,
        cast(quantiles.items as bigint) as items,
        quantiles.median,
        quantiles.p90,
        quantiles.p95,
        quantiles.member_code <> '_T' or periods_with_gaps.time_period is null as is_complete,
        case when quantiles.member_code = '_T' then contributors.members else 1 end as base_members
    from quantiles
    left join contributors
        on
            quantiles.channel_code = contributors.channel_code
            and quantiles.time_period = contributors.time_period
            and quantiles.measure_code = contributors.measure_code
    left join periods_with_gaps on quantiles.time_period = periods_with_gaps.time_period

)

select * from final
