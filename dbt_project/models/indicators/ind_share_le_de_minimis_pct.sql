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
        100 * cast(items_le_de_minimis as double) / nullif(items_with_de_minimis, 0) as obs_value,
        not is_complete as is_estimated,
        least(nullif(items_le_de_minimis, 0), nullif(items_with_de_minimis - items_le_de_minimis, 0)) as base_items,
        base_members
    from levels

),

final as (

    {{ long_table('figures', 'SHARE_LE_DE_MINIMIS_PCT', 'PERCENT') }}

)

select * from final
