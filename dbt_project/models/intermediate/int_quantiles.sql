with distributions as (

    select * from {{ ref('mart_distributions') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

shares as (

    select unnest([50, 90, 95]) as share_pct

),

-- Ranking every number of every group would sort all of them a dozen times over. What lies in a bucket is
-- counted first, and only the buckets that a quantile lies in are looked into: no number of a bucket is less
-- than one of the bucket before, and below 100 each has a bucket of its own.
valued as (

    select
        *,
        case
            when measure_value < 100 then measure_value
            when measure_value < 1000 then 100 + measure_value // 10
            when measure_value < 10000 then 200 + measure_value // 100
            when measure_value < 100000 then 300 + measure_value // 1000
            when measure_value < 1000000 then 400 + measure_value // 10000
            else 500 + measure_value // 100000
        end as bucket
    from distributions

),

buckets as (

    select
        member_code,
        time_period,
        channel_code,
        measure_code,
        bucket,
        sum(items) as items
    from valued
    group by member_code, time_period, channel_code, measure_code, bucket

),

buckets_counted as (

    select
        case when grouping(member_periods.member_code) = 1 then '_T' else member_periods.member_code end as member_code,
        case when grouping(buckets.channel_code) = 1 then '_T' else buckets.channel_code end as channel_code,
        member_periods.frequency,
        member_periods.time_period,
        buckets.measure_code,
        buckets.bucket,
        sum(buckets.items) as items
    from member_periods
    inner join period_months on member_periods.time_period = period_months.time_period
    inner join buckets
        on
            member_periods.member_code = buckets.member_code
            and period_months.month_time_period = buckets.time_period
    where member_periods.is_counted
    group by
        member_periods.frequency,
        member_periods.time_period,
        buckets.measure_code,
        buckets.bucket,
        cube (member_periods.member_code, buckets.channel_code)

),

buckets_ranked as (

    select
        *,
        sum(items) over up_to_here as items_up_to_here,
        sum(items) over everything as items_in_all
    from buckets_counted
    window
        everything as (
            partition by member_code, channel_code, time_period, measure_code
        ),
        up_to_here as (
            partition by member_code, channel_code, time_period, measure_code
            order by bucket
            rows between unbounded preceding and current row
        )

),

-- Nearest rank: the least number that at least this share of the items does not exceed.
sought as (

    select
        buckets_ranked.member_code,
        buckets_ranked.channel_code,
        buckets_ranked.frequency,
        buckets_ranked.time_period,
        buckets_ranked.measure_code,
        buckets_ranked.items_in_all as items,
        shares.share_pct,
        buckets_ranked.bucket,
        -- A hundred times how many items of the bucket, the least first, it takes to reach the share.
        shares.share_pct * buckets_ranked.items_in_all
        - 100 * (buckets_ranked.items_up_to_here - buckets_ranked.items) as items_wanted
    from buckets_ranked
    cross join shares
    where
        100 * buckets_ranked.items_up_to_here >= shares.share_pct * buckets_ranked.items_in_all
        and 100 * (buckets_ranked.items_up_to_here - buckets_ranked.items)
        < shares.share_pct * buckets_ranked.items_in_all

),

to_look_into as (

    select distinct
        member_code,
        channel_code,
        time_period,
        measure_code,
        bucket
    from sought
    where bucket >= 100

),

numbers_counted as (

    select
        to_look_into.member_code,
        to_look_into.channel_code,
        to_look_into.time_period,
        to_look_into.measure_code,
        to_look_into.bucket,
        valued.measure_value,
        sum(valued.items) as items
    from to_look_into
    inner join period_months on to_look_into.time_period = period_months.time_period
    inner join member_periods
        on
            to_look_into.time_period = member_periods.time_period
            and (to_look_into.member_code in ('_T', member_periods.member_code))
    inner join valued
        on
            member_periods.member_code = valued.member_code
            and period_months.month_time_period = valued.time_period
            and to_look_into.measure_code = valued.measure_code
            and to_look_into.bucket = valued.bucket
            and (to_look_into.channel_code in ('_T', valued.channel_code))
    where member_periods.is_counted
    group by
        to_look_into.member_code,
        to_look_into.channel_code,
        to_look_into.time_period,
        to_look_into.measure_code,
        to_look_into.bucket,
        valued.measure_value

),

numbers_ranked as (

    select
        *,
        sum(items) over (
            partition by member_code, channel_code, time_period, measure_code, bucket
            order by measure_value
            rows between unbounded preceding and current row
        ) as items_up_to_here
    from numbers_counted

),

found as (

    select
        sought.member_code,
        sought.channel_code,
        sought.frequency,
        sought.time_period,
        sought.measure_code,
        sought.share_pct,
        sought.items,
        coalesce(min(numbers_ranked.measure_value), any_value(sought.bucket)) as measure_value
    from sought
    left join numbers_ranked
        on
            sought.member_code = numbers_ranked.member_code
            and sought.channel_code = numbers_ranked.channel_code
            and sought.time_period = numbers_ranked.time_period
            and sought.measure_code = numbers_ranked.measure_code
            and sought.bucket = numbers_ranked.bucket
            and sought.items_wanted <= 100 * numbers_ranked.items_up_to_here
    group by
        sought.member_code,
        sought.channel_code,
        sought.frequency,
        sought.time_period,
        sought.measure_code,
        sought.share_pct,
        sought.items

),

quantiles as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        measure_code,
        items,
        max(case when share_pct = 50 then measure_value end) as median,
        max(case when share_pct = 90 then measure_value end) as p90,
        max(case when share_pct = 95 then measure_value end) as p95
    from found
    group by member_code, channel_code, frequency, time_period, measure_code, items

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
