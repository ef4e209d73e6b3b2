with levels as (

    select * from {{ ref('int_item_levels') }}
    where
        member_code <> '_T'
        and frequency = 'M'
        and value_band_code = '_T'
        and counterpart_code = '_T'
        and commodity_code = '_T'

),

member_months as (

    select
        member_code,
        time_period,
        period_number,
        is_complete,
        is_gap
    from {{ ref('int_member_periods') }}
    where frequency = 'M'

),

cells as (

    select
        channels.channel_code,
        measures.measure_code
    from (select distinct channel_code from levels) as channels
    cross join (values ('ITEMS'), ('DECLARED_VALUE_USD')) as measures (measure_code)

),

-- A value that is not known of a month with items is no value of nought: such a month connects nothing.
amounts as (

    select
        member_months.member_code,
        cells.channel_code,
        cells.measure_code,
        member_months.period_number,
        case
            when coalesce(levels.items, 0) = 0 then 0
            when cells.measure_code = 'ITEMS' then cast(levels.items as double)
            else cast(levels.declared_value_usd as double)
        end as amount
    from member_months
    cross join cells
    left join levels
        on
            member_months.member_code = levels.member_code
            and member_months.time_period = levels.time_period
            and cells.channel_code = levels.channel_code
    where member_months.is_complete

),

pairs as (

    select
        this_month.*,
        month_before.amount as amount_before
    from amounts as this_month
    inner join amounts as month_before
        on
            this_month.member_code = month_before.member_code
            and this_month.channel_code = month_before.channel_code
            and this_month.measure_code = month_before.measure_code
            and this_month.period_number = month_before.period_number + 1
    where this_month.amount is not null and month_before.amount is not null

),

links as (

    select
        channel_code,
        measure_code,
        period_number,
        sum(amount) as amount,
        sum(amount_before) as amount_before
    from pairs
    group by channel_code, measure_code, period_number

),

-- What the others' growth would have said of a month of this member that we know: one month on.
errors as (

    select
        pairs.member_code,
        pairs.channel_code,
        pairs.measure_code,
        pairs.period_number,
        ln(pairs.amount / pairs.amount_before)
        - ln((links.amount - pairs.amount) / (links.amount_before - pairs.amount_before)) as error_log
    from pairs
    inner join links
        on
            pairs.channel_code = links.channel_code
            and pairs.measure_code = links.measure_code
            and pairs.period_number = links.period_number
    where
        pairs.amount > 0
        and pairs.amount_before > 0
        and links.amount > pairs.amount
        and links.amount_before > pairs.amount_before

),

added_up as (

    select
        *,
        sum(error_log) over so_far as errors_so_far,
        row_number() over so_far as place
    from errors
    window so_far as (
        partition by member_code, channel_code, measure_code
        order by period_number
        rows between unbounded preceding and current row
    )

),

-- Over several months the errors of the links add up; the months must follow one another.
errors_by_distance as (

    select
        last_link.member_code,
        last_link.channel_code,
        last_link.measure_code,
        last_link.period_number - first_link.period_number + 1 as months_away,
        last_link.errors_so_far - first_link.errors_so_far + first_link.error_log as error_log
    from added_up as last_link
    inner join added_up as first_link
        on
            last_link.member_code = first_link.member_code
            and last_link.channel_code = first_link.channel_code
            and last_link.measure_code = first_link.measure_code
            and last_link.period_number - first_link.period_number = last_link.place - first_link.place
            and last_link.period_number between first_link.period_number and first_link.period_number + 2

),

intervals_of_members as (

    select
        member_code,
        channel_code,
        measure_code,
        months_away,
        quantile_cont(error_log, 0.05) as lower_log,
        quantile_cont(error_log, 0.95) as upper_log
    from errors_by_distance
    group by member_code, channel_code, measure_code, months_away
    having count(*) >= 12

),

intervals_of_all as (

    select
        channel_code,
        measure_code,
        months_away,
        quantile_cont(error_log, 0.05) as lower_log,
        quantile_cont(error_log, 0.95) as upper_log
    from errors_by_distance
    group by channel_code, measure_code, months_away
    having count(*) >= 12

),

chains as (

    select
        channel_code,
        measure_code,
        period_number,
        sum(case when amount > 0 and amount_before > 0 then ln(amount / amount_before) end) over so_far as index_log,
        count(case when amount > 0 and amount_before > 0 then 1 end) over so_far as links_count
    from links
    window so_far as (
        partition by channel_code, measure_code
        order by period_number
        rows between unbounded preceding and current row
    )

),

gaps as (

    select
        gap.member_code,
        gap.time_period,
        gap.period_number,
        max(known.period_number) as base_period_number
    from member_months as gap
    inner join member_months as known
        on
            gap.member_code = known.member_code
            and gap.period_number > known.period_number
    where gap.is_gap and known.is_complete
    group by gap.member_code, gap.time_period, gap.period_number

),

-- The chain's first link ends in the second month: before it the index is that of the first, 1.
grown as (

    select
        gaps.member_code,
        gaps.time_period,
        gaps.period_number - gaps.base_period_number as months_away,
        cells.channel_code,
        cells.measure_code,
        case
            when
                chain_now.links_count - coalesce(chain_then.links_count, 0)
                = gaps.period_number - gaps.base_period_number
                then exp(chain_now.index_log - coalesce(chain_then.index_log, 0))
        end as growth,
        amounts.amount as base_amount
    from gaps
    cross join cells
    left join amounts
        on
            gaps.member_code = amounts.member_code
            and gaps.base_period_number = amounts.period_number
            and cells.channel_code = amounts.channel_code
            and cells.measure_code = amounts.measure_code
    left join chains as chain_now
        on
            gaps.period_number = chain_now.period_number
            and cells.channel_code = chain_now.channel_code
            and cells.measure_code = chain_now.measure_code
    left join chains as chain_then
        on
            gaps.base_period_number = chain_then.period_number
            and cells.channel_code = chain_then.channel_code
            and cells.measure_code = chain_then.measure_code

),

-- A channel that the others' growth says nothing of grows as all channels together.
by_channel as (

    select
        grown.member_code,
        grown.channel_code,
        grown.measure_code,
        grown.time_period,
        case
            when grown.base_amount = 0 then 0
            else grown.base_amount * coalesce(grown.growth, in_all.growth)
        end as imputed,
        coalesce(intervals_of_members.lower_log, intervals_of_all.lower_log) as lower_log,
        coalesce(intervals_of_members.upper_log, intervals_of_all.upper_log) as upper_log
    from grown
    inner join grown as in_all
        on
            grown.member_code = in_all.member_code
            and grown.time_period = in_all.time_period
            and grown.measure_code = in_all.measure_code
            and in_all.channel_code = '_T'
    left join intervals_of_members
        on
            grown.member_code = intervals_of_members.member_code
            and grown.channel_code = intervals_of_members.channel_code
            and grown.measure_code = intervals_of_members.measure_code
            and least(grown.months_away, 3) = intervals_of_members.months_away
    left join intervals_of_all
        on
            grown.channel_code = intervals_of_all.channel_code
            and grown.measure_code = intervals_of_all.measure_code
            and least(grown.months_away, 3) = intervals_of_all.months_away
    where grown.channel_code <> '_T'

),

bounded as (

    select
        *,
        imputed * exp(lower_log) as imputed_lower,
        imputed * exp(upper_log) as imputed_upper
    from by_channel

),

-- The total is the sum of its channels, so that estimates add up.
in_all_channels as (

    select
        member_code,
        measure_code,
        time_period,
        '_T' as channel_code,
        case when count(imputed) = count(*) then sum(imputed) end as imputed,
        case when count(imputed) = count(*) then sum(coalesce(imputed_lower, imputed)) end as imputed_lower,
        case when count(imputed) = count(*) then sum(coalesce(imputed_upper, imputed)) end as imputed_upper,
        bool_or(imputed > 0 and imputed_lower is null) as has_no_interval
    from bounded
    group by member_code, measure_code, time_period

),

final as (

    select
        member_code,
        channel_code,
        measure_code,
        time_period,
        round(imputed, 6) as imputed,
        round(imputed_lower, 6) as imputed_lower,
        round(imputed_upper, 6) as imputed_upper
    from bounded
    union all
    select
        member_code,
        channel_code,
        measure_code,
        time_period,
        round(imputed, 6) as imputed,
        case when not has_no_interval then round(imputed_lower, 6) end as imputed_lower,
        case when not has_no_interval then round(imputed_upper, 6) end as imputed_upper
    from in_all_channels

)

select * from final
