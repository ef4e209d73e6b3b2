with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

-- A member that weighs nothing in the period, while it has items, would make the region's sum short.
silent as (

    select distinct time_period
    from levels
    where member_code <> '_T' and channel_code = '_T' and items > 0 and items_with_gross_mass = 0

),

figures as (

    select
        levels.member_code,
        levels.channel_code,
        levels.value_band_code,
        levels.counterpart_code,
        levels.commodity_code,
        levels.time_period,
        case
            when not levels.is_complete then null
            when levels.items = 0 then 0
            when levels.member_code = '_T' and silent.time_period is not null then null
            else levels.gross_mass_kg
        end as obs_value,
        false as is_estimated,
        100 * cast(levels.items_with_gross_mass as double) / nullif(levels.items, 0) as coverage_pct,
        levels.items_with_gross_mass as base_items,
        levels.base_members
    from levels
    left join silent on levels.time_period = silent.time_period

),

final as (

    {{ long_table('figures', 'GROSS_MASS_KG', 'KG', coverage='coverage_pct') }}

)

select * from final
