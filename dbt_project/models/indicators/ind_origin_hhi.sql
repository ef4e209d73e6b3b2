with levels as (

    select * from {{ ref('int_item_levels') }}
    where channel_code = '_T' and value_band_code = '_T' and commodity_code = '_T'

),

origins as (

    select
        member_code,
        time_period,
        sum(items) as items_of_known_origin,
        sum(cast(items as double) * items) as sum_of_squares
    from levels
    where counterpart_code not in ('_T', '_U')
    group by member_code, time_period

),

figures as (

    select
        levels.member_code,
        levels.channel_code,
        levels.value_band_code,
        levels.counterpart_code,
        levels.commodity_code,
        levels.time_period,
        round(10000 * origins.sum_of_squares / power(origins.items_of_known_origin, 2)) as obs_value,
        not levels.is_complete as is_estimated,
        case
            when levels.is_complete then 100 * cast(origins.items_of_known_origin as double) / nullif(levels.items, 0)
        end as coverage_pct,
        origins.items_of_known_origin as base_items,
        levels.base_members
    from levels
    left join origins
        on
            levels.member_code = origins.member_code
            and levels.time_period = origins.time_period
    where levels.counterpart_code = '_T'

),

final as (

    {{ long_table('figures', 'ORIGIN_HHI', 'INDEX', coverage='coverage_pct') }}

)

select * from final
