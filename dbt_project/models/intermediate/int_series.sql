with chains as (

    select * from {{ ref('int_item_chains') }}
    where frequency = 'M'

),

levels as (

    select * from {{ ref('int_item_levels') }}
    where
        frequency = 'M'
        and value_band_code = '_T'
        and counterpart_code = '_T'
        and commodity_code = '_T'
        and is_complete

),

-- The region is followed by its matched index, which a new member does not move; a member by its items.
valued as (

    select
        chains.member_code,
        chains.channel_code,
        case when chains.member_code = '_T' then 'INDEX' else 'NUMBER' end as unit_measure,
        chains.time_period,
        chains.period_number,
        case
            when chains.member_code = '_T' then round(chains.items_index, 6)
            else cast(levels.items as double)
        end as obs_value,
        case when chains.member_code = '_T' then chains.base_items else nullif(levels.items, 0) end as base_items,
        chains.base_members
    from chains
    left join levels
        on
            chains.member_code = levels.member_code
            and chains.channel_code = levels.channel_code
            and chains.time_period = levels.time_period

),

ends as (

    select
        member_code,
        channel_code,
        max(period_number) as last_period_number
    from valued
    where obs_value is not null
    group by member_code, channel_code

),

final as (

    select valued.*
    from valued
    inner join ends
        on
            valued.member_code = ends.member_code
            and valued.channel_code = ends.channel_code
            and valued.period_number <= ends.last_period_number

)

select * from final
