with levels as (

    select * from {{ ref('int_item_levels') }}

),

estimates as (

    select * from {{ ref('int_region_estimates') }}
    where measure_code = 'DECLARED_VALUE_USD'

),

figures as (

    select
        levels.member_code,
        levels.channel_code,
        levels.value_band_code,
        levels.counterpart_code,
        levels.commodity_code,
        levels.time_period,
        coalesce(case
            when levels.is_complete and levels.items = 0 then 0
            when levels.is_complete then levels.declared_value_usd
        end, estimates.estimate) as obs_value,
        not levels.is_complete as is_estimated,
        case
            when levels.is_complete then levels.months_pct
            else estimates.coverage_pct
        end as coverage_pct,
        estimates.estimate_lower,
        estimates.estimate_upper,
        levels.items_valued as base_items,
        levels.base_members
    from levels
    left join estimates
        on
            levels.member_code = '_T'
            and levels.value_band_code = '_T'
            and levels.counterpart_code = '_T'
            and levels.commodity_code = '_T'
            and not levels.is_complete
            and levels.frequency = estimates.frequency
            and levels.time_period = estimates.time_period
            and levels.channel_code = estimates.channel_code

),

final as (

    {{
        long_table(
            'figures', 'DECLARED_VALUE_USD', 'USD', coverage='coverage_pct', revision=('estimate_lower', 'estimate_upper')
        )
    }}

)

select * from final
