with acceptance as (

    select * from {{ ref('int_acceptance') }}

),

figures as (

    select
        member_code,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        time_period,
        -- Rejected rows can hold negative values: where they outweigh the others, there is no whole to be a part of.
        case
            when accepted_value_usd >= 0 and rejected_value_usd >= 0
                then 100 * cast(accepted_value_usd as double) / nullif(accepted_value_usd + rejected_value_usd, 0)
        end as obs_value,
        not is_complete as is_estimated,
        rows_accepted as base_items,
        base_members
    from acceptance

),

final as (

    {{ long_table('figures', 'ACCEPTANCE_VALUE_PCT', 'PERCENT') }}

)

select * from final
