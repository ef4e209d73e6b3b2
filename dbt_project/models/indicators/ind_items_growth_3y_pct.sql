with chains as (

    select * from {{ ref('int_item_chains') }}

),

figures as (

    select
        ends.member_code,
        ends.channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        ends.time_period,
        100 * (ends.items_index / nullif(starts.items_index, 0) - 1) as obs_value,
        false as is_estimated,
        least(ends.base_items, starts.base_items) as base_items,
        least(ends.base_members, starts.base_members) as base_members
    from chains as ends
    inner join chains as starts
        on
            ends.member_code = starts.member_code
            and ends.channel_code = starts.channel_code
            and ends.period_number = starts.period_number + 36

),

final as (

    {{ long_table('figures', 'ITEMS_GROWTH_3Y_PCT', 'PERCENT') }}

)

select * from final
