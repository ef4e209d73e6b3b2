with chains as (

    select * from {{ ref('int_item_chains') }}

),

figures as (

    select
        later.member_code,
        later.channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        later.time_period,
        100 * (later.items_index / nullif(earlier.items_index, 0) - 1) as obs_value,
        false as is_estimated,
        least(later.base_items, earlier.base_items) as base_items,
        least(later.base_members, earlier.base_members) as base_members
    from chains as later
    inner join chains as earlier
        on
            later.member_code = earlier.member_code
            and later.channel_code = earlier.channel_code
            and later.frequency = earlier.frequency
            and later.period_number = earlier.period_number + {{ periods_in_years('later.frequency', 1) }}

),

final as (

    {{ long_table('figures', 'ITEMS_GROWTH_YOY_PCT', 'PERCENT') }}

)

select * from final
