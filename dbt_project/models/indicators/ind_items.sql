with levels as (

    select * from {{ ref('int_item_levels') }}

),

figures as (

    select
        member_code,
        channel_code,
        value_band_code,
        counterpart_code,
        commodity_code,
        time_period,
        case when is_complete then items end as obs_value,
        false as is_estimated,
        items as base_items,
        base_members
    from levels

),

final as (

    {{ long_table('figures', 'ITEMS', 'NUMBER') }}

)

select * from final
