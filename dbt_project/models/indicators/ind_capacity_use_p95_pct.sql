with capacity_use as (

    select * from {{ ref('int_capacity_use') }}

),

figures as (

    select
        member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        p95_day_use_pct as obs_value,
        false as is_estimated,
        p95_day_items as base_items,
        1 as base_members
    from capacity_use

),

final as (

    {{ long_table('figures', 'CAPACITY_USE_P95_PCT', 'PERCENT') }}

)

select * from final
