with revisions as (

    select * from {{ ref('mart_revisions') }}

),

period_months as (

    select * from {{ ref('int_period_months') }}

),

member_periods as (

    select * from {{ ref('int_member_periods') }}
    where is_complete

),

sums as (

    select
        member_periods.member_code,
        period_months.time_period,
        sum(revisions.first_items) as first_items,
        sum(revisions.last_items) as last_items,
        min(nullif(revisions.last_items, 0)) as base_items
    from member_periods
    inner join period_months
        on
            member_periods.frequency = period_months.frequency
            and member_periods.time_period = period_months.time_period
    inner join revisions
        on
            member_periods.member_code = revisions.member_code
            and period_months.month_time_period = revisions.time_period
    group by member_periods.member_code, period_months.time_period

),

together as (

    select
        *,
        1 as base_members
    from sums
    union all by name
    select
        '_T' as member_code,
        time_period,
        sum(first_items) as first_items,
        sum(last_items) as last_items,
        min(base_items) as base_items,
        count(*) as base_members
    from sums
    group by time_period

),

figures as (

    select
        *,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        100 * (cast(last_items as double) / nullif(first_items, 0) - 1) as obs_value,
        false as is_estimated
    from together

),

final as (

    {{ long_table('figures', 'ITEMS_REVISION_PCT', 'PERCENT') }}

)

select * from final
