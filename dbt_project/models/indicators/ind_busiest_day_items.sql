with busiest_days as (

    select * from {{ ref('mart_busiest_days') }}

),

member_coverage as (

    select * from {{ ref('int_member_coverage') }}
    where is_complete or is_gap

),

busiest_of_members as (

    select
        member_code,
        time_period,
        max(items) as items
    from busiest_days
    group by member_code, time_period

),

member_figures as (

    select
        member_coverage.member_code,
        member_coverage.time_period,
        member_coverage.is_gap,
        case
            when member_coverage.status = 'NIL' then 0
            when member_coverage.is_complete then busiest_of_members.items
        end as obs_value
    from member_coverage
    left join busiest_of_members
        on
            member_coverage.member_code = busiest_of_members.member_code
            and member_coverage.time_period = busiest_of_members.time_period

),

region_figures as (

    select
        '_T' as member_code,
        time_period,
        max(obs_value) as obs_value,
        bool_or(is_gap) as is_estimated,
        count(obs_value) as base_members
    from member_figures
    group by time_period

),

together as (

    select
        member_code,
        time_period,
        obs_value,
        false as is_estimated,
        1 as base_members
    from member_figures
    union all by name
    select * from region_figures

),

figures as (

    select
        *,
        '_T' as channel_code,
        '_T' as value_band_code,
        '_T' as counterpart_code,
        '_T' as commodity_code,
        obs_value as base_items
    from together

),

final as (

    {{ long_table('figures', 'BUSIEST_DAY_ITEMS', 'NUMBER') }}

)

select * from final
