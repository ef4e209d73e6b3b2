with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T'

),

periods as (

    select * from {{ ref('int_periods') }}

),

complete_months as (

    select
        member_code,
        time_period,
        period_number
    from {{ ref('int_member_coverage') }}
    where is_complete

),

channels as (

    select distinct channel_code from levels

),

member_items as (

    select
        complete_months.member_code,
        channels.channel_code,
        complete_months.period_number,
        coalesce(levels.items, 0) as items
    from complete_months
    cross join channels
    left join levels
        on
            complete_months.member_code = levels.member_code
            and complete_months.time_period = levels.time_period
            and channels.channel_code = levels.channel_code

),

-- A member counts in a link of the region if it is complete at both ends, which are neighbouring months.
region_links as (

    select
        this_month.channel_code,
        this_month.period_number,
        sum(this_month.items) as items,
        sum(month_before.items) as items_before,
        count(*) as members
    from member_items as this_month
    inner join member_items as month_before
        on
            this_month.member_code = month_before.member_code
            and this_month.channel_code = month_before.channel_code
            and this_month.period_number = month_before.period_number + 1
    group by this_month.channel_code, this_month.period_number

),

-- A series begins in the first month in which anything came.
beginnings as (

    select
        levels.member_code,
        levels.channel_code,
        min(periods.period_number) as first_period_number
    from levels
    inner join periods on levels.time_period = periods.time_period
    where
        levels.items > 0
        and (levels.member_code = '_T' or levels.channel_code = '_T')
    group by levels.member_code, levels.channel_code

),

-- Every month from the beginning on, so that a month without a figure shows as one.
series_months as (

    select
        beginnings.member_code,
        beginnings.channel_code,
        periods.time_period,
        periods.period_number,
        beginnings.first_period_number
    from beginnings
    inner join periods on beginnings.first_period_number <= periods.period_number

),

region_linked as (

    select
        series_months.*,
        region_links.items,
        region_links.items_before,
        region_links.members,
        case
            when series_months.period_number = series_months.first_period_number then 1.0
            else cast(region_links.items as double) / nullif(region_links.items_before, 0)
        end as link
    from series_months
    left join region_links
        on
            series_months.channel_code = region_links.channel_code
            and series_months.period_number = region_links.period_number
    where series_months.member_code = '_T'

),

-- Where no member connects two months the chain ends: what follows cannot be said in terms of its beginning.
region_chained as (

    select
        *,
        case
            when count(*) over so_far = count(link) over so_far
                then 100 * {{ product_of('link') }} over so_far
        end as items_index
    from region_linked
    window so_far as (
        partition by channel_code
        order by period_number
        rows between unbounded preceding and current row
    )

),

-- A member is its own match in all of its months: its index is the plain ratio, and bridges a gap.
member_chained as (

    select
        series_months.*,
        member_items.items,
        beginning_items.items as items_before,
        1 as members,
        100 * cast(member_items.items as double) / beginning_items.items as items_index
    from series_months
    inner join member_items as beginning_items
        on
            series_months.member_code = beginning_items.member_code
            and series_months.channel_code = beginning_items.channel_code
            and series_months.first_period_number = beginning_items.period_number
    left join member_items
        on
            series_months.member_code = member_items.member_code
            and series_months.channel_code = member_items.channel_code
            and series_months.period_number = member_items.period_number

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
        time_period,
        period_number,
        items_index,
        cast(least(nullif(items, 0), nullif(items_before, 0)) as bigint) as base_items,
        cast(members as integer) as base_members
    from chained

)

select * from final
