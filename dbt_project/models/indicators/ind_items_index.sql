with chains as (

    select * from {{ ref('int_item_chains') }}

),

figures as (

    select
        member_code,
        channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        items_index as obs_value,
        false as is_estimated,
        base_items,
        base_members
    from chains

),

final as (

    {{ long_table('figures', 'ITEMS_INDEX', 'INDEX') }}

)

select * from final
