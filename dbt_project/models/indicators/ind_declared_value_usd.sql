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
        case
            when is_complete and items = 0 then 0
            when is_complete then declared_value_usd
        end as obs_value,
        false as is_estimated,
        items_valued as base_items,
        base_members
    from levels

),

final as (

    {{ long_table('figures', 'DECLARED_VALUE_USD', 'USD') }}

)

select * from final
