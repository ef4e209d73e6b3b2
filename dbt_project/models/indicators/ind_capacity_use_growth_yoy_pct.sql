with capacity_use as (

    select * from {{ ref('int_capacity_use') }}

),

figures as (

    select
        later.member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        later.time_period,
        100 * (later.p95_day_use_pct / nullif(earlier.p95_day_use_pct, 0) - 1) as obs_value,
        false as is_estimated,
        least(later.p95_day_items, earlier.p95_day_items) as base_items,
        1 as base_members
    from capacity_use as later
    inner join capacity_use as earlier
        on
            later.member_code = earlier.member_code
            and later.frequency = earlier.frequency
            and later.period_number = earlier.period_number + {{ periods_in_years('later.frequency', 1) }}

),

final as (

    {{ long_table('figures', 'CAPACITY_USE_GROWTH_YOY_PCT', 'PERCENT') }}

)

select * from final
