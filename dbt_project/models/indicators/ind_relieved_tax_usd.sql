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
        case when is_complete then relieved_tax_usd end as obs_value,
        false as is_estimated,
        100 * cast(items_with_relief as double) / nullif(items_le_de_minimis, 0) as coverage_pct,
        items_with_relief as base_items,
        case
            when member_code = '_T'
                then
                    count(case when member_code <> '_T' and items_with_relief > 0 then 1 end)
                        over (partition by channel_code, time_period)
            else base_members
        end as base_members
    from levels

),

final as (

    {{ long_table('figures', 'RELIEVED_TAX_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
