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
        cast(declared_value_usd as double) / nullif(items_valued, 0) as obs_value,
        not is_complete as is_estimated,
        case when is_complete then 100 * cast(items_valued as double) / nullif(items, 0) end as coverage_pct,
        items_valued as base_items,
        case
            when member_code = '_T'
                then
                    count(case when member_code <> '_T' and items_valued > 0 then 1 end)
                        over (partition by channel_code, time_period)
            else base_members
        end as base_members
    from levels

),

final as (

    {{ long_table('figures', 'MEAN_VALUE_USD', 'USD', coverage='coverage_pct') }}

)

select * from final
