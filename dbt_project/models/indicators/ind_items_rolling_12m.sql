with levels as (

    select * from {{ ref('int_item_levels') }}
    where
        member_code <> '_T'
        and frequency = 'M'
        and value_band_code = '_T'
        and counterpart_code = '_T'
        and commodity_code = '_T'

),

periods as (

    select * from {{ ref('int_periods') }}

),

totals as (

    select
        levels.member_code,
        levels.time_period,
        levels.is_complete,
        levels.items,
        periods.period_number
    from levels
    inner join periods on levels.time_period = periods.time_period
    where levels.channel_code = '_T'

),

channels as (

    select distinct
        member_code,
        channel_code
    from levels

),

beginnings as (

    select
        member_code,
        min(period_number) as first_period_number
    from totals
    where items > 0
    group by member_code

),

-- A channel that a complete month does not name had nothing in it.
months as (

    select
        channels.member_code,
        channels.channel_code,
        totals.time_period,
        totals.period_number,
        case when totals.is_complete then coalesce(levels.items, 0) end as items
    from totals
    inner join channels on totals.member_code = channels.member_code
    left join levels
        on
            channels.member_code = levels.member_code
            and channels.channel_code = levels.channel_code
            and totals.time_period = levels.time_period

),

rolled as (

    select
        member_code,
        channel_code,
        time_period,
        period_number,
        sum(items) over last_12 as items,
        count(items) over last_12 as months_with_data,
        coalesce(min(nullif(items, 0)) over last_12, 0) as base_items
    from months
    window last_12 as (
        partition by member_code, channel_code
        order by period_number
        range between 11 preceding and current row
    )

),

of_members as (

    select
        rolled.member_code,
        rolled.channel_code,
        rolled.time_period,
        case when rolled.months_with_data = 12 then rolled.items end as items,
        rolled.base_items
    from rolled
    inner join beginnings
        on
            rolled.member_code = beginnings.member_code
            and rolled.period_number >= beginnings.first_period_number + 11

),

-- The region is the sum of the members that are there for a year: one that has a gap in it withholds the sum.
cells as (

    select
        case when grouping(member_code) = 1 then '_T' else member_code end as member_code,
        channel_code,
        time_period,
        case when count(items) = count(*) then sum(items) end as items,
        sum(base_items) as base_items,
        count(*) as base_members
    from of_members
    group by grouping sets (
        (member_code, channel_code, time_period),
        (channel_code, time_period)
    )

),

figures as (

    select
        member_code,
        channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        items as obs_value,
        false as is_estimated,
        base_items,
        base_members
    from cells

),

final as (

    {{ long_table('figures', 'ITEMS_ROLLING_12M', 'NUMBER') }}

)

select * from final
