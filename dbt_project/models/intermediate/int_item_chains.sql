with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

periods as (

    select * from {{ ref('int_frequency_periods') }}

),

complete_periods as (

    select
        member_code,
        frequency,
        time_period,
        period_number
    from {{ ref('int_member_periods') }}
    where is_complete

),

channels as (

    select distinct channel_code from levels

),

member_items as (

    select
        complete_periods.member_code,
        channels.channel_code,
        complete_periods.frequency,
        complete_periods.period_number,
        coalesce(levels.items, 0) as items
    from complete_periods
    cross join channels
    left join levels
        on
            complete_periods.member_code = levels.member_code
            and complete_periods.frequency = levels.frequency
            and complete_periods.time_period = levels.time_period
            and channels.channel_code = levels.channel_code

),

-- A member counts in a link of the region if it is complete at both ends, which are neighbouring periods.
region_links as (

    select
        this_period.channel_code,
        this_period.frequency,
        this_period.period_number,
        sum(this_period.items) as items,
        sum(period_before.items) as items_before,
        count(*) as members
    from member_items as this_period
    inner join member_items as period_before
        on
            this_period.member_code = period_before.member_code
            and this_period.channel_code = period_before.channel_code
            and this_period.frequency = period_before.frequency
            and this_period.period_number = period_before.period_number + 1
    group by this_period.channel_code, this_period.frequency, this_period.period_number

),

-- What all members that were complete at the earlier end of a link had there: the link is matched over a share of it.
region_bases as (

    select
        channel_code,
        frequency,
        period_number,
        sum(items) as items
    from member_items
    group by channel_code, frequency, period_number

),

-- A series begins in the first complete period in which anything came.
beginnings as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        channel_code,
        frequency,
        min(period_number) as first_period_number
    from member_items
    where items > 0
    group by
        grouping sets (
            (member_code, channel_code, frequency),
            (channel_code, frequency)
        )
    having
        grouping(member_code) = 1
        or channel_code = '_T'

),

-- Every period from the beginning on, so that one without a figure shows as one.
series_periods as (

    select
        beginnings.member_code,
        beginnings.channel_code,
        beginnings.frequency,
        periods.time_period,
        periods.period_number,
        beginnings.first_period_number
    from beginnings
    inner join periods
        on
            beginnings.frequency = periods.frequency
            and beginnings.first_period_number <= periods.period_number

),

region_linked as (

    select
        series_periods.*,
        region_links.items,
        region_links.items_before,
        region_links.members,
        case
            when series_periods.period_number = series_periods.first_period_number then 100.0
            else 100 * cast(region_links.items_before as double) / nullif(region_bases.items, 0)
        end as link_coverage_pct,
        case
            when series_periods.period_number = series_periods.first_period_number then 1.0
            else cast(region_links.items as double) / nullif(region_links.items_before, 0)
        end as link
    from series_periods
    left join region_links
        on
            series_periods.channel_code = region_links.channel_code
            and series_periods.frequency = region_links.frequency
            and series_periods.period_number = region_links.period_number
    left join region_bases
        on
            series_periods.channel_code = region_bases.channel_code
            and series_periods.frequency = region_bases.frequency
            and series_periods.period_number = region_bases.period_number + 1
    where series_periods.member_code = '_T'

),

-- Where no member connects two periods the chain ends: what follows cannot be said in terms of its beginning.
region_chained as (

    select
        *,
        case
            when count(*) over so_far = count(link) over so_far
                then 100 * {{ product_of('link') }} over so_far
        end as items_index
    from region_linked
    window so_far as (
        partition by channel_code, frequency
        order by period_number
        rows between unbounded preceding and current row
    )

),

-- A member is its own match in all of its periods: its index is the plain ratio, and bridges a gap.
member_chained as (

    select
        series_periods.*,
        member_items.items,
        beginning_items.items as items_before,
        1 as members,
        100.0 as link_coverage_pct,
        100 * cast(member_items.items as double) / beginning_items.items as items_index
    from series_periods
    inner join member_items as beginning_items
        on
            series_periods.member_code = beginning_items.member_code
            and series_periods.channel_code = beginning_items.channel_code
            and series_periods.frequency = beginning_items.frequency
            and series_periods.first_period_number = beginning_items.period_number
    left join member_items
        on
            series_periods.member_code = member_items.member_code
            and series_periods.channel_code = member_items.channel_code
            and series_periods.frequency = member_items.frequency
            and series_periods.period_number = member_items.period_number

),

chained as (

    select * exclude (link) from region_chained
    union all by name
    select * from member_chained

),

final as (

    select
        member_code,
        channel_code,
        frequency,
        time_period,
        period_number,
        items_index,
        link_coverage_pct,
        cast(least(nullif(items, 0), nullif(items_before, 0)) as bigint) as base_items,
        cast(members as integer) as base_members
    from chained

)

select * from final
