with levels as (

    select * from {{ ref('int_item_levels') }}
    where value_band_code = '_T' and counterpart_code = '_T' and commodity_code = '_T'

),

members as (

    select * from levels
    where member_code <> '_T'

),

region as (

    select * from levels
    where member_code = '_T'

),

beginnings as (

    select
        member_code,
        min(time_period) as first_period
    from members
    where channel_code = '_T' and items_with_duty > 0
    group by member_code

),

-- A member that used to give the duty and did not in this month would look like a fall of the region.
silent_months as (

    select distinct members.time_period
    from members
    inner join beginnings on members.member_code = beginnings.member_code
    where
        members.channel_code = '_T'
        and members.time_period > beginnings.first_period
        and members.items > 0
        and members.items_with_duty = 0

),

givers as (

    select
        time_period,
        channel_code,
        count(*) as members
    from members
    where items_with_duty > 0
    group by time_period, channel_code

),

member_figures as (

    select
        member_code,
        channel_code,
        time_period,
        case
            when is_complete and items = 0 then 0
            when is_complete then duty_usd
        end as obs_value,
        coalesce(nullif(items_charged_duty, 0), items_with_duty) as base_items,
        base_members
    from members

),

region_figures as (

    select
        region.member_code,
        region.channel_code,
        region.time_period,
        case
            when region.is_complete and silent_months.time_period is null then region.duty_usd
        end as obs_value,
        coalesce(nullif(region.items_charged_duty, 0), region.items_with_duty) as base_items,
        givers.members as base_members
    from region
    left join silent_months on region.time_period = silent_months.time_period
    left join givers
        on
            region.time_period = givers.time_period
            and region.channel_code = givers.channel_code

),

together as (

    select * from member_figures
    union all
    select * from region_figures

),

figures as (

    select
        *,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        false as is_estimated
    from together

),

final as (

    {{ long_table('figures', 'DUTY_USD', 'USD') }}

)

select * from final
