with charges as (

    select * from {{ ref('int_charges') }}
    where charge_code = 'ALL'

),

figures as (

    select
        member_code,
        channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        cast(amount_usd as double) / nullif(items_known, 0) as obs_value,
        false as is_estimated,
        coverage_pct,
        base_items,
        base_members
    from charges

),

final as (

    {{ long_table('figures', 'REVENUE_PER_ITEM_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
