with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

figures as (

    select
        member_code,
        channel_code,
        value_band_code,
        counterpart_code,
        commodity_code,
        time_period,
        100 * cast(items_le_100 as double) / nullif(items_valued, 0) as obs_value,
        not is_complete as is_estimated,
        least(nullif(items_le_100, 0), nullif(items_valued - items_le_100, 0)) as base_items,
        base_members
    from levels

),

final as (

    {{ long_table('figures', 'SHARE_LE_100_USD_PCT', 'PERCENT') }}

)

select * from final
